"""Growing arrays: rows of equal shape, interned attribute bundles, and stretches of rows."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from neurograph.storage.runs import runs, taken


def items(array: Any) -> Any:
    """Fast access to single items: about three times faster than through numpy. What is no array is its own."""
    return memoryview(array) if isinstance(array, np.ndarray) else array  # type: ignore[arg-type]  # no buffers in stubs


def grown(array: np.ndarray, capacity: int, fill: float = 0) -> np.ndarray:
    """A copy of `array` with room for `capacity` rows, the new ones filled."""
    bigger = (
        np.full((capacity, *array.shape[1:]), fill, array.dtype)
        if fill
        else np.zeros((capacity, *array.shape[1:]), array.dtype)
    )
    bigger[: len(array)] = array
    return bigger


def room(needed: int, have: int, one_by_one: bool) -> int:
    """The capacity to grow to: exact for bulk additions, half as much again for single ones."""
    return max(16, needed, have * 3 // 2 if one_by_one else 0)


def ranges(starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """concatenate([arange(s, s + c) for s, c in zip(starts, counts)]) without a loop."""
    ends = np.cumsum(counts)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - ends + counts, counts)


def roomy(array: np.ndarray, size: int, slack: int) -> np.ndarray:
    """A copy of the first `size` rows with room for `slack` more; untouched pages cost no memory."""
    new = np.empty((size + slack, *array.shape[1:]), array.dtype)
    new[:size] = array[:size]
    return new


class Pool:
    """Rows of equal shape: all scalar weights, or all kernels of one shape."""

    __slots__ = ("data", "item", "size")

    def __init__(self, data: np.ndarray) -> None:
        self.size = len(data)
        self._hold(data)

    def _hold(self, data: np.ndarray) -> None:
        item: Any = items(data) if data.ndim == 1 else data
        self.data, self.item = data, item  # in one step: an exception finds both old or both new

    def _reserve(self, extra: int) -> None:
        if self.size + extra > len(self.data):
            self._hold(grown(self.data, room(self.size + extra, len(self.data), extra < 16)))

    def append(self, value: float | np.ndarray) -> int:
        """Add one row; returns its number."""
        at = self.size
        if at == len(self.data):
            self._reserve(1)
        self.item[at] = value
        self.size = at + 1
        return at

    def extend(self, values: np.ndarray) -> int:
        """Add many rows; returns the number of the first."""
        at = self.size
        self._reserve(len(values))
        self.data[at : at + len(values)] = values
        self.size += len(values)
        return at

    def take(self, rows: np.ndarray, slack: int) -> "Pool":
        """A pool of some rows, with room for more."""
        new = Pool.__new__(Pool)
        new.size = len(rows)
        new._hold(np.empty((len(rows) + slack, *self.data.shape[1:])))
        new.data[: len(rows)] = taken(self.data, rows, runs(rows))
        return new

    def copy(self, slack: int = 0) -> "Pool":
        new = Pool.__new__(Pool)
        new.size = self.size
        new._hold(roomy(self.data, self.size, slack))
        return new

    def __reduce__(self):
        return Pool, (self.data[: self.size],)


class Forms:
    """Interned bundles of attributes: equal ones share a number, and number 0 is the empty one."""

    __slots__ = ("bundles", "numbers")

    def __init__(self) -> None:
        self.bundles: list[dict[str, Any]] = [{}]
        self.numbers: dict[frozenset, int] = {frozenset(): 0}

    def number(self, bundle: Mapping[str, Any]) -> int:
        """The number of a bundle of hashable values."""
        if not bundle:
            return 0
        key = frozenset((name, type(value), value) for name, value in bundle.items())
        found = self.numbers.get(key)
        if found is None:
            found = len(self.bundles)
            self.bundles.append(dict(bundle))
            self.numbers[key] = found
        return found

    def having(self, name: str) -> list[int]:
        """The numbers of the bundles in which an attribute is set to anything but 0."""
        return [number for number, bundle in enumerate(self.bundles) if bundle.get(name)]

    def first(self, count: int) -> "Forms":
        """The bundles below a number, whether or not one after them was interned to the end."""
        return _forms(self.bundles[:count])

    def copy(self) -> "Forms":
        new = Forms()
        new.bundles, new.numbers = [dict(b) for b in self.bundles], dict(self.numbers)
        return new

    def __reduce__(self):
        return _forms, (self.bundles,)


def _forms(bundles: list[dict[str, Any]]) -> Forms:
    forms = Forms()
    for bundle in bundles:
        forms.number(bundle)
    return forms


def moved_pools(pools: Sequence[Pool], of: np.ndarray, row: np.ndarray, slack: Callable[[int], int]) -> list[Pool]:
    """Pools whose weights follow their edges: contiguous, in row order, no garbage; writes the new rows.

    Parameters
    ----------
    pools
        As they are.
    of, row
        (edges,) the number of each edge's pool, from 1, and the row there; `row` is written in place.
    slack
        From a number of weights to the room for more that their new pool has.
    """
    new = []
    for number, pool in enumerate(pools, 1):
        found = of == number
        count = int(np.count_nonzero(found))
        mine: Any = slice(None) if count == len(of) else np.flatnonzero(found)
        new.append(pool.take(row[mine], slack(count)))
        row[mine] = np.arange(count, dtype=np.int32)
    return new
