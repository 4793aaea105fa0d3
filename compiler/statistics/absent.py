"""The gradient of synapses that are not there: which of them the loss would fall by, were they born at weight zero."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from compiler.runtime.neurons import Neurons
from compiler.runtime.stage import Stage
from compiler.statistics.batches import parts_of, run_batch
from compiler.statistics.observe import check_loss
from neurograph.errors import CompileError, EditError, OptionError

if TYPE_CHECKING:
    from compiler.runtime.module import CompiledModule


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
        and d_v the derivative of the loss by the sum that v takes in.
    """

    source: str
    target: str
    source_keys: np.ndarray
    target_keys: np.ndarray
    gradient: np.ndarray


def absent_gradients(
    network: "CompiledModule",
    batches: Iterable[Any],
    loss: Callable[..., Tensor],
    pairs: Iterable[tuple[str, str]],
    *,
    piece: int = 2**27,
) -> Iterator[AbsentGradients]:
    """Gradients of the synapses that there could be between populations of scalars, piece by piece.

    The data runs through the network in eval mode once a piece, and the network is left as it was. Whether a synapse
    would close a cycle is for the edit that adds it to say.

    Parameters
    ----------
    network
        A compiled network.
    batches
        Each x or (x, y), as for `observe`; a generator is made a list where there is more than one piece.
    loss
        Takes (output, y), or (output) where batches hold no y.
    pairs
        (source population, target population).
    piece
        Bytes that the gradients of a piece may take, 8 a synapse; the activations of a batch come on top. One source's
        synapses to a whole population are never taken apart.

    Yields
    ------
    AbsentGradients
        For each pair in order, its sources in order.

    Raises
    ------
    MissingError, EditError
        No such population; one of feature maps, of inputs as targets, or of neurons that do not sum their inputs.
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
    wanted = [(s, t, *_ends(network, s, t)) for s, t in pairs]
    parts = [part for ends in wanted for part in _parts(*ends, piece)]
    batches = batches if len(parts) < 2 or isinstance(batches, list | tuple) else list(batches)
    for source, target, sources, targets in parts:
        yield AbsentGradients(source, target, sources, targets, _gradient(network, batches, loss, sources, targets))


def _ends(network: "CompiledModule", source: str, target: str) -> tuple[np.ndarray, np.ndarray]:
    graph = network.graph
    for name in (source, target):
        graph.population(name)  # raises where there is none
    sources, targets = graph.population_keys(source), graph.population_keys(target)
    columns = graph.neurons
    for name, keys in ((source, sources), (target, targets)):
        if any(columns.each("shape", keys)):
            raise EditError(f"population {name!r} is of feature maps, whose synapses are kernels: choose scalars")
    if (columns.each("role", targets) == "input").any():
        raise EditError(f"population {target!r} has inputs, which no synapse leads into")
    if (columns.each("aggregation", targets) != "sum").any():
        raise EditError(f"population {target!r} does not sum its inputs, so E[a d] is not the gradient of a synapse")
    return sources, targets


def _parts(source: str, target: str, sources: np.ndarray, targets: np.ndarray, piece: int) -> Iterator[tuple]:
    rows = piece // (8 * max(len(targets), 1))
    if rows < 1:
        raise OptionError(f"piece={piece}: the {len(targets)} synapses of one source take {8 * len(targets)} bytes")
    for start in range(0, len(sources), rows):
        yield source, target, sources[start : start + rows], targets


def _gradient(
    network: "CompiledModule",
    batches: Iterable[Any],
    loss: Callable[..., Tensor],
    sources: np.ndarray,
    targets: np.ndarray,
) -> np.ndarray:
    """(n, m) float64 mean over batches."""
    total, count, training = np.zeros((len(sources), len(targets))), 0, network.training
    network.eval()
    try:
        for number, batch in enumerate(batches):
            inputs, rest = parts_of(batch, number)
            with torch.enable_grad(), _tapped(network, targets) as probes:
                blocks = run_batch(network, inputs, rest, number)
                outputs = network.outputs(blocks)
                value = loss(outputs, *rest)
                check_loss(value, outputs, number)
                found = torch.autograd.grad(value, list(probes.values()), allow_unused=True)
            deltas = [torch.zeros_like(p) if g is None else g for p, g in zip(probes.values(), found, strict=True)]
            heard = _columns(network, dict(zip(probes, deltas, strict=True)), targets)
            total += (_columns(network, dict(enumerate(blocks)), sources).T @ heard).cpu().numpy()
            count += 1
    finally:
        network.train(training)
    if not count:
        raise CompileError("there was no batch to observe: a generator can be read only once, and this one was empty")
    return total / count


def _columns(network: "CompiledModule", values: dict[int, Tensor], keys: np.ndarray) -> Tensor:
    """(batch, n) float64 what stands in blocks for some neurons."""
    members = {b: network.program.blocks[b] for b in values if np.isin(network.program.blocks[b], keys).any()}
    place = {key: index for index, key in enumerate(np.concatenate(list(members.values())).tolist())}
    at = torch.tensor([place[key] for key in keys.tolist()], device=next(iter(values.values())).device)
    return torch.cat([values[b].detach().double() for b in members], 1).index_select(1, at)


class _Tap:
    """Neurons to whose sums a tensor of zeros is added, by which to differentiate."""

    def __init__(self, neurons: Neurons, keep: Callable[[Tensor], None]) -> None:
        self.neurons, self.keep = neurons, keep

    def offset(self) -> Tensor | None:
        return self.neurons.offset()

    def finish(self, total: Tensor) -> Tensor:
        probe = torch.zeros_like(total, requires_grad=True)
        self.keep(probe)
        return self.neurons.finish(total + probe)


@contextmanager
def _tapped(network: "CompiledModule", targets: np.ndarray) -> Iterator[dict[int, Tensor]]:
    """Blocks of the targets -> what was added to their sums, once the network has run."""
    probes: dict[int, Tensor] = {}
    blocks = {b for b, keys in enumerate(network.program.blocks) if np.isin(keys, targets).any()}
    with ExitStack() as stack:
        for stage in network.stages:
            if isinstance(stage, Stage) and stage.made in blocks:
                neurons = stage.__dict__["_neurons"]
                stage.__dict__["_neurons"] = _Tap(neurons, lambda probe, b=stage.made: probes.__setitem__(b, probe))
                stack.callback(stage.__dict__.__setitem__, "_neurons", neurons)
                blocks.discard(stage.made)
        if blocks:
            raise CompileError(
                "some of these neurons are computed many levels at once, so what they add up is never at hand: compile "
                'for this with lowering="dense" or "sparse"'
            )
        yield probes
