"""Lowering `conv`: one convolution; kernels that no synapse owns are held at exactly zero and get no gradient."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from compiler.lowering.base import Lowering, ProductLayout, Unit, not_sliding
from compiler.lowering.held import add_kernels, kernel_slots, read_kernels
from compiler.planning.cost import BundleSpec, Calibration, Number
from compiler.slots import Slots


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
    return (
        calibration.conv_call
        + kernels * (calibration.conv_product * target * spec.batch + calibration.conv_weight)
        + calibration.conv_value * values
    )


CONV = Lowering("conv", not_sliding, _cost, Conv)
