"""Lowering `copy`: identity synapses, as a choice of columns; nothing to train and nothing to multiply."""

import numpy as np
import torch
from torch import Tensor

from ..drawing.drawing import Value
from ..regions.order import neighbours
from ..slots import Slots
from .base import Lowering, Unit
from .layout import ProductLayout
from .maps import add_bias, pick
from .portable_form import ProductDrawing, Vector
from .rates import Calibration, gathering
from .spec import BundleSpec, Number


class Copy(Unit):
    """A bundle of identities: one index of columns, and one of rows unless every row takes exactly one of them.

    Neighbouring feature maps are read where they lie.
    """

    def __init__(self, layout: ProductLayout, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__()
        self.outputs = layout.outputs
        rows, columns = layout.rows, layout.columns
        once = np.array_equal(rows, np.arange(layout.outputs))
        straight = once and np.array_equal(columns, np.arange(layout.inputs))
        self.near = neighbours(columns) if once and not straight and layout.window is not None else None
        for name, index in (("columns", None if straight else columns), ("rows", None if once else rows)):
            self.register_buffer(
                name, None if index is None else torch.from_numpy(index).long().to(device), persistent=False
            )

    def run(self, x: Tensor, bias: Tensor | None) -> Tensor:
        columns, rows = self._buffers["columns"], self._buffers["rows"]
        if self.near is not None:
            contribution = x.narrow(1, *self.near)
        else:
            contribution = x if columns is None else pick(x, columns)
        if rows is not None:
            empty = contribution.new_zeros(x.shape[0], self.outputs, *contribution.shape[2:])
            contribution = empty.index_add(1, rows, contribution)
        return contribution if bias is None else add_bias(contribution, bias)

    def slots(self) -> list[Slots]:
        return []


def _refuses(spec: BundleSpec) -> str | None:
    if spec.aggregation != "sum":
        return f"its neurons aggregate by {spec.aggregation}"
    return None if spec.identity else "some of its synapses are no identities"


def _cost(spec: BundleSpec, calibration: Calibration) -> Number:
    return gathering(calibration, spec.synapses * spec.batch * spec.areas[0])


def _portable(product: ProductDrawing, x: Value, bias: Vector) -> Value:
    window = product.layout.window
    return product.add_bias(product.wire(x), bias, window is not None and bool(window.target))


COPY = Lowering("copy", _refuses, _cost, Copy, portable=_portable)
