"""What can become of an item of work, besides its result."""

from dataclasses import dataclass

from neurograph.errors import NeuroGraphError


@dataclass(frozen=True)
class Failed:
    """In place of a result: the item could not be worked out.

    Parameters
    ----------
    reason
        In words.
    """

    reason: str


class WorkerError(NeuroGraphError, RuntimeError):
    """Workers that cannot be started or reached, or a cluster that went away."""


def reason_of(error: BaseException) -> str:
    """An exception as one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
