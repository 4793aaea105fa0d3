"""The expansion of a network in training: after each epoch, whether to expand or prune, and the edits that do it."""

from collections.abc import Hashable
from typing import Any

import numpy as np

from neurograph.core.entries import Entry
from neurograph.edits import RemoveSynapses
from neurograph.network import NeuronGraph
from neurograph.storage.sets import difference

from ...training import Trainer
from ...training.seeds import seed_of
from ..events import Event, Keep
from ..reasons import Reason, reasons
from .options import ExpandOptions
from .rules import expansion_due, loss_change, pruning_due
from .scores import Scores, chosen, excess, scores

_BINS = 40  # of the scores of all that might have been chosen, kept to be drawn


class Expansion:
    """A callback for `Trainer`: expands the network when its loss stands still, and prunes what that left in excess.

    It is a function of the rows so far, the graph and the seed, so a resumed run decides as the first one did.

    Parameters
    ----------
    options
        See `ExpandOptions`.
    keep
        Called with each journal entry as plain JSON.
    """

    def __init__(self, options: ExpandOptions, keep: Keep | None = None) -> None:
        self.options, self.keep = options, keep

    def __call__(self, trainer: Trainer, row: dict[str, Any]) -> None:
        """Expand or prune after an epoch, where it is due."""
        if trainer.finished:
            return
        expanded = [r["epoch"] for r in trainer.rows if (r["event"] or {}).get("kind") == "expansion"]
        born = pruning_due(row["epoch"], expanded, self.options)
        if born:
            self._prune(trainer, row, born)
        elif self._due(trainer, expanded):
            self._expand(trainer, row)

    def _due(self, trainer: Trainer, expanded: list[int]) -> bool:
        options = self.options
        left = options.epochs - len(trainer.rows)
        if left < max(options.settle, options.prune_after + 1):  # whatever is born is pruned too
            return False
        losses = [r["train_loss"] for r in trainer.rows]
        return expansion_due(losses, max(expanded, default=0), len(expanded), options)

    def _stood_still(self, trainer: Trainer) -> Reason:
        options = self.options
        moved = loss_change([r["train_loss"] for r in trainer.rows], options.window)
        return Reason("change", "the loss had come to a standstill", moved, options.change, "under")

    def _expand(self, trainer: Trainer, row: dict[str, Any]) -> None:
        options = self.options
        scored = self._scores(trainer, options.into)
        ids = chosen(scored, options.threshold, options.most, options.most_each)
        if not len(ids):
            return
        event = Event(trainer, "expansion", options.measured, self.keep)
        seed = seed_of(options.seed, "expansion", row["epoch"]) % 2**32
        positive = bool(trainer.split.train_x.min() >= 0)
        entry = event.apply(options.edit(_pairs(trainer.net.graph, ids), seed, positive)).entry
        place = {number: at for at, number in enumerate(scored.ids.tolist())}
        entry.details["metric"] = options.metric
        entry.details["scores"] = [float(scored.scores[place[number]]) for number in ids.tolist()]
        entry.details["histogram"] = np.histogram(scored.scores, _BINS, (0.0, 1.0))[0].tolist()
        row["event"] = event.close(**reasons(self._stood_still(trainer)))
        details = entry.details
        row["edit"] = f"{details['population']} +{details['neurons']}, {len(ids)} synapses became {details['synapses']}"

    def _prune(self, trainer: Trainer, row: dict[str, Any], born: int) -> None:
        entry = _expansion(trainer.net.graph, born)
        newborn = difference(entry.synapses_born, np.array(entry.details["lasting"], np.int64))
        ids = excess(self._scores(trainer, None), newborn, self.options.prune_threshold)
        if not len(ids):
            return
        event = Event(trainer, "pruning", self.options.measured, self.keep)
        event.apply(RemoveSynapses(_pairs(trainer.net.graph, ids), "remove"))
        why = Reason("prune_after", f"the expansion was {self.options.prune_after} epochs past")
        row["event"] = event.close(**reasons(why))
        row["edit"] = f"{entry.details['population']} -{len(ids)} of {len(newborn)} newborn synapses"

    def _scores(self, trainer: Trainer, into: tuple[str, ...] | None) -> Scores:
        options = self.options
        x, y = (some.split(options.batch_size) for some in trainer.sample(options.observed))
        pairs = zip(x, y, strict=True)
        seed = seed_of(options.seed, "scores of expansion", len(trainer.rows))
        how: Any = {"into": into, "skip_frozen": options.skip_frozen, "seed": seed}
        return scores(trainer.net, options.metric, pairs, loss=trainer.objective.loss, **how)


def _expansion(graph: NeuronGraph, epoch: int) -> Entry:
    """The journal's entry of the expansion after an epoch."""
    found = [e for e in graph.journal if e.verb == "Expand" and e.details.get("event", {}).get("epoch") == epoch]
    return found[-1]


def _pairs(graph: NeuronGraph, ids: np.ndarray) -> list[tuple[Hashable, Hashable]]:
    rows = graph.table.rows_of(ids)
    sources, targets = (graph.names_of(ends[rows].astype(np.int64)) for ends in (graph.table.src, graph.table.dst))
    return list(zip(sources, targets, strict=True))
