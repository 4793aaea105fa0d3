"""Lowering `conv`: one convolution; kernels that no synapse owns are held at exactly zero and get no gradient."""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..drawing import layers
from ..drawing.drawing import Value, made
from ..slots import Slots
from .base import Lowering, Unit, not_sliding
from .held import RATES as HELD
from .held import add_kernels, holding, kernel_slots, read_kernels
from .layout import ProductLayout
from .portable_form import ProductDrawing, Vector, slots
from .rates import Calibration, Rates, Sample
from .spec import BundleSpec, Number

# per call; per number of a kernel, position and row; per number of a kernel; per value moved
RATES = Rates("conv", call=(60e-6, 60e-6), product=(28e-12, 0.3e-12), weight=(1e-9, 0.02e-9), value=(1.2e-9, 0.01e-9))

SAMPLES: tuple[Sample, ...] = (
    (8, 8, 1, 4, 6),
    (32, 32, 1, 16, 16),
    (64, 64, 1, 16, 8),
    (64, 64, 0.3, 4, 16),
    (128, 128, 0.3, 8, 8),
)


class Conv(Unit):
    """A bundle as kernels (outputs, inputs, height, width)."""

    def __init__(self, layout: ProductLayout, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__()
        self.layout = layout
        window = layout.window
        assert window is not None
        self.options = window.stride, window.padding, window.dilation
        self.quantity = ("weight", window.kernel)
        self.flat = None
        if layout.row is not None and layout.column is not None:
            self.flat = (layout.row.astype(np.int64) * layout.inputs + layout.column).astype(np.int32)
        add_kernels(
            self,
            (layout.outputs, layout.inputs, *window.kernel),
            layout.inputs,
            self.flat,
            layout.status,
            dtype,
            device,
        )
        self.plain = self._buffers["mask"] is None and self._buffers["frozen"] is None

    def run(self, x: Tensor, bias: Tensor | None) -> Tensor:
        weight = self._parameters["weight"] if self.plain else read_kernels(self)
        return F.conv2d(x, weight, bias, *self.options)  # pyright: ignore[reportCallIssue, reportArgumentType]

    def slots(self) -> list[Slots]:
        return kernel_slots(self, self.quantity, self.layout.ids, self.flat, self.layout.status)


def _cost(spec: BundleSpec, calibration: Calibration) -> Number:
    window, (source, target) = spec.window, spec.areas
    kernels = 1.0 * spec.inputs * spec.outputs * (window.taps if window else 1)
    values = (spec.inputs * source + spec.outputs * target) * spec.batch
    call, product, weight, value = RATES.of(calibration)
    held = holding(spec, kernels, calibration)
    return call + kernels * (product * target * spec.batch + weight) + value * values + held


def portable(product: ProductDrawing, x: Value, bias: Vector) -> Value:
    """One convolution, masked where not every pair of channels is joined."""
    layout, weights = product.layout, product.weights
    kind: Any = nn.Conv2d if layout.full else layers.MaskedConv2d
    options = slides(layout) | {"bias": bias is not None}
    module = made(kind, layout.inputs, layout.outputs, weights.shape[1:], **options)
    return product.layer(module, x, bias=bias, **slots(layout, weights))


def slides(layout: ProductLayout) -> dict[str, Any]:
    """How the kernels of a layout slide, as torch's convolutions take it."""
    assert layout.window is not None
    return {name: getattr(layout.window, name) for name in ("stride", "padding", "dilation")}


CONV = Lowering("conv", not_sliding, _cost, Conv, (RATES, HELD), portable, SAMPLES)
