"""Who reads each place of a field: its synapses in the order of what they read, found once for each field."""

from typing import Any

import torch
from torch import Tensor
from torch.utils.weak import WeakIdKeyDictionary

from .library import function

AHEAD = 16  # as in `csrc/kernels.c`
_found: Any = WeakIdKeyDictionary()  # from the tensor `source` of a field


def readers_of(inputs: int, start: Tensor, source: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Who reads each place, for the walk backwards of the native kernel.

    Parameters
    ----------
    inputs, start, source
        As in a `FieldWiring` that was checked, on the CPU.

    Returns
    -------
    tuple of Tensor
        (inputs + neurons + 1,) int32 where each place's readers begin; (synapses + AHEAD,) int32
        those neurons; (synapses,) int32 which synapse each reads by. Places are walked from the last to the first.
    """
    held = _found.get(source)
    if held is None or held[0] is not start:
        neurons, synapses = len(start) - 1, len(source)
        begin, reader, order = (
            torch.empty(size, dtype=torch.int32) for size in (inputs + neurons + 1, synapses + AHEAD, synapses)
        )
        call: Any = function("field_readers")
        call(
            start.data_ptr(), source.data_ptr(), inputs, neurons, begin.data_ptr(), reader.data_ptr(), order.data_ptr()
        )
        held = _found[source] = (start, (begin, reader, order))
    return held[1]
