"""What a search leaves: a row a cycle, and in the end the best, ranked."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from .genes import Genome
from .individual import Individual
from .turns import Weights

MetricsRow = dict[str, Any]


@dataclass(frozen=True, eq=False)
class RankedIndividual:
    """A genome with its error in percent and its loss, on all that is held out, under the final shared weights."""

    genome: Genome
    error: float
    loss: float


@dataclass(frozen=True, eq=False)
class Found:
    """What a search found.

    Parameters
    ----------
    ranking
        The last survivors and the hall of fame, best first.
    weights
        The shared weights at the end.
    rows
        A row a cycle; see `Searching`.
    run
        The run directory, or None.
    """

    ranking: list[RankedIndividual]
    weights: Weights
    rows: list[MetricsRow]
    run: Path | None

    @property
    def best(self) -> RankedIndividual:
        """The first of the ranking."""
        return self.ranking[0]


def row_of(population: Sequence[Individual], cycle: int, rate: float, evaluated: int, seconds: float) -> MetricsRow:
    """A cycle in plain JSON; see `Searching`."""
    best = min(population, key=lambda one: one.fitness.values)
    errors = sorted(one.error for one in population)
    median = errors[len(errors) // 2]
    return {
        "cycle": cycle,
        "learning_rate": rate,
        "best": list(best),
        "error": best.error,
        "loss": best.loss,
        "median_error": median if isfinite(median) else None,  # JSON has no infinity
        "evaluated": evaluated,
        "failed": sum(one.failure is not None for one in population),
        "seconds": seconds,
        "individuals": [_individual_row(one) for one in population],
    }


def _individual_row(one: Individual) -> MetricsRow:
    error, loss = (None, None) if one.failure else (one.error, one.loss)
    return {"genome": list(one), "born": one.born, "error": error, "loss": loss, "failure": one.failure}
