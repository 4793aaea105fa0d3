"""Runs that search among many networks, as pages."""

from collections.abc import Callable

from neurograph.view import Generations

from .evolution.kept import COMMAND as EVOLVED
from .evolution.showing.page import generations_of
from .nhn.locations.page import cycles_of
from .nhn.locations.searches import COMMAND as FOUND
from .runs import Run

_PAGES: dict[str, Callable[[Run], Generations]] = {EVOLVED: generations_of, FOUND: cycles_of}


def is_search(run: Run) -> bool:
    """Whether a run searched among networks, each with its generation or cycle."""
    return run.config().get("command") in _PAGES


def searched(run: Run) -> Generations | None:
    """What a page shows of such a run; None for others.

    Raises
    ------
    FileError
        A file of the run is damaged.
    """
    return _PAGES[run.config()["command"]](run) if is_search(run) else None
