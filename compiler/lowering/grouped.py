"""Lowering `grouped`: equal disjoint blocks as one batched product, in whatever order their neurons are.

Weights are kept block by block, so what is permuted is a choice of rows on the way in and out, and only where neurons
are not in the blocks' order already. Between two such layers values stay neuron by neuron in memory.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..drawing import layers
from ..drawing.drawing import Value, made
from ..regions.groups import equal_blocks, find_groups
from ..slots import WEIGHT, Slots
from .base import Lowering, Unit
from .layout import ProductLayout
from .portable_form import ProductDrawing, Vector
from .rates import Calibration, Rates, Sample
from .sparse import SPARSE
from .spec import BundleSpec, Number
from .transforms import transformed
from .vector import add_vector, read_vector, vector_slots

# per call, per block, per synapse and row, per synapse, per value moved
RATES = Rates(
    "grouped",
    call=(60e-6, 85e-6),
    group=(0.1e-6, 0.01e-6),
    product=(63e-12, 0.05e-12),
    weight=(1e-9, 0.02e-9),
    value=(1.5e-9, 0.005e-9),
)
SAMPLES: tuple[Sample, ...] = (
    (64, 64, 16, 32),
    (64, 64, 8, 256),
    (512, 512, 64, 128),
    (512, 512, 8, 128),
    (1024, 1024, 256, 32),
    (1024, 1024, 64, 32),
    (1024, 1024, 8, 1),
)
ON_CUDA: tuple[Sample, ...] = (
    (512, 512, 8, 128),
    (1024, 1024, 256, 256),
    (2048, 2048, 32, 2048),
    (2048, 2048, 512, 2048),
)


class _Permuted(torch.autograd.Function):
    """Rows in another order; the gradient is the inverse choice, where autograd would add up into zeros.

    Values that lie row by row of the batch are turned over first: choosing from them as they lie takes four times as
    long.
    """

    @staticmethod
    def forward(ctx, x: Tensor, order: Tensor, inverse: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx.inverse = inverse
        return x.contiguous().index_select(0, order)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return gradient.contiguous().index_select(0, ctx.inverse), None, None


class Grouped(Unit):
    """A bundle as a vector of weights that is read as (groups, targets of one, sources of one)."""

    by_feature = True

    def __init__(self, layout: ProductLayout, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__()
        groups = find_groups(layout.rows, layout.columns)
        assert groups is not None
        self.outputs = layout.outputs
        self.shape = (*groups.rows.shape, groups.columns.shape[1])
        self.ids = layout.ids[groups.order]
        status = np.zeros(len(self.ids), np.uint8) if layout.status is None else layout.status
        self.status = status[groups.order]
        add_vector(self, "weight", self.status, dtype, device, fixed=1.0)
        indices = {
            **_indices("columns", groups.columns.ravel(), layout.inputs),
            **_indices("rows", groups.rows.ravel(), layout.outputs),
        }
        for name, index in indices.items():
            held = None if index is None else torch.from_numpy(index).long().to(device)
            self.register_buffer(name, held, persistent=False)

    def run(self, x: Tensor, bias: Tensor | None) -> Tensor:
        values, buffers = read_vector(self, "weight"), self._buffers
        assert values is not None
        many, targets, sources = self.shape
        features, batch = x.t(), x.shape[0]
        columns, inverse = buffers["columns"], buffers["columns_inverse"]
        if columns is not None:
            features = _pick(features, columns, inverse)
        contribution = torch.bmm(values.view(self.shape), features.reshape(many, sources, batch))
        contribution = contribution.view(many * targets, batch)
        rows, inverse = buffers["rows"], buffers["rows_inverse"]
        if rows is not None and inverse is not None:
            contribution = _pick(contribution, inverse, rows)
        elif rows is not None:
            contribution = contribution.new_zeros(self.outputs, batch).index_copy(0, rows, contribution)
        total: Any = contribution.t()  # pyright: ignore[reportOptionalMemberAccess]
        return total if bias is None else total + bias

    def slots(self) -> list[Slots]:
        return vector_slots(self, "weight", WEIGHT, self.ids, self.status)


def _pick(features: Tensor, order: Tensor, inverse: Tensor | None) -> Any:
    if inverse is None or transformed():
        return features.contiguous().index_select(0, order)
    return _Permuted.apply(features, order, inverse)


def _indices(name: str, order: np.ndarray, size: int) -> dict[str, np.ndarray | None]:
    """A choice of places and, where it takes every one, its inverse; nothing where it takes all in order."""
    if len(order) < size:
        return {name: order, f"{name}_inverse": None}
    if np.array_equal(order, np.arange(size)):
        return {name: None, f"{name}_inverse": None}
    return {name: order, f"{name}_inverse": np.argsort(order)}


def _refuses(spec: BundleSpec) -> str | None:
    if reason := SPARSE.refuses(spec):
        return reason
    return None if np.max(spec.groups, initial=1) > 1 else "its synapses are not equal disjoint blocks"


def _cost(spec: BundleSpec, calibration: Calibration) -> Number:
    call, group, product, weight, value = RATES.of(calibration)
    moved = value * (spec.inputs + spec.outputs) * spec.batch
    seconds = call + group * spec.groups + spec.synapses * (product * spec.batch + weight) + moved
    return np.where(np.asarray(spec.groups) > 1, seconds, np.inf)


def _portable(product: ProductDrawing, x: Value, bias: Vector) -> Value:
    groups = equal_blocks(product.layout.rows, product.layout.columns)
    (many, outputs), inputs = groups.rows.shape, groups.columns.shape[1]
    weight = product.weights[groups.order].reshape(many, outputs, inputs).transpose(0, 2, 1)
    x = product.pick(x, groups.columns.ravel())
    x = product.layer(made(layers.Blocks, many, inputs, outputs), x, weight=weight)
    return product.add_bias(product.place(x, groups.rows.ravel()), bias)


GROUPED = Lowering("grouped", _refuses, _cost, Grouped, (RATES,), _portable, SAMPLES, ON_CUDA)
