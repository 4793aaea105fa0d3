"""The ways in which a network changes while it trains, by the command that starts each."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from neurograph.errors import FileError, OptionError
from neurograph.network import NeuronGraph
from neurograph.registry import Registry

from . import evolution
from .datasets import Dataset
from .growth.expansion.expand import expand
from .growth.metabolism.metabolize import metabolize
from .growth.metabolism.streaming.run import COMMAND, resume_stream
from .growth.method import Method
from .growth.morphing.morph import morph
from .growth.pictures import leave_pictures
from .growth.pruning.prune import prune
from .growth.rewiring.rewire import rewire
from .growth.running import go_on
from .growth.train import train
from .nhn import locations
from .nhn.kernels import prune_network
from .nhn.layers import redraw_hierarchy, resume_hierarchy
from .nhn.pipeline import redraw_neuron_hierarchy, resume_neuron_hierarchy
from .runs import Run, open_run, refuse_links_out, restored_from
from .runs.extending import NO_MORE, More
from .training.loop import Callback
from .training.measures import Function
from .training.objectives import Loss
from .training.own import NOTHING_OWN, given_own

METHODS: Registry[Method] = Registry(
    "neurograph.methods",
    {method.command: method for method in (train, metabolize, expand, morph, prune, prune_network, rewire)},
    fits=lambda part: isinstance(part, Method),
)


def _by_its_task(resumed: Callable[..., Any], loads: str, no: str, whose: str) -> Callable[..., Any]:
    """How a search goes on whose task loads the data, and scores: nothing of one's own is handed to it."""

    def resume(
        run: str | Path,
        data: Dataset | None,
        *,
        progress: bool,
        trust: str | Collection[str] = (),
        callbacks: Sequence[Any] = (),
        own: Mapping[str, Any] = NOTHING_OWN,
        more: More = NO_MORE,
    ) -> Any:
        if data is not None:
            raise OptionError(f"{loads}: leave data out")
        if own:
            raise OptionError(f"{no} has no {' and no '.join(own)} of its own: its {whose} has")
        return resumed(run, progress=progress, trust=trust, callbacks=callbacks, more=more)

    return resume


_resume_locations = _by_its_task(
    locations.resume, "a search of genomes loads its data itself, by name", "a search of genomes", "evaluator"
)
_resume_evolution = _by_its_task(evolution.resume, "an evolution's task loads its data itself", "an evolution", "task")


OTHERS: dict[str, Callable[..., Any]] = {  # no training run of one network
    "search": resume_neuron_hierarchy,
    "hierarchy": resume_hierarchy,
    "search-evolution": _resume_locations,
    "evolve": _resume_evolution,
    COMMAND: resume_stream,
}
_TRUSTING = (_resume_locations, _resume_evolution, resume_neuron_hierarchy)


def resume(
    run: str | Path,
    *,
    data: Any = None,
    progress: bool = False,
    trust: str | Collection[str] = (),
    callbacks: Sequence[Callback] = (),
    loss: Loss | None = None,
    error: Function | None = None,
    epochs: int | None = None,
    steps: int | None = None,
    tasks: int | None = None,
    cycles: int | None = None,
    generations: int | None = None,
) -> Any:
    """Go on with a run of any of the `METHODS` or `OTHERS` from its last checkpoint, as if it had never stopped.

    On the CPU, with the same versions and thread count, they agree bit for bit. The directory may have been moved or
    copied, and may come from somebody else: no module that it names is imported.

    Parameters
    ----------
    run
        The run directory.
    data
        What it learned from, where that was no data set of `search.datasets.load` and no file.
    progress
        Whether to show the epochs as they come.
    trust
        Modules that may be imported though they are not ours: a search by `search.nhn.locations.search` with
        an evaluator of your own names the module that builds it, and so does an evolution that a `Task` began. And the
        address of the Dask scheduler that a search shares its work through, where it names one.
    callbacks, loss, error
        As those that the run began with, where these were functions.
    epochs, steps, tasks, cycles, generations
        How many there are to be, more than the run was begun with, whether it is finished or not: epochs of the
        `METHODS`, of a search for a layer hierarchy and of a pipeline's last training; steps or tasks of a stream;
        cycles of a search for genomes; generations of an evolution. It becomes the run that was begun with as many, bit
        for bit, but where something happens at the end or falls towards it, as a cosine does: a warning says so.

    Raises
    ------
    OptionError
        The run began with a loss or measure of its own and none is given, or the other way round.
    FileError
        No run lies there; a file of it is missing or damaged, or names a module that is not trusted; another process
        works on it.
    DataError
        The data are not those that the run began with.
    """
    kept = open_run(run)
    command, own = kept.config().get("command"), given_own(loss=loss, error=error)
    counts = {"epochs": epochs, "steps": steps, "tasks": tasks, "cycles": cycles, "generations": generations}
    more = {name: count for name, count in counts.items() if count is not None}
    if command in OTHERS:
        trusted = {"trust": trust} if OTHERS[command] in _TRUSTING else {}
        return OTHERS[command](run, data, progress=progress, callbacks=callbacks, own=own, more=more, **trusted)
    if not isinstance(command, str) or command not in METHODS:
        known = ", ".join((*METHODS, *OTHERS))
        raise FileError(f"{kept.path} is a run of {command!r}, which cannot be resumed here; these can: {known}")
    return go_on(METHODS[command], kept.path, data, progress, callbacks, own, more)


def _redraw_search(run: Run, draw: Callable[[Run], bool], beside: Any) -> Path:
    if beside:
        raise OptionError(f"beside is for runs of {', '.join(METHODS)}; {run.path} is a search")
    with restored_from(run.path):
        drawn = draw(run)
    if not drawn:
        raise OptionError(f"{run.path}: nothing yet that could be drawn")
    return run.pictures


_DRAWN: dict[str, Callable[[Run], bool]] = {  # what draws a search; whether there was anything
    "search": redraw_neuron_hierarchy,
    "hierarchy": redraw_hierarchy,
    "search-evolution": locations.redraw,
    "evolve": evolution.redraw,
}


def redraw(run: str | Path, beside: Mapping[str, str | Path] | None = None) -> Path:
    """Draw the pictures of a run again, from its directory alone; a run may still be going on.

    Parameters
    ----------
    run
        The run directory.
    beside
        Name -> directories of other runs, such as fixed networks (`search.train`) of the same recipe, whose errors are
        drawn beside its own.

    Returns
    -------
    path : pathlib.Path
        The directory of the pictures.

    Raises
    ------
    FileError
        No run lies there, or a file of it is missing or damaged; or links in it lead out of it.
    OptionError
        A run has no epochs yet.
    """
    kept = open_run(run)
    refuse_links_out(kept.path)
    draw = _DRAWN.get(kept.config().get("command", ""))
    if draw is not None:
        return _redraw_search(kept, draw, beside)
    others = {name: open_run(other) for name, other in (beside or {}).items()}
    empty = [str(one.path) for one in (kept, *others.values()) if not one.metrics()]
    if empty:
        raise OptionError(f"{', '.join(empty)}: no epoch yet that could be drawn")
    method = METHODS.get(kept.config().get("command", ""))
    rows = {name: other.metrics() for name, other in others.items()}
    graph = NeuronGraph.load(kept.graph)
    with restored_from(kept.path):
        leave_pictures(kept, kept.metrics(), graph, method.pictures if method else None, rows)
    return kept.pictures
