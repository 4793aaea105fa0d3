"""The metabolism of a network in training: after each epoch, whether to eat and grow, and the edits that do it."""

from collections.abc import Callable
from typing import Any

from neurograph.edits import Autophagy, Proliferate
from neurograph.edits.counts import error_variance
from neurograph.edits.selectors import SELECTORS
from neurograph.errors import OptionError
from neurograph.graph import EditResult, NeuronGraph
from neurograph.observations import Observations
from search.metabolism.options import MetabolizeOptions
from search.metabolism.rules import cycle_length, growth_due, newborn_counts, room
from search.training import Trainer
from search.training.batches import seed_of

_AUTOPHAGY, _PROLIFERATION = 2, 3  # places of the seed, beside the batches' 0 and dropout's 1


def growing_populations(graph: NeuronGraph, options: MetabolizeOptions) -> tuple[str, ...]:
    """The populations that metabolize: those of the options, else all that are neither input nor output.

    Raises
    ------
    OptionError
        A population that is not there or cannot grow, or none that can.
    """
    fixed = {
        name
        for name, members in graph.populations.items()
        if any(graph.nodes[n]["role"] == "input" or graph.nodes[n]["is_output"] for n in members)
    }
    inner = tuple(name for name in graph.populations if name not in fixed)
    odd = [name for name in options.populations or () if name not in inner]
    if odd or not inner:
        can = ", ".join(inner) or "none"
        raise OptionError(f"populations that can metabolize: {can}; not {', '.join(odd) or 'any'}")
    return options.populations or inner


class Metabolism:
    """A callback for `Trainer`: eats and grows the network's inner populations when a cycle says so.

    It is a function of the rows so far, the graph and the seed, so a resumed run decides as the first one did.

    Parameters
    ----------
    options
        See `MetabolizeOptions`.
    on_edit
        Called after each edit with its result, while the graph is as the edit left it.
    """

    def __init__(self, options: MetabolizeOptions, on_edit: Callable[[EditResult], None] | None = None) -> None:
        self.options, self.on_edit = options, on_edit

    def __call__(self, trainer: Trainer, row: dict[str, Any]) -> None:
        """Metabolize after an epoch, where it is due."""
        options, graph = self.options, trainer.net.graph
        edited = max((r["epoch"] for r in trainer.rows if r["edit"]), default=0)
        populations = growing_populations(graph, options)
        if not self._hungry(trainer, edited, {name: len(graph.population(name)) for name in populations}):
            return
        seen = self._observe(trainer)
        died = {name: self._eat(graph, name, row["epoch"], seen) for name in populations}
        sizes = {name: len(graph.population(name)) for name in populations}
        counts = newborn_counts(sizes, self._variance(trainer, edited), options)
        born = {name: self._grow(graph, name, counts[name], row["epoch"], seen) for name in populations}
        trainer.net.refresh(trainer.optimizer)
        edits = [_told(name, born[name], died[name]) for name in populations if born[name] or died[name]]
        row["edit"] = "; ".join(edits) or None

    def _hungry(self, trainer: Trainer, edited: int, sizes: dict[str, int]) -> bool:
        left = self.options.epochs - len(trainer.rows)
        if trainer.finished or left < self.options.settle or not any(room(sizes, self.options).values()):
            return False
        return growth_due([r["train_loss"] for r in trainer.rows], edited, self.options)

    def _variance(self, trainer: Trainer, edited: int) -> float:
        """Var(E) of eq. 2 over the cycle, of the held-out error where some examples are held out."""
        rows = trainer.rows[-1 - cycle_length(edited, self.options) :]
        held_out = rows[0]["validation_error"] is not None
        return error_variance([r["validation_error" if held_out else "train_error"] for r in rows])

    def _observe(self, trainer: Trainer) -> Observations | None:
        if self.options.autophagy == "none" and self.options.initializer == "random":
            return None
        some = trainer.split.train_x[: self.options.observed]
        return trainer.net.observe(some.split(self.options.evaluation_batch))

    def _eat(self, graph: NeuronGraph, name: str, epoch: int, seen: Observations | None) -> int:
        options = self.options
        if options.autophagy == "none":
            return 0
        choose = SELECTORS[options.autophagy](options.autophagy_level, options.autophagy_measure)
        seed = seed_of(options.seed, epoch, _AUTOPHAGY) % 2**32
        return len(self._apply(graph, Autophagy(name, choose, options.autophagy_floor, "remove", seed, seen)).died)

    def _grow(self, graph: NeuronGraph, name: str, count: int, epoch: int, seen: Observations | None) -> int:
        if not count:
            return 0
        options, seed = self.options, seed_of(self.options.seed, epoch, _PROLIFERATION) % 2**32
        noise, init = options.noise, options.initializer
        edit = Proliferate(name, count, init, options.outgoing, seed, noise, observations=seen)
        return len(self._apply(graph, edit).born)

    def _apply(self, graph: NeuronGraph, edit: Any) -> EditResult:
        result = graph.apply(edit)
        if self.on_edit:
            self.on_edit(result)
        return result


def _told(name: str, born: int, died: int) -> str:
    return f"{name}{f' +{born}' if born else ''}{f' -{died}' if died else ''}"
