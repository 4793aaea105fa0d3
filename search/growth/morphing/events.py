"""The insertion into a network in training: recorded, regressed, measured, and gone on from."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from neurograph import compiler
from neurograph.analysis.units import PERCENT
from neurograph.edits import Reinitialize
from neurograph.errors import EditError, NeuroGraphError
from neurograph.memory import require_bytes
from neurograph.network import NeuronGraph

from ...progress import ShowProgress
from ...training import Trainer, evaluate
from ..events import Event, Keep
from ..reasons import Reason, reasons
from .options import AUTO, NONE, MorphOptions


def insertable(graph: NeuronGraph, options: MorphOptions) -> None:
    """Refuse, before anything is made, what could not be inserted later; the errors are `InsertLayer`'s."""
    edit = options.edit()
    if edit is not None:
        width = options.width or 0
        require_bytes(8 * width**2, f"width={width}: the regression over neurons that are drawn", "draw fewer")
        if options.between != AUTO:
            edit.check(graph)


class Insertion:
    """A callback for `Trainer`: inserts the layer after the epoch that the options name.

    Parameters
    ----------
    options
        See `MorphOptions`.
    keep
        Called with each journal entry as plain JSON.
    """

    def __init__(self, options: MorphOptions, keep: Keep | None = None) -> None:
        self.options, self.keep = options, keep

    def __call__(self, trainer: Trainer, row: dict[str, Any]) -> None:
        """Insert, where it is time."""
        if row["epoch"] == self.options.insert_after:
            row["event"], row["edit"] = insert(trainer, self.options, self.keep)


def begin(trainer: Trainer, options: MorphOptions, keep: Keep | None) -> None:
    """Insert before the first epoch, where the graph that was given is the trained parent."""
    if not options.insert_after:
        insert(trainer, options, keep)


def insert(trainer: Trainer, options: MorphOptions, keep: Keep | None) -> tuple[dict[str, Any] | None, str | None]:
    """Insert the layer; returns what is recorded of the event, and a text."""
    if options.algorithm != NONE and options.between == AUTO:
        options = replace(options, between=_narrowest(trainer, options))
    x = trainer.sample(options.recorded)[0].split(options.evaluation_batch)
    how: dict[str, Any] = {"positions": options.positions, "seed": options.seed, "progress": _shown(trainer)}
    seen = compiler.record(trainer.net, x, **how)
    edit = options.edit(seen)
    if edit is None:
        return None, None
    figures: dict[str, Any] = {"held_out_before": _held_out(trainer)}
    event = Event(trainer, "insertion", options.measured, keep)
    details = event.apply(edit).details
    if options.scratch:
        event.apply(Reinitialize(seed=options.seed))
    trainer.net.refresh(trainer.optimizer, newborns=trainer.options.newborn_state)
    if options.scratch:
        trainer.optimizer.state.clear()
    figures |= {"held_out_after": _held_out(trainer), "drawn": details["width"], "neurons_new": details["neurons"]}
    figures |= {name: details[name] for name in ("penalty", "alpha", "reconstruction_error") if name in details}
    after = f"the parent had trained for {options.insert_after} epochs" if options.insert_after else "it began with it"
    figures |= reasons(Reason("insert_after", after))
    figures |= {} if trainer.unit == PERCENT else {"unit": trainer.unit}
    a, b = options.between
    return event.close(**figures), f"{details['population']} +{details['neurons']} between {a} and {b}"


def _narrowest(trainer: Trainer, options: MorphOptions) -> tuple[str, str]:
    """The two populations between which the loss asks most for what no weights can give, of those that take a layer."""
    x, y = (part.split(options.evaluation_batch) for part in trainer.sample(options.recorded))
    graph = trainer.net.graph
    for place in compiler.bottlenecks(trainer.net, zip(x, y, strict=True), trainer.objective.loss):
        between = (place.reads[0], place.population)
        edit = replace(options, between=between).edit()
        try:
            if edit is not None:
                edit.check(graph)
                return between
        except NeuroGraphError:
            continue  # such as a place behind pools of several kinds
    raise EditError("between=auto found no two populations that a layer of these options could come between")


def _shown(trainer: Trainer) -> Callable[[str, int, int], None] | None:
    """Tells of every tenth of a pass over the recorded data, where the run is shown."""
    show = next((callback for callback in trainer.callbacks if isinstance(callback, ShowProgress)), None)
    if show is None:
        return None

    def report(what: str, done: int, batches: int) -> None:
        if done * 10 // batches != (done - 1) * 10 // batches:
            show.console.print(f"recording {what}: {done} of {batches} batches", highlight=False)

    return report


def _held_out(trainer: Trainer) -> float | None:
    """Error on the examples held out."""
    split = trainer.split
    if not len(split.validation_y):
        return None
    return evaluate(
        trainer.net, split.validation_x, split.validation_y, trainer.options.evaluation_batch, trainer.objective
    )[1]
