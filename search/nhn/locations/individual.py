"""Individuals as DEAP knows them: a list of genes that carries its fitness."""

from collections.abc import Iterable
from math import isfinite

from deap import base

from ... import fitness
from .genes import Genome

WORST = (float("inf"), float("inf"))


class Fitness(fitness.Fitness):
    """Error in percent and loss, both to be small, the more telling one first; see `Individual.score`."""

    weights = (-1.0, -1.0)


class Individual(list):
    """Genes, with the `fitness` that DEAP's tools look at.

    Attributes
    ----------
    fitness
        See `Fitness`; `WORST` for an individual whose evaluation failed.
    error, loss
        Of its last evaluation; the error in percent.
    born
        How it came about: drawn, recombined, mutated; survived where it stayed.
    failure
        Why its last evaluation failed, or None.
    """

    def __init__(self, genes: Iterable[int], born: str = "drawn") -> None:
        super().__init__(genes)
        self.fitness: base.Fitness = Fitness()
        self.born = born
        self.error, self.loss = WORST
        self.failure: str | None = None

    @property
    def genome(self) -> Genome:
        """The genes, to be kept: they do not change with it."""
        return tuple(self)

    def score(self, values: tuple[float, ...], failure: str | None = None, by_loss: bool = False) -> None:
        """Take the outcome of an evaluation, (error, loss); what is not finite is the worst there is.

        Errors of one batch are often equal, and losses are not, so losses decide between equal errors. `by_loss` ranks
        by the loss first.
        """
        if failure is None and not all(isfinite(value) for value in values):
            failure = f"the evaluation gave {', '.join(map(str, values))}"
        self.failure = failure
        self.error, self.loss = WORST if failure else values
        self.fitness.values = (self.loss, self.error) if by_loss else (self.error, self.loss)
