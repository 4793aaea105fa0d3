"""One item after the other, in this process."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .outcomes import Failed, reason_of
from .work import Work


class Serial:
    """The executor that needs nothing; there is no time limit, since nothing here could stop an item."""

    def map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        """See `search.executors.Executor`."""
        work = Work(function, items, 0)
        for _ in self.arrivals(work):
            pass
        return work.results

    def arrivals(self, work: Work) -> Iterator[int]:
        """See `search.executors.Arriving`."""
        while work.unfinished:
            place = work.waiting.popleft()
            work.finish(place, _attempted(work.function, work.items[place]))
            yield work.arrived.popleft()

    def close(self) -> None:
        """Nothing to close."""

    def __enter__(self) -> "Serial":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _attempted(function: Callable[[Any], Any], item: Any) -> Any:
    try:
        return function(item)
    except Exception as error:
        return Failed(reason_of(error))
