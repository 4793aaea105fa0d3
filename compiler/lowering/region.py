"""A region: neurons of many blocks that read one another, made in one call; what running one takes and costs."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..regions.blocks import Signature
from .base import Unit
from .layout import ProductLayout, same_arrays
from .rates import Calibration, Rates, Sample


@dataclass(frozen=True, eq=False)
class RegionLayout(ProductLayout):
    """The wiring of a region, in places of its own: what it reads first, then its neurons, each after all it reads.

    `outputs` counts its neurons; `row` holds the neuron that each synapse feeds, counted from 0, and `column` the place
    that it reads, so that one of `inputs` or more is a neuron of the region itself.

    Parameters
    ----------
    keys
        (neurons,) int64.
    start
        (neurons + 1,) int32: where each neuron's synapses begin.
    level_start
        (levels + 1,) int32: where each level begins; no neuron reads one of its own level.
    activation
        (neurons,) uint8 codes, in the order of `neurograph.schema.activations.ACTIVATIONS`.
    bias, slope
        (neurons,) uint8 of TRAINED, FROZEN and FIXED (has none).
    averages
        (neurons,) bool: whose sum is divided by the number of its synapses; None where no neuron's is.
    """

    keys: np.ndarray = None  # pyright: ignore[reportAssignmentType]
    start: np.ndarray = None  # pyright: ignore[reportAssignmentType]
    level_start: np.ndarray = None  # pyright: ignore[reportAssignmentType]
    activation: np.ndarray = None  # pyright: ignore[reportAssignmentType]
    bias: np.ndarray = None  # pyright: ignore[reportAssignmentType]
    slope: np.ndarray = None  # pyright: ignore[reportAssignmentType]
    averages: np.ndarray | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RegionLayout) and self.token == other.token and same_arrays(self._all, other._all)

    def __hash__(self) -> int:
        return hash(self.token)

    @property
    def _all(self) -> tuple:
        wiring = self.ids, self.row, self.column, self.status, self.level_start
        return *wiring, self.keys, self.activation, self.bias, self.slope, self.averages

    @property
    def token(self) -> tuple:
        """Equal in equal layouts and cheap: what a lookup starts from."""
        return self.inputs, self.outputs, len(self.ids), int(self.keys[0]), int(self.keys[-1])

    @property
    def levels(self) -> int:
        """Synapses on the longest path to one of its neurons from what it reads, at most."""
        return len(self.level_start) - 1


@dataclass(frozen=True)
class RegionSpec:
    """How large a region is and what its neurons do: all a lowering needs in order to accept it and to state its cost.

    Parameters
    ----------
    inputs, neurons, synapses, levels
        Its size.
    signatures
        What its neurons do: one for each kind of neuron.
    batch
        Rows the program is tuned for.
    dtype, device
        "float32", ...; "cpu", "cuda".
    """

    inputs: int
    neurons: int
    synapses: int
    levels: int
    signatures: tuple[Signature, ...]
    batch: int
    dtype: str
    device: str


class RegionUnit(Unit):
    """What owns the numbers of a region (weights, biases, slopes) and makes its neurons' values."""

    def make(self, x: Tensor, places: Tensor) -> Tensor:
        """The values at n places, (batch, n), from x (batch, inputs); `places` is (n,) int32, inputs counted."""
        raise NotImplementedError


@dataclass(frozen=True)
class RegionLowering:
    """One way to run a region.

    Parameters
    ----------
    name
        What `lowering=` takes.
    refuses
        Why it cannot run such a region, or None where it can.
    cost
        Seconds of a training step, forward and backward.
    unit
        Makes the unit from (layout, dtype, device), its numbers zero.
    rates
        What the cost goes by, shipped beside it.
    samples
        Sizes at which a machine is timed for those rates: inputs, neurons, fan-in, rows of the batch.
    on_cuda
        The same for a CUDA device, and a number of levels: launches there cost by depth.
    """

    name: str
    refuses: Callable[[RegionSpec], str | None]
    cost: Callable[[RegionSpec, Calibration], float]
    unit: Callable[[RegionLayout, torch.dtype, torch.device], RegionUnit]
    rates: tuple[Rates, ...] = ()
    samples: tuple[Sample, ...] = ()
    on_cuda: tuple[Sample, ...] = ()
