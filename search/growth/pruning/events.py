"""The pruning of a network in training: after some epochs, the synapses that matter least go."""

from typing import Any

import numpy as np

from neurograph.analysis.observations import Observations
from neurograph.edits import Prune

from ...training import Trainer
from ...training.seeds import seed_of
from ..events import Event, Keep
from ..expansion.metrics import METRICS
from ..expansion.scores import scores
from ..reasons import Reason, reasons
from .options import PruneOptions
from .rules import moments, still_left


class Pruning:
    """A callback for `Trainer`: prunes the network after the epochs that `moments` names.

    It is a function of the rows so far, the graph and the seed, so a resumed run decides as the first one did.

    Parameters
    ----------
    options
        See `PruneOptions`.
    keep
        Called with each journal entry as plain JSON.
    """

    def __init__(self, options: PruneOptions, keep: Keep | None = None) -> None:
        self.options, self.keep = options, keep

    def __call__(self, trainer: Trainer, row: dict[str, Any]) -> None:
        """Prune after an epoch, where it is due."""
        times = moments(self.options)
        if row["epoch"] in times:
            self._prune(trainer, row, times.index(row["epoch"]) + 1, len(times))

    def _prune(self, trainer: Trainer, row: dict[str, Any], done: int, of: int) -> None:
        ids, values = self._scores(trainer)
        full = next((r["event"]["full"] for r in trainer.rows if r["event"]), len(ids))
        left = still_left(full, self.options.left, done, of)
        if left >= len(ids):
            return
        seen = self._observe(trainer) if self.options.take_over else None
        event = Event(trainer, "pruning", self.options.measured, self.keep)
        details = event.apply(Prune(left, self.options.scope, (ids, values), observations=seen)).details
        why = reasons(Reason("left", f"pruning {done} of {of} was due", details["left"] / full))
        row["event"] = event.close(full=full, left=details["left"], **why)
        gone = len(details["cleaned_up"])
        taken = f", and {gone} neuron{'s' * (gone != 1)} left without" if gone else ""
        row["edit"] = f"-{details['pruned']:,} of {len(ids):,} synapses{taken}"

    def _observe(self, trainer: Trainer) -> Observations:
        some, _ = trainer.sample(self.options.observed)
        return trainer.net.observe(some.split(self.options.evaluation_batch))

    def _scores(self, trainer: Trainer) -> tuple[np.ndarray, np.ndarray]:
        """Ids of the synapses that may go, and what the least of goes."""
        options = self.options
        x, y = (some.split(options.batch_size) for some in trainer.sample(options.observed))
        seed = seed_of(options.seed, "scores of pruning", len(trainer.rows))
        how: Any = {"into": options.into, "skip_frozen": options.skip_frozen, "seed": seed}
        found = scores(trainer.net, options.metric, zip(x, y, strict=True), loss=trainer.objective.loss, **how)
        return found.ids, -found.values if METRICS[options.metric].reverse else found.values
