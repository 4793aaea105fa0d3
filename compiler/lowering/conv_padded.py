"""Lowering `conv_padded`: disjoint blocks of several sizes as one grouped convolution, padded to the largest.

What groups of channels are after some were pruned. Empty kernels are held at exactly zero and get no gradient; what the
padding makes is not read.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..regions.uneven import find_uneven
from ..slots import Slots
from .base import Lowering, Unit, not_sliding
from .conv import portable
from .conv_grouped import CONV_GROUPED
from .held import RATES as HELD
from .held import add_kernels, holding, kernel_slots, read_kernels
from .layout import ProductLayout
from .maps import add_bias, pick
from .rates import Calibration, gathering
from .spec import BundleSpec, Number


class ConvPadded(Unit):
    """A bundle as kernels (targets of all groups, sources of the largest, height, width), group by group."""

    def __init__(self, layout: ProductLayout, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__()
        window, blocks = layout.window, find_uneven(layout.rows, layout.columns)
        assert window is not None and blocks is not None
        self.layout, self.flat, (many, width) = layout, blocks.flat, blocks.columns.shape
        self.options = window.stride, window.padding, window.dilation, many
        self.quantity = ("weight", window.kernel)
        add_kernels(self, (blocks.rows.size, width, *window.kernel), width, blocks.flat, layout.status, dtype, device)
        rows = blocks.rows.ravel()
        made = np.flatnonzero(rows >= 0)
        made = made[np.argsort(rows[made])]
        rest = None if len(made) == layout.outputs else rows[made]
        for name, index in {"columns": blocks.columns.ravel(), "made": made, "rows": rest}.items():
            held = None if index is None else torch.from_numpy(index).long().to(device)
            self.register_buffer(name, held, persistent=False)

    def run(self, x: Tensor, bias: Tensor | None) -> Tensor:
        columns, made, rows = (self._buffers[name] for name in ("columns", "made", "rows"))
        assert columns is not None and made is not None
        contribution = F.conv2d(pick(x, columns), read_kernels(self), None, *self.options)  # pyright: ignore[reportCallIssue, reportArgumentType]
        contribution = pick(contribution, made)
        if rows is not None:
            empty = contribution.new_zeros(x.shape[0], self.layout.outputs, *contribution.shape[2:])
            contribution = empty.index_copy(1, rows, contribution)
        return contribution if bias is None else add_bias(contribution, bias)

    def slots(self) -> list[Slots]:
        return kernel_slots(self, self.quantity, self.layout.ids, self.flat, self.layout.status)


def _refuses(spec: BundleSpec) -> str | None:
    if reason := not_sliding(spec):
        return reason
    return None if np.max(spec.padded, initial=0) > 0 else "its synapses are not disjoint blocks of several sizes"


def _cost(spec: BundleSpec, calibration: Calibration) -> Number:
    padded, (source, target) = np.asarray(spec.padded), spec.areas
    many = np.maximum(spec.inputs * spec.outputs / np.maximum(padded, 1), 2.0)  # groups, were they equal
    grouped = CONV_GROUPED.cost(spec.sized(spec.inputs, spec.outputs, padded, many), calibration)
    held = holding(spec.sized(1, 2, 1), padded * (spec.window.taps if spec.window else 1), calibration)  # some always
    moved = gathering(calibration, (spec.inputs * source + spec.outputs * target) * spec.batch, 2)
    return np.where(padded > 0, grouped + held + moved, np.inf)


CONV_PADDED = Lowering("conv_padded", _refuses, _cost, ConvPadded, (*CONV_GROUPED.rates, HELD), portable)
