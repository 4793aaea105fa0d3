"""What an evaluator is asked and what it answers: plain data both ways, so that either may cross a network."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from search.evolution.genes import Genome, Space

Weights = dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Turn:
    """Some individuals to be trained and then evaluated: one, unless `EvolutionOptions.together` says more.

    Parameters
    ----------
    genomes
        Theirs.
    training, evaluation
        For each the numbers of its batches. An evaluator makes of them what it likes, but the same number is always the
        same batch. Numbers count up through the search: a population walks through the training set together.
    rate
        The learning rate.
    weights
        The shared weights that they use.
    """

    genomes: tuple[Genome, ...]
    training: tuple[range, ...]
    evaluation: tuple[range, ...]
    rate: float = 0.0
    weights: Weights = field(default_factory=dict)

    @property
    def genome(self) -> Genome:
        """Of a turn of one."""
        (only,) = self.genomes
        return only


@dataclass(frozen=True, eq=False)
class Result:
    """What came of a turn.

    Parameters
    ----------
    errors, losses
        Of each individual, in percent and in the loss's own unit; what is not finite marks it as failed.
    weights
        The shared weights that they use, after training.
    """

    errors: tuple[float, ...]
    losses: tuple[float, ...]
    weights: Weights = field(default_factory=dict)


class Evaluator(Protocol):
    """What a search evaluates individuals with: a supernet and its data, or anything else that takes turns.

    It keeps nothing from turn to turn, but what it could compute again: whatever it trains comes with the turn and
    leaves with the result. So any process may take any turn, and a lost one costs nothing but itself.
    """

    @property
    def space(self) -> Space:
        """Where genomes come from."""
        ...

    @property
    def held_out(self) -> int:
        """How many evaluation batches there are: numbers 0 to `held_out` - 1 are everything that is held out, once."""
        ...

    def weights(self) -> Weights:
        """The shared weights at the start, by name; empty where nothing is shared."""
        ...

    def used(self, genome: Genome) -> Collection[str]:
        """The names of the shared weights that an individual uses."""
        ...

    def __call__(self, turn: Turn) -> Result:
        """Train and evaluate."""
        ...


def as_result(turn: Turn, answer: Any) -> Result:
    """A user's own `evaluate` may answer shortly: an error, or (error,), or (error, loss), for a turn of one."""
    if isinstance(answer, Result):
        return answer
    values = tuple(float(value) for value in (answer if isinstance(answer, Sequence) else (answer,)))
    if len(turn.genomes) != 1 or not 1 <= len(values) <= 2:
        raise TypeError(
            f"an evaluation must return a Result, an error, or (error, loss), for {len(turn.genomes)} individuals at "
            f"once a Result; not {answer!r}"
        )
    return Result(values[:1], values[-1:])
