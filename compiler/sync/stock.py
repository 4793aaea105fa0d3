"""The stock: numbers where they lie in a network's tensors, entry after entry, and where others stand among them.

After most edits a new tensor holds nearly what an old one held, in the same order. So a few runs say where everything
came from, and nobody has to sort or to mark millions of numbers in a table.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from torch import Tensor

from neurograph.storage.runs import Run, inside, runs
from neurograph.storage.sets import each_once

from ..regions.order import close_together
from ..slots import Quantity, SlotMap, Slots

MANY = 4096  # numbers from which on runs are looked for
_MOST = 64  # runs; what is cut into more is looked up
_FEW, _VERY_FEW = 8, 1024  # one of so many numbers at most is looked for in a pass over all, by marks and without
_SOME, _LONG = 4, 2048  # runs, and numbers that these must have on average: shorter ones are sooner looked up
_SINGLE = 4  # numbers that are looked for one by one
_NEAR = 2048  # numbers that are looked through for where a run goes on
_FIRST = 512  # numbers that are compared at first; then twice as many each time


class Stock:
    """The numbers of one quantity, entry after entry, those that are trained first.

    Parameters
    ----------
    slots
        A network's.
    quantity
        Of which numbers.

    Attributes
    ----------
    entries
        The entries that hold them.
    starts
        (entries + 1,) where the numbers of each begin.
    trained
        How many of the numbers are trained.
    """

    def __init__(self, slots: SlotMap, quantity: Quantity) -> None:
        self.quantity = quantity
        self.entries: Sequence[Slots] = sorted(slots.of(quantity), key=lambda entry: not entry.trained)
        self._last: tuple[np.ndarray, list[Run] | None] | None = None
        self.starts = np.cumsum([0, *(len(entry.numbers) for entry in self.entries)])
        self.trained = sum(len(entry.numbers) for entry in self.entries if entry.trained)

    def __len__(self) -> int:
        return int(self.starts[-1])

    @cached_property
    def numbers(self) -> np.ndarray:
        """(n,) int64 synapse ids or neuron keys."""
        return np.concatenate([np.zeros(0, np.int64), *(entry.numbers for entry in self.entries)])

    @cached_property
    def top(self) -> int:
        """The highest of them, -1 where there is none."""
        return max((int(entry.numbers.max(initial=-1)) for entry in self.entries), default=-1)

    def places(self, wanted: np.ndarray) -> np.ndarray:
        """(n,) int32 where each wanted number stands in the stock, -1 where it does not."""
        found = np.full(len(wanted), -1, np.int32)
        if not len(self) or not len(wanted):
            return found
        for entry, start in zip(self.entries, self.starts.tolist(), strict=False):
            if min(len(entry.numbers), len(wanted)) >= MANY:
                for old, new, count in common_runs(entry.numbers, wanted):
                    found[new : new + count] = np.arange(start + old, start + old + count, dtype=np.int32)
        left = np.flatnonzero((found < 0) & (wanted <= self.top))  # the others were born later
        found[left] = self._looked_up(wanted[left])
        return found

    def _looked_up(self, wanted: np.ndarray) -> np.ndarray:
        close = close_together(self.top, len(self))
        if len(wanted) * (_FEW if close else _VERY_FEW) < len(self):
            return self._searched(wanted, close and len(wanted) * _VERY_FEW >= len(self))
        if close:
            return self._table[np.minimum(wanted, len(self._table) - 1)]
        order, rising = self._sorted
        near = np.minimum(np.searchsorted(rising, wanted), len(rising) - 1)
        return np.where(rising[near] == wanted, order[near], np.int32(-1)).astype(np.int32)

    def _searched(self, wanted: np.ndarray, marked: bool) -> np.ndarray:
        """The same of few: whoever is among them is seen in one pass over the stock, by marks where they are more."""
        if len(wanted) <= _SINGLE:
            return np.array([self._one(number) for number in wanted.tolist()], np.int32)
        rising = each_once(wanted)
        found = np.full(len(rising), -1, np.int32)
        mark = np.zeros(self.top + 2 if marked else 0, bool)
        mark[wanted if marked else slice(0)] = True  # -1, which stands for none, at the end
        for entry, start in zip(self.entries, self.starts.tolist(), strict=False):
            held = entry.numbers
            near = np.flatnonzero(mark[held] if marked else (held >= rising[0]) & (held <= rising[-1]))
            at = np.minimum(np.searchsorted(rising, entry.numbers[near]), len(rising) - 1)
            same = rising[at] == entry.numbers[near]
            found[at[same]] = start + near[same]
        return found[np.searchsorted(rising, wanted)]

    def _one(self, number: int) -> int:
        for entry, start in zip(self.entries, self.starts.tolist(), strict=False):
            same = entry.numbers == number
            if same.any():
                return start + int(same.argmax())
        return -1

    @cached_property
    def _table(self) -> np.ndarray:
        table = np.full(self.top + 2, -1, np.int32)
        table[self.numbers] = np.arange(len(self), dtype=np.int32)
        return table

    @cached_property
    def _sorted(self) -> tuple[np.ndarray, np.ndarray]:
        order = np.argsort(self.numbers, kind="stable").astype(np.int32)
        return order, self.numbers[order]

    def runs_of(self, place: np.ndarray) -> list[Run] | None:
        """The runs of (n,) places, which are not written between calls: the last ones are remembered."""
        if self._last is None or self._last[0] is not place:
            self._last = place, runs(place)
        return self._last[1]

    def holders(self, place: np.ndarray) -> list[int]:
        """Which entries hold any of these places, -1 left out; in the order of the stock."""
        if not len(place):
            return []
        known = self.runs_of(place)
        if known is not None:
            return [at for at in range(len(self.entries)) if any(inside(known, *self.starts[at : at + 2].tolist()))]
        last = int(np.searchsorted(self.starts, int(place.max()), "right")) - 1
        if last < 0:
            return []
        if not ((place >= 0) & (place < self.starts[last])).any():
            return [last]
        owner = np.repeat(np.arange(len(self.entries)), np.diff(self.starts))
        return np.flatnonzero(np.bincount(owner[place[place >= 0]], minlength=1)).tolist()

    def where(self, place: np.ndarray, at: int) -> Iterator[tuple[Any, Any]]:
        """Which of (n,) places lead into one entry, and where in it: as slices, (n,) bool, or integers."""
        start, stop = int(self.starts[at]), int(self.starts[at + 1])
        known = self.runs_of(place)
        if known is not None:
            yield from inside(known, start, stop)
        else:
            mine = (place >= start) & (place < stop)
            yield (slice(None), place - start) if mine.all() else (mine, place[mine] - start)

    def take(
        self, place: np.ndarray, pick: Callable[[Tensor], Tensor | None] = lambda tensor: tensor
    ) -> tuple[np.ndarray, np.ndarray]:
        """What `pick` makes of each tensor, at some places.

        Parameters
        ----------
        place
            (n,) int32; -1 for none.
        pick
            Takes a Parameter or buffer and returns a tensor of its shape, or None where it has none.

        Returns
        -------
        tuple of arrays
            (n, *shape of one) numbers, zero where there is none; and (n,) bool where there is one. Float64 if any
            picked tensor is, else float32.
        """
        held = [(at, pick(self.entries[at].tensor)) for at in self.holders(place)]
        held = [(at, SlotMap.get(self.entries[at], tensor)) for at, tensor in held if tensor is not None]
        dtype = np.float64 if any(values.dtype == np.float64 for _, values in held) else np.float32
        found, there = np.zeros((len(place), *self.quantity[1]), dtype), np.zeros(len(place), bool)
        for at, values in held:
            for mine, theirs in self.where(place, at):
                found[mine], there[mine] = values[theirs], True
        return found, there


class Stocks:
    """The stocks of a network, by quantity, and where new entries' numbers stand in them; each worked out once."""

    def __init__(self, slots: SlotMap) -> None:
        self.slots = slots
        self._stocks: dict[Quantity, Stock] = {}
        self._places: dict[Slots, np.ndarray] = {}

    def of(self, quantity: Quantity) -> Stock:
        """The stock of one quantity."""
        if quantity not in self._stocks:
            self._stocks[quantity] = Stock(self.slots, quantity)
        return self._stocks[quantity]

    def places(self, entry: Slots) -> np.ndarray:
        """(n,) int32, not to be written: where an entry's numbers stand in the stock of their quantity; -1: nowhere."""
        if entry not in self._places:
            self._places[entry] = self.of(entry.quantity).places(entry.numbers)
        return self._places[entry]


def common_runs(old: np.ndarray, new: np.ndarray, most: int = _MOST) -> list[tuple[int, int, int]]:
    """Runs of numbers that two lists have in common, in the order of both: (place in old, place in new, length).

    No number stands twice in either list. Not all that they have in common is found: after so many runs, where they are
    short and where one does not go on nearby, this ends.

    Examples
    --------
    >>> common_runs(np.array([4, 5, 6, 7, 8]), np.array([4, 5, 7, 9, 8]))
    [(0, 0, 2), (3, 2, 1), (4, 4, 1)]
    """
    found: list[tuple[int, int, int]] = []
    at, to = 0, 0
    while at < len(old) and to < len(new) and len(found) < most:
        count = _alike(old[at:], new[to:])
        if count:
            found.append((at, to, count))
            at, to = at + count, to + count
            continue
        if len(found) >= _SOME and to < len(found) * _LONG:
            break
        skipped = _next(old[at : at + _NEAR], new[to : to + _NEAR])
        if skipped is None:
            break
        at, to = at + skipped[0], to + skipped[1]
    return found


def _alike(old: np.ndarray, new: np.ndarray) -> int:
    """How many numbers both begin with."""
    count, whole, size = 0, min(len(old), len(new)), _FIRST
    while count < whole:
        stop = min(whole, count + size)
        odd = np.flatnonzero(old[count:stop] != new[count:stop])
        if len(odd):
            return count + int(odd[0])
        count, size = stop, 2 * size
    return whole


def _next(old: np.ndarray, new: np.ndarray) -> tuple[int, int] | None:
    """How many numbers of each to leave out, so that both go on alike; None where nothing is in common."""
    if old.min() > new.max() or old.max() < new.min():
        return None
    _, mine, other = np.intersect1d(old, new, assume_unique=True, return_indices=True)
    if not len(mine):
        return None
    nearest = int(np.argmin(mine + other))
    return int(mine[nearest]), int(other[nearest])
