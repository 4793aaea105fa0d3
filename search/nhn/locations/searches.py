"""A search for genomes: begun, kept in a run directory, and gone on with."""

from collections.abc import Collection, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path

import torch
from deap import base

from neurograph.errors import FileError, OptionError

from ...executors import Executor, Task
from ...executors.keeping import as_table, check_inputs, from_table, inputs_of, keep_files, names_of
from ...options import read_options, stored
from ...runs import continued_run, started_run
from ...runs.extending import NO_MORE, More, refuse_others, warn_of_falling, with_more
from .found import Found
from .kept import origin_of
from .loop import Callback, Searching
from .options import EvolutionOptions
from .turns import Evaluator, Weights

COMMAND = "search-evolution"


def search(
    evaluator: Task | Evaluator,
    options: EvolutionOptions | None = None,
    *,
    run: str | Path | None = None,
    force: bool = False,
    executor: Executor | None = None,
    toolbox: base.Toolbox | None = None,
    callbacks: Sequence[Callback] = (),
    weights: Weights | None = None,
    progress: bool = False,
) -> Found:
    """Search for the best genomes of an evaluator's space.

    Parameters
    ----------
    evaluator
        A `Task` that builds an `Evaluator` (the only kind that can be resumed, or evaluated elsewhere), or one.
    options
        See `EvolutionOptions`.
    run
        A directory to keep everything in, to be gone on with by `resume`; None keeps nothing.
    force
        Whether a run that lies there is thrown away.
    executor
        Where individuals are evaluated: anything with an ordered `map`. None: the toolbox's own `map` if one was
        registered, else this process.
    toolbox
        Operators of your own; see `make_toolbox`.
    callbacks
        Called after each cycle with the search and the new row.
    weights
        Shared weights to begin with, such as another search's; the evaluator's when None.
    progress
        Whether to show it.

    Raises
    ------
    OptionError
        Options that cannot go together; a run directory that is taken.
    DivergenceError
        When the evaluation of everyone in a cycle failed.
    WorkerError
        When the executor is gone; a run directory can be resumed.
    """
    options = options or EvolutionOptions()
    if isinstance(evaluator, Task) and evaluator.threads is None:
        evaluator = replace(evaluator, threads=torch.get_num_threads())  # wherever it runs, for equal sums
    if run is not None and not isinstance(evaluator, Task):
        raise OptionError("a run directory needs a Task: what builds the evaluator must be written down to resume it")
    searching = Searching(evaluator, options, toolbox, executor, None, callbacks)
    if weights is not None:
        searching.take_weights(weights)
    with ExitStack() as stack:
        if run is not None and isinstance(evaluator, Task):  # the evaluator stands: what could be refused has been
            origin = origin_of(evaluator, options, weights)
            about = {"command": COMMAND, "task": as_table(evaluator), "options": asdict(options), "origin": origin}
            about["inputs"] = inputs_of(evaluator, searching.evaluator)
            parts = names_of(evaluator).values()
            searching.run = stack.enter_context(started_run(run, about, force, parts))
            keep_files(evaluator, searching.run.path)
            searching.run.save_checkpoint(searching.state(), None, searching.rows)
        return searching.finish(progress)


def resume(
    run: str | Path,
    *,
    executor: Executor | None = None,
    toolbox: base.Toolbox | None = None,
    callbacks: Sequence[Callback] = (),
    progress: bool = False,
    trust: str | Collection[str] = (),
    more: More = NO_MORE,
) -> Found:
    """Go on with a search from its last checkpoint; with the same toolbox it ends bit for bit as if never stopped.

    The directory may have been moved or copied.

    Parameters
    ----------
    run
        The run directory.
    executor, toolbox, callbacks, progress
        See `search`. On a cluster, the directory must lie where all workers see it.
    trust
        Modules whose builders the directory may name. To go on imports them; without this, only our own are.
    more
        How many cycles there are to be, if more than the search was begun with.

    Raises
    ------
    FileError
        Where the directory holds no search, is damaged, or names a builder of a module that is not trusted.
    DataError
        The data are not those that it began with.
    """
    return go_on(run, None, executor, toolbox, callbacks, progress, trust, more)


def go_on(
    run: str | Path,
    task: Task | None,
    executor: Executor | None = None,
    toolbox: base.Toolbox | None = None,
    callbacks: Sequence[Callback] = (),
    progress: bool = False,
    trust: str | Collection[str] = (),
    more: More = NO_MORE,
) -> Found:
    """The same, by whoever knows the task; None for the one that the directory names."""
    with continued_run(run) as kept:
        config = kept.config()
        if config.get("command") != COMMAND:
            raise FileError(f"{kept.path} is a run of {config.get('command')!r}, not a search for genomes")
        begun = read_options(EvolutionOptions, settings=stored(EvolutionOptions, config["options"]))
        refuse_others(more, ("cycles",), f"{kept.path}, a search for genomes,")
        options = with_more(begun, more)
        task = task or from_table(config.get("task"), kept.path, trust)
        searching = Searching(task, options, toolbox, executor, kept, callbacks)
        check_inputs(config.get("inputs"), task, searching.evaluator)
        kept.load_checkpoint(searching.load)
        searching.rows = kept.metrics()
        if more:  # whatever could be refused has been
            warn_of_falling(begun, options, "cycles", len(searching.rows))
            kept.extend(options=dict(more))
        return searching.finish(progress)
