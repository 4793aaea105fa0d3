"""Stable numbers in rising order, and where others stand among them."""

from functools import cached_property

import numpy as np


def rising(numbers: np.ndarray) -> np.ndarray:
    """Distinct whole numbers, sorted; by marking them in a table where they lie close together."""
    if len(numbers) and close_together(int(numbers.max()), len(numbers)):
        seen = np.zeros(int(numbers.max()) + 1, bool)
        seen[numbers] = True
        return np.flatnonzero(seen)
    return np.sort(numbers)


def close_together(top: int, count: int) -> bool:
    """Whether so many numbers, this the highest of them, are few enough apart for a table."""
    return top < 16 * count + 1024


def neighbours(columns: np.ndarray | None) -> tuple[int, int] | None:
    """(first, count) where columns stand side by side in rising order: they can be read where they lie."""
    if columns is None or not len(columns) or not np.array_equal(columns, np.arange(len(columns)) + columns[0]):
        return None
    return int(columns[0]), len(columns)


class Order:
    """Rising numbers to look others up in; keep one for as long as there are lookups, its table takes memory.

    Parameters
    ----------
    numbers
        (n,) int64, rising.

    Examples
    --------
    >>> Order(np.array([2, 5, 7])).places(np.array([5, 6])).tolist()
    [1, -1]
    """

    def __init__(self, numbers: np.ndarray) -> None:
        self.numbers = numbers

    @cached_property
    def _table(self) -> np.ndarray:
        table = np.full(int(self.numbers[-1]) + 2, -1, np.int32)
        table[self.numbers] = np.arange(len(self.numbers), dtype=np.int32)
        return table

    def places(self, wanted: np.ndarray) -> np.ndarray:
        """(n,) int32 where each wanted number stands, -1 where it does not."""
        numbers = self.numbers
        if not len(numbers) or not len(wanted):
            return np.full(len(wanted), -1, np.int32)
        if close_together(int(numbers[-1]), len(numbers)):
            return self._table[np.minimum(wanted, len(self._table) - 1)]
        found = np.minimum(np.searchsorted(numbers, wanted), len(numbers) - 1).astype(np.int32)
        return np.where(numbers[found] == wanted, found, np.int32(-1))
