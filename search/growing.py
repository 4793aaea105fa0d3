"""Training runs in which a network changes: made, kept in a directory, gone on with, whatever way it changes.

A way to grow is a `Method`: its options, a check before anything is made, and a callback for `Trainer` that edits.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import compiler
from neurograph import draw
from neurograph.graph import NeuronGraph
from search.datasets import Dataset, hold_out, load
from search.events import Keep
from search.options import option, read_options
from search.progress import ShowProgress
from search.runs import Run, create_run
from search.training import Trainer, TrainingOptions, evaluate, make_optimizer
from search.training.loop import Callback


@dataclass(frozen=True)
class GrowingOptions(TrainingOptions):
    """What can be chosen about every run in which a network changes; `option`'s texts below say what each means."""

    measured: int = option(
        1024, "training examples on which an event's loss and function change are measured; 0 means never", least=0
    )
    checkpoint: int = option(1, "epochs between checkpoints of a run directory", least=1)


@dataclass(frozen=True, eq=False)
class Grown:
    """What a run made.

    Parameters
    ----------
    graph
        The grown network, with what it learned.
    net
        It, compiled.
    rows
        The metrics, a row an epoch; see `Trainer`.
    test_loss, test_error
        On the test part of the data; see `evaluate`.
    run
        The run directory, or None.
    """

    graph: NeuronGraph
    net: compiler.CompiledNetwork
    rows: list[dict[str, Any]]
    test_loss: float
    test_error: float
    run: Path | None


@dataclass(frozen=True, eq=False)
class Method:
    """A way in which a network changes while it trains.

    Parameters
    ----------
    command
        Its name on the command line and in a run's config.json.
    options
        A dataclass derived from `GrowingOptions`.
    check
        Called with graph and options before anything is made; refuses by raising.
    callback
        From options, and from what journal lines are to be handed to, to a callback for `Trainer`.
    pictures
        Draws what this way has of its own: called with the rows, the graph and the directory.
    """

    command: str
    options: type[GrowingOptions]
    check: Callable[[NeuronGraph, Any], Any]
    callback: Callable[[Any, Keep | None], Callback]
    pictures: Callable[[list[dict[str, Any]], NeuronGraph, Path], None] | None = None


def grow(
    method: Method,
    graph: NeuronGraph,
    data: str | Dataset,
    options: GrowingOptions | None,
    *,
    run: str | Path | None = None,
    force: bool = False,
    progress: bool = False,
    settings: dict[str, Any] | None = None,
) -> Grown:
    """Train a network that changes; see `search.metabolize` for the parameters."""
    chosen = ({} if options is None else asdict(options)) | (settings or {})
    options = read_options(method.options, settings=chosen)
    method.check(graph, options)
    data = _fitting(load(data) if isinstance(data, str) else data, graph)
    net = compiler.compile(graph, batch_size=options.batch_size, device=options.device)
    kept = None
    if run is not None:
        kept = create_run(run, {"command": method.command, "data": data.name, "options": asdict(options)}, force)
        graph.save(kept.start)
    trainer = _trainer(method, net, data, options, kept)
    if kept:
        _checkpoint(kept, trainer)
    return _finish(method, trainer, data, kept, progress)


def go_on(method: Method, run: Run, progress: bool = False) -> Grown:
    """Go on with a run from its last checkpoint; see `search.resume`."""
    config = run.config()
    options = read_options(method.options, settings=config["options"])
    state = run.load_checkpoint()
    graph = NeuronGraph.load(run.graph)
    net = compiler.compile(graph, batch_size=options.batch_size, device=options.device)
    net.load_state_dict(state["network"])
    data = _fitting(load(config["data"], download=False), graph)
    trainer = _trainer(method, net, data, options, run, run.metrics())
    net.load_optimizer_state(trainer.optimizer, state["optimizer"])
    return _finish(method, trainer, data, run, progress)


def _fitting(data: Dataset, graph: NeuronGraph) -> Dataset:
    """The data as the network takes them: rows of features where its inputs are numbers."""
    maps = any(d["role"] == "input" and d["shape"] for _, d in graph.nodes(data=True))
    return data if maps else data.flat()


def _trainer(
    method: Method,
    net: compiler.CompiledNetwork,
    data: Dataset,
    options: GrowingOptions,
    run: Run | None,
    rows: Sequence[dict[str, Any]] = (),
) -> Trainer:
    def keep(trainer: Trainer, row: dict[str, Any]) -> None:
        if run:
            run.log_metrics(row)
            if row["epoch"] % options.checkpoint == 0 or trainer.finished:
                _checkpoint(run, trainer)

    split = hold_out(data, options.validation, options.seed)
    optimizer = make_optimizer(net.parameters(), options)
    change = method.callback(options, run.log_journal if run else None)
    return Trainer(net, split, options, optimizer, (change, keep), rows)


def _checkpoint(run: Run, trainer: Trainer) -> None:
    state = {
        "network": dict(trainer.net.state_dict()),
        "optimizer": trainer.net.optimizer_state(trainer.optimizer),
    }
    run.save_checkpoint(state, trainer.net.graph)


def _finish(method: Method, trainer: Trainer, data: Dataset, run: Run | None, progress: bool) -> Grown:
    """Train to the end, test once, and leave pictures."""
    with ExitStack() as stack:
        if progress:
            shown = stack.enter_context(ShowProgress(trainer.options.epochs))
            trainer.callbacks = (*trainer.callbacks, shown)
        rows = trainer.run()
    net, graph = trainer.net, trainer.net.graph
    net.write_back()
    device = net.device
    loss, error = evaluate(net, data.test_x.to(device), data.test_y.to(device), trainer.options.evaluation_batch)
    if run:
        run.update_config(result={"test_loss": loss, "test_error": error})
        graph.save(run.graph)
        draw.growth(rows, run.pictures / "growth.png")
        draw.before_and_after(NeuronGraph.load(run.start), graph, run.pictures / "topology.png")
        if method.pictures:
            method.pictures(rows, graph, run.pictures)
    return Grown(graph, net, rows, loss, error, run.path if run else None)
