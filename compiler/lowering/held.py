"""A tensor of weights: some slots are trained, some frozen, and the empty ones are held at zero, without a gradient."""

import numpy as np
import torch
from torch import Tensor, nn

from compiler.lowering.base import FROZEN, TRAINED
from compiler.lowering.transforms import transformed
from compiler.slots import Slots, Space


class _Held(torch.autograd.Function):
    """The weight itself; its gradient is zero outside the mask, so an optimizer leaves empty slots at zero."""

    @staticmethod
    def forward(ctx, weight: Tensor, mask: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx.mask = mask
        return weight.view_as(weight)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return gradient * ctx.mask, None


def hold(weight: Tensor, mask: Tensor) -> Tensor:
    """The weight; its gradient is zero where the mask is False (it broadcasts), and so is its tangent."""
    if transformed():
        return torch.where(mask, weight, 0.0)
    return _Held.apply(weight, mask)  # pyright: ignore[reportReturnType]


def add_kernels(
    module: nn.Module,
    shape: tuple[int, ...],
    sources: int,
    flat: np.ndarray | None,
    sort: np.ndarray | None,
    dtype: torch.dtype,
    device: torch.device,
) -> None:
    """Register kernels as `weight` (a Parameter), `mask` and `frozen` (buffers), each None where not needed.

    Parameters
    ----------
    module
        What is to own them.
    shape
        (targets, sources, height, width), or (targets, sources * area) for matrices of whole maps.
    sources
        Sources.
    flat
        (n,) the slot of each synapse, target * sources + source; None where they fill all slots in order.
    sort
        (n,) uint8 of TRAINED and FROZEN; None where all are trained.
    dtype, device
        Of the tensors.
    """
    slots = shape[0] * sources
    trained = np.ones(slots if flat is None else len(flat), bool) if sort is None else sort == TRAINED
    weight = mask = frozen = None
    if trained.any():
        weight = nn.Parameter(torch.zeros(shape, dtype=dtype, device=device))
        if not trained.all() or len(trained) < slots:
            mask = torch.zeros(slots, dtype=torch.bool)
            mask[torch.from_numpy(np.flatnonzero(trained) if flat is None else flat[trained]).long()] = True
            mask = mask.view(shape[0], sources).repeat_interleave(shape[1] // sources, 1)
            mask = mask.view(*shape[:2], *[1] * (len(shape) - 2)).to(device)
    if not trained.all():
        frozen = torch.zeros(shape, dtype=dtype, device=device)
    module.register_parameter("weight", weight)
    module.register_buffer("mask", mask, persistent=False)
    module.register_buffer("frozen", frozen, persistent=False)


def read_kernels(module: nn.Module) -> Tensor:
    """All of them, differentiable in the trained ones."""
    weight, mask, frozen = module._parameters["weight"], module._buffers["mask"], module._buffers["frozen"]
    if weight is None:
        assert frozen is not None
        return frozen
    held = weight if mask is None else hold(weight, mask)
    return held if frozen is None else frozen + held


def kernel_slots(
    module: nn.Module, space: Space, ids: np.ndarray, flat: np.ndarray | None, sort: np.ndarray | None
) -> list[Slots]:
    """Where they live."""
    if sort is None:
        return [Slots(space, module, "weight", ids, flat, True)]
    entries = []
    for name, wanted in (("weight", TRAINED), ("frozen", FROZEN)):
        chosen = np.flatnonzero(sort == wanted)
        if len(chosen):
            places = chosen.astype(np.int32) if flat is None else flat[chosen]
            entries.append(Slots(space, module, name, ids[chosen], places, name == "weight"))
    return entries
