"""The gradient of synapses that are not there: which of them the loss would fall by, were they born at weight zero."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor
from torch.nn.grad import conv2d_weight

from neurograph.analysis.layers import SynapseLayer, synapse_layers
from neurograph.errors import EditError, OptionError
from neurograph.storage.sets import each_once

from .deltas import Blocks, columns, deltas

if TYPE_CHECKING:
    from ..runtime.module import CompiledModule


@dataclass(frozen=True, eq=False)
class AbsentGradients:
    """Gradients of all synapses, there or not, from some neurons of a population to some of another.

    Parameters
    ----------
    source, target
        The populations.
    source_keys, target_keys
        (n,), (m,) int64 neuron keys.
    gradient
        (n, m) float64 dL/dw_uv = E[a_u d_v]: the mean over batches of that of each batch's loss, a_u being what u says
        and d_v the derivative of the loss by the sum that v takes in. Of kernels (n, m, height, width): a product of
        a_u at each place of the window with d_v, added up over positions.
    """

    source: str
    target: str
    source_keys: np.ndarray
    target_keys: np.ndarray
    gradient: np.ndarray


@dataclass(frozen=True, eq=False)
class _Part:
    """Some sources of a pair of populations with all targets, and what their synapses are."""

    source: str
    target: str
    sources: np.ndarray
    targets: np.ndarray
    form: dict[str, Any]
    window: tuple[int, ...]
    maps: bool

    @property
    def size(self) -> int:
        """Bytes of its gradients."""
        return 8 * len(self.sources) * len(self.targets) * prod(self.window)

    def gradient(self, network: "CompiledModule", values: Blocks, by: Blocks) -> np.ndarray:
        """(sources, targets, *window) float64, of one batch."""
        activity, gradients = columns(network, values, self.sources), columns(network, by, self.targets)
        if not self.window:
            return (activity.double().T @ gradients.double()).cpu().numpy()
        if not self.maps:
            flat = (activity.double().flatten(1).T @ gradients.double()).cpu().numpy()
            return np.moveaxis(flat.reshape(len(self.sources), *self.window, -1), -1, 1)
        how = {name: self.form[name] for name in ("stride", "padding", "dilation") if name in self.form}
        shape = (len(self.targets), len(self.sources), *self.window)
        return conv2d_weight(activity, shape, gradients, **how).double().transpose(0, 1).cpu().numpy()


def absent_gradients(
    network: "CompiledModule",
    batches: Iterable[Any],
    loss: Callable[..., Tensor],
    pairs: Iterable[tuple[str, str] | SynapseLayer],
    *,
    piece: int = 2**27,
) -> Iterator[AbsentGradients]:
    """Gradients of the synapses that there could be between populations, piece by piece.

    As many pairs of populations as fit into a piece are looked at together. The data runs through the network in eval
    mode once a piece, and the network is left as it was. Whether a synapse would close a cycle is for the edit that
    adds it to say. Kernels' gradients are computed in the network's precision, others in float64.

    Parameters
    ----------
    network
        A compiled network.
    batches
        Each x or (x, y), as for `observe`; a generator is made a list where there is more than one piece.
    loss
        Takes (output, y), or (output) where batches hold no y.
    pairs
        (source population, target population), between feature maps those of synapses that are there, all of one form;
        or layers of `neurograph.analysis.layers.synapse_layers`, which say themselves what their kernels are.
    piece
        Bytes that the gradients of a piece may take, 8 a number; the activations of a batch come on top. One source's
        synapses to a whole population are never taken apart.

    Yields
    ------
    AbsentGradients
        For each pair in order, its sources in order.

    Raises
    ------
    MissingError, EditError
        No such population; one of feature maps that no kernel joins yet, or several forms of them; one of inputs as
        targets, or of neurons that do not sum their inputs.
    CompileError
        Neurons that are computed many levels at once, by the lowering "field"; what `observe` raises of batches.
    OptionError
        A piece too small for the synapses of one source.

    Examples
    --------
    >>> import torch, compiler
    >>> from neurograph.builders import mlp
    >>> net = compiler.compile(mlp([2, 3, 1], seed=0))
    >>> (found,) = absent_gradients(net, [torch.ones(4, 2)], lambda y: y.mean(), [("input", "output")])
    >>> found.gradient.tolist()  # each input is 1, and so is the derivative by what the output adds up
    [[1.0], [1.0]]
    """
    wholes = [_of_layer(network, p) if isinstance(p, SynapseLayer) else _of_names(network, *p) for p in pairs]
    pieces = list(_packed([part for whole in wholes for part in _cut(whole, piece)], piece))
    batches = batches if len(pieces) < 2 or isinstance(batches, list | tuple) else list(batches)
    for parts in pieces:
        found = _gradients(network, batches, loss, parts)
        for part, gradient in zip(parts, found, strict=True):
            yield AbsentGradients(part.source, part.target, part.sources, part.targets, gradient)


def _of_layer(network: "CompiledModule", layer: SynapseLayer) -> _Part:
    maps = bool(network.graph.neurons.of(int(layer.targets[0])).shape)
    ends = layer.source, layer.target, layer.sources, layer.targets
    return _Part(*ends, layer.form, layer.window, maps)


def _of_names(network: "CompiledModule", source: str, target: str) -> _Part:
    graph = network.graph
    for name in (source, target):
        graph.population(name)  # raises where there is none
    sources, targets = graph.population_keys(source), graph.population_keys(target)
    look = graph.neurons.each
    if (look("role", targets) == "input").any():
        raise EditError(f"population {target!r} has inputs, which no synapse leads into")
    if (look("aggregation", targets) != "sum").any():
        raise EditError(f"population {target!r} does not sum its inputs, so E[a d] is not the gradient of a synapse")
    if not any(look("shape", sources)) and not any(look("shape", targets)):
        return _Part(source, target, sources, targets, {}, (), False)
    layers = [layer for layer in synapse_layers(graph, (target,)) if layer.source == source]
    if len(layers) != 1:
        raise EditError(
            f"{source!r} -> {target!r} is of feature maps, whose synapses are kernels, and there are "
            f"{len(layers) or 'no'} layers of them to take the kernels' form from: choose populations that one joins, "
            "or one of synapse_layers(graph)"
        )
    return _of_layer(network, layers[0])


def _cut(whole: _Part, piece: int) -> Iterator[_Part]:
    """A part in pieces of at most so many bytes."""
    each = 8 * len(whole.targets) * prod(whole.window)
    rows = piece // max(each, 1)
    if rows < 1:
        raise OptionError(f"piece={piece}: the {len(whole.targets)} synapses of one source take {each} bytes")
    for start in range(0, len(whole.sources), rows):
        some = whole.sources[start : start + rows]
        yield _Part(whole.source, whole.target, some, whole.targets, whole.form, whole.window, whole.maps)


def _packed(parts: Sequence[_Part], piece: int) -> Iterator[list[_Part]]:
    """Parts in order, as many together as take no more than so many bytes."""
    together: list[_Part] = []
    for part in parts:
        if together and sum(p.size for p in together) + part.size > piece:
            yield together
            together = []
        together.append(part)
    if together:
        yield together


def _gradients(
    network: "CompiledModule", batches: Iterable[Any], loss: Callable[..., Tensor], parts: Sequence[_Part]
) -> list[np.ndarray]:
    """For each part the mean over batches."""
    total: list[Any] = [0.0] * len(parts)
    count = 0
    for values, by in deltas(network, batches, loss, each_once(np.concatenate([part.targets for part in parts]))):
        for at, part in enumerate(parts):
            total[at] = part.gradient(network, values, by) + total[at]
        count += 1
    return [gradient / count for gradient in total]
