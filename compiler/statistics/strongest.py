"""The absent synapses of the strongest gradients, found piece by piece: whom RigL lets be born."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from neurograph.analysis.layers import SynapseLayer, require_layers, synapse_layers

from .absent import AbsentGradients, absent_gradients

if TYPE_CHECKING:
    from ..runtime.module import CompiledModule

Found = tuple[np.ndarray, np.ndarray, np.ndarray]


def strongest_absent(
    network: "CompiledModule",
    batches: Iterable[Any],
    loss: Callable[..., Tensor],
    fraction: float,
    *,
    into: tuple[str, ...] | None = None,
    piece: int = 2**27,
) -> Found:
    """Who is to be born where the loss would fall most: the `candidates` of `neurograph.edits.Rewire`.

    For each layer (`neurograph.analysis.layers.synapse_layers`) and all pairs of neurons that no synapse joins and that
    one might without closing a cycle, the absolute gradient of a synapse of weight zero is compared (of kernels: the
    mean of the absolute numbers), and the strongest are kept (Evci et al. 2020, "Rigging the lottery", algorithm 1).
    Room is taken for a piece of gradients and for what is found, never for all pairs.

    Parameters
    ----------
    network, batches, loss, piece
        As for `compiler.absent_gradients`; a layer that is small enough shares a piece, and a run of the data, with
        others.
    fraction
        How many are found of each layer: that share of its synapses, rounded, or all where fewer are absent.
    into
        Populations whose incoming synapses are looked at; None means every one.

    Returns
    -------
    sources, targets, scores
        (k,) int64 keys and (k,) float64 absolute gradients, layer by layer, the strongest of each first.

    Raises
    ------
    MissingError
        A population that is not there; no trained synapse.
    CompileError, OptionError
        As for `compiler.absent_gradients`.

    Examples
    --------
    >>> import torch, compiler
    >>> from neurograph.builders import mlp
    >>> graph = mlp([20, 10, 2], density=0.3, seed=0)
    >>> net = compiler.compile(graph)
    >>> found = strongest_absent(net, [torch.ones(4, 20)], lambda y: y.square().mean(), 0.25)
    >>> from neurograph.edits import Rewire
    >>> graph.apply(Rewire(0.25, candidates=found)).details["moved"]
    13
    """
    layers = synapse_layers(network.graph, into)
    require_layers(layers, into)
    best = [_Best(layer, round(fraction * len(layer.ids))) for layer in layers]
    wanted = [one for one in best if one.count]
    at, seen = 0, 0
    for part in absent_gradients(network, batches, loss, [one.layer for one in wanted], piece=piece):
        if seen == len(wanted[at].layer.sources):
            at, seen = at + 1, 0
        wanted[at].look(part, seen)
        seen += len(part.source_keys)
    found = [one.found() for one in wanted]
    none = np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    sources, targets, scores = (np.concatenate(parts) for parts in zip(none, *found, strict=True))
    return sources, targets, scores


class _Best:
    """The best absent pairs of a layer so far."""

    def __init__(self, layer: SynapseLayer, count: int) -> None:
        self.layer, self.count = layer, min(count, layer.pairs - len(layer.taken))
        self.starts = np.cumsum(layer.reach) - layer.reach
        self.codes, self.scores = np.empty(0, np.int64), np.empty(0)
        self.place = _places(layer, self.starts)

    def look(self, part: AbsentGradients, first: int) -> None:
        """Take in the gradients of the layer's sources from the one at place `first` on."""
        size = np.abs(part.gradient)
        size = size.reshape(*size.shape[:2], -1).mean(2) if size.ndim > 2 else size
        rows = np.arange(first, first + len(size))
        size[rows[:, None] >= self.layer.reach] = -1.0
        source, target = self.place
        mine = (source >= first) & (source < first + len(size))
        size[source[mine] - first, target[mine]] = -1.0
        top = _top(size.ravel(), self.count)
        row, column = np.divmod(top, size.shape[1])
        top, codes = top[size.ravel()[top] >= 0.0], (self.starts[column] + first + row)[size.ravel()[top] >= 0.0]
        codes, scores = np.append(self.codes, codes), np.append(self.scores, size.ravel()[top])
        kept = _top(scores, self.count)
        self.codes, self.scores = codes[kept], scores[kept]

    def found(self) -> Found:
        """Keys of sources and targets, and scores, the strongest first."""
        order = np.lexsort((self.codes, -self.scores))
        return *self.layer.ends(self.codes[order]), self.scores[order]


def _places(layer: SynapseLayer, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(t,) places of the sources and of the targets that are joined already."""
    target = np.searchsorted(starts + layer.reach, layer.taken, side="right")
    return layer.taken - starts[target], target


def _top(values: np.ndarray, count: int) -> np.ndarray:
    """Places of the largest values, so many or all, in no order."""
    return np.argpartition(-values, count - 1)[:count] if 0 < count < len(values) else np.arange(len(values))
