"""Newborns in a Parameter: which of its slots count steps of their own, and from when.

An optimizer counts steps once a Parameter. A number that was born later has a count of its own, which stays that of its
Parameter less a constant, so the constant is all that is kept: numbers of one such birth are a *cohort*. What is kept
stands in `optimizer.state[parameter]["newborns"]`, as plain values and tensors that torch's own `state_dict` takes:

    cohort      of the Parameter's shape and dtype: 0 for numbers that count as their Parameter does, else 1, 2, ...
    births      per cohort the Parameter's step count at its birth, the eldest first
    betas       the betas that stored means of the young are scaled by (`scaled.py`)
    mu_product  NAdam's, per cohort, and of no other optimizer
"""

import weakref
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .schemas import STEP

NEWBORNS = "newborns"
Piece = tuple[tuple[int, int], tuple[int, int], int]  # sizes, strides, and the place of the first number
_FEW_PIECES = 3
_FEW_ROWS = 64
_MOST = {torch.bfloat16: 256, torch.float16: 2048}  # whole numbers that a Parameter's dtype can tell apart


@dataclass(eq=False)
class Cohorts:
    """The young slots of a Parameter, cohort after cohort, the eldest first.

    Parameters
    ----------
    labels
        Of the Parameter's shape: 0 for numbers that count as their Parameter does, else their cohort, counted from 1.
    births
        (k,) float64 the Parameter's step count at each birth.
    steps
        A bound on the Parameter's step count from above, for counts that live on a device.
    width
        Numbers in a row of the Parameter.
    plan
        What `scaled` has worked out, good until the next cohort grows up.
    """

    labels: Tensor
    births: np.ndarray
    steps: float
    width: int
    plan: Any = None

    def __post_init__(self) -> None:
        self.count, self.key = len(self.births), tuple(self.births.tolist())
        self._pieces: dict[int, tuple[Piece, ...] | None] = {}
        self._since: dict[int, tuple[Tensor, Tensor]] = {}

    @cached_property
    def _sorted(self) -> tuple[Tensor, Tensor, tuple[int, ...]]:
        """(n,) places in the flattened Parameter, cohort after cohort; whose each is; where each cohort ends."""
        labels = self.labels.reshape(-1).long()
        young = labels.nonzero().squeeze(1)
        which = labels[young] - 1
        order = which.argsort(stable=True)
        sizes = torch.bincount(which, minlength=self.count).tolist()
        return young[order], which[order], tuple(int(end) for end in np.cumsum([0, *sizes]))

    @cached_property
    def share(self) -> float:
        """Which part of the Parameter is young."""
        return float(self.labels.count_nonzero()) / max(self.labels.numel(), 1)

    @cached_property
    def index(self) -> Tensor:
        """The labels as whole numbers, of size 1 along all directions but the first in which they do not differ."""
        labels = self.labels.long()
        for start in range(1, labels.dim()):
            first = labels[(slice(None),) * start + (slice(0, 1),) * (labels.dim() - start)]
            if bool((labels == first).all()):
                return first
        return labels

    def since(self, born: int) -> Tensor:
        """The slots of the cohorts from one on."""
        return self._from(born)[0]

    def which_since(self, born: int) -> Tensor:
        """Which cohort each of those belongs to, counted from that one."""
        return self._from(born)[1]

    def _from(self, born: int) -> tuple[Tensor, Tensor]:
        if born not in self._since:
            slots, which, ends = self._sorted
            start = ends[born]
            self._since = {**self._since, born: (slots[start:].contiguous(), which[start:] - born)}
        return self._since[born]

    def of(self, cohort: int) -> Tensor:
        """The slots of one cohort."""
        slots, _, ends = self._sorted
        return slots[ends[cohort] : ends[cohort + 1]]

    def pieces(self, cohort: int) -> tuple[Piece, ...] | None:
        """The slots of one cohort as few rectangles, which need no indices; None where they are scattered."""
        if cohort not in self._pieces:
            self._pieces = {**self._pieces, cohort: rectangles(self.of(cohort).cpu().numpy(), self.width)}
        return self._pieces[cohort]

    def at_most(self, held: dict[str, Any], limit: float) -> float:
        """The Parameter's step count; if that is on a device, a bound, read anew only from a limit on."""
        count = held[STEP]
        if not isinstance(count, Tensor) or count.device.type == "cpu":
            return float(count)
        if self.steps >= limit:
            self.steps = float(count)
        self.steps += 1.0
        return self.steps - 1.0


_known: dict[int, tuple[weakref.ref, int, Cohorts]] = {}


def cohorts_of(held: dict[str, Any]) -> Cohorts:
    """The cohorts of a Parameter, from what its optimizer keeps for it; worked out once."""
    labels = held[NEWBORNS]["cohort"]
    found = _known.get(id(labels))
    if found is None or found[0]() is not labels or found[1] != labels._version:
        key = id(labels)
        found = weakref.ref(labels, lambda _: _known.pop(key, None)), labels._version, _read(held)
        _known[key] = found
    return found[2]


def _read(held: dict[str, Any]) -> Cohorts:
    newborns = held[NEWBORNS]
    labels, shape = newborns["cohort"], newborns["cohort"].shape
    width = int(np.prod(shape[1:])) if len(shape) > 1 else max(labels.numel(), 1)
    # a copy, so that what is worked out later is of these labels; and nothing here keeps the tensor itself alive
    return Cohorts(labels.clone(), np.array(newborns["births"], np.float64), float(held[STEP]), width)


def rectangles(slots: np.ndarray, width: int) -> tuple[Piece, ...] | None:
    """Places in a matrix as rectangles of it, those of rows that are alike together; None where that takes over three.

    Parameters
    ----------
    slots
        (n,) int64 places in the flattened matrix, rising.
    width
        Numbers in a row.

    Examples
    --------
    >>> rectangles(np.array([2, 5, 6, 7, 8]), 3)  # a third row, and the last column of two
    (((1, 3), (3, 1), 6), ((2, 1), (3, 1), 2))
    """
    if not len(slots):
        return ()
    starts = np.flatnonzero(np.r_[True, (np.diff(slots) != 1) | (slots[1:] % width == 0)])  # runs within a row
    row, column = np.divmod(slots[starts], width)
    length = np.diff(np.r_[starts, len(slots)])
    order = np.lexsort((row, length, column))
    row, column, length = row[order], column[order], length[order]
    new = np.r_[True, (np.diff(row) != 1) | (np.diff(column) != 0) | (np.diff(length) != 0)]
    first = np.flatnonzero(new)
    if len(first) > _FEW_PIECES:
        return None
    height = np.diff(np.r_[first, len(row)])
    found = zip(height.tolist(), length[first].tolist(), row[first].tolist(), column[first].tolist(), strict=True)
    return tuple(((tall, wide), (width, 1), at * width + left) for tall, wide, at, left in found)


def counts(held: dict[str, Any]) -> Tensor | None:
    """A tensor like the Parameter: the step count of each number; None where none is young."""
    newborns = held.get(NEWBORNS)
    if newborns is None:
        return None
    own = [float(held[STEP])] + [float(held[STEP]) - birth for birth in newborns["births"]]
    labels = newborns["cohort"]
    return torch.tensor(own, dtype=torch.float64)[labels.long().cpu()]


def products(held: dict[str, Any]) -> Tensor | None:
    """A tensor like the Parameter: NAdam's product of each number; None where none is young."""
    newborns = held.get(NEWBORNS)
    if newborns is None or "mu_product" not in newborns:
        return None
    own = [float(held["mu_product"]), *map(float, newborns["mu_product"])]
    return torch.tensor(own, dtype=torch.float64)[newborns["cohort"].long().cpu()]


def most_cohorts(dtype: torch.dtype) -> int:
    """How many cohorts are kept apart in a Parameter."""
    return _MOST.get(dtype, 2**24)


def divided(own: np.ndarray, shared: float, youth: float, dtype: torch.dtype) -> tuple[np.ndarray, np.ndarray]:
    """The cohorts of some numbers.

    Parameters
    ----------
    own
        (n, ...) float64 the step count of each in its first column, whatever else makes cohorts differ in the others.
    shared
        The step count of their Parameter.
    youth
        Steps after which a number is young no more.
    dtype
        The Parameter's: where it cannot number all cohorts, the eldest are young no more.

    Returns
    -------
    tuple of arrays
        (n,) int64 the cohort of each, counted from 1, 0 for none; (k, ...) a row of `own` for each cohort.
    """
    label = np.zeros(len(own), np.int64)
    young = np.flatnonzero((own[:, 0] < shared) & (own[:, 0] < youth))
    if not len(young):
        return label, own[:0]
    rows, which = _distinct(own[young])
    rows, which = rows[::-1], len(rows) - 1 - which  # many steps, early birth
    dropped = max(0, len(rows) - most_cohorts(dtype))
    label[young] = np.maximum(which + 1 - dropped, 0)
    return label, rows[dropped:]


def _distinct(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct rows (k, ...), rising, and (n,) which of them each of some rows is."""
    if len(rows) > _FEW_ROWS:
        found, which = np.unique(rows, axis=0, return_inverse=True)
        return found, which.reshape(-1)
    listed = [tuple(row) for row in rows.tolist()]  # a tenth of the time where they are few
    rising = sorted(set(listed))
    number = {row: at for at, row in enumerate(rising)}
    return np.array(rising, rows.dtype), np.array([number[row] for row in listed])
