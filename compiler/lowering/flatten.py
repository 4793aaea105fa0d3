"""Lowering `flatten`: whole maps read into scalars, as flatten and one matrix product."""

from math import prod

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..drawing.drawing import Value
from ..slots import Slots
from .base import NOT_MAPS, Lowering, Unit
from .dense import MOST, RATES
from .held import add_kernels, kernel_slots, read_kernels
from .layout import ProductLayout
from .portable_form import ProductDrawing, Vector, matrix
from .rates import Calibration
from .spec import BundleSpec, Number


class Flatten(Unit):
    """A bundle as a matrix (outputs, inputs * height * width)."""

    def __init__(self, layout: ProductLayout, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__()
        self.layout, window = layout, layout.window
        assert window is not None
        self.quantity = ("weight", window.kernel)
        self.flat = None
        if layout.row is not None and layout.column is not None:
            self.flat = (layout.row.astype(np.int64) * layout.inputs + layout.column).astype(np.int32)
        columns = layout.inputs * prod(window.kernel)
        add_kernels(self, (layout.outputs, columns), layout.inputs, self.flat, layout.status, dtype, device)

    def run(self, x: Tensor, bias: Tensor | None) -> Tensor:
        return F.linear(x.flatten(1), read_kernels(self), bias)

    def slots(self) -> list[Slots]:
        return kernel_slots(self, self.quantity, self.layout.ids, self.flat, self.layout.status)


def _refuses(spec: BundleSpec) -> str | None:
    if spec.window is None:
        return NOT_MAPS
    if not spec.window.flattens:
        return f"it reads whole maps into scalars, and these synapses are {spec.window}"
    if np.max(spec.inputs * spec.outputs * prod(spec.window.kernel), initial=0) >= MOST:
        return f"a matrix of {spec.outputs} x {spec.inputs} maps of {spec.window.kernel} is too large"
    return None


def _cost(spec: BundleSpec, calibration: Calibration) -> Number:
    size = 1.0 * spec.inputs * spec.outputs * spec.areas[0]
    call, product, weight = RATES.of(calibration)
    return call + size * (product * spec.batch + weight)


def _portable(product: ProductDrawing, x: Value, bias: Vector) -> Value:
    return matrix(product, x.flatten(1), bias)


FLATTEN = Lowering("flatten", _refuses, _cost, Flatten, (RATES,), _portable)
