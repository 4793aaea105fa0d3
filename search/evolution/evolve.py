"""`evolve`: the whole of it, from a first graph to the best that was found; `resume`, for a run directory."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from deap import base, tools

from neurograph.errors import FileError, OptionError

from ..executors import Executor, Serial, Task
from ..executors.keeping import as_table, check_inputs, from_table, inputs_of, keep_files, names_of
from ..runs import Run, continued_run, open_run, restored_from, started_run
from ..runs.extending import NO_MORE, More, refuse_others, with_more
from .arriving import Arriving
from .bests import forget_after
from .evaluation import Evaluator
from .evolving import Evolved, Evolving
from .islands import Islands
from .kept import COMMAND, check_settings, options_from, settings
from .options import EvolutionOptions, Learning
from .problem import Problem
from .shared_out import SharedOut
from .showing.progress import ShowEvolution
from .steady import Order, SteadyState
from .strategy import Evolution, Progress, Start


def evolve(
    start: Start | Task,
    fitness: Callable[..., Any] | None = None,
    options: EvolutionOptions | None = None,
    *,
    learning: Learning | None = None,
    toolbox: base.Toolbox | None = None,
    stats: tools.Statistics | None = None,
    hall: Any = None,
    dtype: torch.dtype = torch.float32,
    progress: Progress | bool | None = None,
    callbacks: Sequence[Progress] = (),
    run: str | Path | None = None,
    resume: bool = False,
    executor: Executor | None = None,
    order: Order | None = None,
) -> Evolved:
    """Evolve the wiring of graphs, and train their weights by gradient in between.

    A generation is compiled, trained and evaluated as one program (`compiler.compile_population`), or in chunks, in
    this process or in others.

    Parameters
    ----------
    start
        A graph, whose copies are mutated; a list of graphs, taken in turn; or a function of a `numpy.random.Generator`
        that makes a graph. Or a `Task` that builds a `Problem`, which says all of this: what an executor's processes
        and `neurograph resume` can build again.
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
        Called with the `Evolution`, and the logbook's record and its seconds, after each generation. True: it is
        shown.
    callbacks
        Called likewise, in turn, when the generation is kept. One that raises ends the evolution.
    run
        A run directory, new; None: nothing is kept. It has a checkpoint for each generation, the best graph, and in
        `bests/` the graph of everyone who was the best of a generation (at most 500 and 64 MB; beyond that every
        second one goes).
    resume
        Whether to go on in a run directory that is there, with the same arguments: bit for bit as if it had never
        stopped. `generations` and `goal` may be others.
    executor
        Where chunks are worked out: anything with an ordered `map`, such as `search.executors.ProcessPool` or `Dask`.
    order
        Of a steady state that is to be replayed: who arrived when, the `order` of what it found. The replay is the
        same to the bit, wherever it is worked out.

    Returns
    -------
    Evolved
        The best, with where they came from.

    Raises
    ------
    EvaluationError
        A fitness function that returns something else than a number for each objective; one that nobody of the first
        generation comes through.
    OptionError
        An executor of other processes without a `Task` or without `chunk`; a task that builds no `Problem`.
    WorkerError
        When the executor is gone, or nobody could be worked out there; a run directory can be resumed.
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
    problem, work = _problem(start, fitness, learning, toolbox, dtype)
    options = options or EvolutionOptions()
    going = _going(problem, work, options, executor, order)
    going.stats, going.hall = stats or going.stats, going.hall if hall is None else hall
    with _directory(run, resume, settings(options, problem.learning), problem, work) as kept:
        return _finished(going, kept, progress, callbacks)


def resume(
    run: str | Path,
    *,
    executor: Executor | None = None,
    stats: tools.Statistics | None = None,
    hall: Any = None,
    progress: Progress | bool | None = None,
    callbacks: Sequence[Progress] = (),
    trust: str | Collection[str] = (),
    more: More = NO_MORE,
) -> Evolved:
    """Go on with an evolution that a `Task` began, from its directory alone: bit for bit as if it had never stopped.

    Parameters
    ----------
    run
        The run directory; it may have been moved or copied.
    executor, stats, hall, progress, callbacks
        See `evolve`.
    trust
        Modules whose builders the directory may name. To go on imports them.
    more
        How many generations there are to be, if more than the evolution was begun with.

    Raises
    ------
    FileError
        No evolution lies there, or one that was begun with functions of a script; it is damaged, or names a builder of
        a module that is not trusted.
    DataError
        The data are not those that it began with.
    """
    kept = open_run(run)
    config = kept.config()
    if config.get("command") != COMMAND:
        raise FileError(f"{kept.path} is a run of {config.get('command')!r}, not an evolution")
    if config.get("task") is None:
        raise FileError(
            f"{kept.path} is an evolution that was begun with functions of a script, which no file holds: there "
            "search.evolution.evolve(..., run=..., resume=True) goes on. One that a search.executors.Task begins can "
            "be resumed from its directory"
        )
    with restored_from(kept.path / "config.json"):
        options = options_from(config["options"])
    refuse_others(more, ("generations",), f"{kept.path}, an evolution,")
    options = with_more(options, more)
    task = from_table(config["task"], kept.path, trust)
    how: dict[str, Any] = {"executor": executor, "stats": stats, "hall": hall}
    return evolve(task, options=options, progress=progress, callbacks=callbacks, run=run, resume=True, **how)


def _problem(
    start: Start | Task,
    fitness: Callable[..., Any] | None,
    learning: Learning | None,
    toolbox: base.Toolbox | None,
    dtype: torch.dtype,
) -> tuple[Problem, Problem | Task]:
    """What the evolution is of, and what works out chunks of it."""
    if not isinstance(start, Task):
        if fitness is None:
            raise OptionError("evolve needs a fitness function, beside what it starts from; only a Task says both")
        problem = Problem(start, fitness, learning, toolbox, dtype)
        return problem, problem
    if any(given is not None for given in (fitness, learning, toolbox)):
        raise OptionError("the Task says what fitness, learning and toolbox are: leave them out")
    task = start if start.threads is not None else replace(start, threads=torch.get_num_threads())  # for equal sums
    problem = task.built()
    if not isinstance(problem, Problem):
        raise OptionError(f"{task.function} must build a search.evolution.Problem, not a {type(problem).__name__}")
    return problem, task


def _going(
    problem: Problem, work: Problem | Task, options: EvolutionOptions, executor: Executor | None, order: Order | None
) -> Evolving:
    """The evolution that the options ask for, yet to begin."""
    if executor is not None and not isinstance(executor, Serial) and not isinstance(work, Task):
        raise OptionError(
            "functions cannot travel to other processes: give evolve a search.executors.Task that builds a Problem "
            "there"
        )
    if options.replacement == "steady":
        return Arriving(SteadyState(problem.start, options, problem.toolbox), problem, work, executor, order)
    if order is not None:
        raise OptionError("order is of a steady state: give it with EvolutionOptions(replacement='steady')")
    made = Islands if options.islands > 1 else Evolution
    return Evolving(made(problem.start, options, problem.toolbox), _scorer(problem, work, options, executor))


def _scorer(
    problem: Problem, work: Problem | Task, options: EvolutionOptions, executor: Executor | None
) -> Evaluator | SharedOut:
    """What trains and scores newborns: here as one program, or in chunks, wherever."""
    if executor is None or isinstance(executor, Serial):
        if options.chunk is None and work is problem:
            return Evaluator(problem.fitness, problem.learning, problem.dtype, options.racing)
        in_place = Serial().map if isinstance(work, Task) else map
        return SharedOut(work, in_place, options, problem.learning)
    if options.chunk is None:
        raise OptionError(
            f"an executor shares out chunks, and chunk=None is one of all {options.population}: give chunk=, such as a "
            "part for each worker"
        )
    return SharedOut(work, executor.map, options, problem.learning)


def _finished(
    going: Evolving, kept: Run | None, progress: Progress | bool | None, callbacks: Sequence[Progress]
) -> Evolved:
    """What came of an evolution, begun or gone on with, once it is done."""
    with ExitStack() as stack:
        if kept is not None and kept.begun:
            kept.load_network(lambda state, _: going.load(state))
            forget_after(kept.path, going.search.generation)
            going.seconds = [row.get("seconds", 0.0) for row in kept.metrics()]
        if progress is True:
            progress = stack.enter_context(ShowEvolution(going.search.options, going.seconds))
        going.go(kept, _in_turn(progress if callable(progress) else None, *callbacks))
    path, order = kept.path if kept is not None else None, getattr(going.search, "order", ())
    return Evolved(going.hall, going.search.population, going.logbook, going.reached, going.ancestry, path, order)


def _in_turn(*functions: Progress | None) -> Progress:
    def call(search: Evolution, record: dict[str, Any]) -> None:
        for function in functions:
            if function is not None:
                function(search, record)

    return call


@contextmanager
def _directory(
    run: str | Path | None, resume: bool, plain: dict[str, Any], problem: Problem, work: Problem | Task
) -> Iterator[Run | None]:
    """The run directory, new or the one to go on in; None where there is to be none."""
    if run is None:
        yield None
    elif resume and (Path(run) / "config.json").exists():
        with continued_run(run) as kept:
            config = kept.config()
            check_settings(kept.path, config, plain)
            if isinstance(work, Task):
                check_inputs(config.get("inputs"), work, problem)
            if not kept.begun:
                kept.forget()
                forget_after(kept.path, -1)
            if plain["generations"] > config["options"]["generations"]:
                kept.extend(options={"generations": plain["generations"]})
            yield kept
    else:
        config: dict[str, Any] = {"command": COMMAND, "options": plain}
        task = work if isinstance(work, Task) else None
        if task is not None:
            config |= {"task": as_table(task), "inputs": inputs_of(task, problem)}
        with started_run(run, config, parts=names_of(task).values() if task else ()) as kept:
            if task is not None:
                keep_files(task, kept.path)
            yield kept
