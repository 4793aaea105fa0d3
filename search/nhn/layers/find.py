"""`find_hierarchy`: shared weights and a sampler trained in turns; at the end, the best of some finalists."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from neurograph.builders.enas import gene_rows
from neurograph.errors import FileError, OptionError
from neurograph.network import NeuronGraph

from ....compiler.runtime.devices import usable_device
from ...datasets import Dataset, hold_out, load
from ...datasets.dataset import stratified
from ...datasets.same import lasting_name, same_data
from ...options import read_options
from ...runs import Run, continued_run, started_run
from ...runs.extending import NO_MORE, More, refuse_others, warn_of_falling, with_more
from ...runs.shapes import ANYTHING, TABLE, check, check_alike
from ...training import Trainer, in_batches, make_optimizer, sample
from ...training.loop import Callback
from ...training.own import NOTHING_OWN, check_own, names_of, objective_with, taken_own
from .estimate import require_memory
from .held import check_rows, load_optimizer
from .inherit import inherit
from .oneshot import OneShot, SamplerSteps
from .options import HierarchyOptions
from .picture import draw_search
from .progress import ShowHierarchySearch
from .ranking import RankedHierarchy, rank
from .space import Genes
from .supernet import Supernet

COMMAND = "hierarchy"
_STATISTICS_EXAMPLES = 4096  # that an inheriting network's running means and variances are taken over


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """What a search found.

    Parameters
    ----------
    genes
        The winner's, as `neurograph.builders.enas_macro` takes them.
    graph
        The winner: initialised anew, or with the shared weights.
    ranking
        The finalists, the best first.
    rows
        The metrics, a row an epoch; see `Trainer` and `SamplerSteps`.
    net
        The supernet.
    run
        The run directory, or None.
    """

    genes: Genes
    graph: NeuronGraph
    ranking: list[RankedHierarchy]
    rows: list[dict[str, Any]]
    net: Supernet
    run: Path | None


def find_hierarchy(
    data: str | Dataset = "cifar10",
    options: HierarchyOptions | None = None,
    *,
    run: str | Path | None = None,
    force: bool = False,
    progress: bool = False,
    callbacks: Sequence[Callback] = (),
    **settings: Any,
) -> Hierarchy:
    """Search ENAS's macro space for a network (Pham et al. 2018; "Neuron hierarchical networks", 2.1).

    Every network of the space shares its weights with the others (`Supernet`). An epoch trains them on networks that a
    sampler proposes; then the sampler learns from networks rated on held-out examples. At the end, the sampler's
    finalists, the best of all epochs and that of the last are ranked on all held-out examples. The test part of the
    data is not touched.

    Parameters
    ----------
    data
        The name of a data set, or one that was loaded: square images of classes.
    options
        See `HierarchyOptions`; `settings` win over it.
    run
        A directory to keep config, metrics, checkpoints and the winner in; `resume_hierarchy` goes on from it.
    force
        Whether a run that lies there is thrown away.
    progress
        Whether to show the epochs as they come, with the best network so far.
    callbacks
        Called with trainer and row after each epoch, when both are kept. One that raises ends the search.
    settings
        Single options by name. `loss` and `error` may also be functions of answers and targets, which a resumed search
        is handed again.

    Returns
    -------
    Hierarchy

    Raises
    ------
    OptionError
        An impossible option; data that do not fit; a supernet that does not fit into memory; a run directory that is
        taken.
    DataError, DivergenceError
        From loading and training.

    Examples
    --------
    >>> found = find_hierarchy(
    ...     "digits", epochs=1, layers=3, channels=4, segments=2, crop=1, examples=200, steps=2, asked=2, finalists=2
    ... )
    >>> len(found.genes), "layer2" in found.graph.populations
    (3, True)
    """
    chosen = ({} if options is None else asdict(options)) | settings
    own = taken_own(chosen)
    options = read_options(HierarchyOptions, settings=chosen)
    data = load(data) if isinstance(data, str) else data
    trainer = _trainer(_prepared(data, options), options, own)
    with ExitStack() as stack:
        kept = None
        if run is not None:
            kept = stack.enter_context(started_run(run, _config(data, options) | names_of(own), force))
            _checkpoint(kept, trainer)
        return _finish(trainer, options, kept, progress, callbacks)


def resume_hierarchy(
    run: str | Path,
    data: Dataset | None = None,
    *,
    progress: bool = False,
    callbacks: Sequence[Callback] = (),
    own: Mapping[str, Any] = NOTHING_OWN,
    more: More = NO_MORE,
) -> Hierarchy:
    """Go on with a search from its last checkpoint, with the numbers it would have had.

    On the CPU, with the same versions and thread count, they agree bit for bit.

    Parameters
    ----------
    run
        The run directory.
    data
        What `find_hierarchy` was given, where that is not a data set as it is loaded by its name.
    progress
        Whether to show the epochs as they come.
    callbacks, own
        As those that it began with; `own` holds "loss" and "error", where these are functions.
    more
        How many epochs there are to be, if more than the search was begun with.

    Raises
    ------
    FileError
        No such search lies there, or a file of it is missing or damaged.
    DataError, OptionError
        Other data than those it was begun on, or examples of another shape.
    """
    with continued_run(run) as kept:
        return _go_on(kept, data, progress, callbacks, own, more)


def _go_on(
    kept: Run,
    data: Dataset | None,
    progress: bool,
    callbacks: Sequence[Callback],
    own: Mapping[str, Any],
    more: More,
) -> Hierarchy:
    config = kept.config()
    if config.get("command") != COMMAND:
        raise FileError(f"{kept.path} is a run of {config.get('command')!r}, not a search for a layer hierarchy")
    check_own(kept.path, config, own)
    begun = read_options(HierarchyOptions, settings=config["options"])
    refuse_others(more, ("epochs",), f"{kept.path}, a search for a layer hierarchy,")
    options = with_more(begun, more)
    data = _prepared(same_data(config, data), options)
    made: list[Trainer] = []
    kept.load_checkpoint(lambda state, rows: made.append(_restored(data, options, own, state, rows)))
    if more:  # whatever could be refused has been
        warn_of_falling(begun, options, "epochs", len(made[-1].rows))
        kept.extend(options=dict(more))
    return _finish(made[-1], options, kept, progress, callbacks)


def _restored(
    data: Dataset, options: HierarchyOptions, own: Mapping[str, Any], state: Any, rows: list[dict[str, Any]]
) -> Trainer:
    """A search as a checkpoint has it; `FileError` where it is none of this search."""
    check(state, {"net": TABLE, "optimizer": TABLE, "sampler": TABLE, "chosen": [[ANYTHING]]}, "state")
    space = options.space(data)
    check_rows(rows, space)
    trainer = _trainer(data, options, own, rows)
    shot: OneShot = trainer.net
    check_alike(state["net"], dict(shot.net.state_dict()), "state.net")
    shot.net.load_state_dict(state["net"])
    shot.sampler.load_state_dict(state["sampler"])
    shot.chosen = space.genes(state["chosen"])
    load_optimizer(trainer.optimizer, state["optimizer"], "state.optimizer")
    return trainer


def _config(data: Dataset, options: HierarchyOptions) -> dict[str, Any]:
    about = {"data": lasting_name(data), "train_shape": list(data.train_x.shape), "fingerprint": data.fingerprint()}
    return {"command": COMMAND, **about, "options": asdict(options)}


def _prepared(data: Dataset, options: HierarchyOptions) -> Dataset:
    """As many examples as are wanted, standardised if wanted."""
    options.space(data)  # refuses what are no images of classes
    if options.examples:
        count = len(data.train_y)
        if options.examples > count:
            raise OptionError(f"examples={options.examples} is more than the {count} that {data.name} has to train on")
        some, _ = stratified(data.train_y.numpy(), 1.0 - options.examples / count, options.seed)
        data = replace(data, train_x=data.train_x[some], train_y=data.train_y[some])
    return data.standardised() if options.standardise else data


def _trainer(
    data: Dataset, options: HierarchyOptions, own: Mapping[str, Any], rows: Sequence[dict[str, Any]] = ()
) -> Trainer:
    space, device = options.space(data), usable_device(options.device)
    require_memory(space, options.batch_size, options.optimizer, device)
    net = Supernet(space, options.seed, options.initializer, device)
    split = hold_out(data, options.validation, options.seed)
    shot = OneShot(net, options.make_sampler(space))
    optimizer, steps = make_optimizer(net.parameters(), options), SamplerSteps(options, rows)
    return Trainer(shot, split, options, optimizer, (steps,), rows, objective_with(options, own))


def _checkpoint(run: Run, trainer: Trainer) -> None:
    shot: OneShot = trainer.net
    state = {
        "net": dict(shot.net.state_dict()),
        "optimizer": trainer.optimizer.state_dict(),
        "sampler": shot.sampler.state_dict(),
        "chosen": gene_rows(shot.chosen),
    }
    run.save_checkpoint(state, None, trainer.rows)


def _finish(
    trainer: Trainer, options: HierarchyOptions, run: Run | None, progress: bool, callbacks: Sequence[Callback]
) -> Hierarchy:
    """Search to the end, rank, and leave the winner."""

    def keep(trainer: Trainer, row: dict[str, Any]) -> None:
        if run:
            run.log_metrics(row)
            if row["epoch"] % options.checkpoint == 0 or trainer.finished:
                _checkpoint(run, trainer)

    net: Supernet = trainer.net.net
    with ExitStack() as stack:
        shown = (stack.enter_context(ShowHierarchySearch(options.epochs, net.space)),) if progress else ()
        trainer.callbacks = (*trainer.callbacks, keep, *callbacks, *shown)
        rows = trainer.run()
    shot: OneShot = trainer.net
    networks = shot.sampler.finalists(options.finalists)
    networks += [net.space.genes(row["search"][name]) for row in rows[-1:] for name in ("best_genes", "genes")]
    held_out = trainer.split.validation_x, trainer.split.validation_y
    ranking = rank(net, networks, *held_out, options.evaluation_batch, trainer.objective)
    genes = ranking[0].genes
    graph = _graph(net, genes, trainer, options)
    if run:
        records = [{"genes": gene_rows(each.genes), "loss": each.loss, "error": each.error} for each in ranking]
        run.update_config(result={"genes": records[0]["genes"], "ranking": records})
        graph.save(run.graph)
        if rows:
            draw_search(rows, genes, net.space, run.pictures / "search.png")
    return Hierarchy(genes, graph, ranking, rows, net, run.path if run else None)


def _graph(net: Supernet, genes: Genes, trainer: Trainer, options: HierarchyOptions) -> NeuronGraph:
    if not options.inherit:
        return options.trained(net.space).graph(genes, options.seed, options.initializer)
    split = trainer.split
    x = split.train_x[sample(split.train_y, _STATISTICS_EXAMPLES, options.seed)]
    return inherit(net, genes, in_batches(x, options.batch_size))
