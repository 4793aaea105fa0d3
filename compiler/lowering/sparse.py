"""Lowering `sparse`: CSR forward, CSC for the gradient of the inputs, a sampled product for that of the weights.

Cost grows with synapses, not with pairs of neurons. The products (`kernels/`) are native on the CPU and PyTorch's own
elsewhere; both know float32 and float64 only: half precisions, and what autocast would halve, are computed in float32.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from compiler.lowering.base import MAPS, Lowering, ProductLayout, Unit
from compiler.lowering.kernels import instruction_set
from compiler.lowering.kernels.sparse import Wiring, multiply
from compiler.lowering.vector import add_vector, read_vector, vector_slots
from compiler.planning.cost import BundleSpec, Calibration, Number
from compiler.slots import WEIGHT, Slots
from neurograph.storage.sorting import stable_order

HALVES = (torch.bfloat16, torch.float16)
_INDICES = ("row_start", "column", "column_start", "row", "order")
_RATES = ("call", "product", "weight", "value")


class Sparse(Unit):
    """A bundle as CSR and CSC indices and a vector of weights in CSR order."""

    by_feature = True
    index_type: type = np.int32

    def __init__(self, layout: ProductLayout, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__()
        self.layout = layout
        self.status = np.zeros(len(layout.ids), np.uint8) if layout.status is None else layout.status
        add_vector(self, "weight", self.status, dtype, device, fixed=1.0)
        for name, index in self.indices(layout).items():
            self.register_buffer(name, torch.from_numpy(index.astype(self.index_type)), persistent=False)
        self.wiring().check()
        self.to(device)

    def indices(self, layout: ProductLayout) -> dict[str, np.ndarray]:
        """What is kept of the wiring: where rows (columns) begin, the other end of each synapse, CSC order from CSR."""
        rows, columns = layout.rows, layout.columns
        order = stable_order(columns, layout.inputs)
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
        return multiply(x, values, self.wiring())

    def wiring(self) -> Wiring:
        """The indices as they lie on the device."""
        indices: list[Any] = [self._buffers[name] for name in _INDICES]
        return Wiring(*indices)

    def slots(self) -> list[Slots]:
        return vector_slots(self, "weight", WEIGHT, self.layout.ids, self.status)


def _starts(rows: np.ndarray, count: int) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=count))])


def _refuses(spec: BundleSpec) -> str | None:
    if spec.window is not None:
        return MAPS
    if spec.aggregation != "sum":
        return f"a product sums, and its neurons aggregate by {spec.aggregation}"
    return None


def _cost(spec: BundleSpec, calibration: Calibration) -> Number:
    native = spec.device == "cpu" and instruction_set() is not None
    kind = "native_sparse" if native else "sparse"
    call, product, weight, value = (getattr(calibration, f"{kind}_{part}") for part in _RATES)
    moved = value * (spec.inputs + spec.outputs) * spec.batch
    return call + spec.synapses * (product * spec.batch + weight) + moved


SPARSE = Lowering("sparse", _refuses, _cost, Sparse)
