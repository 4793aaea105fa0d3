"""`neuron_hierarchy`: all of algorithm 2 in one run directory, stage by stage."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from neurograph import draw
from neurograph.disk.aside import written_aside
from neurograph.errors import FileError, reason
from neurograph.network import NeuronGraph

from ...datasets import Dataset, load
from ...datasets.same import lasting_name, same_data
from ...executors.trust import refuse_scheduler
from ...progress import usual_console
from ...runs import Run, continued_run, is_of_runs, remove, started_run
from ...runs.extending import NO_MORE, More, refuse_others, with_more
from ...runs.jsonfiles import read_json, write_json
from ...training.loop import Callback
from ...training.measures import Function
from ...training.objectives import Loss
from ...training.own import NOTHING_OWN, check_own, given_own, names_of
from .feasible import check_stages
from .options import NeuronHierarchyOptions, read_stage_options, stored_stages
from .origins import origin_of
from .presets import PRESETS
from .report import report
from .stages import STAGES, Context, Result

COMMAND = "search"
REPORT = "report.md"
EXTENDED = ("final", "control")  # the stages that a pipeline can have more epochs of: what comes before them stays


@dataclass(frozen=True, eq=False)
class NeuronHierarchy:
    """What a pipeline made.

    Parameters
    ----------
    graph
        The network with its add-on neurons, trained.
    results
        Stage -> its result, in plain JSON: errors in percent, parameters, genes, seconds.
    test_error
        Of the network, in percent; None where the data have no test part.
    run
        The run directory; every stage has a folder there.
    """

    graph: NeuronGraph
    results: dict[str, Result]
    test_error: float | None
    run: Path

    def report(self) -> str:
        """A table of the stages, as in `report.md`."""
        return report(self.results)


def neuron_hierarchy(
    data: str = "cifar10",
    options: NeuronHierarchyOptions | None = None,
    *,
    run: str | Path,
    preset: str | None = None,
    force: bool = False,
    progress: bool = False,
    callbacks: Sequence[Callback] = (),
    loss: Loss | None = None,
    error: Function | None = None,
    **settings: Any,
) -> NeuronHierarchy:
    """Build a neuron hierarchical network ("Neuron hierarchical networks", algorithm 2).

    The best layer hierarchy of the ENAS macro space is found and trained; its flat kernels are pruned away; an
    evolutionary search finds where add-on neurons go and whom they connect; the whole is trained again. Each stage can
    be stopped and gone on with.

    Parameters
    ----------
    data
        The name of a data set of images, such as "cifar10" or "cifar10:10000": every stage, in whatever process, loads
        it itself.
    options
        See `NeuronHierarchyOptions`; made from `preset` and `settings` when None.
    run
        The run directory.
    preset
        One of `PRESETS`: "paper", "quick" (`cifar10:10000` in under an hour on two cores), "digits" (a few minutes).
    force
        Whether a run that lies there is thrown away.
    progress
        Whether to show what goes on.
    callbacks
        Called after each epoch of each stage that trains, with trainer and row; `row["stage"]` says which. One that
        raises ends the pipeline; what is finished stays.
    loss, error
        Functions of answers and targets in the place of those by name, for the stages that train, which a resumed
        pipeline is handed again; the evolutionary search goes by cross-entropy.
    settings
        Single options: `seed=1`, or by stage, `final={"epochs": 10}`.

    Returns
    -------
    NeuronHierarchy

    Raises
    ------
    OptionError
        An impossible option; data that are no square images of classes; a run directory that is taken; a supernet that
        does not fit into memory.
    EditError, CompileError, DataError, DivergenceError, WorkerError
        From the stages; the run directory keeps what is finished.
    """
    options = options or read_stage_options(settings=settings, preset=PRESETS[preset] if preset else PRESETS["paper"])
    loaded = load(data)
    check_stages(options, loaded)
    own = given_own(loss=loss, error=error)
    about = {"command": COMMAND, "data": lasting_name(loaded), "fingerprint": loaded.fingerprint()} | names_of(own)
    with started_run(run, about | {"options": options.plain()}, force, (*STAGES, REPORT)) as kept:
        return _finish(kept, Context(kept.path, loaded, options, progress, callbacks, own))


def resume_neuron_hierarchy(
    run: str | Path,
    data: Dataset | None = None,
    *,
    progress: bool = False,
    trust: str | Collection[str] = (),
    callbacks: Sequence[Callback] = (),
    own: Mapping[str, Any] = NOTHING_OWN,
    more: More = NO_MORE,
) -> NeuronHierarchy:
    """Go on with a pipeline: finished stages are kept, the one that was stopped goes on from its checkpoint.

    A stage that came of other options, data or networks than those here now is begun anew.

    Parameters
    ----------
    run
        The run directory.
    data
        What it began with, where that lies in no data directory of `load`; not for stages that other processes share.
    progress
        Whether to show what goes on.
    trust
        The address of the Dask scheduler that the directory names, where it names one.
    callbacks, own
        As those that it began with; `own` holds "loss" and "error", where these are functions.
    more
        How many epochs the last training is to have, with add-ons and without, if more than it was begun with.

    Raises
    ------
    FileError
        No pipeline lies there, or a file of it is missing or damaged; it names a scheduler that is not trusted.
    DataError
        The data are not those that it began with.
    """
    with continued_run(run) as kept:
        config = kept.config()
        if config.get("command") != COMMAND:
            raise FileError(f"{kept.path} is a run of {config.get('command')!r}, not of the neuron hierarchy pipeline")
        check_own(kept.path, config, own)
        data = same_data(config, data)
        options = read_stage_options(settings=stored_stages(config["options"]))
        scheduler = options.executor.address if options.executor.executor == "dask" else None
        refuse_scheduler(scheduler, kept.path / "config.json", trust)
        refuse_others(more, ("epochs",), f"{kept.path}, a pipeline,")
        if more:
            options = _longer(kept, options, more, data.fingerprint())
        return _finish(kept, Context(kept.path, data, options, progress, callbacks, own))


def _longer(run: Run, options: NeuronHierarchyOptions, more: More, fingerprint: int) -> NeuronHierarchyOptions:
    """The options with a longer last training, whose stages go on from where they are instead of beginning anew."""
    longer = replace(options, final=with_more(options.final, more))
    for stage in EXTENDED:
        marker = run.path / stage / "origin.json"
        before, after = (origin_of(stage, run.path, each.plain(), fingerprint) for each in (options, longer))
        if marker.exists() and _table(marker).get("origin") == before:
            write_json(marker, {"origin": after})
            (marker.parent / "result.json").unlink(missing_ok=True)
    run.extend(options={"final": asdict(longer.final)})
    return longer


def _finish(run: Run, context: Context) -> NeuronHierarchy:
    results: dict[str, Result] = {}
    fingerprint, has_parts = (
        context.data.fingerprint(),
        "parts" in run.config(),
    )  # older runs say of no stage what it is of
    for number, (name, stage) in enumerate(STAGES.items(), 1):
        marker = context.folder(name) / "result.json"
        origin = origin_of(name, context.path, context.options.plain(), fingerprint)
        if has_parts:
            _prepare(marker.parent, origin)
        if marker.exists():
            results[name] = _read(marker)
            continue
        if context.progress:
            line = f"stage {number} of {len(STAGES)}, {name}: {(stage.__doc__ or '').splitlines()[0]}"
            usual_console().print(line, markup=False, highlight=False, soft_wrap=True)
        started = perf_counter()
        results[name] = stage(context)
        results[name].setdefault("seconds", perf_counter() - started)
        _write(marker, results[name] | {"origin": origin})
    graph = context.graph("final")
    with written_aside(run.path / REPORT) as aside:
        aside.write_text(report(results), encoding="utf-8")
    graph.save(run.graph)
    draw.before_and_after(context.graph("retrained"), graph, run.pictures / "add-ons.png")
    run.update_config(result=results)
    return NeuronHierarchy(graph, results, results["final"]["test_error"], run.path)


def _prepare(folder: Path, origin: str) -> None:
    """Have a stage's folder hold what came of the same options and inputs, or nothing."""
    marker, result = folder / "origin.json", folder / "result.json"
    found = {_table(file).get("origin") for file in (marker, result) if file.exists()}
    if found == {origin} and marker.exists():
        return
    if folder.exists() and is_of_runs(folder):
        remove(folder)
    write_json(_made(marker), {"origin": origin})


def _read(path: Path) -> Result:
    return {name: value for name, value in _table(path).items() if name != "origin"}


def _table(path: Path) -> dict[str, Any]:
    try:
        return read_json(path)
    except FileError as error:
        raise FileError(f"{error}; delete it to have that stage finished again") from None


def _write(path: Path, result: Result) -> None:
    write_json(_made(path), result)


def _made(path: Path) -> Path:
    """A path in a folder that exists."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise FileError(f"cannot make the folder {path.parent}: {reason(error)}") from None
    return path
