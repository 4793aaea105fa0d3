"""Dynamic pruning of a network in training: after each epoch the flattest kernels are masked; in the end they go.

"Neuron hierarchical networks" leaves open how kernels are pruned and spliced back (it names a manuscript). Here, as in
Guo, Yao and Chen 2016, "Dynamic network surgery for efficient DNNs", masked kernels are remembered and learn on: at the
next masking they are what they were plus what they have learned since, and those that are no longer among the flattest
are back. The share that is masked rises as in Zhu and Gupta 2017, "To prune, or not to prune", eq. 1.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurograph.edits import PruneKernels
from neurograph.edits.prune_kernels import Kernels, prunable_kernels
from neurograph.edits.support.paths import has_path
from neurograph.errors import OptionError
from neurograph.network import NeuronGraph
from neurograph.storage.sets import difference

from ...growth.events import Event, Keep
from ...options import of_option
from ...training import Trainer
from .masks import mask, masked, unmask
from .options import PruneNetworkOptions


def share_masked(epoch: int, options: PruneNetworkOptions) -> float | None:
    """How much of the final share is masked after an epoch, from 1; None where nothing happens, 1 when kernels go.

    1 - (1 - t)^3, t running from 0 before `start` to 1 where the network begins to settle.

    Examples
    --------
    >>> options = PruneNetworkOptions(epochs=8, start=2, settle=3, every=1)
    >>> [share_masked(epoch, options) for epoch in (1, 2, 5, 6)]
    [None, 0.578125, 1.0, None]
    """
    last = options.epochs - options.settle
    if not options.start <= epoch <= last or (last - epoch) % options.every:
        return None
    steps = (last - options.start) // options.every + 1
    done = steps - (last - epoch) // options.every
    return 1.0 - (1.0 - done / steps) ** 3


def has_kernels(graph: NeuronGraph, options: PruneNetworkOptions) -> None:
    """Refuse, before anything is made, a network without kernels to prune, or ratios for populations that read none.

    Raises
    ------
    OptionError
        The network has no trained kernel of more than one number between feature maps; ratios name populations that
        read none; or no path is left without those that go.
    """
    kernels = prunable_kernels(graph)
    if not len(kernels.ids):
        raise OptionError(
            "this network has no kernels to prune: they are those of more than one number between feature maps, "
            "trained and not depthwise; search.prune prunes any synapses"
        )
    with of_option("ratios" if options.ratios else "threshold" if options.threshold else "ratio"):
        gone = edit(options, 1.0).choose(kernels)
    if options.epochs and not options.threshold:  # how many a threshold takes is for training to say
        _refuse_cut(graph, options, kernels, gone)


def _refuse_cut(graph: NeuronGraph, options: PruneNetworkOptions, kernels: Kernels, gone: np.ndarray) -> None:
    """Refuse shares that leave no path, where that is known: training says which kernels go, and not how many."""
    if options.ratios or options.scope == "layer":
        gone = (np.bincount(kernels.layer, ~gone) == 0)[kernels.layer]  # layers that lose them all
    elif not gone.all():
        return
    if has_path(graph) and not has_path(graph, kernels.ids[gone]):
        share = f"ratios={options.ratios}" if options.ratios else f"ratio={options.ratio:g}"
        raise OptionError(f"{share} takes kernels that every path from an input to an output leads through: prune less")


def edit(options: PruneNetworkOptions, share: float) -> PruneKernels:
    """The edit that removes a share of what is to go in the end, or what lies below that share of the threshold."""
    if options.threshold:
        return PruneKernels(threshold=options.threshold * share)
    ratio: Any = options.ratio * share
    if options.ratios:
        ratio = {name: one * share for name, one in options.ratios.items()}
    return PruneKernels(ratio, scope=options.scope)


class KernelPruning:
    """A callback for `Trainer`: masks kernels after the epochs that `share_masked` names, and removes them in the end.

    It is a function of network, graph and epoch, so a resumed run decides as the first one did.

    Parameters
    ----------
    options
        See `PruneNetworkOptions`.
    keep
        Called with each journal entry as plain JSON.
    """

    def __init__(self, options: PruneNetworkOptions, keep: Keep | None = None) -> None:
        self.options, self.keep = options, keep

    def __call__(self, trainer: Trainer, row: Mapping[str, Any]) -> None:
        """Mask or prune after an epoch, where it is due; where training ends before it was, what is masked goes."""
        share = share_masked(row["epoch"], self.options)
        if share == 1.0 or (trainer.finished and len(masked(trainer.net.graph))):
            self._prune(trainer, row)
        elif share is not None:
            self._mask(trainer, row, share)

    def _mask(self, trainer: Trainer, row: Any, share: float) -> None:
        event = Event(trainer, "masking", self.options.measured, self.keep)
        net, before = trainer.net, masked(trainer.net.graph)
        unmask(net)
        kernels = prunable_kernels(net.graph)
        flat = kernels.ids[edit(self.options, share).choose(kernels)]
        mask(net, flat)
        back = len(difference(before, flat))
        row["event"] = event.close(masked=len(flat), kernels=len(kernels.ids), spliced=back)
        row["edit"] = f"{len(flat):,} of {len(kernels.ids):,} kernels masked" + (f", {back:,} back" if back else "")

    def _prune(self, trainer: Trainer, row: Any) -> None:
        event = Event(trainer, "pruning", self.options.measured, self.keep)
        unmask(trainer.net)
        result = event.apply(edit(self.options, 1.0))
        details = result.details
        row["event"] = event.close(pruned=details["pruned"], kernels=details["kernels"], neurons=len(result.died))
        gone = f", and {len(result.died):,} neurons left without" if result.died else ""
        row["edit"] = f"-{details['pruned']:,} of {details['kernels']:,} kernels{gone}"
