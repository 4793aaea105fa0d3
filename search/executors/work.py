"""The items of one `map`, and what has become of each."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from .outcomes import Failed


class Work:
    """What is still to do and what came of the rest; items are known by their place.

    Parameters
    ----------
    function
        What is done with each item.
    items
        The items, in order.
    retries
        How often an item is handed out again after it was lost.
    """

    def __init__(self, function: Callable[[Any], Any], items: Iterable[Any], retries: int) -> None:
        self.function, self.items, self.retries = function, list(items), retries
        self.results: list[Any] = [None] * len(self.items)
        self.waiting = deque(range(len(self.items)))
        self.arrived: deque[int] = deque()  # places of the results that nobody was given yet, in their order
        self._unfinished = set(self.waiting)
        self._losses = [0] * len(self.items)

    def add(self, item: Any) -> int:
        """Have one more item done; returns its place."""
        place = len(self.items)
        self.items.append(item)
        self.results.append(None)
        self._losses.append(0)
        self.waiting.append(place)
        self._unfinished.add(place)
        return place

    def take(self, place: int) -> Any:
        """A result, which is not kept any longer, nor is its item."""
        found, self.results[place], self.items[place] = self.results[place], None, None
        return found

    @property
    def unfinished(self) -> list[int]:
        """Places of the items without a result, ascending."""
        return sorted(self._unfinished)

    def finish(self, place: int, result: Any) -> None:
        """Keep an item's result."""
        self.results[place] = result
        self._unfinished.discard(place)
        self.arrived.append(place)

    def again(self, place: int, reason: str) -> None:
        """Put a lost item back into the line, or give it up."""
        self._losses[place] += 1
        if self._losses[place] <= self.retries:
            self.waiting.append(place)
        else:
            times = f", {self._losses[place]} times" if self._losses[place] > 1 else ""
            self.finish(place, Failed(reason + times))
