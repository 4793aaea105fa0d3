"""Runs on streams: made, kept in a directory, gone on with."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from inspect import signature
from math import prod
from pathlib import Path
from typing import Any

from neurograph import compiler
from neurograph.errors import DataError, DivergenceError, OptionError
from neurograph.network import NeuronGraph

from ....datasets import Dataset, load
from ....datasets.same import lasting_name, same_data
from ....options import read_options
from ....progress import ShowProgress
from ....runs import Run, continued_run, started_run
from ....runs.extending import NO_MORE, More, check_more, refuse_others
from ....runs.held import restored_from
from ....streams import STREAMS, WITHOUT_DATA, Stream, make_stream
from ....training.fit import check_numbers
from ....training.own import NOTHING_OWN, check_own, names_of, objective_with, taken_own
from ...pictures import leave_pictures, network_at_start
from ...remembering import remembering
from .life import check_life
from .loop import Callback, Row, StreamTrainer
from .options import StreamOptions

COMMAND = "metabolize-stream"


@dataclass(frozen=True, eq=False)
class Lived:
    """What a run on a stream made.

    Parameters
    ----------
    graph
        The network at its end, with what it learned, and the tail of its journal.
    net
        It, compiled.
    rows
        The metrics; see `search.growth.metabolism.streaming.loop.StreamTrainer`.
    run
        The run directory, or None.
    """

    graph: NeuronGraph
    net: compiler.CompiledNetwork
    rows: list[Row]
    run: Path | None


def metabolize_stream(
    graph: NeuronGraph,
    stream: str | Stream = "random_labels",
    data: str | Dataset = "digits",
    options: StreamOptions | None = None,
    *,
    about: Mapping[str, Any] | None = None,
    run: str | Path | None = None,
    force: bool = False,
    progress: bool = False,
    callbacks: Sequence[Callback] = (),
    **settings: Any,
) -> Lived:
    """Train a network on data that keep coming, while its neurons die and others are born in their places.

    Each batch is learned from once, as it comes. Every so many steps the neurons die that have contributed least
    (`compiler.RunningUtility`), but for those too young to judge, and newborns take their places (`Renew`): program,
    Parameters and size stay. Where the loss no longer falls from task to task (MetaNet's eq. 1) populations may grow.

    The journal keeps its newest entries (`tail`) and counts the others: undo and replay reach that far. A run directory
    has the graph at the start and at the last checkpoint; births and deaths in old places stand in the metrics.

    Parameters
    ----------
    graph
        What to start from; it is changed in place.
    stream
        A name of `search.streams.STREAMS`, or a stream, such as `search.streams.from_batches` makes of any iterable.
    data
        What a stream by name is made of: the name of a data set, or one that was loaded. Images are flattened where
        the network takes numbers.
    options
        See `StreamOptions`; `settings` win over it.
    about
        What a stream by name is made with: tasks, images, passes, batch_size, seed, ...
    run
        A directory to keep config, metrics, graphs, checkpoints and pictures in; `search.resume` goes on from it.
    force
        Whether a run that lies there is thrown away.
    progress
        Whether to show the rows as they come.
    callbacks
        Called with the trainer and each row, when both are kept. One that raises ends the run.
    settings
        Single options by name. `loss` and `error` may also be functions of answers and targets, which a resumed run is
        handed again.

    Raises
    ------
    OptionError, EditError
        An impossible option; a population that cannot metabolize; a rate that would replace everyone; an age that
        protects all; a run directory that is taken.
    CompileError, DataError, DivergenceError
        From compiling; a stream that does not fit the network or changes its shape or classes; training.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> about = {"tasks": 2, "images": 64, "passes": 5}
    >>> lived = metabolize_stream(mlp([64, 16, 10]), "random_labels", "digits", about=about, age=10, rate=100.0)
    >>> len(lived.rows), lived.rows[-1]["died"], len(lived.graph.population("hidden1"))
    (2, {'hidden1': 2}, 16)
    """
    chosen = ({} if options is None else asdict(options)) | settings
    own = taken_own(chosen)
    options = read_options(StreamOptions, settings=chosen)
    made, known = _made(graph, stream, data, dict(about or {}))
    check_life(graph, options, _steps(made, options))
    net = compiler.compile(graph, batch_size=_batch_size(made), device=options.device)
    _check_fit(net, made)
    trainer = StreamTrainer(net, made, options, objective=objective_with(options, own))
    with ExitStack() as stack:
        kept = None
        if run is not None:
            config = {"command": COMMAND, **known, "options": asdict(options)} | names_of(own)
            kept = stack.enter_context(started_run(run, config, force))
            graph.save(kept.start)
            remembering(kept, options)(trainer)
            _checkpoint(kept, trainer)
        return _finish(trainer, kept, progress, callbacks)


def resume_stream(
    run: str | Path,
    data: Dataset | None = None,
    progress: bool = False,
    stream: Stream | None = None,
    callbacks: Sequence[Callback] = (),
    own: Mapping[str, Any] = NOTHING_OWN,
    more: More = NO_MORE,
) -> Lived:
    """Go on with a run on a stream from its last checkpoint; see `search.resume`.

    A stream of one's own is handed over anew, and must give the same batches; so are functions of one's own. `more`
    says how many steps, or tasks of the stream, there are to be, if more than the run was begun with.
    """
    with continued_run(run) as kept:
        config = kept.config()
        check_own(kept.path, config, own)
        longer = _longer(kept.path, config, more)
        options = read_options(StreamOptions, settings=config["options"] | longer.get("options", {}))
        config = {**config, "about": config["about"] | longer.get("about", {})}
        network_at_start(kept)  # what is wrong with its file is raised now, not when all is trained
        state, graph = kept.load_network()
        made = stream or _same_stream(graph, config, data)
        net = compiler.compile(graph, batch_size=_batch_size(made), device=options.device)
        with restored_from(kept.checkpoint):
            net.load_state_dict(state["network"])
        _check_fit(net, made)
        trainer = StreamTrainer(net, made, options, (), kept.metrics(), objective_with(options, own))
        with restored_from(kept.checkpoint):
            net.load_optimizer_state(trainer.optimizer, state["optimizer"])
            trainer.life.load_state_dict(state["life"])
            trainer.ended = bool(state["ended"]) and trainer.steps == made.steps
        if more:  # whatever could be refused has been
            check_life(graph, options, _steps(made, options))
            kept.extend(**longer)
        return _finish(trainer, kept, progress, callbacks)


def _made(
    graph: NeuronGraph, stream: str | Stream, data: str | Dataset, about: dict[str, Any]
) -> tuple[Stream, dict[str, Any]]:
    """The stream, and how config.json tells it."""
    if isinstance(stream, Stream):
        if about:
            raise OptionError(f"about is for streams by name, and {stream.name!r} has been made")
        return stream, {"stream": None, "data": stream.name, "about": {}}
    if stream in WITHOUT_DATA:
        return make_stream(stream, **about), {"stream": stream, "data": "", "about": about}
    data = load(data) if isinstance(data, str) else data
    known = {"stream": stream, "data": lasting_name(data), "fingerprint": data.fingerprint(), "about": about}
    return make_stream(stream, _laid(data, graph), **about), known


def _longer(path: Path, config: Mapping[str, Any], more: More) -> dict[str, dict[str, int]]:
    """The entries of config.json that change where there are to be more steps or tasks."""
    stream, options, about = config["stream"], config["options"], config["about"]
    settings = signature(STREAMS[stream]).parameters if stream in STREAMS else {}
    counts = tuple(name for name in ("tasks", "steps") if name in settings)
    limit = ("steps",) if options["steps"] or not more else ()
    refuse_others(more, tuple(dict.fromkeys((*limit, *counts))), f"{path}, a run on {stream or config['data']},")
    longer: dict[str, dict[str, int]] = {}
    for name, count in more.items():
        if name in counts:
            before = about.get(name, settings[name].default)
            if before is None:
                raise OptionError(f"{path} has learned from all {name} that there are")
            check_more(name, before, count)
            longer.setdefault("about", {})[name] = count
        if name in limit:
            check_more(name, options[name], count)
            longer.setdefault("options", {})[name] = count
    return longer


def _same_stream(graph: NeuronGraph, config: Mapping[str, Any], data: Dataset | None) -> Stream:
    """The stream that a run began with."""
    name = config["stream"]
    if name is None:
        raise DataError(
            f"the run learned from a stream of your own, {config['data']!r}: hand it to "
            "search.growth.metabolism.streaming.run.resume_stream(run, stream=...)"
        )
    if name in WITHOUT_DATA:
        return make_stream(name, **config["about"])
    return make_stream(name, _laid(same_data(dict(config), data), graph), **config["about"])


def _laid(data: Dataset, graph: NeuronGraph) -> Dataset:
    maps = any(d["role"] == "input" and d["shape"] for _, d in graph.nodes(data=True))
    return data if maps else data.flat()


def _steps(stream: Stream, options: StreamOptions) -> int | None:
    known = [n for n in (options.steps, stream.steps) if n]
    return min(known) if known else None


def _batch_size(stream: Stream) -> int:
    return int((stream.about or {}).get("batch_size", 32))


def _check_fit(net: compiler.CompiledNetwork, stream: Stream) -> None:
    """Refuse a stream that is not what a network takes and answers."""
    inputs, outputs = net.program.inputs, net.program.outputs
    for what, ports in (("input", inputs), ("output", outputs)):
        if len(ports) != 1:
            raise DataError(f"the network has {len(ports)} {what} populations, and {stream.name} is for one")
    if tuple(inputs[0].sizes) != tuple(stream.input_shape):
        raise DataError(
            f"population {inputs[0].population!r} takes {tuple(inputs[0].sizes)}, and {stream.name} has examples of "
            f"shape {tuple(stream.input_shape)}"
        )
    if prod(outputs[0].sizes) < stream.outputs:
        raise DataError(
            f"population {outputs[0].population!r} answers with {prod(outputs[0].sizes)} numbers, and {stream.name} "
            f"has {stream.outputs} classes or targets"
        )
    check_numbers(net)


def _checkpoint(run: Run, trainer: StreamTrainer) -> None:
    state = {
        "network": dict(trainer.net.state_dict()),
        "optimizer": trainer.net.optimizer_state(trainer.optimizer),
        "life": trainer.life.state_dict(),
        "ended": trainer.ended,
    }
    run.save_checkpoint(state, trainer.net.graph, trainer.rows)


def _finish(trainer: StreamTrainer, run: Run | None, progress: bool, callbacks: Sequence[Callback]) -> Lived:
    """Train to the end, and leave pictures."""

    remember = remembering(run, trainer.options)

    def keep(trainer: StreamTrainer, row: Row) -> None:
        if run:
            run.log_metrics(row)
            if row["epoch"] % trainer.options.checkpoint == 0 or trainer.finished:
                remember(trainer)
                _checkpoint(run, trainer)

    with ExitStack() as stack:
        shown = (stack.enter_context(ShowProgress(trainer.epochs or 0)),) if progress else ()
        trainer.callbacks = (keep, *callbacks, *shown)
        try:
            rows = trainer.run()
        except DivergenceError as error:
            if run is None:
                raise
            raise DivergenceError(f"{error}; {run.graph} holds the network of the last checkpoint") from error
    graph = trainer.net.graph
    trainer.net.write_back()
    if run:
        run.update_config(result={"steps": trainer.steps})
        graph.save(run.graph)
        leave_pictures(run, rows, graph)
    return Lived(graph, trainer.net, rows, run.path if run else None)
