"""Whether a module answers each row of a batch by itself, and alike in every call: no trace of one batch shows that."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from .trace import in_mode

_CLOSE = 1e-3  # of the largest number that comes out: sums in another order differ by far less
_CLOSE_HALF = 5e-2
_BUT = "The graph computes what was traced, row by row"


def surprise(module: nn.Module, inputs: Sequence[Tensor]) -> str:
    """What to warn of, where rows are answered otherwise in a larger batch or in the next call; empty where nothing.

    Parameters
    ----------
    module
        Run in eval mode twice, on the inputs and on those with as many rows of noise behind them; left as it was, but
        for attributes that its forward writes.
    inputs
        What its forward takes.
    """
    rows, name = len(inputs[0]), type(module).__name__
    noise = torch.Generator().manual_seed(0)
    more = [torch.cat([x, torch.randn(x.shape, generator=noise).to(x)]) for x in inputs]
    with in_mode(module, False), torch.no_grad():
        wanted = _answers(module, inputs)
        try:
            found = _answers(module, more)
        except Exception as error:
            reason = str(error).strip().split("\n")[0]
            return f"{name} takes no batch of {2 * rows} rows where it takes one of {rows}: {reason}. {_BUT}"
    if len(wanted) == len(found) and all(map(_alike, wanted, found)):
        return ""
    return (
        f"{name} answers {rows} rows otherwise when {rows} more stand in their batch, or when it is called again: its "
        f"forward depends on the number of rows, on the others, or on what it counts or draws itself. {_BUT}"
    )


def _answers(module: nn.Module, inputs: Sequence[Tensor]) -> list[Tensor]:
    """What it returns; what it writes into buffers goes into copies."""
    buffers = {name: buffer.clone() for name, buffer in module.named_buffers()}
    made: Any = torch.func.functional_call(module, buffers, tuple(x.clone() for x in inputs))
    return [y for y in pytree.tree_leaves(made) if isinstance(y, Tensor)]


def _alike(wanted: Tensor, found: Tensor) -> bool:
    found = found[: len(wanted)]
    if found.shape != wanted.shape:
        return False
    close = _CLOSE if wanted.dtype in (torch.float32, torch.float64) else _CLOSE_HALF
    finite = wanted[wanted.isfinite()]
    size = finite.abs().max().item() if finite.numel() else 0.0
    return torch.allclose(found, wanted, rtol=0.0, atol=close * size, equal_nan=True)
