"""What training a supernet takes, known before it is built."""

from functools import lru_cache

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from neurograph.builders.enas import Gene
from neurograph.errors import OptionError
from neurograph.memory import free_bytes

from .space import Genes, MacroSpace
from .supernet import Supernet

_COPIES = {"sgd": 3, "adam": 4}  # of every parameter: itself, its gradient, and the optimizer's moments


@lru_cache(maxsize=8)  # a pipeline asks before its first stage, which asks again
def estimated_bytes(space: MacroSpace, batch_size: int, optimizer: str = "sgd") -> int:
    """Memory for parameters, gradients, moments, and what the hungriest network keeps for its backward pass.

    The supernet is made and run on torch's "meta" device, which knows shapes and holds nothing. Kernels' own working
    memory and the data come on top.

    Parameters
    ----------
    space
        What the supernet holds.
    batch_size
        Examples a step.
    optimizer
        "sgd" (with momentum) or "adam".

    Examples
    --------
    >>> f"{estimated_bytes(MacroSpace(layers=6, channels=16), batch_size=128) / 2**20:.0f} MiB"
    '195 MiB'
    """
    net = Supernet(space, device="meta")
    parameters = sum(parameter.numel() * parameter.element_size() for parameter in net.parameters())
    networks = (_all_reads(space, operation) for operation in space.operations)
    return _COPIES[optimizer] * parameters + max(_kept_bytes(net, genes, batch_size) for genes in networks)


def require_memory(space: MacroSpace, batch_size: int, optimizer: str, device: torch.device) -> None:
    """Refuse, by `OptionError`, a supernet that the device's free memory cannot hold."""
    free = _free_bytes(device)
    try:
        needed = estimated_bytes(space, batch_size, optimizer)
    except RuntimeError as error:  # torch counts bytes in 64 bits
        reason = str(error).splitlines()[0]
        raise OptionError(
            f"this supernet is larger than can be counted ({reason}): choose fewer channels than {space.channels}, a "
            f"smaller widen than {space.widen} or a smaller batch_size than {batch_size}"
        ) from None
    if free is not None and needed > free:
        raise OptionError(
            f"training this supernet takes about {needed / 2**30:.1f} GiB, and {device} has {free / 2**30:.1f} GiB "
            f"free: choose a smaller batch_size than {batch_size}, fewer channels than {space.channels}, or fewer "
            f"layers than {space.layers}"
        )


def _all_reads(space: MacroSpace, operation: str) -> Genes:
    return tuple(Gene(operation, tuple(range(layer))) for layer in range(space.layers))


def _kept_bytes(net: Supernet, genes: Genes, batch_size: int) -> int:
    """The memory of what autograd keeps of one forward pass, parameters apart."""
    own = {parameter.untyped_storage()._cdata for parameter in net.parameters()}
    kept: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        if tensor.untyped_storage()._cdata not in own:
            kept[tensor.untyped_storage()._cdata] = tensor
        return tensor

    space = net.space
    with saved_tensors_hooks(keep, lambda tensor: tensor):
        output = net(torch.empty(batch_size, space.inputs, space.image, space.image, device="meta"), genes)
    del output
    return sum(tensor.untyped_storage().nbytes() for tensor in kept.values())


def _free_bytes(device: torch.device) -> int | None:
    """What a device can still give, None where it does not say."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    if device.type != "cpu":
        return None
    return free_bytes()
