"""What a genome is, and the spaces that genomes come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from neurograph.errors import OptionError

Genome = tuple[int, ...]
ABSENT = -1


class Space(Protocol):
    """Genomes of a search: for each gene what it may be. `search.nhn.addons.Locations` is one."""

    @property
    def gene_count(self) -> int:
        """How many genes a genome has."""
        ...

    def choices(self, gene: int) -> Sequence[Any]:
        """What a gene's value is a place among; it may be `ABSENT` instead."""
        ...

    def check(self, genome: Sequence[int]) -> Genome:
        """The genome as a tuple of ints; `OptionError` where it is none of this space."""
        ...


@dataclass(frozen=True)
class Table:
    """A space written down as a table.

    Parameters
    ----------
    rows
        For each gene the names of what it may choose.

    Examples
    --------
    >>> space = Table((("stem",), ("stem", "layer0")))
    >>> space.check([0, -1])
    (0, -1)
    """

    rows: tuple[tuple[str, ...], ...]

    @property
    def gene_count(self) -> int:
        """How many genes a genome has."""
        return len(self.rows)

    def choices(self, gene: int) -> tuple[str, ...]:
        """What a gene's value is a place among."""
        return self.rows[gene]

    def check(self, genome: Sequence[int]) -> Genome:
        """The genome as a tuple of ints; `OptionError` where it is none of this table."""
        if len(genome) != len(self.rows):
            raise OptionError(f"a genome has {len(self.rows)} genes here, not {len(genome)}")
        for at, (value, row) in enumerate(zip(genome, self.rows, strict=True)):
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or not ABSENT <= value < len(row):
                raise OptionError(f"gene {at} is {value!r}; it may be -1, or a place among {', '.join(row)}")
        return tuple(int(value) for value in genome)


@dataclass(frozen=True)
class Seeds:
    """The space of directions: one gene, the seed that a combination of connections is drawn from.

    There are too many combinations to write down, and the paper only ever draws them anew; so a seed says all, and
    travels lightly.
    """

    most: int = 2**31 - 1

    @property
    def gene_count(self) -> int:
        """One."""
        return 1

    def choices(self, gene: int) -> range:
        """All seeds."""
        return range(self.most)

    def check(self, genome: Sequence[int]) -> Genome:
        """The genome as a tuple of one int."""
        if len(genome) != 1 or not 0 <= genome[0] < self.most:
            raise OptionError(f"a combination of directions is one seed from 0 to {self.most - 1}, not {genome!r}")
        return (int(genome[0]),)


def draw_gene(space: Space, gene: int, absent: float, generator: np.random.Generator) -> int:
    """One gene: `ABSENT` by a chance, else any of its choices alike; a seed is never absent."""
    if not isinstance(space, Seeds) and generator.random() < absent:
        return ABSENT
    return int(generator.integers(len(space.choices(gene))))


def draw_genome(space: Space, absent: float, generator: np.random.Generator) -> list[int]:
    """A genome whose genes are drawn one by one (GenerateLoc and GenerateDir of algorithm 1)."""
    return [draw_gene(space, gene, absent, generator) for gene in range(space.gene_count)]
