"""Lowering `conv_grouped`: equal disjoint blocks as one grouped convolution, depthwise where blocks are single maps."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..drawing.drawing import Value, made
from ..regions.groups import Groups, equal_blocks, find_groups
from ..slots import Slots
from .base import Lowering, Unit, not_sliding
from .conv import RATES, slides
from .held import add_kernels, kernel_slots, read_kernels
from .layout import ProductLayout
from .maps import add_bias, pick
from .portable_form import ProductDrawing, Vector
from .rates import Calibration, Rates
from .spec import BundleSpec, Number

NARROW = Rates("narrow", group=4.0, factors=("group",))  # how many times dearer a product is in groups of few channels


class ConvGrouped(Unit):
    """A bundle as kernels (targets, sources of a group, height, width), block by block."""

    def __init__(self, layout: ProductLayout, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__()
        window, groups = layout.window, _groups(layout)
        assert window is not None
        self.outputs, (many, width) = layout.outputs, groups.columns.shape
        self.options = window.stride, window.padding, window.dilation, many
        self.quantity = ("weight", window.kernel)
        self.ids = layout.ids[groups.order]
        self.status = None if layout.status is None else layout.status[groups.order]
        add_kernels(self, (groups.rows.size, width, *window.kernel), width, None, self.status, dtype, device)
        columns, rows = groups.columns.ravel(), groups.rows.ravel()
        straight, every = np.array_equal(rows, np.arange(layout.outputs)), len(rows) == layout.outputs
        indices = {
            "columns": None if np.array_equal(columns, np.arange(layout.inputs)) else columns,
            "rows": None if straight else rows,
            "back": np.argsort(rows) if every and not straight else None,
        }
        for name, index in indices.items():
            held = None if index is None else torch.from_numpy(index).long().to(device)
            self.register_buffer(name, held, persistent=False)

    def run(self, x: Tensor, bias: Tensor | None) -> Tensor:
        columns, rows, back = (self._buffers[name] for name in ("columns", "rows", "back"))
        x = x if columns is None else pick(x, columns)
        inside = bias if rows is None else None
        made = F.conv2d(x, read_kernels(self), inside, *self.options)  # pyright: ignore[reportCallIssue, reportArgumentType]
        if rows is None:
            return made
        if back is None:
            made = made.new_zeros(x.shape[0], self.outputs, *made.shape[2:]).index_copy(1, rows, made)
        else:
            made = pick(made, back)
        return made if bias is None else add_bias(made, bias)

    def slots(self) -> list[Slots]:
        return kernel_slots(self, self.quantity, self.ids, None, self.status)


def _groups(layout: ProductLayout) -> Groups:
    """The equal blocks; where every map reads just one, each is a block, whoever else reads that one."""
    rows, columns = layout.rows, layout.columns
    found = find_groups(rows, columns)
    return Groups(rows[:, None], columns[:, None], np.arange(len(rows))) if found is None else found


def _refuses(spec: BundleSpec) -> str | None:
    if reason := not_sliding(spec):
        return reason
    return None if np.max(spec.groups, initial=1) > 1 else "its synapses do not fall into equal disjoint blocks"


def _cost(spec: BundleSpec, calibration: Calibration) -> Number:
    window, (source, target) = spec.window, spec.areas
    kernels = 1.0 * spec.synapses * (window.taps if window else 1)
    values = (spec.inputs * source + spec.outputs * target) * spec.batch
    width = np.maximum(spec.inputs / np.maximum(spec.groups, 1), 1.0)
    call, product, weight, value = RATES.of(calibration)
    (most,) = NARROW.of(calibration)
    dearer = np.clip(16.0 / width, 1.0, np.minimum(most, np.maximum(spec.groups, 1)))  # at most as dear as all pairs
    seconds = call + kernels * (product * dearer * target * spec.batch + weight) + value * values
    return np.where(np.greater(spec.groups, 1), seconds, np.inf)


def portable(product: ProductDrawing, x: Value, bias: Vector) -> Value:
    """One grouped convolution."""
    layout, weights = product.layout, product.weights
    groups = equal_blocks(layout.rows, layout.columns)
    columns, rows = groups.columns.ravel(), groups.rows.ravel()
    straight = np.array_equal(rows, np.arange(layout.outputs))
    options = slides(layout) | {"groups": len(groups.rows), "bias": straight and bias is not None}
    module = made(nn.Conv2d, len(columns), len(rows), weights.shape[1:], **options)
    x = product.layer(module, product.pick(x, columns), weight=weights[groups.order], bias=bias if straight else None)
    return x if straight else product.add_bias(product.place(x, rows), bias, True)


CONV_GROUPED = Lowering("conv_grouped", _refuses, _cost, ConvGrouped, (RATES, NARROW), portable)
