"""Places by design: a screen, a surrogate, the front of what it predicts, and the truth about that front."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from deap import base, tools

from neurograph.errors import DivergenceError, OptionError

from ...executors import Executor, Serial, Task
from ...options import MOST_SEED, Checked, option
from . import operators
from .found import RankedIndividual
from .genes import ABSENT, Genome, Space, draw_genome
from .objectives import COSTS, MEASURED, checked_objectives, front
from .sharing import answers_of, scores_of
from .surrogate import Surrogate, fit_surrogate, indicators, single_places
from .turns import Evaluator, Turn


@dataclass(frozen=True)
class DesignOptions(Checked):
    """How places are searched by a surrogate; the texts below say what each field means.

    Raises
    ------
    OptionError
        For an impossible value, naming the option and its range.
    """

    objectives: tuple[str, ...] = option(("loss", "parameters"), "what is to be small: loss or error first, then costs")
    batches: int = option(50, "training batches of each measurement, from the first weights, the same for all", least=1)
    learning_rate: float = option(0.01, "of all training", above=0)
    extra: int = option(0, "genomes drawn at random that are measured besides every single place", least=0)
    absent: float = option(0.8, "chance that a drawn gene is -1", least=0, most=1)
    population: int = option(60, "genomes of a generation on the surrogate, a multiple of four", least=8, reach=10_000)
    generations: int = option(60, "on the surrogate", least=1)
    mutation: float = option(0.1, "chance that a gene is drawn again in a mutation", least=0, most=1)
    evaluated: int = option(10, "genomes of the predicted front that are trained and measured", least=1)
    seed: int = option(0, "of everything random", least=0, reach=MOST_SEED)

    def __post_init__(self) -> None:
        super().__post_init__()
        checked_objectives(self.objectives)
        if self.objectives[0] not in MEASURED:
            raise OptionError(
                f"objectives must begin with what is measured, {' or '.join(MEASURED)}; costs come after it"
            )
        if self.population % 4:
            raise OptionError(f"population={self.population} must be a multiple of four, so that all find a partner")


@dataclass(frozen=True, eq=False)
class Designed:
    """What a design found.

    Parameters
    ----------
    ranking
        Genomes that were trained and measured in the end, best first.
    points
        Of each of these its objectives, as they are.
    front
        Places in the ranking of those that no other is better than.
    surrogate
        What predicted them.
    measured
        The screen: genomes with their errors and losses.
    """

    ranking: list[RankedIndividual]
    points: list[tuple[float, ...]]
    front: list[int]
    surrogate: Surrogate
    measured: list[RankedIndividual]


def design(
    evaluator: Task | Evaluator, options: DesignOptions | None = None, *, executor: Executor | None = None
) -> Designed:
    """Measure every place alone, predict all genomes, and measure the best that are predicted.

    Parameters
    ----------
    evaluator
        As for `search`. Objectives that are costs need one that builds graphs, as `add_on_task`'s does.
    options
        See `DesignOptions`.
    executor
        Where genomes are measured; this process when None.

    Raises
    ------
    OptionError
        Costs of an evaluator that builds no graphs.
    DivergenceError
        No measurement worked.
    """
    options = options or DesignOptions()
    own: Any = evaluator.built() if isinstance(evaluator, Task) else evaluator
    space, rng = own.space, np.random.default_rng(options.seed)
    names = [name for name in options.objectives if name not in MEASURED]
    costs = place_costs(own, names)
    nobody = (ABSENT,) * space.gene_count
    drawn = [tuple(draw_genome(space, options.absent, rng)) for _ in range(options.extra)]
    measure = _measuring(evaluator, own, options, executor)
    measured = measure(list(dict.fromkeys([nobody, *single_places(space), *drawn])))
    surrogate = _fitted(space, measured, options.objectives[0])

    def predicted(genomes: Sequence[Genome]) -> np.ndarray:
        return np.column_stack([surrogate.predict(genomes), indicators(space, genomes) @ costs[1].T + costs[0]])

    chosen = evolve(space, predicted, options, rng)
    ranking = sorted((one for one in measure(chosen) if np.isfinite(one.loss)), key=_key(options.objectives[0]))
    if not ranking:
        raise DivergenceError(f"the evaluation of all {len(chosen)} genomes of the predicted front failed")
    true = indicators(space, [one.genome for one in ranking]) @ costs[1].T + costs[0]
    values = [_key(options.objectives[0])(one)[0] for one in ranking]
    points = [(value, *row) for value, row in zip(values, true.tolist(), strict=True)]
    return Designed(ranking, points, front(points), surrogate, measured)


def place_costs(evaluator: Any, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """(costs,) of the network without add-ons, and (costs, places) what each place adds: costs are sums over places.

    Raises
    ------
    OptionError
        An evaluator that builds no graphs, where there are names.
    """
    places = sum(len(evaluator.space.choices(gene)) for gene in range(evaluator.space.gene_count))
    if not names:
        return np.zeros(0), np.zeros((0, places))
    build: Callable | None = getattr(evaluator, "build", None)
    if build is None:
        raise OptionError(f"objectives {', '.join(names)} need an evaluator that builds graphs; this one only rates")
    weights, genomes = evaluator.weights(), [(ABSENT,) * evaluator.space.gene_count, *single_places(evaluator.space)]
    graphs = (build(genome, weights) for genome in genomes)
    found = np.array([[COSTS[name](graph) for name in names] for graph in graphs], np.float64)
    return found[0], (found[1:] - found[0]).T


def evolve(
    space: Space,
    predicted: Callable[[Sequence[Genome]], np.ndarray],
    options: DesignOptions,
    rng: np.random.Generator,
) -> list[Genome]:
    """Genomes of the front that NSGA-II finds where genomes cost nothing (Deb et al. 2002), spread along it.

    Parameters
    ----------
    space
        Of genomes.
    predicted
        From genomes to (n, objectives).
    options
        Population, generations, mutation, and how many to return at most.
    rng
        Of everything random.
    """
    kind = type("Several", (base.Fitness,), {"weights": (-1.0,) * len(options.objectives)})

    def made(genomes: Sequence[Sequence[int]]) -> list[Any]:
        people = [operators.Individual(genome) for genome in genomes]
        for one, values in zip(people, predicted([one.genome for one in people]).tolist(), strict=True):
            one.fitness = kind(tuple(values))
        return people

    people = made([draw_genome(space, options.absent, rng) for _ in range(options.population)])
    for _ in range(options.generations):
        order = rng.permutation(len(people))
        children = [operators.Individual(people[at]) for at in order]
        for first, second in zip(children[::2], children[1::2], strict=True):
            operators.recombine(first, second, rng)
        mutated = [operators.mutate(one, space, options.mutation, options.absent, rng)[0] for one in children]
        distinct = {one.genome: one for one in [*made(mutated), *people]}
        people = tools.selNSGA2(list(distinct.values()), min(options.population, len(distinct)))
        people += made([draw_genome(space, options.absent, rng) for _ in range(options.population - len(people))])
    best = tools.sortNondominated(people, len(people), first_front_only=True)[0]
    distinct = list({one.genome: one for one in best}.values())
    return [one.genome for one in tools.selNSGA2(distinct, min(options.evaluated, len(distinct)))]


def _measuring(evaluator: Task | Evaluator, own: Any, options: DesignOptions, executor: Executor | None):
    weights, mapped = own.weights(), (executor or Serial()).map

    def measure(genomes: Sequence[Genome]) -> list[RankedIndividual]:
        numbers = (range(options.batches),), (range(own.held_out),)
        turns = [Turn((g,), *numbers, options.learning_rate, {n: weights[n] for n in own.used(g)}) for g in genomes]
        answers = answers_of(mapped, evaluator, turns)
        scores = [scores_of(turn, answer)[0] for turn, answer in zip(turns, answers, strict=True)]
        return [
            RankedIndividual(genome, score.error, score.loss) for genome, score in zip(genomes, scores, strict=True)
        ]

    return measure


def _fitted(space: Space, measured: Sequence[RankedIndividual], name: str) -> Surrogate:
    """The surrogate; what could not be measured counts as the worst that could."""
    values = np.array([_key(name)(one)[0] for one in measured])
    sound = np.isfinite(values)
    if not sound.any():
        raise DivergenceError(f"the evaluation of all {len(measured)} genomes failed")
    values[~sound] = values[sound].max()
    return fit_surrogate(space, [one.genome for one in measured], values.tolist())


def _key(name: str) -> Callable[[RankedIndividual], tuple[float, float]]:
    return lambda one: (one.loss, one.error) if name == "loss" else (one.error, one.loss)
