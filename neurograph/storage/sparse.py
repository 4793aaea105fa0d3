"""What is kept by key where most keys are gone: long evolution leaves few nodes among millions of keys that once were.

Each class answers as the list or the array would that has a place for every key, so that nothing else need know which
of the two it has. `gappy` says which is smaller.
"""

from bisect import bisect_left
from collections.abc import Hashable, Iterator
from typing import Any

import numpy as np

from neurograph.storage.pools import grown

LEAST = 2**16  # keys; fewer are kept densely, whoever is gone
GAPS = 16  # keys for each that is there, from which on the gaps cost more than looking keys up
_SHIFT = 6
_PAGE = 1 << _SHIFT  # keys that a column keeps together


def gappy(count: int, below: int) -> bool:
    """Whether `count` keys below `below` are better kept without their gaps."""
    return below > LEAST and below > GAPS * count


class SparseNames:
    """Node names by key, as a list with None for the keys that are gone.

    Parameters
    ----------
    names
        key -> name, in any order.
    length
        The next key.
    """

    __slots__ = ("held", "length")

    def __init__(self, names: dict[int, Hashable], length: int) -> None:
        self.held, self.length = names, length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, key: int) -> Hashable:
        return self.held.get(key)

    def __setitem__(self, key: int, name: Hashable) -> None:
        if name is None:
            self.held.pop(key, None)
        else:
            self.held[key] = name

    def __iter__(self) -> Iterator[Hashable]:
        return map(self.held.get, range(self.length))

    def append(self, name: Hashable) -> None:
        """Name the next key."""
        key = self.length
        self.length = key + 1
        self.held[key] = name

    def extend(self, names: list[Hashable]) -> None:
        """Name the next keys."""
        first = self.length
        self.length = first + len(names)
        self.held.update(zip(range(first, self.length), names, strict=True))

    def reach(self, length: int) -> None:
        """Let the next key be `length` at least."""
        self.length = max(length, self.length)

    def cut(self, length: int) -> None:
        """Forget keys from `length` on."""
        for key in [key for key in self.held if key >= length]:
            del self.held[key]
        self.length = length

    def present(self) -> Iterator[tuple[int, Hashable]]:
        """(key, name) of those that are there, by key."""
        return iter(sorted(self.held.items(), key=lambda pair: pair[0]))

    def copy(self) -> "SparseNames":
        return SparseNames(self.held.copy(), self.length)


class SparseColumn:
    """Numbers by key, as an array of `length`; keys that were never written read as `fill`.

    Keys are kept by pages of 64, so that neighbours share one and a newborn seldom needs a new one.

    Parameters
    ----------
    length
        The keys are below it.
    fill
        What nobody wrote.
    dtype
        Of the numbers.
    """

    __slots__ = ("_sorted", "data", "length", "place")

    def __init__(self, length: int, fill: float, dtype: Any) -> None:
        self.length = length
        self.data = np.full((2, _PAGE), fill, dtype)  # row 0 is nobody's: it is read for keys without a page
        self.place: dict[int, int] = {}  # page -> its row
        self._sorted: tuple[np.ndarray, np.ndarray] | None = None

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, int | np.integer):
            self._check(key, key)
            return self.data.item(self.place.get(int(key) >> _SHIFT, 0), int(key) & _PAGE - 1)
        return self.data.reshape(-1)[self._places(np.asarray(key, np.int64))]

    def __setitem__(self, key: Any, value: Any) -> None:
        keys = np.asarray(key, np.int64)
        if keys.size:
            self._check(keys.min(), keys.max())
            self._add([page for page in dict.fromkeys((keys >> _SHIFT).ravel().tolist()) if page not in self.place])
            self.data.reshape(-1)[self._places(keys)] = value

    def _check(self, low: Any, high: Any) -> None:
        if low < 0 or high >= self.length:
            raise IndexError(f"keys {low} to {high} are not all from 0 to below {self.length}")

    def _places(self, keys: np.ndarray) -> np.ndarray:
        """Where in the flat data the numbers of keys are."""
        if keys.size:
            self._check(keys.min(), keys.max())
        if self._sorted is None:
            pages = sorted(self.place.items())
            page, row = np.array([*pages, (2**62, 0)], np.int64).T.copy()
            self._sorted = page, row
        pages, rows = self._sorted
        wanted = keys >> _SHIFT
        near = np.searchsorted(pages, wanted)
        return np.where(pages[near] == wanted, rows[near], 0) << _SHIFT | keys & _PAGE - 1

    def _add(self, pages: list[int]) -> None:
        if not pages:
            return
        first = len(self.place) + 1
        data = self.data
        if first + len(pages) > len(data):
            data = np.full((max(first + len(pages), len(data) * 3 // 2), _PAGE), data[0, 0], data.dtype)
            data[:first] = self.data[:first]
        place = self.place | {page: row for row, page in enumerate(pages, first)}
        self.data, self.place, self._sorted = data, place, None  # in one step: an exception finds all old or all new

    def reach(self, length: int) -> None:
        """Let there be room for keys below `length`."""
        self.length = max(length, self.length)


def roomier(column: Any, keys: int, spare: int, written: int | None, fill: float = 0) -> Any:
    """A column by key with room for keys below `keys`.

    Parameters
    ----------
    column
        An array, which is left as it is, or a `SparseColumn`.
    keys, spare
        How many rows an array must have, and had better have.
    written
        How many keys past the column's are going to be written; None: all of them.
    fill
        What the others read as.
    """
    have = len(column)
    if isinstance(column, SparseColumn):
        column.reach(keys)
        return column
    if written is None or not gappy(have + written, keys):
        return grown(column, max(keys, spare), fill)
    new = SparseColumn(keys, fill, column.dtype)
    new[np.arange(have)] = column
    return new


def kept(column: Any, keys: np.ndarray, fill: float) -> Any:
    """A copy of a column by key; of these keys alone where most others are gone.

    Parameters
    ----------
    column
        An array or a `SparseColumn`.
    keys
        (n,) int64 keys of those that are there.
    fill
        What the keys of others read as, in a copy that leaves them out.
    """
    length = len(column)
    if gappy(len(keys), length):
        new: Any = SparseColumn(length, fill, column[keys[:0]].dtype)
    elif isinstance(column, SparseColumn):
        new = np.full(length, fill, column.data.dtype)
    else:
        return column.copy()
    new[keys] = column[keys]
    return new


class SparsePointers:
    """Where the rows of each key begin in a base sorted by key, as an array of one more pointer than there are keys.

    Parameters
    ----------
    ends
        (rows,) ascending keys.
    count
        The keys are below it.
    """

    __slots__ = ("count", "keys", "starts")

    def __init__(self, ends: np.ndarray, count: int) -> None:
        first = np.flatnonzero(np.diff(ends, prepend=-1))
        self.keys, self.starts, self.count = ends[first].tolist(), [*first.tolist(), len(ends)], count

    def __len__(self) -> int:
        return self.count + 1

    def __getitem__(self, key: int) -> int:
        return self.starts[bisect_left(self.keys, key)]

    def reaching(self, count: int) -> "SparsePointers":
        """The same with more keys, which have no rows."""
        new = object.__new__(SparsePointers)
        new.keys, new.starts, new.count = self.keys, self.starts, count
        return new


def by_key(keys: np.ndarray, numbers: Any, below: int) -> Any:
    """Numbers to be looked up by key; 0 or False where there is none.

    Parameters
    ----------
    keys
        (n,) int64 keys below `below`.
    numbers
        (n,) numbers of theirs, or one.
    below
        The next key.

    Returns
    -------
    numpy.ndarray or SparseColumn
        (below,) of the type of `numbers`.
    """
    dtype = np.asarray(numbers).dtype
    column = SparseColumn(below, 0, dtype) if gappy(len(keys), below) else np.zeros(below, dtype)
    column[keys] = numbers
    return column


def places(keys: np.ndarray, below: int) -> Any:
    """Where each of some keys stands among them (int32), by key; see `by_key`."""
    return by_key(keys, np.arange(len(keys), dtype=np.int32), below)
