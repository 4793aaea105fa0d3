"""Memory that one call of a kernel lets go and the next takes: the system would clear its pages anew for each call."""

import sys
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.weak import WeakIdKeyDictionary

LEAST = 1 << 20  # bytes below which an allocator keeps its pages itself
_FREE = 2  # references to an array that no tensor holds: a name, and the argument that counts them
_held: Any = WeakIdKeyDictionary()  # owner -> list of one array


def spare_memory(owner: Tensor, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    """An unfilled tensor on the CPU, in the memory of the last one for this owner if no tensor is left there.

    Parameters
    ----------
    owner
        As long as it lives the memory is kept.
    shape, dtype
        Of the tensor.
    """
    numbers = int(np.prod(shape))
    size = numbers * dtype.itemsize
    if size < LEAST:
        return torch.empty(shape, dtype=dtype)
    kept = _held.setdefault(owner, [])
    try:
        memory = kept.pop()  # whoever has taken it out is alone with it
    except IndexError:
        memory = None
    if memory is None or len(memory) < size or sys.getrefcount(memory) > _FREE:
        memory = np.empty(size, np.uint8)
    found = torch.from_numpy(memory[:size]).view(dtype).view(shape)
    kept[:] = [memory]
    return found
