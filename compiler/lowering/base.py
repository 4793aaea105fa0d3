"""What every lowering is: a name, what it accepts, what it costs, and a unit that owns the weights and runs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from compiler.lowering.sealed import Sealed, Unparametrized, refuse_reparametrization
from compiler.planning.cost import BundleSpec, Calibration, Number
from compiler.regions.status import FIXED, FROZEN, TRAINED
from compiler.regions.windows import Window
from compiler.slots import Slots

__all__ = [
    "FIXED", "FROZEN", "MAPS", "NOT_MAPS", "TRAINED", "Lowering", "ProductLayout", "Shared", "Unit", "not_sliding",
    "same_arrays",
]  # fmt: skip

MAPS = "it is between scalars, and these synapses are of feature maps"
NOT_MAPS = "it is for feature maps, and these synapses are between scalars"


def not_sliding(spec: BundleSpec) -> str | None:
    """Why a convolution cannot run a bundle: it is between scalars, or reads maps in another way; else None."""
    if spec.window is None:
        return NOT_MAPS
    return None if spec.window.slides else f"it slides kernels over maps, and these synapses are {spec.window}"


class Shared:
    """What never changes, so that a deep copy of a network need not copy it."""

    def __deepcopy__(self, memo: dict) -> Self:
        return self


@dataclass(frozen=True, eq=False)
class ProductLayout(Shared):
    """The wiring of one bundle, in places of its own: nothing in it changes when neurons elsewhere do.

    Parameters
    ----------
    inputs, outputs
        Columns it reads, rows it contributes to.
    ids
        (n,) int64 synapses, sorted by (row, column).
    row, column
        (n,) int32 places, or None where every pair is joined.
    status
        (n,) uint8 of TRAINED, FROZEN and FIXED (identity), or None where all are trained.
    aggregation
        How the target combines what its synapses contribute.
    window
        What its synapses do to feature maps; None between scalars.
    """

    inputs: int
    outputs: int
    ids: np.ndarray
    row: np.ndarray | None
    column: np.ndarray | None
    status: np.ndarray | None
    aggregation: str
    window: Window | None = None

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, ProductLayout)
            and self.token == other.token
            and same_arrays(
                (self.ids, self.row, self.column, self.status), (other.ids, other.row, other.column, other.status)
            )
        )

    def __hash__(self) -> int:
        return hash(self.token)

    @property
    def token(self) -> tuple:
        """Equal in equal layouts and cheap: what a lookup starts from."""
        ends = int(self.ids[0]), int(self.ids[-1])
        return self.inputs, self.outputs, len(self.ids), *ends, self.aggregation, self.window

    @property
    def full(self) -> bool:
        """Whether every pair is joined."""
        return self.row is None

    @property
    def all_trained(self) -> bool:
        """Whether every synapse is trained."""
        return self.status is None

    @property
    def rows(self) -> np.ndarray:
        """(n,) int32 rows, also where every pair is joined."""
        return np.repeat(np.arange(self.outputs, dtype=np.int32), self.inputs) if self.row is None else self.row

    @property
    def columns(self) -> np.ndarray:
        """(n,) int32 columns, also where every pair is joined."""
        return np.tile(np.arange(self.inputs, dtype=np.int32), self.outputs) if self.column is None else self.column

    def are(self, status: int) -> np.ndarray:
        """(n,) bool: which synapses have that status."""
        return np.full(len(self.ids), status == TRAINED) if self.status is None else self.status == status


def same_arrays(these: tuple, those: tuple) -> bool:
    """Whether arrays (or None) are equal pair by pair."""
    for a, b in zip(these, those, strict=True):
        if (a is None) != (b is None) or (a is not None and a is not b and not np.array_equal(a, b)):
            return False
    return True


class Unit(nn.Module):
    """What owns the tensors of one bundle (or of one block's neurons) and computes with them.

    Its entries in a state_dict are the network's affair: they are canonical, whatever the layout. Its Parameters stay
    what they were made as: every number has its slot there, so none can be computed from others.
    """

    by_feature = False  # whether `run` would rather have x laid out neuron by neuron in memory
    sealed = False  # whether it has all of its tensors

    def run(self, x: Tensor, bias: Tensor | None) -> Tensor:
        """What the bundle contributes, (batch, outputs), plus the bias where one is given; x is (batch, inputs).

        Feature maps have two dimensions more: (batch, channels, height, width).
        """
        raise NotImplementedError

    def slots(self) -> list[Slots]:
        """Where its numbers live."""
        raise NotImplementedError

    def seal(self) -> None:
        """Have all of its tensors: from now on none is added and none goes."""
        self.sealed = True
        self.__dict__["_parameters"] = Sealed(type(self).__name__, self._parameters)

    @property
    def parametrizations(self) -> nn.ModuleDict:
        """None, as torch asks for them; to have one of a tensor is refused."""
        return Unparametrized(self)

    def register_parameter(self, name: str, param: nn.Parameter | None) -> None:
        """Take a Parameter while the unit is made; afterwards there is no place for another."""
        if self.sealed and param is not None and name not in self._parameters:
            refuse_reparametrization(type(self).__name__, f"take a new Parameter {name!r}")
        super().register_parameter(name, param)

    def __delattr__(self, name: str) -> None:
        if self.sealed and (name in self._parameters or name in self._buffers):
            refuse_reparametrization(type(self).__name__, f"give {name!r} away")
        super().__delattr__(name)

    def _save_to_state_dict(self, *_args, **_kwargs) -> None:
        pass

    def _load_from_state_dict(self, *_args, **_kwargs) -> None:
        pass


@dataclass(frozen=True)
class Lowering:
    """One way to run a bundle.

    Parameters
    ----------
    name
        What `lowering=` takes.
    refuses
        Why it cannot run such a bundle, or None where it can.
    cost
        Seconds of a training step, forward and backward, from a `BundleSpec` (of numbers or arrays) and a
        `Calibration`.
    unit
        Makes the unit from (layout, dtype, device), its weights zero.
    """

    name: str
    refuses: Callable[[BundleSpec], str | None]
    cost: Callable[[BundleSpec, Calibration], Number]
    unit: Callable[[ProductLayout, torch.dtype, torch.device], Unit]
