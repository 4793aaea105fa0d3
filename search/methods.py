"""The ways in which a network changes while it trains, by the command that starts each."""

from pathlib import Path

from neurograph.errors import FileError
from search.expansion.expand import EXPAND
from search.growing import Grown, Method, go_on
from search.metabolism.metabolize import METABOLIZE
from search.runs import open_run

METHODS: dict[str, Method] = {method.command: method for method in (METABOLIZE, EXPAND)}


def resume(run: str | Path, *, progress: bool = False) -> Grown:
    """Go on with a run of any of the `METHODS` from its last checkpoint, with the numbers it would have had.

    On the CPU, with the same versions and thread count, they agree bit for bit.

    Parameters
    ----------
    run
        The run directory.
    progress
        Whether to show the epochs as they come.

    Raises
    ------
    FileError
        No run lies there, or a file of it is missing or damaged.
    """
    kept = open_run(run)
    command = kept.config().get("command")
    if command not in METHODS:
        known = ", ".join(METHODS)
        raise FileError(f"{kept.path} is a run of {command!r}, which cannot be resumed here; these can: {known}")
    return go_on(METHODS[command], kept, progress)
