"""A rollback that was interrupted is finished by whoever touches the graph next.

Views reach a graph's columns without asking the graph, and to ask at each look-up would cost all that columns gain. So
a graph whose rollback was interrupted changes its class, and so do its table and its columns: the first attribute that
is read or written on one of them finishes the rollback and gives all three their classes back. Other threads wait until
it has; the thread that finishes has the graph's turn, whichever was interrupted.
"""

from collections.abc import Callable
from threading import Lock, get_ident
from typing import Any

from neurograph.core.state import GraphState


def owe(graph: GraphState, rest: Callable[[], None]) -> None:
    """Have the rest of a rollback done at the next access to a graph, by whatever door."""
    lock, at_work, held = Lock(), [0], []

    def finish() -> None:
        if at_work[0] == get_ident() and lock.locked():
            return  # within the rest itself
        with lock:
            at_work[0] = get_ident()
            owed = [(part, kind) for part, kind, marked in held if type(part) is marked]
            if owed:  # no other thread has done it while this one waited
                graph.turn[0] = get_ident()
                rest()
            for part, kind in owed:
                object.__setattr__(part, "__class__", kind)

    for part in (graph, graph.table, graph.neurons):
        kind = getattr(type(part), "whole_kind", type(part))
        held.append((part, kind, _unfinished(kind, finish)))
    for part, _, marked in held:
        object.__setattr__(part, "__class__", marked)


def _unfinished(kind: Any, finish: Callable[[], None]) -> type:
    """A class like `kind` whose every attribute is found after `finish` was called."""

    def read(part: Any, name: str) -> Any:
        finish()
        return kind.__getattribute__(part, name)

    def write(part: Any, name: str, value: Any) -> None:
        finish()
        kind.__setattr__(part, name, value)

    own = {"__slots__": (), "whole_kind": kind, "__getattribute__": read, "__setattr__": write}
    return type(kind.__name__, (kind,), own)
