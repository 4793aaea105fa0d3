"""Lowering `dense`: one matrix product; slots that no synapse owns are held at exactly zero and get no gradient."""

from functools import cached_property
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from neurograph.storage.runs import fill_at, runs

from ..regions.status import FIXED, FROZEN, TRAINED
from ..slots import WEIGHT, Slots
from .base import MAPS, Lowering, Unit
from .held import RATES as HELD
from .held import hold, holding
from .layout import ProductLayout
from .portable_form import matrix
from .rates import Calibration, Rates, Sample
from .spec import BundleSpec, Number

MOST = 2**31  # slots are numbered in int32
# per call, per weight and row of the batch, per weight
RATES = Rates("dense", call=(15e-6, 45e-6), product=(63e-12, 0.1e-12), weight=(0.31e-9, 0.001e-9))
MATRICES: tuple[Sample, ...] = (
    (16, 16, 1, 32),
    (128, 128, 1, 32),
    (512, 512, 1, 32),
    (512, 512, 1, 256),
    (784, 256, 1, 64),
    (1024, 1024, 1, 32),
    (64, 64, 0.3, 64),
    (512, 512, 0.3, 32),
)
SAMPLES: tuple[Sample, ...] = (*MATRICES, (512, 512, 1, 1), (64, 64, 1, 1), (1024, 1024, 1, 1), (1024, 1024, 0.3, 1))
ON_CUDA: tuple[Sample, ...] = (
    (64, 64, 1, 32),
    (1024, 1024, 1, 256),
    (1024, 1024, 1, 4096),
    (4096, 4096, 1, 256),
    (4096, 4096, 1, 2048),
)


class Dense(Unit):
    """A bundle as a matrix (outputs, inputs)."""

    layout: ProductLayout
    plain: bool  # whether every slot is a synapse's and trained

    def __init__(self, layout: ProductLayout, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__()
        self.keep(layout=layout)
        shape = (layout.outputs, layout.inputs)
        weight = mask = frozen = None
        if layout.all_trained or layout.are(TRAINED).any():
            weight = nn.Parameter(torch.zeros(shape, dtype=dtype, device=device))
            mask = None if layout.full and layout.all_trained else self._mask(device)
        if not layout.all_trained:
            frozen = torch.zeros(shape, dtype=dtype, device=device)
            frozen.view(-1)[torch.from_numpy(self._flat(layout.are(FIXED))).long().to(device)] = 1.0
        self.register_parameter("weight", weight)
        self.add_buffer("mask", mask)
        self.add_buffer("frozen", frozen)
        self.keep(plain=mask is None and frozen is None)

    def _flat(self, chosen: np.ndarray | None) -> np.ndarray:
        """(n,) int32 the slots of some synapses, of all where None."""
        layout = self.layout
        if layout.row is None or layout.column is None:
            return np.flatnonzero(np.ones(len(layout.ids), bool) if chosen is None else chosen).astype(np.int32)
        row, column = (end if chosen is None else end[chosen] for end in (layout.row, layout.column))
        return row * np.int32(layout.inputs) + column  # below `MOST`

    @cached_property
    def trained(self) -> np.ndarray:
        """(n,) int32 the slots of the synapses that are trained."""
        return self._flat(None if self.layout.all_trained else self.layout.are(TRAINED))

    def _mask(self, device: torch.device) -> Tensor:
        mask = np.zeros(self.layout.outputs * self.layout.inputs, bool)
        fill_at(mask, self.trained, True, runs(self.trained))
        return torch.from_numpy(mask).view(self.layout.outputs, self.layout.inputs).to(device)

    def run(self, x: Tensor, bias: Tensor | None) -> Tensor:
        return F.linear(x, self.held(), bias)

    def held(self) -> Tensor:
        """The whole matrix, differentiable in its trained slots."""
        weight: Any = self._parameters["weight"]
        if self.plain:
            return weight
        mask, frozen = self._buffers["mask"], self._buffers["frozen"]
        held: Any = weight if mask is None or weight is None else hold(self)
        if frozen is not None:
            held = frozen if held is None else held + frozen
        return held

    def slots(self) -> list[Slots]:
        layout = self.layout
        if layout.all_trained:
            return [Slots(WEIGHT, self, "weight", layout.ids, None if layout.full else self.trained, True)]
        entries = []
        for name, status, trained in (("weight", TRAINED, True), ("frozen", FROZEN, False)):
            chosen = layout.are(status)
            if chosen.any():
                flat = self.trained if trained else self._flat(chosen)
                entries.append(Slots(WEIGHT, self, name, layout.ids[chosen], flat, trained))
        return entries


def _refuses(spec: BundleSpec) -> str | None:
    if spec.window is not None:
        return MAPS
    if spec.aggregation != "sum":
        return f"a product sums, and its neurons aggregate by {spec.aggregation}"
    if np.max(spec.inputs * spec.outputs, initial=0) >= MOST:
        return f"a matrix of {spec.outputs} x {spec.inputs} has too many slots to number"
    return None


def _cost(spec: BundleSpec, calibration: Calibration) -> Number:
    size = 1.0 * spec.inputs * spec.outputs
    call, product, weight = RATES.of(calibration)
    return call + size * (product * spec.batch + weight) + holding(spec, size, calibration)


DENSE = Lowering("dense", _refuses, _cost, Dense, (RATES, HELD), matrix, SAMPLES, ON_CUDA)
