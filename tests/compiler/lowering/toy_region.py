"""A way to run regions as a third party might write one: every neuron by itself, in plain torch."""

import numpy as np
import torch

from compiler.activations import activate
from compiler.lowering.field import FIELD
from compiler.lowering.region import RegionLayout, RegionLowering, RegionUnit
from compiler.lowering.vector import add_vector, read_vector, vector_slots
from compiler.regions.status import FIXED
from compiler.slots import BIAS, SLOPE, WEIGHT
from neurograph.schema.activations import ACTIVATIONS


class Toy(RegionUnit):
    """Walks the neurons of a region in a Python loop."""

    def __init__(self, layout: RegionLayout, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__()
        self.layout = layout
        self.status = np.zeros(len(layout.ids), np.uint8) if layout.status is None else layout.status
        add_vector(self, "weight", self.status, dtype, device, fixed=1.0)
        add_vector(self, "bias", layout.bias, dtype, device)
        add_vector(self, "slope", layout.slope, dtype, device)

    def make(self, x, places):
        layout, names = self.layout, tuple(ACTIVATIONS)
        weight, bias, slope = (read_vector(self, name) for name in ("weight", "bias", "slope"))
        values = list(x.unbind(1))
        for neuron in range(layout.outputs):
            total = bias[neuron].expand(len(x))
            mine = range(int(layout.start[neuron]), int(layout.start[neuron + 1]))
            contribution = sum((weight[e] * values[layout.column[e]] for e in mine), torch.zeros_like(total))
            if layout.averages is not None and layout.averages[neuron]:
                contribution = contribution / max(len(mine), 1)
            own = slope[neuron : neuron + 1] if layout.slope[neuron] != FIXED else None
            values.append(activate(names[layout.activation[neuron]], (total + contribution)[:, None], own)[:, 0])
        return torch.stack([values[place] for place in places.tolist()], 1) if len(places) else x.new_empty(len(x), 0)

    def slots(self):
        layout = self.layout
        found = vector_slots(self, "weight", WEIGHT, layout.ids, self.status)
        found += vector_slots(self, "bias", BIAS, layout.keys, layout.bias)
        return found + vector_slots(self, "slope", SLOPE, layout.keys, layout.slope)


TOY = RegionLowering("toy", FIELD.refuses, lambda spec, calibration: 1e-6, Toy)
