"""Lowering `sparse`: CSR forward, CSC for the gradient of the inputs, a sampled product for that of the weights.

Cost grows with synapses, not with pairs of neurons. The products (`kernels/`) are native on the CPU and PyTorch's own
elsewhere; both know float32 and float64 only: half precisions, and what autocast would halve, are computed in float32.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from neurograph.storage.sorting import stable_order

from ..drawing import layers
from ..drawing.drawing import Value, made, table
from ..slots import WEIGHT, Slots
from .base import MAPS, Lowering, Unit
from .kernels import instruction_set
from .kernels.sparse import Wiring, multiply
from .layout import ProductLayout
from .portable_form import ProductDrawing, Vector, matrix
from .rates import Calibration, Rates, Sample
from .spec import BundleSpec, Number
from .vector import add_vector, read_vector, vector_slots

FEW = 64  # one synapse in so many pairs: fewer are drawn one by one in the portable form, more as a masked matrix
RAGGED = 2  # a table of synapses may be so many times as large as they are; beyond that they are scattered
HALVES = (torch.bfloat16, torch.float16)
INDICES = ("row_start", "column", "column_start", "row", "order")
# per call, per synapse and row, per synapse, per value moved (neurons at both ends times rows)
RATES = Rates(
    "sparse", call=(58e-6, 220e-6), product=(180e-12, 0.45e-12), weight=(5.9e-9, 0.09e-9), value=(0.58e-9, 0.001e-9)
)
NATIVE = Rates("native_sparse", call=30e-6, product=75e-12, weight=3e-9, value=0.8e-9)
SAMPLES: tuple[Sample, ...] = (
    (64, 64, 0.05, 32),
    (64, 64, 0.3, 256),
    (512, 512, 0.02, 32),
    (512, 512, 0.1, 128),
    (1024, 256, 0.01, 128),
    (1024, 1024, 0.01, 32),
    (512, 512, 0.1, 1),
    (1024, 1024, 0.02, 1),
)
ON_CUDA: tuple[Sample, ...] = (
    (256, 256, 0.05, 32),
    (1024, 1024, 0.05, 256),
    (4096, 4096, 0.01, 256),
    (4096, 4096, 0.01, 2048),
    (4096, 4096, 0.05, 1024),
)


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
            shared = np.require(index, self.index_type, ("C", "W"))  # the layout's own array, where it is one
            self.register_buffer(name, torch.from_numpy(shared), persistent=False)
        self.wiring().check()
        self.to(device)

    def indices(self, layout: ProductLayout) -> dict[str, np.ndarray]:
        """What is kept of the wiring."""
        return indices_of(layout)

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
        indices: list[Any] = [self._buffers[name] for name in INDICES]
        return Wiring(*indices)

    def slots(self) -> list[Slots]:
        return vector_slots(self, "weight", WEIGHT, self.layout.ids, self.status)


def indices_of(layout: ProductLayout) -> dict[str, np.ndarray]:
    """Where rows (columns) begin, the other end of each synapse, CSC order from CSR: what `Wiring` takes, by name."""
    rows, columns = layout.rows, layout.columns
    order = stable_order(columns, layout.inputs)
    found = (_starts(rows, layout.outputs), columns, _starts(columns, layout.inputs), rows[order], order)
    return dict(zip(INDICES, found, strict=True))


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
    call, product, weight, value = (NATIVE if native else RATES).of(calibration)
    moved = value * (spec.inputs + spec.outputs) * spec.batch
    return call + spec.synapses * (product * spec.batch + weight) + moved


def portable(product: ProductDrawing, x: Value, bias: Vector) -> Value:
    """Synapse by synapse where they are few: a table where fan-ins are about equal; else a masked matrix."""
    layout, weights = product.layout, product.weights
    if len(layout.ids) * FEW >= layout.inputs * layout.outputs:
        return matrix(product, x, bias)
    synapse, fan_in = table(layout.rows, layout.outputs)
    if synapse.size > RAGGED * len(weights):
        module = made(layers.Scatter, layout.outputs, len(weights))
        x = product.layer(module, x, weight=weights, source=layout.columns, target=layout.rows)
    else:
        module = made(layers.Sparse, *synapse.shape, ragged=bool((fan_in < synapse.shape[1]).any()))
        source, weight = np.append(layout.columns, layout.inputs)[synapse], np.append(weights, 0.0)[synapse]
        x = product.layer(module, x, weight=weight, source=source)
    return product.add_bias(x, bias)


SPARSE = Lowering("sparse", _refuses, _cost, Sparse, (RATES, NATIVE), portable, SAMPLES, ON_CUDA)
