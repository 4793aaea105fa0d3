"""How far the numbers of a Parameter have come: few distinct counts, and which of them each number has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...slots import SlotMap, Slots
from .cohorts import NEWBORNS
from .schemas import STEP, StateSchema

OWN_STEP, OWN_PRODUCT, BETAS = "own_step", "own_mu_product", ("beta1", "beta2")
_FEW = 64
_FEW_ROWS = 8


@dataclass(frozen=True, eq=False)
class Counts:
    """The step counts of numbers, and what belongs to them.

    Parameters
    ----------
    which
        (n,) integers: the row of each number.
    rows
        name -> (k,) float64: "step", the count of the Parameter that a number comes from, 0 or less for a newborn; the
        optimizer's other scalars; and where numbers have counts of their own "own_step", "beta1", "beta2", and of NAdam
        "own_mu_product".
    """

    which: np.ndarray
    rows: Mapping[str, np.ndarray]

    @classmethod
    def of_each(cls, columns: Mapping[str, np.ndarray]) -> "Counts":
        """From a column (n,) of each, in which few distinct rows come up again and again."""
        which = np.zeros(len(next(iter(columns.values()))), np.int64)
        for column in columns.values():
            codes = _coded(column)
            which = codes if not which.any() else _coded(which * (int(codes.max(initial=0)) + 1) + codes)
        first = np.zeros(int(which.max(initial=-1)) + 1, np.int64)
        first[which[::-1]] = np.arange(len(which))[::-1]
        return cls(which, {name: np.asarray(column, np.float64)[first] for name, column in columns.items()})

    def used(self) -> "Counts":
        """The same without rows that no number has."""
        many = len(self.rows[STEP])
        if many <= _FEW_ROWS:  # comparing all is faster than counting
            used = np.array([(self.which == row).any() for row in range(many)], bool)
        else:
            used = np.bincount(self.which, minlength=many) > 0
        if used.all():
            return self
        which = (np.cumsum(used) - 1)[self.which]
        return Counts(which, {name: row[used] for name, row in self.rows.items()})

    def each(self, row: np.ndarray) -> Any:
        """(n,) what stands in some row (k,) for each number; () where all have the same."""
        return row[0] if len(row) == 1 else row[self.which]


def _coded(column: np.ndarray) -> np.ndarray:
    """(n,) whole numbers from 0 that are equal where a column is."""
    code, left, number = np.zeros(len(column), np.int64), np.ones(len(column), bool), 0
    while left.any():
        if number == _FEW:
            code[left] = number + np.unique(column[left], return_inverse=True)[1]
            break
        mine = column == column[left.argmax()]
        mine &= left
        code[mine], number = number, number + 1
        left &= ~mine
    return code


def no_counts(schema: StateSchema) -> dict[str, list[float]]:
    """The row of a newborn: it has not come anywhere."""
    return {name: [0.0] for name in _names(schema)}


def cohort_counts(held: Mapping[str, Any], schema: StateSchema) -> dict[str, list[float]]:
    """The rows of a Parameter, from what its optimizer keeps for it: of those that count as it does, then by cohort."""
    newborns = held.get(NEWBORNS, {})
    births = newborns.get("births", ())
    many = 1 + len(births)
    found = {name: [float(held.get(name) or 0.0)] * many for name in (STEP, *schema.scalars)}
    found[OWN_STEP] = [found[STEP][0], *(found[STEP][0] - birth for birth in births)]
    for name, beta in zip(BETAS, newborns.get("betas", (0.0, 0.0)), strict=True):
        found[name] = [float(beta)] * many
    if OWN_PRODUCT in _names(schema):
        whole = found["mu_product"][:1]
        found[OWN_PRODUCT] = [*whole, *map(float, newborns["mu_product"])] if "mu_product" in newborns else whole * many
    return found


def cohort_labels(entry: Slots, held: Mapping[str, Any]) -> np.ndarray | None:
    """(n,) the row of each of an entry's numbers among those of its Parameter; None where all have the first."""
    if NEWBORNS not in held:
        return None
    return each_number(entry, held[NEWBORNS]["cohort"]).astype(np.int32)


def each_number(entry: Slots, tensor: Any) -> np.ndarray:
    """(n,) one number for each of an entry's numbers or kernels, whose own are all alike."""
    return SlotMap.get(entry, tensor).reshape(len(entry.numbers), -1)[:, 0]


def _names(schema: StateSchema) -> tuple[str, ...]:
    own = (OWN_PRODUCT,) if "mu_product" in schema.scalars else ()
    return (*dict.fromkeys((STEP, *schema.scalars)), OWN_STEP, *BETAS, *own)
