"""Lowering `sparse`: CSR forward, CSC for the gradient of the inputs, a sampled product for that of the weights.

Cost grows with synapses, not with pairs of neurons. Pure PyTorch, whose sparse products know float32 and float64 only:
half precisions, and what autocast would halve, are computed in float32.
"""

import warnings

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from compiler.cost import Calibration, Extent, Number
from compiler.lowering.base import MAPS, Layout, Lowering, Unit
from compiler.lowering.vector import add_vector, read_vector, vector_slots
from compiler.slots import WEIGHT, Slots

HALVES = (torch.bfloat16, torch.float16)
_INDICES = ("row_start", "column", "column_start", "row", "order")


def _matrix(start: Tensor, index: Tensor, values: Tensor, shape: tuple[int, int]) -> Tensor:
    return torch.sparse_csr_tensor(start, index, values, shape, check_invariants=False)


with warnings.catch_warnings():  # torch says once that CSR is in beta; let it say so here
    warnings.simplefilter("ignore")
    _matrix(torch.tensor([0, 1]), torch.tensor([0]), torch.ones(1), (1, 1))


class _Product(torch.autograd.Function):
    """x W^T for a sparse W (outputs, inputs): autograd itself would make the gradient of a sparse tensor dense."""

    @staticmethod
    def forward(ctx, x, values, shape, *indices):  # pyright: ignore[reportIncompatibleMethodOverride]
        row_start, column, *_ = indices
        features = x.t().contiguous()
        ctx.save_for_backward(features, values, *indices)
        ctx.shape = shape
        return (_matrix(row_start, column, values, shape) @ features).t()

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):  # pyright: ignore[reportIncompatibleMethodOverride]
        features, values, row_start, column, column_start, row, order = ctx.saved_tensors
        outputs, inputs = ctx.shape
        incoming = gradient.t().contiguous()
        to_x = to_values = None
        if ctx.needs_input_grad[0]:
            transposed = _matrix(column_start, row, values.index_select(0, order), (inputs, outputs))
            to_x = (transposed @ incoming).t()
        if ctx.needs_input_grad[1]:
            wanted = _matrix(row_start, column, torch.zeros_like(values), ctx.shape)
            to_values = torch.sparse.sampled_addmm(wanted, incoming, features.t(), beta=0.0).values()
        return to_x, to_values, None, None, None, None, None, None


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
        indices = [self._buffers[name] for name in _INDICES]
        return _Product.apply(x, values, self.shape, *indices)  # pyright: ignore[reportReturnType]

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
