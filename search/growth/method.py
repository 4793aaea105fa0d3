"""Training runs in which a network changes: made, kept in a directory, gone on with, whatever way it changes.

A way to grow is a `Method`: its options, a check before anything is made, and a callback for `Trainer` that edits.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from textwrap import fill
from typing import Any, Protocol

import compiler
from neurograph.builders import mlp
from neurograph.errors import DivergenceError, OptionError
from neurograph.network import NeuronGraph
from search.datasets import Dataset, hold_out, load
from search.datasets.same import same_data
from search.growth.events import Keep
from search.growth.pictures import leave_pictures, network_at_start
from search.options import option, read_options
from search.progress import ShowProgress
from search.runs import Run, continued_run, refuse_taken, restored_from, started_run
from search.streams import Stream
from search.training import Trainer, TrainingOptions, evaluate, make_optimizer
from search.training.fit import check_fit, check_numbers, check_steps, fitting
from search.training.loop import Callback


@dataclass(frozen=True)
class GrowingOptions(TrainingOptions):
    """What can be chosen about every run in which a network changes; `option`'s texts below say what each means."""

    measured: int = option(
        1024, "training examples on which an event's loss and function change are measured; 0 means never", least=0
    )
    checkpoint: int = option(1, "epochs between checkpoints of a run directory", least=1)
    standardise: bool = option(False, "whether each channel's (or feature's) mean and deviation are taken out")
    whiten: bool = option(False, "whether contrast is made even and the pixels' correlations are taken out (ZCA)")
    watch_test: bool = option(
        False, "whether the test error of every epoch is measured and logged beside the others, for curves"
    )


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


_SHARED = """
Parameters
----------
graph
    What to start from; it is changed in place. Inputs and outputs must be as many as the data has features and
    classes.
data
    The name of a data set, or one that was loaded. Images are flattened where the network takes numbers.
options
    See `{options}`; `settings` win over it.
run
    A directory to keep config, metrics, journal, graphs, checkpoints and pictures in; `search.resume` goes on from it.
force
    Whether a run that lies there is thrown away.
progress
    Whether to show the epochs as they come.
settings
    Single options by name.

Returns
-------
Grown

Raises
------
OptionError, EditError, MissingError
    {refused}
CompileError, DataError, DivergenceError
    From compiling, loading and training.

Examples
--------
{example}
"""


class Start(Protocol):
    """A start by name: data, a network and settings that belong together."""

    @property
    def data(self) -> str:
        """The name of the data set."""
        ...

    @property
    def settings(self) -> dict[str, Any]:
        """Options that differ from the defaults."""
        ...

    def graph(self, seed: int, /) -> NeuronGraph:
        """The network to start from."""
        ...


def _layers(sizes: Sequence[int], activation: str, options: Any) -> NeuronGraph:
    return mlp(sizes, activation, options.seed)


@dataclass(frozen=True, eq=False)
class Method:
    """A way in which a network changes while it trains: a function of graph and data, and a command of the same name.

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
    begin
        Edits before the first epoch, and before anything is written: called with the trainer, the options, and what
        journal lines are handed to.
    gathered
        From network and options to the running utility that the callback finds in `trainer.utility`, or None; it is
        kept in checkpoints.
    help
        One line for the command line.
    hidden
        Neurons of each hidden layer of the network that the command makes where it is given none; None where it has to
        be given one.
    build
        Makes that network, from the neurons of each layer, the activation of the hidden ones and the options.
    presets
        Starts by name.
    report
        What the command says of the graph in the end, before where it lies.
    on_streams
        What is called where the data is a stream (`search.streams`), with graph, stream and options; None where this
        way is for data sets alone.
    about, refused, example
        What it does, what it refuses, and an example, for its docstring.
    """

    command: str
    options: type[GrowingOptions]
    check: Callable[[NeuronGraph, Any], Any]
    callback: Callable[[Any, Keep | None], Callback]
    pictures: Callable[[list[dict[str, Any]], NeuronGraph, Path], None] | None = None
    begin: Callable[[Trainer, Any, Keep], None] | None = None
    gathered: Callable[[compiler.CompiledNetwork, Any], compiler.RunningUtility | None] | None = None
    help: str = ""
    hidden: tuple[int, ...] | None = (16, 16)
    build: Callable[[Sequence[int], str, Any], NeuronGraph] = _layers
    presets: Mapping[str, Start] = field(default_factory=dict)
    report: Callable[[NeuronGraph], str] | None = None
    on_streams: Callable[..., Any] | None = None
    about: str = ""
    refused: str = "An impossible option; a run directory that is taken."
    example: str = ""

    def __post_init__(self) -> None:
        refused = fill(self.refused, 116).replace("\n", "\n    ")
        shared = _SHARED.format(options=self.options.__name__, refused=refused, example=self.example)
        object.__setattr__(self, "__doc__", f"{self.about or self.help}\n{shared}")

    def __call__(
        self,
        graph: NeuronGraph,
        data: str | Dataset | Stream = "digits",
        options: Any = None,
        *,
        run: str | Path | None = None,
        force: bool = False,
        progress: bool = False,
        **settings: Any,
    ) -> Any:
        """Train a network in this way; the docstring of each says more."""
        if isinstance(data, Stream):
            if self.on_streams is None:
                raise OptionError(
                    f"{self.command} is for data sets, and {data.name!r} is a stream: metabolize takes it"
                )
            how = {"run": run, "force": force, "progress": progress}
            return self.on_streams(graph, data, options=options, **how, **settings)
        return grow(self, graph, data, options, run=run, force=force, progress=progress, settings=settings)


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
    """Train a network that changes; see `Method`."""
    chosen = ({} if options is None else asdict(options)) | (settings or {})
    options = read_options(method.options, settings=chosen)
    method.check(graph, options)
    data = load(data) if isinstance(data, str) else data
    net = compiler.compile(graph, batch_size=options.batch_size, device=options.device)
    config = _config(method, data, options)
    data = fitting(data, graph, options.standardise, options.whiten)
    trainer = _trainer(net, data, options)
    trainer.utility = method.gathered(net, options) if method.gathered else None
    start, lines = graph, []
    if method.begin:
        if run is not None:
            refuse_taken(run, force)
            start = graph.copy()
        method.begin(trainer, options, lines.append)
    with ExitStack() as stack:
        kept = None
        if run is not None:  # what could be refused has been
            kept = stack.enter_context(started_run(run, config, force))
            start.save(kept.start)
            for line in lines:
                kept.log_journal(line)
        trainer.callbacks = _callbacks(method, data, options, kept)
        if kept:
            _checkpoint(kept, trainer)
        return _finish(method, trainer, data, kept, progress)


def go_on(method: Method, run: str | Path, data: Dataset | None = None, progress: bool = False) -> Grown:
    """Go on with a run from its last checkpoint; see `search.resume`."""
    with continued_run(run) as kept:
        return _go_on(method, kept, data, progress)


def _go_on(method: Method, run: Run, data: Dataset | None, progress: bool) -> Grown:
    config = run.config()
    options = read_options(method.options, settings=config["options"])
    data = same_data(config, data)
    network_at_start(run)  # what is wrong with its file is said now, not when all is trained
    state, graph = run.load_network()
    net = compiler.compile(graph, batch_size=options.batch_size, device=options.device)
    with restored_from(run.checkpoint):
        net.load_state_dict(state["network"])
    data = fitting(data, graph, options.standardise, options.whiten)
    trainer = _trainer(net, data, options, run.metrics())
    trainer.utility = method.gathered(net, options) if method.gathered else None
    if trainer.utility is not None:
        with restored_from(run.checkpoint):
            trainer.utility.load_state_dict(state["utility"])
    trainer.callbacks = _callbacks(method, data, options, run)
    options_now = net.optimizer_state(trainer.optimizer)["groups"]  # config.json says them, the checkpoint the moments
    with restored_from(run.checkpoint):
        net.load_optimizer_state(trainer.optimizer, state["optimizer"] | {"groups": options_now})
    return _finish(method, trainer, data, run, progress)


def _config(method: Method, data: Dataset, options: GrowingOptions) -> dict[str, Any]:
    about = {"data": data.name, "fingerprint": data.fingerprint()}
    return {"command": method.command, **about, "options": asdict(options)}


def _trainer(
    net: compiler.CompiledNetwork, data: Dataset, options: GrowingOptions, rows: Sequence[dict[str, Any]] = ()
) -> Trainer:
    """The trainer, without callbacks; whatever cannot go together is refused."""
    check_fit(net, data)
    check_numbers(net)
    split = hold_out(data, options.validation, options.seed)
    check_steps(net.graph, len(split.train_y), options.batch_size)
    return Trainer(net, split, options, make_optimizer(net.parameters(), options), rows=rows)


def _callbacks(method: Method, data: Dataset, options: GrowingOptions, run: Run | None) -> tuple[Callback, ...]:
    """What follows each epoch: the test error where it is watched, the method's edits, and what is kept of them."""

    def keep(trainer: Trainer, row: dict[str, Any]) -> None:
        _check_finite(trainer.net, row)
        if run:
            run.log_metrics(row)
            if row["epoch"] % options.checkpoint == 0 or trainer.finished:
                _checkpoint(run, trainer)

    change = method.callback(options, run.log_journal if run else None)
    watch = (_watcher(data),) if options.watch_test else ()
    return *watch, change, keep


def _watcher(data: Dataset) -> Callback:
    """A callback that puts "test_loss" and "test_error" in every row."""

    def watch(trainer: Trainer, row: dict[str, Any]) -> None:
        row["test_loss"], row["test_error"] = _tested(trainer, data)

    return watch


def _tested(trainer: Trainer, data: Dataset) -> tuple[float, float]:
    net = trainer.net
    x, y = data.test_x.to(net.device), data.test_y.to(net.device)
    return evaluate(net, x, y, trainer.options.evaluation_batch)


def _check_finite(net: compiler.CompiledNetwork, row: dict[str, Any]) -> None:
    """Refuse to keep what the last step of an epoch, or its event, has blown up: its loss would show an epoch later."""
    if not all(bool(parameter.isfinite().all()) for parameter in net.parameters()):
        event = f" or its event, {row['edit']}," if row["edit"] else ""
        raise DivergenceError(
            f"epoch {row['epoch']}{event} left numbers that are not finite: a smaller learning rate than "
            f"{row['learning_rate']:g} may help"
        )


def _checkpoint(run: Run, trainer: Trainer) -> None:
    state = {
        "network": dict(trainer.net.state_dict()),
        "optimizer": trainer.net.optimizer_state(trainer.optimizer),
    }
    if trainer.utility is not None:
        state["utility"] = trainer.utility.state_dict()
    run.save_checkpoint(state, trainer.net.graph, trainer.rows)


def _train(trainer: Trainer, run: Run | None) -> list[dict[str, Any]]:
    try:
        return trainer.run()
    except DivergenceError as error:
        if run is None:
            raise
        options: Any = trainer.options
        good = len(run.metrics()) // options.checkpoint * options.checkpoint
        raise DivergenceError(f"{error}; {run.graph} holds the network of epoch {good}, the last good one") from error


def _finish(method: Method, trainer: Trainer, data: Dataset, run: Run | None, progress: bool) -> Grown:
    """Train to the end, test once, and leave pictures."""
    with ExitStack() as stack:
        if progress:
            shown = stack.enter_context(ShowProgress(trainer.options.epochs))
            trainer.callbacks = (*trainer.callbacks, shown)
        rows = _train(trainer, run)
    net, graph = trainer.net, trainer.net.graph
    net.write_back()
    loss, error = _tested(trainer, data)
    if run:
        run.update_config(result={"test_loss": loss, "test_error": error})
        graph.save(run.graph)
        leave_pictures(run, rows, graph, method.pictures)
    return Grown(graph, net, rows, loss, error, run.path if run else None)
