"""The rewiring of a network in training: after some epochs, the smallest weights go and others are born."""

from typing import Any

from neurograph import compiler
from neurograph.analysis.layers import synapse_layers
from neurograph.edits import Rewire, Sparsify
from neurograph.edits.rewire import Candidates
from neurograph.edits.sparsify import wanted_of

from ...training import Trainer
from ...training.sample import sample
from ...training.seeds import seed_of
from ..events import Event, Keep
from ..reasons import by_calendar, reasons
from .options import RewireOptions
from .rules import moments, share_moved


def begin(trainer: Trainer, options: RewireOptions, keep: Keep | None) -> None:
    """Thin the network out to the density that is asked for, before the first epoch."""
    graph = trainer.net.graph
    layers = synapse_layers(graph, options.into)
    if options.density is None:
        return
    wanted = wanted_of(layers, options.density, options.distribution)
    if any(len(layer.ids) > count for layer, count in zip(layers, wanted, strict=True)):
        event = Event(trainer, "sparsifying", options.measured, keep)
        seed = seed_of(options.seed, "rewiring", 0) % 2**32
        event.apply(Sparsify(options.density, options.distribution, options.into, seed=seed))
        event.close()


class Rewiring:
    """A callback for `Trainer`: moves synapses after the epochs that `moments` names.

    It is a function of network, graph, epoch and seed, so a resumed run decides as the first one did.

    Parameters
    ----------
    options
        See `RewireOptions`.
    keep
        Called with each journal entry as plain JSON.
    """

    def __init__(self, options: RewireOptions, keep: Keep | None = None) -> None:
        self.options, self.keep = options, keep

    def __call__(self, trainer: Trainer, row: dict[str, Any]) -> None:
        """Move synapses after an epoch, where it is due."""
        if row["epoch"] not in moments(self.options):
            return
        options, fraction = self.options, share_moved(self.options, row["epoch"])
        found = self._candidates(trainer, fraction) if options.growth == "gradient" else None
        event = Event(trainer, "rewiring", options.measured, self.keep)
        seed = seed_of(options.seed, "rewiring", row["epoch"]) % 2**32
        edit = Rewire(fraction, options.into, options.initializer, candidates=found, seed=seed)
        moved = event.apply(edit).details["moved"]
        why = reasons(by_calendar("every", "rewiring", options.every))
        row["event"] = event.close(fraction=fraction, moved=moved, **why)
        row["edit"] = f"{moved:,} of {trainer.net.graph.number_of_edges():,} synapses moved"

    def _candidates(self, trainer: Trainer, fraction: float) -> Candidates:
        """The absent synapses with the largest gradients on some training examples, others each time."""
        options, split = self.options, trainer.split
        seed = seed_of(options.seed, "examples of rewiring", len(trainer.rows))
        there = sample(split.train_y, options.observed, seed).to(split.train_y.device)
        x, y = (some[there].split(options.evaluation_batch) for some in (split.train_x, split.train_y))
        net, batches = _block_by_block(trainer.net), list(zip(x, y, strict=True))
        bounds: Any = {"into": options.into, "piece": options.piece * 2**20}
        return compiler.strongest_absent(net, batches, trainer.objective.loss, fraction, **bounds)


def _block_by_block(net: compiler.CompiledNetwork) -> compiler.CompiledNetwork:
    """The network, or a copy in which the sums of all neurons are at hand: a region of many levels hides them."""
    if all(len(stage.makes) == 1 for stage in net.program.stages):
        return net
    like = next(iter(net.parameters()))
    return compiler.compile(net.graph.copy(), lowering="blocks", dtype=like.dtype, device=like.device)
