"""Lowering `conv_sparse`: a convolution that costs as much as it has synapses, by a native kernel on the CPU.

Its kernels stand one after the other, synapse by synapse, so none is held at zero. Half precisions, and what autocast
would halve, are computed in float32. Where no kernel is built PyTorch could only convolve a masked tensor, which `conv`
does.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..slots import Slots
from .base import Lowering, Unit, not_sliding
from .conv import portable
from .held import add_kernels, kernel_slots, read_kernels
from .kernels.conv import Slide, convolve
from .kernels.library import available
from .kernels.sparse import Wiring
from .layout import ProductLayout
from .rates import LARGEST, Calibration, Rates, Sample
from .sparse import HALVES, INDICES, indices_of
from .spec import BundleSpec, Number

# per call, per number of a kernel, position and row, per number of a kernel, per value moved
RATES = Rates(
    "conv_sparse", call=80e-6, product=60e-12, weight=2e-9, value=0.9e-9,
    later={"call": LARGEST, "product": 0.0, "weight": 0.0, "value": 0.0},
)  # fmt: skip
SAMPLES: tuple[Sample, ...] = (
    (16, 16, 0.3, 4, 6),
    (32, 32, 0.2, 16, 16),
    (64, 64, 0.2, 16, 8),
    (64, 64, 0.05, 4, 16),
    (128, 128, 0.1, 16, 8),
)


class ConvSparse(Unit):
    """A bundle as CSR and CSC indices and kernels (synapses, 1, height, width) in CSR order."""

    def __init__(self, layout: ProductLayout, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__()
        self.layout, window = layout, layout.window
        assert window is not None
        self.slide = Slide(window.stride, window.padding, window.dilation)
        self.quantity = ("weight", window.kernel)
        add_kernels(self, (len(layout.ids), 1, *window.kernel), 1, None, layout.status, dtype, device)
        for name, index in indices_of(layout).items():
            self.register_buffer(name, torch.from_numpy(index.astype(np.int32)), persistent=False)
        self.wiring().check()
        self.to(device)

    def run(self, x: Tensor, bias: Tensor | None) -> Tensor:
        values = read_kernels(self).squeeze(1)
        if values.dtype not in HALVES and not torch.is_autocast_enabled(x.device.type):
            return convolve(x, values, bias, self.wiring(), self.slide)
        with torch.autocast(x.device.type, enabled=False):
            exact = torch.float32 if values.dtype in HALVES else values.dtype
            shift = None if bias is None else bias.to(exact)
            return convolve(x.to(exact), values.to(exact), shift, self.wiring(), self.slide).to(values.dtype)

    def wiring(self) -> Wiring:
        """The indices as they lie on the device."""
        indices: list[Any] = [self._buffers[name] for name in INDICES]
        return Wiring(*indices)

    def slots(self) -> list[Slots]:
        return kernel_slots(self, self.quantity, self.layout.ids, None, self.layout.status)


def _refuses(spec: BundleSpec) -> str | None:
    if reason := not_sliding(spec):
        return reason
    if spec.device != "cpu":
        return f"its kernel is for the cpu, and this is on {spec.device}"
    return None if available("sparse_conv", torch.float32) else "its native kernel is not built"


def _cost(spec: BundleSpec, calibration: Calibration) -> Number:
    window, (source, target) = spec.window, spec.areas
    numbers = 1.0 * spec.synapses * (window.taps if window else 1)
    values = (spec.inputs * source + spec.outputs * target) * spec.batch
    call, product, weight, value = RATES.of(calibration)
    return call + numbers * (product * target * spec.batch + weight) + value * values


CONV_SPARSE = Lowering("conv_sparse", _refuses, _cost, ConvSparse, (RATES,), portable, SAMPLES)
