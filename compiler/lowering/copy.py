"""Lowering `copy`: identity synapses, as a choice of columns; nothing to train and nothing to multiply."""

import numpy as np
import torch
from torch import Tensor

from compiler.lowering.base import Layout, Lowering, Unit
from compiler.lowering.maps import add_bias, neighbours, pick
from compiler.planning.cost import Calibration, Extent, Number, gathering
from compiler.slots import Slots


class Copy(Unit):
    """A bundle of identities: one index of columns, and one of rows unless every row is brought exactly one of them.

    Neighbouring feature maps are read where they lie.
    """

    def __init__(self, layout: Layout, dtype: torch.dtype, device: torch.device) -> None:
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
            brought = x.narrow(1, *self.near)
        else:
            brought = x if columns is None else pick(x, columns)
        if rows is not None:
            empty = brought.new_zeros(x.shape[0], self.outputs, *brought.shape[2:])
            brought = empty.index_add(1, rows, brought)
        return brought if bias is None else add_bias(brought, bias)

    def slots(self) -> list[Slots]:
        return []


def _refuses(extent: Extent) -> str | None:
    if extent.aggregation != "sum":
        return f"its neurons aggregate by {extent.aggregation}"
    return None if extent.identity else "some of its synapses are no identities"


def _cost(extent: Extent, calibration: Calibration) -> Number:
    return gathering(calibration, extent.synapses * extent.batch * extent.areas[0])


COPY = Lowering("copy", _refuses, _cost, Copy)
