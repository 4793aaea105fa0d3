"""What an evaluator is asked and what it answers: plain data both ways, so that either may cross a network."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from neurograph.errors import EvaluationError

from ..answers import as_array, as_number, as_numbers
from .genes import Genome, Space

Weights = dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Turn:
    """Some individuals to be trained and then evaluated: one, unless `EvolutionOptions.together` says more.

    Parameters
    ----------
    genomes
        The genome of each individual.
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

    # A turn of one reads as its genome does, so DEAP's evaluate(individual) -> (error,) takes turns too.
    def __getitem__(self, at: Any) -> Any:
        return self.genome[at]

    def __iter__(self) -> Iterator[int]:
        return iter(self.genome)

    def __len__(self) -> int:
        return len(self.genome)

    def __bool__(self) -> bool:
        return True


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

    It may have a `fingerprint` (a number or a text) of the data that it reads: a run then goes on only with the same.
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
    """An answer as a result: numbers as floats, weights as arrays.

    Parameters
    ----------
    turn
        What was asked.
    answer
        A `Result`; or, for a turn of one, shortly: an error, or (error,), or (error, loss). Numbers may be Python's,
        numpy's or torch's, alone or in arrays of one; so may the weights be arrays or tensors.

    Raises
    ------
    EvaluationError
        Anything else; another number of errors or losses than individuals; weights that were not handed out, or of
        another shape.
    """
    if not isinstance(answer, Result):
        return _short(turn, answer)
    errors, losses = (_each(turn, name, getattr(answer, name)) for name in ("errors", "losses"))
    weights = _weights(turn, answer.weights)
    given = (answer.errors, answer.losses)
    if not weights and all(isinstance(each, tuple) and {*map(type, each)} <= {float} for each in given):
        return answer
    return Result(errors, losses, weights)


def _short(turn: Turn, answer: Any) -> Result:
    number = as_number(answer)
    values = as_numbers(answer) if number is None else (number,)
    if values is None or len(turn.genomes) != 1 or not 1 <= len(values) <= 2:
        raise EvaluationError(
            f"an evaluation must return a Result, an error, or (error, loss), for {len(turn.genomes)} individuals at "
            f"once a Result; not {_shown(answer)}"
        )
    return Result(values[:1], values[-1:])


def _each(turn: Turn, name: str, values: Any) -> tuple[float, ...]:
    """Errors or losses, one for each individual."""
    found = as_numbers(values)
    if found is None or len(found) != len(turn.genomes):
        raise EvaluationError(
            f"a Result's {name} must be a tuple of numbers, one for each of {len(turn.genomes)} individuals; not "
            f"{_shown(values)}"
        )
    return found


def _weights(turn: Turn, weights: Any) -> Weights:
    """Weights after training, of those that were handed out."""
    if not isinstance(weights, Mapping):
        raise EvaluationError(f"a Result's weights must be a table of names and arrays, not {_shown(weights)}")
    found = {name: as_array(value) for name, value in weights.items()}
    for name, value in found.items():
        if name not in turn.weights:
            raise EvaluationError(f"a Result has weights {name!r}, which its turn did not hand out")
        if value is None or value.shape != turn.weights[name].shape:
            shape = turn.weights[name].shape
            raise EvaluationError(f"a Result's weights {name!r} must be an array of shape {shape}, not {_shown(value)}")
    return {name: value for name, value in found.items() if value is not None}


def _shown(answer: Any) -> str:
    text = repr(answer)
    return text if len(text) <= 100 else f"{text[:100]}..."
