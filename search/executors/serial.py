"""One item after the other, in this process."""

from collections.abc import Callable, Iterable
from typing import Any

from .outcomes import Failed, reason_of


class Serial:
    """The executor that needs nothing; there is no time limit, since nothing here could stop an item."""

    def map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        """See `search.executors.Executor`."""
        return [_attempted(function, item) for item in items]

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
