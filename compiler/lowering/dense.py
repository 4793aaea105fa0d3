"""Lowering `dense`: one matrix product; slots that no synapse owns are held at exactly zero and get no gradient."""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from compiler.lowering.base import FIXED, FROZEN, MAPS, TRAINED, Lowering, ProductLayout, Unit
from compiler.lowering.held import hold
from compiler.planning.cost import BundleSpec, Calibration, Number
from compiler.slots import WEIGHT, Slots

MOST = 2**31  # slots are numbered in int32


class Dense(Unit):
    """A bundle as a matrix (outputs, inputs)."""

    def __init__(self, layout: ProductLayout, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__()
        self.layout = layout
        shape = (layout.outputs, layout.inputs)
        trained = layout.are(TRAINED)
        weight = mask = frozen = None
        if trained.any():
            weight = nn.Parameter(torch.zeros(shape, dtype=dtype, device=device))
            mask = None if layout.full and layout.all_trained else self._mask(trained, device)
        if not layout.all_trained:
            frozen = torch.zeros(shape, dtype=dtype, device=device)
            frozen.view(-1)[torch.from_numpy(self._flat(layout.are(FIXED))).long().to(device)] = 1.0
        self.register_parameter("weight", weight)
        self.register_buffer("mask", mask, persistent=False)
        self.register_buffer("frozen", frozen, persistent=False)
        self.plain = mask is None and frozen is None

    def _flat(self, chosen: np.ndarray) -> np.ndarray:
        where = np.flatnonzero(chosen)
        if self.layout.row is None or self.layout.column is None:
            return where.astype(np.int32)
        return (self.layout.row[where].astype(np.int64) * self.layout.inputs + self.layout.column[where]).astype(
            np.int32
        )

    def _mask(self, trained: np.ndarray, device: torch.device) -> Tensor:
        mask = torch.zeros(self.layout.outputs * self.layout.inputs, dtype=torch.bool)
        mask[torch.from_numpy(self._flat(trained)).long()] = True
        return mask.view(self.layout.outputs, self.layout.inputs).to(device)

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
        if layout.full and layout.all_trained:
            return [Slots(WEIGHT, self, "weight", layout.ids, None, True)]
        entries = []
        for name, status, trained in (("weight", TRAINED, True), ("frozen", FROZEN, False)):
            chosen = layout.are(status)
            if chosen.any():
                entries.append(Slots(WEIGHT, self, name, layout.ids[chosen], self._flat(chosen), trained))
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
    return calibration.dense_call + size * (calibration.dense_product * spec.batch + calibration.dense_weight)


DENSE = Lowering("dense", _refuses, _cost, Dense)
