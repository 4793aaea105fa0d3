"""A rollback that was interrupted is finished by whoever touches the graph next.

Views reach a graph's columns without asking the graph, and to ask at each look-up would cost all that columns gain. So
a graph whose rollback was interrupted changes its class, and so do its table and its columns: the first attribute that
is read or written on one of them gives all three their classes back and finishes the rollback.
"""

from collections.abc import Callable
from typing import Any

from neurograph.core.state import GraphState


def owe(graph: GraphState, rest: Callable[[], None]) -> None:
    """Have the rest of a rollback done at the next access to a graph, by whatever door."""
    held = [(part, type(part)) for part in (graph, graph.table, graph.neurons)]

    def finish() -> None:
        for part, kind in held:
            object.__setattr__(part, "__class__", kind)
        rest()

    for part, kind in held:
        object.__setattr__(part, "__class__", _unfinished(kind, finish))


def _unfinished(kind: type, finish: Callable[[], None]) -> type:
    """A class like `kind` whose every attribute is found after `finish` was called."""

    def read(part: Any, name: str) -> Any:
        finish()
        return getattr(part, name)

    def write(part: Any, name: str, value: Any) -> None:
        finish()
        setattr(part, name, value)

    slots = {"__slots__": ()}
    return type(kind.__name__, (kind,), slots | {"__getattribute__": read, "__setattr__": write})
