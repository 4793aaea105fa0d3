"""A vector of trained, frozen and absent numbers: biases, slopes, the values of a sparse product."""

import numpy as np
import torch
from torch import Tensor, nn

from ..regions.status import FIXED, FROZEN, TRAINED
from ..slots import Quantity, Slots
from .bare import BareModule


def add_vector(
    module: BareModule, name: str, status: np.ndarray, dtype: torch.dtype, device: torch.device, fixed: float = 0.0
) -> None:
    """Register a Parameter for the trained numbers and, where there are others, a buffer for the rest and an index.

    Parameters
    ----------
    module
        What is to own them, as `name`, `name`_rest and `name`_index.
    name
        The Parameter's name.
    status
        (n,) uint8 of TRAINED, FROZEN and FIXED.
    dtype, device
        Of the tensors.
    fixed
        What stands for FIXED numbers.
    """
    trained = status == TRAINED
    count = int(np.count_nonzero(trained))
    parameter = nn.Parameter(torch.zeros(count, dtype=dtype, device=device)) if count else None
    module.register_parameter(name, parameter)
    rest = index = None
    if count < len(status):
        rest = torch.zeros(len(status), dtype=dtype, device=device)
        rest[torch.from_numpy(status == FIXED).to(device)] = fixed
        index = torch.from_numpy(np.flatnonzero(trained)).to(device) if count else None
    module.add_buffer(f"{name}_rest", rest)
    module.add_buffer(f"{name}_index", index)


def read_vector(module: nn.Module, name: str) -> Tensor | None:
    """The whole vector, differentiable in its trained part; None where it has no numbers."""
    parameter, rest = module._parameters[name], module._buffers[f"{name}_rest"]
    if rest is None:
        return parameter
    if parameter is None:
        return rest
    index = module._buffers[f"{name}_index"]
    assert index is not None
    return rest.index_copy(0, index, parameter)


def vector_slots(
    module: nn.Module, name: str, quantity: Quantity, numbers: np.ndarray, status: np.ndarray
) -> list[Slots]:
    """Where the numbers of such a vector live."""
    trained = status == TRAINED
    count = np.count_nonzero(trained)
    if count == len(status):
        return [Slots(quantity, module, name, numbers, None, True)] if count else []
    found = [Slots(quantity, module, name, numbers[trained], None, True)] if count else []
    frozen = np.flatnonzero(status == FROZEN)
    if len(frozen):
        found.append(Slots(quantity, module, f"{name}_rest", numbers[frozen], frozen.astype(np.int32), False))
    return found
