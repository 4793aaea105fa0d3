"""Individuals as DEAP knows them: a list of genes that carries its fitness."""

from collections.abc import Iterable
from math import isfinite

from deap import base

from search.nhn.locations.genes import Genome

WORST = (float("inf"), float("inf"))


class Fitness(base.Fitness):
    """Error in percent, then loss, both to be small; errors of one batch are often equal, and losses are not."""

    weights = (-1.0, -1.0)


class Individual(list):
    """Genes, with the `fitness` that DEAP's tools look at.

    Attributes
    ----------
    fitness
        See `Fitness`; `WORST` for an individual whose evaluation failed.
    born
        How it came about: drawn, recombined, mutated; survived where it stayed.
    failure
        Why its last evaluation failed, or None.
    """

    def __init__(self, genes: Iterable[int], born: str = "drawn") -> None:
        super().__init__(genes)
        self.fitness = Fitness()
        self.born = born
        self.failure: str | None = None

    @property
    def genome(self) -> Genome:
        """The genes, to be kept: they do not change with it."""
        return tuple(self)

    @property
    def error(self) -> float:
        """Of its last evaluation, in percent."""
        return self.fitness.values[0]

    @property
    def loss(self) -> float:
        """Of its last evaluation."""
        return self.fitness.values[1]

    def score(self, values: tuple[float, ...], failure: str | None = None) -> None:
        """Take the outcome of an evaluation; what is not finite is the worst there is."""
        if failure is None and not all(isfinite(value) for value in values):
            failure = f"the evaluation gave {', '.join(map(str, values))}"
        self.failure = failure
        self.fitness.values = WORST if failure else values
