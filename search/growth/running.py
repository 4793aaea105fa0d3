"""A run of one network, whatever way it changes: begun, gone on with, and brought to its end."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from neurograph import compiler
from neurograph.analysis.units import PERCENT
from neurograph.errors import DivergenceError, OptionError
from neurograph.network import NeuronGraph

from ..datasets import Dataset, as_dataset, hold_out
from ..datasets.same import lasting_name, same_data
from ..options import read_options
from ..progress import ShowProgress
from ..runs import Run, continued_run, refuse_taken, restored_from, started_run
from ..runs.extending import NO_MORE, More, refuse_others, warn_of_falling, with_more
from ..training import Trainer, make_optimizer
from ..training.fit import check_fit, check_numbers, check_steps, fitting
from ..training.loop import Callback
from ..training.own import NOTHING_OWN, check_own, names_of, objective_with, taken_own
from .following import checkpoint, following, tested
from .grown import Grown
from .options import GrowingOptions
from .pictures import leave_pictures, network_at_start
from .remembering import remembering
from .way import Way


def grow(
    way: Way,
    graph: NeuronGraph,
    data: Any,
    options: GrowingOptions | None,
    *,
    run: str | Path | None = None,
    force: bool = False,
    progress: bool = False,
    callbacks: Sequence[Callback] = (),
    settings: dict[str, Any] | None = None,
) -> Grown:
    """Train a network that changes; see `Method`."""
    chosen = ({} if options is None else asdict(options)) | (settings or {})
    own = taken_own(chosen)
    options = read_options(way.options, settings=chosen)
    way.check(graph, options)
    data = as_dataset(data)
    net = compiler.compile(graph, batch_size=options.batch_size, device=options.device)
    config = _config(way, data, options) | names_of(own)
    data = fitting(data, graph, options.standardise, options.whiten)
    trainer = _trainer(net, data, options, own)
    trainer.utility = way.gathered(net, options) if way.gathered else None
    start, lines = graph, []
    if way.begin:
        if run is not None:
            refuse_taken(run, force)
            start = graph.copy()
        way.begin(trainer, options, lines.append)
    with ExitStack() as stack:
        kept = None
        if run is not None:  # what could be refused has been
            kept = stack.enter_context(started_run(run, config, force))
            start.save(kept.start)
            for line in lines:
                kept.log_journal(line)
        trainer.callbacks = following(way, data, options, kept, callbacks)
        if kept:
            remembering(kept, options)(trainer)
            checkpoint(kept, trainer)
        return _finish(way, trainer, data, kept, progress)


def go_on(
    way: Way,
    run: str | Path,
    data: Any = None,
    progress: bool = False,
    callbacks: Sequence[Callback] = (),
    own: Mapping[str, Any] = NOTHING_OWN,
    more: More = NO_MORE,
) -> Grown:
    """Go on with a run from its last checkpoint; see `search.resume`."""
    with continued_run(run) as kept:
        return _go_on(way, kept, data, progress, callbacks, own, more)


def _go_on(
    way: Way,
    run: Run,
    data: Any,
    progress: bool,
    callbacks: Sequence[Callback],
    own: Mapping[str, Any],
    more: More,
) -> Grown:
    config = run.config()
    check_own(run.path, config, own)
    refuse_others(more, ("epochs",), f"{run.path}, a run of {way.command},")
    begun = read_options(way.options, settings=config["options"])
    options = with_more(begun, more)
    data = same_data(config, data)
    network_at_start(run)  # what is wrong with its file is raised now, not when all is trained
    state, graph = run.load_network()
    net = compiler.compile(graph, batch_size=options.batch_size, device=options.device)
    with restored_from(run.checkpoint):
        net.load_state_dict(state["network"])
    data = fitting(data, graph, options.standardise, options.whiten)
    trainer = _trainer(net, data, options, own, run.metrics())
    trainer.utility = way.gathered(net, options) if way.gathered else None
    if trainer.utility is not None:
        with restored_from(run.checkpoint):
            trainer.utility.load_state_dict(state["utility"])
    trainer.callbacks = following(way, data, options, run, callbacks)
    options_now = net.optimizer_state(trainer.optimizer)["groups"]  # config.json says them, the checkpoint the moments
    with restored_from(run.checkpoint):
        net.load_optimizer_state(trainer.optimizer, state["optimizer"] | {"groups": options_now})
    if more:  # whatever could be refused has been
        warn_of_falling(begun, options, "epochs", len(trainer.rows))
        run.extend(options=dict(more))
    return _finish(way, trainer, data, run, progress)


def _config(way: Way, data: Dataset, options: GrowingOptions) -> dict[str, Any]:
    about = {"data": lasting_name(data), "fingerprint": data.fingerprint()}
    return {"command": way.command, **about, "options": asdict(options)}


def _trainer(
    net: compiler.CompiledNetwork,
    data: Dataset,
    options: GrowingOptions,
    own: Mapping[str, Any],
    rows: Sequence[dict[str, Any]] = (),
) -> Trainer:
    """The trainer, without callbacks; whatever cannot go together is refused."""
    check_fit(net, data)
    check_numbers(net)
    split = hold_out(data, options.validation, options.seed)
    check_steps(net.graph, len(split.train_y), options.batch_size)
    if options.watch_test and not len(data.test_y):
        raise OptionError(f"watch_test asks for a test part, and {data.name} has none: give one, or watch_test=false")
    optimizer, objective = make_optimizer(net.parameters(), options), objective_with(options, own)
    return Trainer(net, split, options, optimizer, rows=rows, objective=objective)


def _train(trainer: Trainer, run: Run | None) -> list[dict[str, Any]]:
    try:
        return trainer.run()
    except DivergenceError as error:
        if run is None:
            raise
        options: Any = trainer.options
        good = len(run.metrics()) // options.checkpoint * options.checkpoint
        raise DivergenceError(f"{error}; {run.graph} holds the network of epoch {good}, the last good one") from error


def _finish(way: Way, trainer: Trainer, data: Dataset, run: Run | None, progress: bool) -> Grown:
    """Train to the end, test once, and leave pictures."""
    with ExitStack() as stack:
        if progress:
            shown = stack.enter_context(ShowProgress(trainer.options.epochs))
            trainer.callbacks = (*trainer.callbacks, shown)
        rows = _train(trainer, run)
    net, graph = trainer.net, trainer.net.graph
    net.write_back()
    loss, error = tested(trainer, data)
    if run:
        unit = {} if trainer.unit == PERCENT else {"unit": trainer.unit}
        run.update_config(result={"test_loss": loss, "test_error": error} | unit)
        graph.save(run.graph)
        leave_pictures(run, rows, graph, way.pictures)
    return Grown(graph, net, rows, loss, error, run.path if run else None, trainer.unit)
