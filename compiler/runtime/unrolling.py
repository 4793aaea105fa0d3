"""A network run step by step over time."""

from typing import Any

import torch
from torch import Tensor

from neurograph.errors import CompileError

from .state import State


def unrolled(network: Any, inputs: tuple[Tensor, ...], state: Any) -> tuple[Any, State]:
    """The outputs of every step, stacked, and the state after the last; see `CompiledNetwork.unroll`."""
    times = {len(x) if isinstance(x, Tensor) and x.dim() else 0 for x in inputs}
    if len(times) != 1 or times == {0}:
        raise CompileError(f"inputs must be (time, batch, ...) of one length in time, not {sorted(times)}")
    found = []
    for step in zip(*inputs, strict=True):
        y, state = network(*step, state) if network.memory else (network(*step), State(network.memory, ()))
        found.append(y)
    if isinstance(found[0], Tensor):
        return torch.stack(found), state
    return tuple(torch.stack(side) for side in zip(*found, strict=True)), state
