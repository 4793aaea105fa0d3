"""How individuals share weights: one after the other, or all from one snapshot."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

import numpy as np

from neurograph.errors import EvaluationError

from ...executors import Failed
from .genes import Genome
from .options import EvolutionOptions, learning_rate
from .strategies import Score
from .turns import Result, Turn, Weights, as_result

Map = Callable[[Callable[[Turn], Any], Sequence[Turn]], Sequence[Any]]


def train_and_evaluate(
    genomes: Sequence[Genome],
    weights: Weights,
    cycle: int,
    options: EvolutionOptions,
    used: Callable[[Genome], Any],
    evaluate: Callable[[Turn], Any],
    mapped: Map,
    held_out: int = 1,
) -> list[Score]:
    """One cycle: everyone is trained and evaluated, and the shared weights move.

    Parameters
    ----------
    genomes
        Of the population, in order.
    weights
        The shared weights; changed in place.
    cycle
        Its number, from 1.
    options
        See `EvolutionOptions`.
    used
        The names of weights that a genome uses.
    evaluate, mapped
        What takes a turn, and what takes that and turns.
    held_out
        Evaluation batches that there are.

    Returns
    -------
    list of Score
        In the order of genomes.
    """
    turns = _turns(genomes, cycle, options, held_out)
    if options.sharing == "sequential":
        results = [_in_line(turn, weights, used, evaluate, mapped) for turn in turns]
    else:
        ready = [_handed(turn, weights, used) for turn in turns]
        answers = answers_of(mapped, evaluate, ready)
        results = [_taken(turn, answer) for turn, answer in zip(ready, answers, strict=True)]
        both = zip(ready, results, strict=True)
        merge(weights, [(turn.weights, result.weights) for turn, result in both if isinstance(result, Result)])
    return [score for turn, result in zip(turns, results, strict=True) for score in _scores(turn, result)]


def answers_of(mapped: Map, evaluate: Callable[[Turn], Any], turns: Sequence[Turn]) -> list[Any]:
    """The answers to some turns, in their order; `EvaluationError` where the map gives none, or another number."""
    given: Any = mapped(evaluate, turns)
    if not isinstance(given, Iterable):
        raise EvaluationError(f"the executor's map must give a list of answers, not {given!r}")
    answers = list(given)
    if len(answers) != len(turns):
        raise EvaluationError(f"the executor's map gave {len(answers)} answers to {len(turns)} turns")
    return answers


def merge(weights: Weights, moves: Sequence[tuple[Weights, Weights]]) -> None:
    """Move shared weights by what individuals learned from one snapshot; in place, and in the order of individuals.

    A number moves by the mean of the moves of those who moved it: the sum would overshoot where ten survivors share
    their genes, and a mean over everyone would hardly move what few of them have.

    Parameters
    ----------
    weights
        The snapshot.
    moves
        Of each turn its weights before and after.

    Examples
    --------
    >>> weights = {"a": np.zeros(3)}
    >>> before = {"a": np.zeros(3)}
    >>> merge(weights, [(before, {"a": np.array([1.0, 2.0, 0.0])}), (before, {"a": np.array([3.0, 0.0, 0.0])})])
    >>> weights["a"].tolist()
    [2.0, 2.0, 0.0]
    """
    sums: Weights = {}
    counts: Weights = {}
    for before, after in moves:
        for name, value in after.items():
            move = value - before[name]
            sums[name] = sums[name] + move if name in sums else move
            counts[name] = counts[name] + (move != 0) if name in counts else (move != 0).astype(move.dtype)
    for name, total in sums.items():
        weights[name] = weights[name] + total / np.maximum(counts[name], 1)


def _turns(genomes: Sequence[Genome], cycle: int, options: EvolutionOptions, held_out: int) -> list[Turn]:
    """Individuals in groups, with the numbers of their batches."""
    training, rate = options.train_batches, learning_rate(options, cycle)
    evaluation = held_out if options.by_loss else options.evaluation_batches
    first = (cycle - 1) * len(genomes)
    places = iter(range(first, first + len(genomes)))
    turns = []
    for start in range(0, len(genomes), options.together):
        group = tuple(genomes[start : start + options.together])
        mine = list(islice(places, len(group)))
        seen = mine if options.evaluation == "own" else [0 if options.by_loss else cycle - 1] * len(group)
        turns.append(
            Turn(
                group,
                tuple(range(at * training, (at + 1) * training) for at in mine),
                tuple(range(at * evaluation, (at + 1) * evaluation) for at in seen),
                rate,
            )
        )
    return turns


def _handed(turn: Turn, weights: Weights, used: Callable[[Genome], Any]) -> Turn:
    """The turn with the weights its individuals use."""
    names = dict.fromkeys(name for genome in turn.genomes for name in used(genome))
    unknown = next((name for name in names if name not in weights), None)
    if unknown is not None:
        raise EvaluationError(f"the evaluator's used names weights {unknown!r}, and its weights() have no such")
    return Turn(turn.genomes, turn.training, turn.evaluation, turn.rate, {name: weights[name] for name in names})


def _in_line(turn: Turn, weights: Weights, used: Callable, evaluate: Callable, mapped: Map) -> Result | Failed:
    """One turn that begins with what the one before left; a failed one leaves nothing."""
    ready = _handed(turn, weights, used)
    (answer,) = answers_of(mapped, evaluate, [ready])
    result = _taken(ready, answer)
    if isinstance(result, Result):
        weights.update(result.weights)
    return result


def _taken(turn: Turn, answer: Any) -> Result | Failed:
    """The result, where it is of any use: what a diverged individual learned would spoil the others'."""
    if isinstance(answer, Failed):
        return answer
    result = as_result(turn, answer)
    spoilt = [name for name, value in result.weights.items() if not np.isfinite(value).all()]
    if spoilt:
        return Failed(f"training left weights that are not finite, in {spoilt[0]}")
    if not np.isfinite([result.errors, result.losses]).all(0).any():
        return Failed(f"the evaluation gave {result.errors[0]}, {result.losses[0]}")
    return result


def scores_of(turn: Turn, answer: Any) -> list[Score]:
    """An answer to a turn as the scores of its individuals."""
    return _scores(turn, _taken(turn, answer))


def _scores(turn: Turn, result: Result | Failed) -> list[Score]:
    if isinstance(result, Failed):
        return [Score(float("inf"), float("inf"), result.reason) for _ in turn.genomes]
    return [Score(error, loss) for error, loss in zip(result.errors, result.losses, strict=True)]
