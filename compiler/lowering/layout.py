"""The wiring of one product, in places of its own."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from ..regions.status import TRAINED
from ..regions.windows import Window


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
