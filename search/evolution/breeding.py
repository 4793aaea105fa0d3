"""A whole generation of children at once, where genomes are such that arrays can say them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .genomes.arrays import Genomes
from .genomes.crossover import crossover
from .genomes.crossovers import crossed
from .genomes.mutation import mutate
from .genomes.mutations import Mutating
from .genomes.policy import Policy, as_policies
from .genomes.vocabulary import Vocabulary
from .individual import Individual
from .seats import Seat, gathered

Child = tuple[Seat, tuple[int, ...], list[str]]  # its genome, the numbers of its parents, what was done


@dataclass(frozen=True)
class Operators:
    """What a toolbox's operators are given, where they are this package's own.

    Parameters
    ----------
    mate
        Keywords of `crossover`.
    policies
        Of `mutate`.
    """

    mate: dict[str, Any]
    policies: list[Policy]

    @property
    def plain(self) -> bool:
        """Whether what they make can be said in arrays."""
        return not any("product" in policy.aggregations for policy in self.policies)


def operators_of(toolbox: Any) -> Operators | None:
    """The operators of a toolbox; None where one is the user's own, or decorated."""
    mate, change = toolbox.mate, toolbox.mutate
    if getattr(mate, "func", None) is not crossover or getattr(change, "func", None) is not mutate:
        return None
    known = set(mate.keywords) <= {"rate", "neurons", "synapses"} and set(change.keywords) <= {"policies"}
    if mate.args or change.args or not known:
        return None
    found = Operators(dict(mate.keywords), as_policies(change.keywords.get("policies")))
    return found if found.plain else None


def bred(
    parents: Sequence[Individual],
    rng: np.random.Generator,
    operators: Operators,
    chances: tuple[float, float],
    words: Vocabulary,
) -> list[Child] | None:
    """A child of each parent, or of it and the one beside it.

    Parameters
    ----------
    parents
        As they were selected.
    rng
        What is drawn comes from it.
    operators
        See `operators_of`.
    chances
        Of crossover and of mutation.
    words
        What genomes are written in.

    Returns
    -------
    list or None
        None where a genome is such that arrays cannot say it; nothing was drawn then.
    """
    each = list({id(one): one for one in parents}.values())
    genomes = gathered([one.genome for one in each], words)
    if genomes is None:
        return None
    place = {id(one): at for at, one in enumerate(each)}
    draws = rng.random(len(parents))
    families = [_family(parents, at, bool(draws[at] < chances[0])) for at in range(len(parents))]
    children = genomes.take(np.array([place[id(one)] for one, _ in families], np.int64))
    children = _mated(children, genomes, families, place, rng, operators)
    mutating = Mutating(children, rng)
    mutating.by(operators.policies, np.flatnonzero(rng.random(len(parents)) < chances[1]))
    found = []
    for at, (one, other) in enumerate(families):
        changes = tuple(mutating.changes[at])
        seat = Seat(mutating.genomes, at, Seat(children, at) if changes else None, changes)
        numbers = (one.number,) if other is None else (one.number, other.number)
        found.append((seat, numbers, (["crossover"] if other is not None else []) + mutating.done[at]))
    return found


def _family(parents: Sequence[Individual], at: int, mates: bool) -> tuple[Individual, Individual | None]:
    """The parent whose child it is, the fitter one of two, and the other where there is one."""
    one, other = parents[at], parents[at ^ 1 if at ^ 1 < len(parents) else at - 1]
    if one is other or not mates:
        return one, None
    return (one, other) if one.fitness >= other.fitness else (other, one)


def _mated(
    children: Genomes,
    genomes: Genomes,
    families: Sequence[tuple[Individual, Individual | None]],
    place: dict[int, int],
    rng: np.random.Generator,
    operators: Operators,
) -> Genomes:
    """The children, those of two parents crossed."""
    pairs = [(at, one, other) for at, (one, other) in enumerate(families) if other is not None]
    if not pairs:
        return children
    mine = np.array([at for at, *_ in pairs])
    others = genomes.take(np.array([place[id(other)] for *_, other in pairs]))
    tie = np.array([one.fitness == other.fitness for _, one, other in pairs], bool)
    made = crossed(children.take(mine), others, rng, tie, **operators.mate)
    return children.replaced(mine, made)
