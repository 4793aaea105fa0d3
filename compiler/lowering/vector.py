"""A vector of trained, frozen and absent numbers: biases, slopes, the values of a sparse product."""

import numpy as np
import torch
from torch import Tensor, nn

from ..regions.status import FIXED, FROZEN, TRAINED
from ..slots import Quantity, Slots


def add_vector(
    module: nn.Module, name: str, status: np.ndarray, dtype: torch.dtype, device: torch.device, fixed: float = 0.0
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
    trained = np.flatnonzero(status == TRAINED)
    parameter = nn.Parameter(torch.zeros(len(trained), dtype=dtype, device=device)) if len(trained) else None
    module.register_parameter(name, parameter)
    rest = index = None
    if len(trained) < len(status):
        rest = torch.zeros(len(status), dtype=dtype, device=device)
        rest[torch.from_numpy(status == FIXED).to(device)] = fixed
        index = torch.from_numpy(trained).to(device) if len(trained) else None
    module.register_buffer(f"{name}_rest", rest, persistent=False)
    module.register_buffer(f"{name}_index", index, persistent=False)


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
    trained, frozen = status == TRAINED, np.flatnonzero(status == FROZEN)
    found = []
    if trained.any():
        found.append(Slots(quantity, module, name, numbers if trained.all() else numbers[trained], None, True))
    if len(frozen):
        found.append(Slots(quantity, module, f"{name}_rest", numbers[frozen], frozen.astype(np.int32), False))
    return found
