"""`evolve`: the whole of it, from a first graph to the best that was found."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from deap import base, tools

from neurograph.errors import EvaluationError

from ..runs import Run, continued_run, started_run
from ..runs.shapes import need
from .evaluation import Evaluator, Part
from .held import check_individuals, check_state
from .individual import Individual
from .kept import COMMAND, check_settings, individual_from, individual_state, settings
from .options import EvolutionOptions, Learning
from .strategy import Evolution, Progress, Start


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
    callbacks: Sequence[Progress] = (),
    run: str | Path | None = None,
    resume: bool = False,
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
    callbacks
        Called likewise, in turn, when the generation is kept. One that raises ends the evolution.
    run
        A run directory, new; None: nothing is kept. It has a checkpoint for each generation and the best graph.
    resume
        Whether to go on in a run directory that is there, with the same arguments: bit for bit as if it had never
        stopped. `generations` and `goal` may be others.

    Returns
    -------
    Evolved
        The best, with where they came from.

    Raises
    ------
    EvaluationError
        A fitness function that returns something else than a number for each objective; one that nobody of the first
        generation comes through.
    FileError
        A run directory of another search, or one that is damaged or in use.
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
    racing = (options or EvolutionOptions()).racing
    going = Evolving(Evolution(start, options, toolbox), Evaluator(fitness, learning, dtype, racing), stats, hall)
    progress = _in_turn(progress, *callbacks)
    plain = settings(going.search.options, learning)
    with _directory(run, resume, plain) as kept:
        if kept is not None and kept.begun:
            kept.load_network(lambda state, _: going.load(state))
        else:
            going.evaluate(kept, progress)
        while not going.done:
            going.search.tell()
            going.evaluate(kept, progress)
    return Evolved(going.hall, going.search.population, going.logbook, going.reached, going.ancestry)


def _in_turn(*functions: Progress | None) -> Progress:
    def call(search: Evolution, record: dict[str, Any]) -> None:
        for function in functions:
            if function is not None:
                function(search, record)

    return call


class Evolving:
    """An evolution that is under way, with what is remembered of it.

    Parameters
    ----------
    search, evaluator
        Who is bred, and how newborns are trained and scored.
    stats, hall
        As in `evolve`.
    """

    def __init__(self, search: Evolution, evaluator: Evaluator, stats: tools.Statistics | None, hall: Any) -> None:
        several = len(search.options.objectives) > 1
        self.search, self.evaluator = search, evaluator
        self.stats = fitness_statistics() if stats is None else stats
        self.hall = (tools.ParetoFront() if several else tools.HallOfFame(10)) if hall is None else hall
        self.logbook = tools.Logbook()
        self.ancestry: dict[int, tuple[int, tuple[int, ...], tuple[str, ...]]] = {}

    def evaluate(self, run: Run | None, progress: Progress | None) -> None:
        """Train and score the newborns of a generation, and keep what came of it."""
        search = self.search
        newborns = search.ask()
        self.ancestry |= {one.number: (search.generation, one.parents, one.changes) for one in newborns}
        self.evaluator(newborns, search.rng)
        if not search.generation:
            _refuse_nobody(newborns)
        self.hall.update([one for one in search.population if one.failure is None])
        record = {"generation": search.generation, "evaluated": len(newborns), **self.stats.compile(search.population)}
        self.logbook.record(**record)
        if run is not None:
            if not search.generation:
                search.population[0].graph.save(run.start)
            run.log_metrics(record)
            run.save_checkpoint(self.state(), search.best.graph)
        if progress is not None:
            progress(search, record)

    @property
    def reached(self) -> bool:
        """Whether the first objective's goal is."""
        options = self.search.options
        if options.goal is None:
            return False
        weight = next(iter(options.objectives.values()))
        return any(one.fitness.wvalues[0] >= options.goal * weight for one in self.hall)

    @property
    def done(self) -> bool:
        """Whether there is no further generation."""
        return self.reached or self.search.generation >= self.search.options.generations

    def state(self) -> dict[str, Any]:
        """Everything that the rest depends on, as plain data."""
        hall = [individual_state(one) for one in self.hall]
        return {"search": self.search.state(), "hall": hall, "rows": list(self.logbook), "ancestry": self.ancestry}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state; `FileError` where it is none of such a search."""
        check_state(state)
        self.search.load(state["search"])
        best, most = [individual_from(held, self.search.fitness) for held in state["hall"]], _room(self.hall)
        need(0 < len(best) <= most, "state.hall", f"has {len(best)} of 1 to {most}")
        check_individuals(best, self.search.options, self.search.born, "hall")
        self.hall.clear()
        for one in reversed(best):  # equal ones stand in the order in which they were inserted, backwards
            self.hall.insert(one)
        self.logbook = tools.Logbook()
        for row in state["rows"]:
            self.logbook.record(**row)
        self.ancestry = state["ancestry"]


def _room(hall: Any) -> float:
    """How many a hall of fame takes."""
    most = getattr(hall, "maxsize", None)
    return most if isinstance(most, int) else float("inf")


@contextmanager
def _directory(run: str | Path | None, resume: bool, plain: dict[str, Any]) -> Iterator[Run | None]:
    """The run directory, new or the one to go on in; None where there is to be none."""
    if run is None:
        yield None
    elif resume and (Path(run) / "config.json").exists():
        with continued_run(run) as kept:
            check_settings(kept.path, kept.config(), plain)
            if not kept.begun:
                kept.forget()
            yield kept
    else:
        with started_run(run, {"command": COMMAND, "options": plain}) as kept:
            yield kept


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
