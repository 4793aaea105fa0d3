"""`metabolize`: train a network that grows where it has to; `resume` goes on with a run that was stopped."""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import compiler
from neurograph import draw
from neurograph.errors import FileError
from neurograph.graph import EditResult, NeuronGraph
from neurograph.journal import to_line
from search.datasets import Dataset, hold_out, load
from search.metabolism.events import Metabolism, growing_populations
from search.metabolism.options import MetabolizeOptions
from search.options import read_options
from search.progress import ShowProgress
from search.runs import Run, create_run, open_run
from search.training import Trainer, evaluate, make_optimizer


@dataclass(frozen=True, eq=False)
class Metabolized:
    """What a run of `metabolize` made.

    Parameters
    ----------
    graph
        The grown network, with what it learned.
    net
        It, compiled.
    rows
        The metrics, a row an epoch; see `Trainer`.
    test_loss, test_error
        On the test part of the data: mean cross-entropy, and percent wrong.
    run
        The run directory, or None.
    """

    graph: NeuronGraph
    net: compiler.CompiledNetwork
    rows: list[dict[str, Any]]
    test_loss: float
    test_error: float
    run: Path | None


def metabolize(
    graph: NeuronGraph,
    data: str | Dataset = "digits",
    options: MetabolizeOptions | None = None,
    *,
    run: str | Path | None = None,
    force: bool = False,
    progress: bool = False,
    **settings: Any,
) -> Metabolized:
    """Train a network that grows and eats its neurons while it trains (MetaNet, "Metabolize Neural Network").

    After each metabolism cycle in which the loss no longer falls (eq. 1), neurons of low representational power are
    eaten (eq. 14), and each inner population gets newborns (eq. 2) with the weights of others (eq. 3 or 4). The
    optimizer's state follows.

    Parameters
    ----------
    graph
        What to start from; it is changed in place. Inputs and outputs must be as many as the data has features and
        classes.
    data
        The name of a data set, or one that was loaded. Images are flattened.
    options
        See `MetabolizeOptions`; `settings` win over it.
    run
        A directory to keep config, metrics, journal, graphs, checkpoints and pictures in; `resume` goes on from it.
    force
        Whether a run that lies there is thrown away.
    progress
        Whether to show the epochs as they come.
    settings
        Single options by name.

    Returns
    -------
    Metabolized

    Raises
    ------
    OptionError
        An impossible option; a population that cannot grow; a run directory that is taken.
    CompileError, DataError, DivergenceError
        From compiling, loading and training.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> result = metabolize(mlp([64, 8, 10]), "digits", epochs=12, first_cycle=2, cycle=2, newborns=4, slope=1.0)
    >>> len(result.graph.population("hidden1")) > 8
    True
    """
    options = read_options(MetabolizeOptions, settings=({} if options is None else asdict(options)) | settings)
    growing_populations(graph, options)  # refuses before anything is made
    data = (load(data) if isinstance(data, str) else data).flat()
    net = compiler.compile(graph, batch_size=options.batch_size, device=options.device)
    kept = None
    if run is not None:
        config = {"command": "metabolize", "data": data.name, "options": asdict(options)}
        kept = create_run(run, config, force)
        graph.save(kept.start)
    trainer = _trainer(net, data, options, kept)
    if kept:
        _checkpoint(kept, trainer)
    return _finish(trainer, data, kept, progress)


def resume(run: str | Path, *, progress: bool = False) -> Metabolized:
    """Go on with a run of `metabolize` from its last checkpoint, with the numbers it would have had.

    On the CPU, with the same versions and thread count, they agree bit for bit.

    Parameters
    ----------
    run
        The run directory.
    progress
        Whether to show the epochs as they come.

    Raises
    ------
    FileError
        No run lies there, or a file of it is missing or damaged.
    """
    kept = open_run(run)
    config = kept.config()
    if config.get("command") != "metabolize":
        raise FileError(f"{kept.path} is a run of {config.get('command')!r}, which cannot be resumed here")
    options = read_options(MetabolizeOptions, settings=config["options"])
    state = kept.load_checkpoint()
    graph = NeuronGraph.load(kept.graph)
    net = compiler.compile(graph, batch_size=options.batch_size, device=options.device)
    net.load_state_dict(state["network"])
    data = load(config["data"], download=False).flat()
    trainer = _trainer(net, data, options, kept, kept.metrics())
    net.load_optimizer_state(trainer.optimizer, state["optimizer"])
    return _finish(trainer, data, kept, progress)


def _trainer(
    net: compiler.CompiledNetwork,
    data: Dataset,
    options: MetabolizeOptions,
    run: Run | None,
    rows: Sequence[dict[str, Any]] = (),
) -> Trainer:
    def on_edit(result: EditResult) -> None:
        if run:
            run.log_journal({"epoch": len(trainer.rows), **json.loads(to_line(net.graph, result.entry))})

    def keep(_: Trainer, row: dict[str, Any]) -> None:
        if run:
            run.log_metrics(row)
            if row["epoch"] % options.checkpoint == 0 or trainer.finished:
                _checkpoint(run, trainer)

    split = hold_out(data, options.validation, options.seed)
    optimizer = make_optimizer(net.parameters(), options)
    trainer = Trainer(net, split, options, optimizer, (Metabolism(options, on_edit), keep), rows)
    return trainer


def _checkpoint(run: Run, trainer: Trainer) -> None:
    state = {
        "network": dict(trainer.net.state_dict()),
        "optimizer": trainer.net.optimizer_state(trainer.optimizer),
    }
    run.save_checkpoint(state, trainer.net.graph)


def _finish(trainer: Trainer, data: Dataset, run: Run | None, progress: bool) -> Metabolized:
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
    return Metabolized(graph, net, rows, loss, error, run.path if run else None)
