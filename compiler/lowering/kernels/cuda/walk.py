"""Launches the kernels of a field: how a batch is cut into tiles, and how many programs share one."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ....activations import CODES
from .activations import bits
from .field import backward_kernel, forward_kernel
from .sparse import pair_sums, pieces, power_of_two

FAN = 16  # synapses of a neuron that are read at once
NEURONS = 16  # that a program takes at once
WIDE = 32  # columns of the batch: a whole line of memory
PER_LEVEL, PER_LAUNCH, PER_PRODUCT = 4.6e-6, 8e-6, 2.1e-12  # seconds, both ways; a product is a synapse and row
SHALLOW = 50  # levels below which a launch a level is faster than meeting


@dataclass(frozen=True, eq=False)
class Wiring:
    """An irregular region in topological order: values are numbered inputs first, then neurons level by level.

    Parameters
    ----------
    inputs
        How many values come from outside.
    levels
        (levels + 1,) int32: where each level's neurons begin.
    starts, sources
        (neurons + 1,) and (synapses,) int32: each neuron's incoming synapses, and the value that each reads.
    rows
        (synapses,) int32: the neuron that each synapse feeds.
    out_starts, targets, order
        (inputs + neurons + 1,), (synapses,) and (synapses,) int32: each value's outgoing synapses, the neuron that each
        feeds, and its place among the incoming ones.
    codes
        (neurons,) int32 of `activations.CODES`.
    used
        The bit set of the codes that occur.
    """

    inputs: int
    levels: Tensor
    starts: Tensor
    sources: Tensor
    rows: Tensor
    out_starts: Tensor
    targets: Tensor
    order: Tensor
    codes: Tensor
    used: int

    @classmethod
    def of(cls, inputs: int, levels, targets, sources, activations: list[str], device) -> "Wiring":
        """From synapses sorted by target, which is the order of their weights.

        Parameters
        ----------
        inputs
            How many values come from outside.
        levels
            (levels + 1,) int array: where each level's neurons begin.
        targets, sources
            (synapses,) int arrays: the neuron that each feeds and the value, of a level below, that it reads.
        activations
            The name of each neuron's activation.
        device
            Where the tensors go.
        """
        put = lambda x: torch.as_tensor(x, dtype=torch.int32, device=device)  # noqa: E731
        targets, sources = torch.as_tensor(targets).long(), torch.as_tensor(sources).long()
        count = len(activations)
        order = torch.argsort(sources, stable=True)
        fan_in, fan_out = torch.bincount(targets, minlength=count), torch.bincount(sources, minlength=count + inputs)
        starts, out_starts = (torch.cat([torch.zeros(1, dtype=torch.long), f.cumsum(0)]) for f in (fan_in, fan_out))
        codes = [CODES[name] for name in activations]
        return cls(
            inputs, put(levels), put(starts), put(sources), put(targets), put(out_starts), put(targets[order]),
            put(order), put(codes), bits(set(activations)),
        )  # fmt: skip


@dataclass(frozen=True)
class Tiling:
    """How the work of a walk is cut.

    Parameters
    ----------
    tile
        Columns of the batch that a program walks at once.
    parts
        Programs that share a tile. More than one wait for one another, so tiles * parts must not exceed the device's
        multiprocessors.
    neurons
        Neurons of a level that a program takes at once.
    by_level
        Whether every level is a launch of its own.
    warps
        Of a program.
    """

    tile: int
    parts: int = 1
    neurons: int = NEURONS
    by_level: bool = False
    warps: int = 4


def forward(wiring: Wiring, x: Tensor, weights: Tensor, biases: Tensor, slopes: Tensor, cut: Tiling):
    """Values and sums of a field.

    Parameters
    ----------
    wiring
        Of the region.
    x
        (inputs, batch) contiguous float32 or float64.
    weights, biases, slopes
        (synapses,) in incoming order, (neurons,), (neurons,), of x's dtype.
    cut
        How the work is cut.

    Returns
    -------
    tuple of Tensor
        (inputs + neurons, batch) values and (neurons, batch) sums.
    """
    count, batch = len(wiring.codes), x.shape[1]
    values = x.new_empty(wiring.inputs + count, batch)
    values[: wiring.inputs] = x
    sums = x.new_empty(count, batch)
    _launch(
        forward_kernel, wiring, cut, 0, batch,
        (values, sums, wiring.starts, wiring.sources, weights, biases, wiring.codes, slopes),
    )  # fmt: skip
    return values, sums


def backward(wiring: Wiring, incoming: Tensor, sums: Tensor, weights: Tensor, slopes: Tensor, cut: Tiling):
    """The loss by every sum and by every value.

    Parameters
    ----------
    wiring, sums, weights, slopes, cut
        As in and from `forward`.
    incoming
        (inputs + neurons, batch): the loss by each value, from outside the field.

    Returns
    -------
    tuple of Tensor
        (neurons, batch) and (inputs + neurons, batch); the first rows of the second are the gradient of x.
    """
    deltas, reached = torch.empty_like(sums), torch.empty_like(incoming)
    _launch(
        backward_kernel, wiring, cut, -1, sums.shape[1],
        (incoming, sums, deltas, reached, wiring.out_starts, wiring.targets, wiring.order, weights, wiring.codes,
         slopes),
    )  # fmt: skip
    return deltas, reached


def weight_gradient(wiring: Wiring, values: Tensor, deltas: Tensor) -> Tensor:
    """(synapses,) the loss by every weight, in incoming order."""
    return pair_sums(wiring.rows, wiring.sources, deltas, values)


def cut_for(wiring: Wiring, batch: int, processors: int) -> Tiling:
    """How to cut a walk on a device of so many multiprocessors, from the measurements of `benchmarks.gpu`.

    Few levels: a launch a level. Many: one launch, its programs sharing tiles as long as all of them are resident; and
    where a program takes a level at once, narrow tiles, as many as there are multiprocessors.
    """
    depth = len(wiring.levels) - 1
    width = len(wiring.codes) / depth
    parts = max(1, min(64, pieces(int(width), NEURONS)))
    tiles = pieces(batch, WIDE)
    if width <= 2 * NEURONS:
        tile = max(2, min(WIDE, power_of_two(pieces(batch, processors))))
        return Tiling(tile, neurons=2 * NEURONS if tile <= 8 else NEURONS, warps=8 if tile <= 8 else 4)
    return Tiling(WIDE, parts, by_level=depth < SHALLOW or tiles * parts > processors)


def seconds(wiring: Wiring, batch: int, cut: Tiling) -> float:
    """What the walk there and back takes on a device, by the measurements of `benchmarks.gpu`."""
    levels = len(wiring.levels) - 1
    return levels * (PER_LAUNCH if cut.by_level else PER_LEVEL) + PER_PRODUCT * batch * len(wiring.sources)


def _launch(kernel, wiring: Wiring, cut: Tiling, lowest: int, batch: int, tensors: tuple) -> None:
    """One launch for all levels from `lowest` on, or one for each."""
    depth = len(wiring.levels) - 1
    tiles = pieces(batch, cut.tile)
    arrived = torch.zeros(tiles, dtype=torch.int32, device=wiring.levels.device)
    spans = [(lowest, depth)]
    if cut.by_level:
        spans = [(level, level + 1) for level in range(lowest, depth)]
        spans = spans[::-1] if kernel is backward_kernel else spans
    for first, last in spans:
        kernel[(tiles, cut.parts)](  # pyright: ignore[reportCallIssue]
            *tensors, wiring.levels, arrived, first, last, wiring.inputs, batch, cut.parts, USED=wiring.used,
            NEURONS=cut.neurons, FAN=FAN, TILE=cut.tile, MEET=cut.parts > 1 and not cut.by_level,
            num_warps=cut.warps, num_stages=1,
        )  # fmt: skip
