"""Lowering `field`: a whole region of many levels, walked in topological order in one call.

On the CPU a native kernel walks, on CUDA one of two others (`kernels/`); elsewhere PyTorch's own operators do, level by
level.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..activations import OUTSIDE
from ..regions.status import FIXED
from ..slots import BIAS, SLOPE, WEIGHT, Slots
from .base import MAPS
from .kernels import instruction_set
from .kernels.field import FieldWiring, run_field
from .rates import Calibration, Rates, Sample
from .region import RegionLayout, RegionLowering, RegionSpec, RegionUnit
from .vector import add_vector, read_vector, vector_slots

# per call, per level, per synapse and row, per synapse; `WALK` is where no kernel is built
RATES = Rates("field", call=(60e-6, 300e-6), level=(0.0, 1e-6), product=(110e-12, 0.8e-12), weight=(5e-9, 0.04e-9))
WALK = Rates("walk", call=200e-6, level=400e-6, product=12e-9, weight=20e-9)
SAMPLES: tuple[Sample, ...] = ((20, 500, 8, 64), (20, 2000, 16, 64), (20, 500, 4, 256), (20, 200, 4, 1))
ON_CUDA: tuple[Sample, ...] = (
    (64, 1000, 16, 64, 2),
    (64, 10_000, 16, 64, 20),
    (64, 10_000, 16, 2048, 20),
    (64, 10_000, 16, 64, 500),
)


class Field(RegionUnit):
    """A region's weights in the order of its synapses, its biases and slopes in that of its neurons."""

    def __init__(self, layout: RegionLayout, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__()
        self.layout = layout
        self.status = np.zeros(len(layout.ids), np.uint8) if layout.status is None else layout.status
        add_vector(self, "weight", self.status, dtype, device, fixed=1.0)
        add_vector(self, "bias", layout.bias, dtype, device)
        self.sloped = bool((layout.slope != FIXED).any())
        if self.sloped:
            add_vector(self, "slope", layout.slope, dtype, device)
        arrays = {"start": layout.start, "source": layout.column, "activation": layout.activation}
        for name, array in arrays.items():
            self.register_buffer(name, torch.from_numpy(np.array(array)), persistent=False)
        shares = None if layout.averages is None else torch.from_numpy(_shares(layout)).to(dtype)
        self.register_buffer("share", shares, persistent=False)
        self._wirings: list[FieldWiring] = []
        self.wiring(torch.zeros(0, dtype=torch.int32)).check()
        self.to(device)

    def make(self, x: Tensor, places: Tensor) -> Tensor:
        weight, bias = read_vector(self, "weight"), read_vector(self, "bias")
        slope = read_vector(self, "slope") if self.sloped else None
        share = self._buffers["share"]
        assert weight is not None and bias is not None
        return run_field(x, weight if share is None else weight * share, bias, slope, self.wiring(places))

    def wiring(self, places: Tensor) -> FieldWiring:
        """The wiring as it lies on the device; that for places of the last few calls is kept."""
        buffers: Any = self._buffers
        held = (buffers["start"], buffers["source"], buffers["activation"], places)
        for found in self._wirings:
            if all(a is b for a, b in zip(found, held, strict=True)):
                return found
        found = FieldWiring(self.layout.inputs, *held)
        self._wirings[:] = [found, *self._wirings[:1]]
        return found

    def slots(self) -> list[Slots]:
        layout = self.layout
        found = vector_slots(self, "weight", WEIGHT, layout.ids, self.status)
        found += vector_slots(self, "bias", BIAS, layout.keys, layout.bias)
        return found + (vector_slots(self, "slope", SLOPE, layout.keys, layout.slope) if self.sloped else [])


def _shares(layout: RegionLayout) -> np.ndarray:
    """(synapses,) what each is multiplied by: 1, or 1 / fan-in of a neuron that takes the mean."""
    assert layout.averages is not None
    fan_in = np.diff(layout.start)
    return np.repeat(np.where(layout.averages, 1.0 / np.maximum(fan_in, 1), 1.0), fan_in)


def _refuses(spec: RegionSpec) -> str | None:
    for signature in spec.signatures:
        if signature.shape:
            return MAPS
        if signature.norm is not None:
            return "it walks a part of the batch at a time, and the batch norm of these neurons looks at all of it"
        if signature.dropout:
            return "it draws no random numbers, and these neurons drop out"
        if signature.aggregation not in ("sum", "mean"):
            return f"it adds up, and these neurons aggregate by {signature.aggregation}"
        if signature.activation in OUTSIDE:
            return f"its kernels have no activation {signature.activation!r}"
    return None


def _cost(spec: RegionSpec, calibration: Calibration) -> float:
    native = spec.device != "cpu" or instruction_set() is not None
    call, level, product, weight = (RATES if native else WALK).of(calibration)
    return call + level * spec.levels + spec.synapses * (product * spec.batch + weight)


FIELD = RegionLowering("field", _refuses, _cost, Field, (RATES, WALK), SAMPLES, ON_CUDA)
