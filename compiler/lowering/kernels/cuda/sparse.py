"""A Triton kernel for the gradient of weights on synapses: values neuron by neuron in memory, (neurons, batch)."""

import torch
import triton
import triton.language as tl
from torch import Tensor


@triton.jit
def _pairs_kernel(rows, columns, d, x, gradient, count, batch, BLOCK: tl.constexpr, TILE: tl.constexpr):
    """The sum over the batch of d[row] * x[column], for one block of synapses."""
    e = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    there = e < count
    row = tl.load(rows + e, there, 0).to(tl.int64)
    column = tl.load(columns + e, there, 0).to(tl.int64)
    total = tl.zeros((BLOCK,), gradient.dtype.element_ty)
    for first in range(0, batch, TILE):
        b = first + tl.arange(0, TILE)
        inside = there[:, None] & (b < batch)[None, :]
        left = tl.load(d + row[:, None] * batch + b[None, :], inside, 0.0)
        right = tl.load(x + column[:, None] * batch + b[None, :], inside, 0.0)
        total += tl.sum(left * right, 1)
    tl.store(gradient + e, total, there)


def pieces(count: int, size: int) -> int:
    """How many pieces of a size a count is cut into."""
    return -(-count // size)


def power_of_two(count: int) -> int:
    """The smallest power of two that is not below a count."""
    return 1 << (count - 1).bit_length()


def pair_sums(rows: Tensor, columns: Tensor, d: Tensor, x: Tensor) -> Tensor:
    """The gradient of every weight: the sum over the batch of d[row] * x[column].

    Parameters
    ----------
    rows, columns
        (synapses,) int32.
    d, x
        (rows, batch) and (columns, batch), contiguous, float32 or float64.

    Returns
    -------
    Tensor
        (synapses,).
    """
    count, batch = len(rows), x.shape[1]
    gradient = torch.zeros(count, dtype=x.dtype, device=x.device)
    if count and batch:
        tile = min(power_of_two(batch), 128)
        block = max(1, min(32, 4096 // tile))
        grid = (pieces(count, block),)
        shape: dict = {"BLOCK": block, "TILE": tile}
        _pairs_kernel[grid](rows, columns, d, x, gradient, count, batch, **shape)
    return gradient
