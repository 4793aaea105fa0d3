"""A tensor of weights: some slots are trained, some frozen, and the empty ones are held at zero, without a gradient."""

import numpy as np
import torch
from torch import Tensor, nn

from ..regions.status import FROZEN, TRAINED
from ..slots import Quantity, Slots
from .marks import Mark, mark_of
from .rates import Calibration, Rates
from .spec import BundleSpec, Number
from .transforms import transformed

# per call, per number of the tensor
RATES = Rates("held", call=(15e-6, 20e-6), weight=(0.8e-9, 0.01e-9), later={"call": 0.0, "weight": 0.0})


def holding(spec: BundleSpec, numbers: Number, calibration: Calibration) -> Number:
    """Seconds for holding the empty slots of a tensor of so many numbers at zero; none where every pair is joined."""
    call, weight = RATES.of(calibration)
    if isinstance(spec.synapses, int):  # one bundle: as fast as Python is
        return call + weight * numbers if spec.synapses < 1.0 * spec.inputs * spec.outputs else 0.0
    return np.where(np.less(spec.synapses, 1.0 * np.asarray(spec.inputs) * spec.outputs), call + weight * numbers, 0.0)


class _Held(torch.autograd.Function):
    """The weight itself; its gradient is zero outside the mask, so an optimizer leaves empty slots at zero."""

    @staticmethod
    def forward(ctx, weight: Tensor, mask: Tensor, mark: Mark) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx.mask, ctx.mark = mask, mark
        return weight.view_as(weight)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        masked = gradient * ctx.mask
        if not transformed(gradient):
            ctx.mark.gradient = masked.detach()
        return masked, None, None


def hold(unit: nn.Module) -> Tensor:
    """The weight of a unit with a mask: zero where that is False (it broadcasts), as its gradient and tangent are.

    A Parameter of a network is as good as masked: its empty slots are zeros, and where it was written since that was
    last known they are emptied first, in place. Whatever stands in for one, or is traced, is masked.
    """
    weight, mask = unit._parameters["weight"], unit._buffers["mask"]
    assert weight is not None and mask is not None
    mark = None if torch.compiler.is_compiling() or transformed() else mark_of(weight)
    if mark is None:
        return torch.where(mask, weight, 0.0)
    mark.gradient = None
    if not mark.knows(weight):
        emptied(unit, weight)
    return _Held.apply(weight, mask, mark)  # pyright: ignore[reportReturnType]


def has_empty_slots(unit: nn.Module) -> bool:
    """Whether a unit has a Parameter `weight` with slots that no number owns."""
    return unit._buffers.get("mask") is not None


def emptied(unit: nn.Module, weight: Tensor) -> bool:
    """Set the slots of a unit's `weight` that no number owns to zero, in place; whether any was not."""
    mark, mask = mark_of(weight), unit._buffers.get("mask")
    if mark is None or mask is None:
        return False
    with torch.no_grad():
        filled = bool(torch.where(mask, 0.0, weight).any())
        if filled:
            weight.copy_(torch.where(mask, weight, 0.0))
    mark.note(weight)
    return filled


def add_kernels(
    module: nn.Module,
    shape: tuple[int, ...],
    sources: int,
    flat: np.ndarray | None,
    status: np.ndarray | None,
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
        How many neurons or maps the kernels read.
    flat
        (n,) the slot of each synapse, target * sources + source; None where they fill all slots in order.
    status
        (n,) uint8 of TRAINED and FROZEN; None where all are trained.
    dtype, device
        Of the tensors.
    """
    slots = shape[0] * sources
    trained = np.ones(slots if flat is None else len(flat), bool) if status is None else status == TRAINED
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
    held = weight if mask is None else hold(module)
    return held if frozen is None else frozen + held


def kernel_slots(
    module: nn.Module, quantity: Quantity, ids: np.ndarray, flat: np.ndarray | None, status: np.ndarray | None
) -> list[Slots]:
    """Where they live."""
    if status is None:
        return [Slots(quantity, module, "weight", ids, flat, True)]
    entries = []
    for name, wanted in (("weight", TRAINED), ("frozen", FROZEN)):
        chosen = np.flatnonzero(status == wanted)
        if len(chosen):
            places = chosen.astype(np.int32) if flat is None else flat[chosen]
            entries.append(Slots(quantity, module, name, ids[chosen], places, name == "weight"))
    return entries
