"""What happens to a block after the sum: biases, slopes and the activation."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..activations import FUNCTIONS, SLOPED
from ..lowering.base import Unit
from ..lowering.vector import add_vector, read_vector, vector_slots
from ..planning.program import NeuronsPlan
from ..regions.status import FIXED, TRAINED
from ..slots import BIAS, SLOPE, Slots


class NeuronUnit(Unit):
    """The numbers of a block's neurons.

    Parameters
    ----------
    plan
        Which neurons, and which of them have what.
    dtype, device
        Of the tensors.
    """

    plan: NeuronsPlan
    biased: bool  # whether any neuron has one
    plain: bool  # whether each has one that is trained
    function: Any
    sloped: Any

    def __init__(self, plan: NeuronsPlan, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__()
        self.keep(
            plan=plan,
            biased=bool(np.count_nonzero(plan.bias != FIXED)),
            plain=bool(np.count_nonzero(plan.bias == TRAINED) == len(plan.bias)),
            function=FUNCTIONS.get(plan.activation),
            sloped=SLOPED.get(plan.activation),
        )
        if self.biased:
            add_vector(self, "bias", plan.bias, dtype, device)
        if self.sloped is not None:
            add_vector(self, "slope", plan.slope, dtype, device)

    population = ""  # whose neurons these are, for errors
    moves = False  # whether a forward in train mode moves its numbers

    def offset(self) -> Tensor | None:
        """(neurons,) or None where no neuron has one."""
        if self.plain:
            return self._parameters["bias"]
        return read_vector(self, "bias") if self.biased else None

    def finish(self, total: Tensor) -> Tensor:
        """The activation of the biased sum."""
        if self.function is not None:
            return self.function(total)
        if self.sloped is not None:
            slope = read_vector(self, "slope")
            assert slope is not None
            return self.sloped(total, slope)
        return total

    def slots(self) -> list[Slots]:
        plan = self.plan
        found = vector_slots(self, "bias", BIAS, plan.keys, plan.bias) if self.biased else []
        return found + (vector_slots(self, "slope", SLOPE, plan.keys, plan.slope) if self.sloped is not None else [])
