"""Lowering `aggregate`: neurons that take the product, mean, largest or smallest of what their synapses contribute.

The synapses of each neuron are laid side by side, padded to the longest list, and reduced. A neuron without synapses
contributes 0, as a sum of nothing does; a product of nothing is 1.
"""

import numpy as np
import torch
from torch import Tensor

from ..drawing import layers
from ..drawing.drawing import Value, made, table
from ..slots import WEIGHT, Slots
from .base import MAPS, Lowering, Unit
from .layout import ProductLayout
from .portable_form import ProductDrawing, Vector
from .rates import Calibration, Rates
from .spec import BundleSpec, Number
from .vector import add_vector, read_vector, vector_slots

_PADDING = {"product": 1.0, "max": -torch.inf, "min": torch.inf, "mean": 0.0}
# per call, per synapse and row
RATES = Rates("aggregate", call=(60e-6, 150e-6), value=(10e-9, 0.2e-9))


def empty_value(aggregation: str) -> float:
    """What stands for the sum of a neuron without synapses."""
    return 1.0 if aggregation == "product" else 0.0


class Aggregate(Unit):
    """A bundle as a table (outputs, longest fan-in) of columns and weights."""

    def __init__(self, layout: ProductLayout, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__()
        self.layout, self.aggregation = layout, layout.aggregation
        self.status = np.zeros(len(layout.ids), np.uint8) if layout.status is None else layout.status
        add_vector(self, "weight", self.status, dtype, device, fixed=1.0)
        rows, count = layout.rows, len(layout.ids)
        fan_in = np.bincount(rows, minlength=layout.outputs)
        place = np.arange(count) - np.repeat(np.cumsum(fan_in) - fan_in, fan_in)
        synapse = np.full((layout.outputs, max(int(fan_in.max(initial=0)), 1)), count)
        synapse[rows, place] = np.arange(count)
        column = np.append(layout.columns, 0)[synapse]
        tables = {
            "synapse": np.minimum(synapse, count - 1),
            "column": column,
            "empty": synapse == count,
            "fan_in": fan_in,
        }
        for name, places in tables.items():
            self.register_buffer(name, torch.from_numpy(places).to(device), persistent=False)

    def run(self, x: Tensor, bias: Tensor | None) -> Tensor:
        values, buffers = read_vector(self, "weight"), self._buffers
        synapse, column, empty, fan_in = (buffers[name] for name in ("synapse", "column", "empty", "fan_in"))
        assert values is not None and synapse is not None and column is not None
        assert empty is not None and fan_in is not None
        shape = (x.shape[0], *column.shape)
        contribution = x.index_select(1, column.view(-1)).view(shape) * values.index_select(0, synapse.view(-1)).view(
            column.shape
        )
        contribution = contribution.masked_fill(empty, _PADDING[self.aggregation])
        total = self._reduce(contribution, fan_in)
        total = total.masked_fill(fan_in == 0, empty_value(self.aggregation))
        return total if bias is None else total + bias

    def _reduce(self, contribution: Tensor, fan_in: Tensor) -> Tensor:
        if self.aggregation == "product":
            return contribution.prod(-1)
        if self.aggregation == "max":
            return contribution.amax(-1)
        if self.aggregation == "min":
            return contribution.amin(-1)
        return contribution.sum(-1) / fan_in.clamp(min=1)

    def slots(self) -> list[Slots]:
        return vector_slots(self, "weight", WEIGHT, self.layout.ids, self.status)


def _refuses(spec: BundleSpec) -> str | None:
    if spec.window is not None:
        return MAPS
    return "its neurons sum, which products do faster" if spec.aggregation == "sum" else None


def _cost(spec: BundleSpec, calibration: Calibration) -> Number:
    call, value = RATES.of(calibration)
    return call + value * spec.synapses * spec.batch


def _portable(product: ProductDrawing, x: Value, bias: Vector) -> Value:
    layout = product.layout
    synapse, _ = table(layout.rows, layout.outputs)
    source, weight = np.append(layout.columns, 0)[synapse], np.append(product.weights, 0.0)[synapse]
    module = made(layers.Aggregate, layout.aggregation, *synapse.shape)
    empty = synapse == len(layout.ids)
    return product.add_bias(product.layer(module, x, weight=weight, source=source, empty=empty), bias)


AGGREGATE = Lowering("aggregate", _refuses, _cost, Aggregate, (RATES,), _portable)
