"""Triton kernels of a field: irregular wiring of many levels, walked in one launch or a level at a time.

The columns of a batch do not depend on one another, so a program walks all levels for its tile of the batch: within a
program a barrier between levels is enough. Where that leaves most of the device idle, several programs share a tile,
each a part of every level; they wait for one another between levels (`arrived` counts them), so all of them must be
resident at once.

Nothing is added up by atomics: deltas are gathered over outgoing synapses, and the gradients of the weights are sums of
products of what the walk has left, so results are the same in every run.
"""

import triton
import triton.language as tl

from .activations import activate, derivative


@triton.jit
def _meet(arrived, tile, expected):
    """Wait until `expected` programs of a tile have come here, with what they have written."""
    tl.debug_barrier()
    tl.atomic_add(arrived + tile, 1, sem="acq_rel")
    while tl.atomic_add(arrived + tile, 0, sem="acq_rel") < expected:
        pass
    tl.debug_barrier()


@triton.jit
def _add_gathered(
    total, values, starts, stops, others, weights, order, b, inside, batch,
    ORDERED: tl.constexpr, FAN: tl.constexpr, SHARED: tl.constexpr,
):  # fmt: skip
    """Adds to `total` (neurons, tile) the weighted values at the other ends of each neuron's synapses.

    Past the first-level cache where other programs have written what is read.
    """
    for first in range(0, tl.max(stops - starts), FAN):
        e = starts[:, None] + first + tl.arange(0, FAN)[None, :]
        there = e < stops[:, None]
        other = tl.load(others + e, there, 0).to(tl.int64)
        w = tl.load(weights + (tl.load(order + e, there, 0) if ORDERED else e), there, 0.0)
        at = values + other[:, :, None] * batch + b[None, None, :]
        read = there[:, :, None] & inside[None, None, :]
        x = tl.load(at, read, 0.0, cache_modifier=".cg") if SHARED else tl.load(at, read, 0.0)
        total += tl.sum(w[:, :, None] * x, 1)
    return total


@triton.jit(do_not_specialize=["first", "last", "inputs", "parts"])
def forward_kernel(
    values, sums, starts, sources, weights, biases, codes, slopes, levels, arrived, first, last, inputs, batch, parts,
    USED: tl.constexpr, NEURONS: tl.constexpr, FAN: tl.constexpr, TILE: tl.constexpr, MEET: tl.constexpr,
):  # fmt: skip
    """`values` (inputs + neurons, batch) and `sums` (neurons, batch) of the levels from `first` to `last`."""
    tile, part = tl.program_id(0), tl.program_id(1)
    b = (tile * TILE + tl.arange(0, TILE)).to(tl.int64)
    inside = b < batch
    for level in range(first, last):
        begin, end = tl.load(levels + level), tl.load(levels + level + 1)
        for block in range(begin + part * NEURONS, end, parts * NEURONS):
            n = block + tl.arange(0, NEURONS)
            live = n < end
            start, stop = tl.load(starts + n, live, 0), tl.load(starts + n + 1, live, 0)
            total = tl.zeros((NEURONS, TILE), values.dtype.element_ty) + tl.load(biases + n, live, 0.0)[:, None]
            total = _add_gathered(
                total, values, start, stop, sources, weights, sources, b, inside, batch, False, FAN, MEET
            )
            code, slope = tl.load(codes + n, live, 0)[:, None], tl.load(slopes + n, live, 0.0)[:, None]
            write = live[:, None] & inside[None, :]
            row = n.to(tl.int64)
            tl.store(sums + row[:, None] * batch + b[None, :], total, write)
            place = (row + inputs)[:, None] * batch + b[None, :]
            tl.store(values + place, activate(total, code, slope, USED), write)
        if MEET:
            _meet(arrived, tile, (level - first + 1) * parts)
        else:
            tl.debug_barrier()


@triton.jit(do_not_specialize=["first", "last", "inputs", "parts"])
def backward_kernel(
    incoming, sums, deltas, reached, starts, targets, order, weights, codes, slopes, levels, arrived, first, last,
    inputs, batch, parts,
    USED: tl.constexpr, NEURONS: tl.constexpr, FAN: tl.constexpr, TILE: tl.constexpr, MEET: tl.constexpr,
):  # fmt: skip
    """`deltas` (neurons, batch), the loss by each sum, and `reached` (inputs + neurons, batch), by each value.

    `incoming` (inputs + neurons, batch) is the loss by each value from outside the field. Levels go from the last down;
    level -1 is the inputs, the neurons below 0.
    """
    tile, part = tl.program_id(0), tl.program_id(1)
    b = (tile * TILE + tl.arange(0, TILE)).to(tl.int64)
    inside = b < batch
    for down in range(last - first):
        level = last - 1 - down
        begin, end = -inputs, 0
        if level >= 0:
            begin, end = tl.load(levels + level), tl.load(levels + level + 1)
        for block in range(begin + part * NEURONS, end, parts * NEURONS):
            n = block + tl.arange(0, NEURONS)
            live = n < end
            place = (n + inputs).to(tl.int64)
            start, stop = tl.load(starts + place, live, 0), tl.load(starts + place + 1, live, 0)
            write = live[:, None] & inside[None, :]
            at = place[:, None] * batch + b[None, :]
            total = _add_gathered(
                tl.load(incoming + at, write, 0.0), deltas, start, stop, targets, weights, order, b, inside, batch,
                True, FAN, MEET,
            )  # fmt: skip
            tl.store(reached + at, total, write)
            if level >= 0:
                row = n.to(tl.int64)[:, None] * batch + b[None, :]
                z = tl.load(sums + row, write, 0.0)
                code, slope = tl.load(codes + n, live, 0)[:, None], tl.load(slopes + n, live, 0.0)[:, None]
                tl.store(deltas + row, total * derivative(z, code, slope, USED), write)
        if MEET:
            _meet(arrived, tile, (down + 1) * parts)
        else:
            tl.debug_barrier()
