"""`evolve`: the whole of it, from a first graph to the best that was found."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from deap import base, tools

from neurograph.errors import EvaluationError
from search.evolution.evaluation import Evaluator, Part
from search.evolution.individual import Individual
from search.evolution.options import EvolutionOptions, Learning
from search.evolution.strategy import Evolution, Progress, Start


@dataclass(frozen=True, eq=False)
class Evolved:
    """What an evolution found.

    Parameters
    ----------
    hall
        DEAP's hall of fame, or, of several objectives, its Pareto front: copies, the best first.
    population
        The last generation.
    logbook
        DEAP's: a record for each generation.
    reached
        Whether the goal was.
    ancestry
        number -> (generation, numbers of the parents, what was done), of everyone who was born.
    """

    hall: Any
    population: list[Individual]
    logbook: tools.Logbook
    reached: bool
    ancestry: dict[int, tuple[int, tuple[int, ...], tuple[str, ...]]]

    @property
    def best(self) -> Individual:
        """The best ever by the first objective."""
        return max(self.hall, key=lambda one: one.fitness.wvalues[0])


def evolve(
    start: Start,
    fitness: Callable[[Individual, Part], Any],
    options: EvolutionOptions | None = None,
    *,
    learning: Learning | None = None,
    toolbox: base.Toolbox | None = None,
    stats: tools.Statistics | None = None,
    hall: Any = None,
    dtype: torch.dtype = torch.float32,
    progress: Progress | None = None,
) -> Evolved:
    """Evolve the wiring of graphs, and train their weights by gradient in between.

    A generation is compiled, trained and evaluated as one program (`compiler.compile_population`).

    Parameters
    ----------
    start
        A graph, whose copies are mutated; a list of graphs, taken in turn; or a function of a `numpy.random.Generator`
        that makes a graph.
    fitness
        Takes (individual, net) and returns a number, or one for each objective; `net(x)` is what the individual makes
        of a batch, and `individual.graph` its genome. That it raises, or returns NaN, is recorded as the individual's
        failure.
    options
        See `EvolutionOptions`.
    learning
        How newborns are trained before they are evaluated; None: not by gradient.
    toolbox
        Operators; `make_toolbox()`'s when None.
    stats
        DEAP's statistics of the population; of the fitness values when None.
    hall
        A hall of fame; the ten best, or a Pareto front where there are several objectives, when None.
    dtype
        Of the compiled populations.
    progress
        Called with the `Evolution` and the logbook's record after each generation.

    Returns
    -------
    Evolved
        The best, with where they came from.

    Raises
    ------
    EvaluationError
        A fitness function that returns something else than a number for each objective; one that nobody of the first
        generation comes through.
    CompileError
        Naming an individual that cannot be compiled, or takes or gives something else than the first.

    Examples
    --------
    >>> import torch
    >>> from neurograph.builders import mlp
    >>> x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> options = EvolutionOptions(population=20, generations=3, objectives={"error": -1.0})
    >>> found = evolve(mlp([2, 1]), lambda one, net: (net(x) - x[:, :1]).square().mean(), options)
    >>> found.best.fitness.values[0] < 1.0
    True
    """
    search = Evolution(start, options, toolbox)
    evaluator, options = Evaluator(fitness, learning, dtype), search.options
    stats = fitness_statistics() if stats is None else stats
    hall = (tools.HallOfFame(10) if len(options.objectives) == 1 else tools.ParetoFront()) if hall is None else hall
    logbook, ancestry = tools.Logbook(), {}
    while True:
        newborns = search.ask()
        ancestry |= {one.number: (search.generation, one.parents, one.changes) for one in newborns}
        evaluator(newborns, search.rng)
        if not search.generation:
            _refuse_nobody(newborns)
        hall.update([one for one in search.population if one.failure is None])
        record = {"generation": search.generation, "evaluated": len(newborns), **stats.compile(search.population)}
        logbook.record(**record)
        if progress is not None:
            progress(search, record)
        reached = _reached(hall, options)
        if reached or search.generation >= options.generations:
            return Evolved(hall, search.population, logbook, reached, ancestry)
        search.tell()


def fitness_statistics() -> tools.Statistics:
    """Mean, minimum and maximum of every objective over those that did not fail, and the size of genomes."""
    stats = tools.Statistics(lambda one: (one.failure is None, one.fitness.values, one.graph.number_of_edges()))

    def over(reduce: Callable[..., Any]) -> Callable[[Any], Any]:
        def found(rows: Any) -> Any:
            values = [held for fine, held, _ in rows if fine]
            return tuple(reduce(values, axis=0).tolist()) if values else None

        return found

    for name in ("mean", "min", "max"):
        stats.register(name, over(getattr(np, name)))
    stats.register("failed", lambda rows: sum(not fine for fine, _, _ in rows))
    stats.register("synapses", lambda rows: float(np.mean([size for *_, size in rows])))
    return stats


def _refuse_nobody(individuals: list[Individual]) -> None:
    if all(one.failure is not None for one in individuals):
        raise EvaluationError(
            f"all {len(individuals)} individuals of the first generation failed: {individuals[0].failure}"
        )


def _reached(hall: Any, options: EvolutionOptions) -> bool:
    """Whether the first objective's goal is."""
    if options.goal is None or not len(hall):
        return False
    weight = next(iter(options.objectives.values()))
    return any(one.fitness.wvalues[0] >= options.goal * weight for one in hall)
