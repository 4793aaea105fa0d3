"""A worker process: takes an item, answers, takes the next."""

import signal
from multiprocessing.connection import Connection
from typing import Any

from .outcomes import Failed, reason_of

BEGUN = "begun"  # the worker is built: the item's own time starts now
DONE = "done"


def serve(link: Connection) -> None:
    """Answer (function, item) pairs until None comes or the other end is gone.

    Parameters
    ----------
    link
        Gets (BEGUN, None) and then (DONE, result) for each pair.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is told to stop, and it stops its workers
    try:
        while (job := link.recv()) is not None:
            _send(link, _answer(link, *job))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # the parent is gone


def _send(link: Connection, answer: Any) -> None:
    """Send an answer, or why it cannot be sent."""
    try:
        link.send((DONE, answer))
    except (BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:  # pickling raises what the answer's class comes up with
        link.send((DONE, Failed(f"the answer cannot be sent: {reason_of(error)}")))


def _answer(link: Connection, function: Any, item: Any) -> Any:
    try:
        if hasattr(function, "built"):
            function.built()
        link.send((BEGUN, None))
        return function(item)
    except (BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:
        return Failed(reason_of(error))
