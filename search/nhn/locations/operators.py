"""Operators in DEAP's form. Their randomness comes from a generator, never from the global one that DEAP's own use."""

from collections.abc import Iterator
from itertools import combinations, cycle

import numpy as np

from .genes import Space, draw_gene, draw_genome
from .individual import Individual

PARENTS = 4


def individual(space: Space, absent: float, generator: np.random.Generator) -> Individual:
    """A new individual, drawn."""
    return Individual(draw_genome(space, absent, generator))


def recombine(first: Individual, second: Individual, generator: np.random.Generator) -> tuple[Individual, Individual]:
    """Let two individuals swap each gene by an even chance, in place."""
    for gene in np.flatnonzero(generator.random(len(first)) < 0.5):
        first[gene], second[gene] = second[gene], first[gene]
    return first, second


def mutate(
    one: Individual, space: Space, chance: float, absent: float, generator: np.random.Generator
) -> tuple[Individual]:
    """Draw each gene again by a chance, in place."""
    for gene in np.flatnonzero(generator.random(len(one)) < chance):
        one[gene] = draw_gene(space, int(gene), absent, generator)
    return (one,)


def pairs() -> Iterator[tuple[int, int]]:
    """Whom to mate among the best, by rank from 0: the paper's five pairs, then (3, 4) and all over again.

    Examples
    --------
    >>> from itertools import islice
    >>> [(a + 1, b + 1) for a, b in islice(pairs(), 5)]
    [(1, 2), (1, 3), (1, 4), (2, 3), (2, 4)]
    """
    return cycle(combinations(range(PARENTS), 2))
