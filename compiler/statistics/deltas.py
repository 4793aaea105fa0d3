"""Deltas: the derivative of a loss by what neurons add up, batch by batch, beside what all neurons say."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from neurograph.errors import CompileError

from ..runtime.neurons import NeuronUnit
from ..runtime.stage import Stage
from .batches import check_loss, parts_of, run_batch

if TYPE_CHECKING:
    from ..runtime.module import CompiledModule

Blocks = dict[int, Tensor]  # block -> (batch, neurons), or (batch, neurons, height, width) of maps


def deltas(
    network: "CompiledModule", batches: Iterable[Any], loss: Callable[..., Tensor], targets: np.ndarray
) -> Iterator[tuple[Blocks, Blocks]]:
    """What each batch makes neurons say, and by how much its loss grows with what some of them add up.

    The data runs through the network in eval mode; the network is left as it was once the last batch has been taken.

    Parameters
    ----------
    network
        A compiled network.
    batches
        Each x or (x, y), as for `observe`.
    loss
        Takes (output, y), or (output) where batches hold no y.
    targets
        (m,) int64 keys of the neurons whose deltas are wanted.

    Yields
    ------
    values, deltas
        By block, detached: of all blocks, and of those that hold a target; `columns` picks neurons out of them.

    Raises
    ------
    CompileError
        Neurons that are computed many levels at once, by the lowering "field"; no batch; what `observe` raises.
    """
    count, training = 0, network.training
    network.eval()
    try:
        for number, batch in enumerate(batches):
            inputs, rest = parts_of(batch, number)
            with torch.enable_grad(), tapped(network, targets) as probes:
                blocks = run_batch(network, inputs, rest, number)
                outputs = network.outputs(blocks)
                value = loss(outputs, *rest)
                check_loss(value, outputs, number)
                by = derivatives(value, probes)
            yield {b: x.detach() for b, x in enumerate(blocks)}, by
            count += 1
    finally:
        network.train(training)
    if not count:
        raise CompileError("there was no batch to observe: a generator can be read only once, and this one was empty")


def derivatives(loss: Tensor, probes: Blocks, again: bool = False) -> Blocks:
    """By block, what a loss grows by with what neurons add up; `again` where the loss is to be differentiated again."""
    found = torch.autograd.grad(loss, list(probes.values()), allow_unused=True, retain_graph=again)
    by = [torch.zeros_like(p) if g is None else g for p, g in zip(probes.values(), found, strict=True)]
    return dict(zip(probes, by, strict=True))


def columns(network: "CompiledModule", values: Blocks, keys: np.ndarray) -> Tensor:
    """(batch, n) or (batch, n, height, width): what stands in blocks for some neurons, all of one shape."""
    members = {b: network.program.blocks[b] for b in values if np.isin(network.program.blocks[b], keys).any()}
    place = {key: index for index, key in enumerate(np.concatenate(list(members.values())).tolist())}
    at = torch.tensor([place[key] for key in keys.tolist()], device=next(iter(values.values())).device)
    return torch.cat([values[b] for b in members], 1).index_select(1, at)


class _Tap:
    """Neurons to whose sums a tensor of zeros is added, by which to differentiate."""

    def __init__(self, neurons: NeuronUnit, keep: Callable[[Tensor], None]) -> None:
        self.neurons, self.keep = neurons, keep

    def offset(self) -> Tensor | None:
        return self.neurons.offset()

    def finish(self, total: Tensor) -> Tensor:
        probe = torch.zeros_like(total, requires_grad=True)
        self.keep(probe)
        return self.neurons.finish(total + probe)


@contextmanager
def tapped(network: "CompiledModule", targets: np.ndarray) -> Iterator[Blocks]:
    """Blocks of the targets -> what was added to their sums to differentiate by, once the network has run."""
    probes: Blocks = {}
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
                'for this with lowering="blocks"'
            )
        yield probes
