"""Lowering `sparse`: CSR forward, CSC for the gradient of the inputs, a sampled product for that of the weights.

Cost grows with synapses, not with pairs of neurons. Pure PyTorch, whose sparse products know float32 and float64 only:
half precisions, and what autocast would halve, are computed in float32.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from compiler.cost import Calibration, Extent, Number
from compiler.lowering.base import MAPS, Layout, Lowering, Unit
from compiler.lowering.transforms import transformed
from compiler.lowering.vector import add_vector, read_vector, vector_slots
from compiler.slots import WEIGHT, Slots

HALVES = (torch.bfloat16, torch.float16)
_INDICES = ("row_start", "column", "column_start", "row", "order")


def _matrix(start: Tensor, index: Tensor, values: Tensor, shape: tuple[int, int]) -> Tensor:
    return torch.sparse_csr_tensor(start, index, values, shape, check_invariants=False)


with warnings.catch_warnings():  # torch says once that CSR is in beta; let it say so here
    warnings.simplefilter("ignore")
    _matrix(torch.tensor([0, 1]), torch.tensor([0]), torch.ones(1), (1, 1))


@dataclass(frozen=True)
class Wiring:
    """Where the synapses of a sparse matrix (outputs, inputs) are, by rows and by columns.

    Parameters
    ----------
    shape
        (outputs, inputs).
    row_start, column
        CSR: (outputs + 1,) where rows begin, (n,) columns.
    column_start, row
        CSC: (inputs + 1,) where columns begin, (n,) rows.
    order
        (n,) CSC order from CSR.
    """

    shape: tuple[int, int]
    row_start: Tensor
    column: Tensor
    column_start: Tensor
    row: Tensor
    order: Tensor

    def rows(self) -> Tensor:
        """(n,) int64 rows in CSR order."""
        return torch.repeat_interleave(torch.diff(self.row_start).long(), output_size=len(self.column))

    def transposed(self) -> "Wiring":
        """That of the transposed matrix."""
        back = torch.argsort(self.order).to(self.order.dtype)
        return Wiring((self.shape[1], self.shape[0]), self.column_start, self.row, self.row_start, self.column, back)


class _Product(torch.autograd.Function):
    """x W^T for a sparse W (outputs, inputs): autograd itself would make the gradient of a sparse tensor dense.

    Its gradients are a product and a sampled product again, and the other way round: so there are derivatives of any
    order, and none of them is dense.
    """

    @staticmethod
    def forward(ctx, x: Tensor, values: Tensor, wiring: Wiring) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        features = x.t().contiguous()
        ctx.save_for_backward(x, features, values)
        ctx.wiring = wiring
        return (_matrix(wiring.row_start, wiring.column, values, wiring.shape) @ features).t()

    @staticmethod
    def backward(ctx, gradient: Tensor):  # pyright: ignore[reportIncompatibleMethodOverride]
        x, features, values = ctx.saved_tensors
        wiring, to_x, to_values = ctx.wiring, None, None
        need_x, need_values, _ = ctx.needs_input_grad
        if torch.is_grad_enabled() or transformed(
            gradient
        ):  # someone differentiates the gradient, or asks for many at once
            return *gradients(x, values, wiring, gradient, need_x, need_values), None
        incoming = gradient.t().contiguous()
        if need_x:
            shape = wiring.shape[::-1]
            turned = _matrix(wiring.column_start, wiring.row, values.index_select(0, wiring.order), shape)
            to_x = (turned @ incoming).t()
        if need_values:
            to_values = _sampled(wiring, incoming, features)
        return to_x, to_values, None


class _Sampled(torch.autograd.Function):
    """Of gradient^T x, (outputs, inputs), the entries that a wiring has: (n,) in CSR order."""

    @staticmethod
    def forward(ctx, gradient: Tensor, x: Tensor, wiring: Wiring) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx.save_for_backward(gradient, x)
        ctx.wiring = wiring
        return _sampled(wiring, gradient.t().contiguous(), x.t().contiguous())

    @staticmethod
    def backward(ctx, second: Tensor):  # pyright: ignore[reportIncompatibleMethodOverride]
        gradient, x = ctx.saved_tensors
        need_gradient, need_x, _ = ctx.needs_input_grad
        to_gradient = product(x, second, ctx.wiring) if need_gradient else None
        to_x = _turned(gradient, second, ctx.wiring) if need_x else None
        return to_gradient, to_x, None


def product(x: Tensor, values: Tensor, wiring: Wiring) -> Tensor:
    """The product x W^T; under a transform by operators that torch knows, with a number for each synapse and row."""
    if not transformed(x, values):
        return _Product.apply(x, values, wiring)  # pyright: ignore[reportReturnType]
    brought = x.index_select(1, wiring.column) * values
    return brought.new_zeros(x.shape[0], wiring.shape[0]).index_add(1, wiring.rows(), brought)


def gradients(x: Tensor, values: Tensor, wiring: Wiring, gradient: Tensor, need_x: bool, need_values: bool):
    """The gradients of a product by its inputs and by its values, themselves differentiable; None where not needed."""
    to_x, to_values = _turned(gradient, values, wiring) if need_x else None, None
    if need_values and transformed(gradient):
        to_values = (gradient.index_select(1, wiring.rows()) * x.index_select(1, wiring.column)).sum(0)
    elif need_values:
        to_values = _Sampled.apply(gradient, x, wiring)
    return to_x, to_values


def _turned(gradient: Tensor, values: Tensor, wiring: Wiring) -> Tensor:
    """The product gradient W, with the transposed matrix."""
    return product(gradient, values.index_select(0, wiring.order), wiring.transposed())


def _sampled(wiring: Wiring, incoming: Tensor, features: Tensor) -> Tensor:
    """(n,) in CSR order the entries of incoming (outputs, batch) times the transposed features (inputs, batch)."""
    wanted = _matrix(wiring.row_start, wiring.column, features.new_zeros(len(wiring.column)), wiring.shape)
    return torch.sparse.sampled_addmm(wanted, incoming, features.t(), beta=0.0).values()


class Sparse(Unit):
    """A bundle as CSR and CSC indices and a vector of weights in CSR order."""

    by_feature = True
    index_type: type = np.int32

    def __init__(self, layout: Layout, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__()
        self.layout = layout
        self.shape = (layout.outputs, layout.inputs)
        self.sort = np.zeros(len(layout.ids), np.uint8) if layout.sort is None else layout.sort
        add_vector(self, "weight", self.sort, dtype, device, fixed=1.0)
        for name, index in self.indices(layout).items():
            self.register_buffer(name, torch.from_numpy(index.astype(self.index_type)).to(device), persistent=False)

    def indices(self, layout: Layout) -> dict[str, np.ndarray]:
        """What is kept of the wiring: where rows (columns) begin, the other end of each synapse, CSC order from CSR."""
        rows, columns = layout.rows, layout.columns
        order = np.argsort(columns, kind="stable")
        found = (_starts(rows, layout.outputs), columns, _starts(columns, layout.inputs), rows[order], order)
        return dict(zip(_INDICES, found, strict=True))

    def run(self, x: Tensor, bias: Tensor | None) -> Tensor:
        values = read_vector(self, "weight")
        assert values is not None
        if values.dtype in HALVES or torch.is_autocast_enabled(x.device.type):
            with torch.autocast(x.device.type, enabled=False):
                exact = values.float() if values.dtype in HALVES else values
                total = self._product(x.to(exact.dtype), exact).to(values.dtype)
        else:
            total = self._product(x, values)
        return total if bias is None else total + bias

    def _product(self, x: Tensor, values: Tensor) -> Tensor:
        if x.shape[0] == 0:  # sparse products refuse an empty batch
            return x.new_zeros(0, self.shape[0])
        return product(x, values, self.wiring())

    def wiring(self) -> Wiring:
        """The indices as they lie on the device."""
        indices: list[Any] = [self._buffers[name] for name in _INDICES]
        return Wiring(self.shape, *indices)

    def slots(self) -> list[Slots]:
        return vector_slots(self, "weight", WEIGHT, self.layout.ids, self.sort)


def _starts(rows: np.ndarray, count: int) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=count))])


def _refuses(extent: Extent) -> str | None:
    if extent.window is not None:
        return MAPS
    if extent.aggregation != "sum":
        return f"a product sums, and its neurons aggregate by {extent.aggregation}"
    return None


def _cost(extent: Extent, calibration: Calibration) -> Number:
    return (
        calibration.sparse_call
        + extent.synapses * (calibration.sparse_product * extent.batch + calibration.sparse_weight)
        + calibration.sparse_value * (extent.inputs + extent.outputs) * extent.batch
    )


SPARSE = Lowering("sparse", _refuses, _cost, Sparse)
