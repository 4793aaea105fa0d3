"""Whether a fitness ranks: how the order that it gives agrees with what long training says."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurograph.errors import OptionError

from .genes import Genome
from .options import EvolutionOptions
from .sharing import scores_of
from .turns import Evaluator, Turn

Schedule = Sequence[tuple[float, int]]  # learning rates, and batches at each


@dataclass(frozen=True, eq=False)
class Agreement:
    """How a fitness ranks some genomes, and how long training does.

    Parameters
    ----------
    correlation
        Spearman's, of the two orders; 1 where the fitness says who will be best.
    fitness, trained
        (n,) of each genome: its fitness, and its loss on all that is held out after long training.
    """

    correlation: float
    fitness: np.ndarray
    trained: np.ndarray


def agreement(
    evaluator: Evaluator, genomes: Sequence[Genome], options: EvolutionOptions, schedule: Schedule
) -> Agreement:
    """The rank correlation of a fitness with long training, every genome from the first weights.

    Parameters
    ----------
    evaluator
        As for `search`.
    genomes
        Whom to rank, at least three; those drawn as a first population is say most.
    options
        What a fitness is: training batches, rate, and what it is measured on.
    schedule
        Of the long training.

    Raises
    ------
    OptionError
        Fewer than three genomes, or than three whose evaluations worked.
    """
    if len(genomes) < 3:
        raise OptionError(f"{len(genomes)} genomes have no order to compare; give three or more")
    fitness = [_fitness(evaluator, genome, at, options) for at, genome in enumerate(genomes)]
    pairs = np.column_stack([fitness, [trained_loss(evaluator, genome, schedule) for genome in genomes]])
    sound = np.isfinite(pairs).all(1)
    if sound.sum() < 3:
        raise OptionError(f"the evaluations of {(~sound).sum()} of {len(genomes)} genomes failed: too few are left")
    first, second = pairs[sound].T
    return Agreement(spearman(first, second), first, second)


def spearman(first: np.ndarray, second: np.ndarray) -> float:
    """The correlation of ranks, equal values sharing theirs; 0 where one of the two does not vary.

    Examples
    --------
    >>> round(spearman(np.array([1.0, 2.0, 2.0, 9.0]), np.array([0.0, 1.0, 2.0, 3.0])), 4)
    0.9487
    """
    from scipy.stats import rankdata  # half a second that only this needs

    ranks = [rankdata(values) for values in (first, second)]
    if min(each.std() for each in ranks) == 0:
        return 0.0
    return float(np.corrcoef(*ranks)[0, 1])


def _fitness(evaluator: Evaluator, genome: Genome, at: int, options: EvolutionOptions) -> float:
    """As a first cycle measures it, but from the first weights."""
    begun, count = (0, evaluator.held_out) if options.by_loss else (at, options.evaluation_batches)
    begun = 0 if options.evaluation == "shared" else begun
    held = range(begun * count, (begun + 1) * count)
    mine = at * options.train_batches
    turn = _turn(evaluator, genome, range(mine, mine + options.train_batches), held, options.learning_rate)
    score = scores_of(turn, evaluator(turn))[0]
    return score.loss if options.by_loss else score.error


def trained_loss(evaluator: Evaluator, genome: Genome, schedule: Schedule) -> float:
    """The loss on all that is held out of a genome that was trained alone, from the first weights.

    Parameters
    ----------
    evaluator, genome
        Whom, by what.
    schedule
        Learning rates, and batches at each; NaN comes of none.
    """
    weights, begun, score = None, 0, None
    for rate, batches in schedule:
        held = range(evaluator.held_out)
        turn = _turn(evaluator, genome, range(begun, begun + batches), held, rate, weights)
        result = evaluator(turn)
        weights, begun, score = turn.weights | result.weights, begun + batches, scores_of(turn, result)[0]
    return float("nan") if score is None else score.loss


def _turn(evaluator: Evaluator, genome: Genome, training: range, held: range, rate: float, weights=None) -> Turn:
    known = evaluator.weights() if weights is None else weights
    return Turn((genome,), (training,), (held,), rate, {name: known[name] for name in evaluator.used(genome)})
