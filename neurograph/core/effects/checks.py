"""What an effect must find in a graph to be carried out on it.

Effects of a graph's own journal always fit. One from another graph's would not fail by itself: it would quietly take
the wrong rows.
"""

from typing import TYPE_CHECKING

import numpy as np

from neurograph.errors import JournalError, listed

if TYPE_CHECKING:
    from neurograph.core.state import GraphState


def refuse(numbers: np.ndarray, why: str) -> None:
    """Raise `JournalError` naming the numbers, where there are any."""
    if len(numbers):
        raise JournalError(f"{listed(numbers.tolist())} {why}")


def alive(graph: "GraphState", keys: np.ndarray) -> np.ndarray:
    """(n,) bool: which keys are neurons of a graph."""
    names = graph.table.names
    return np.array([0 <= key < len(names) and names[key] is not None for key in keys.tolist()], bool)


def neurons_are_there(graph: "GraphState", keys: np.ndarray) -> None:
    """Raise `JournalError` naming the keys that are no neurons of a graph."""
    keys = np.asarray(keys, np.int64)
    refuse(keys[~alive(graph, keys)], "are no neurons of it")


def synapses_are_there(graph: "GraphState", ids: np.ndarray) -> None:
    """Raise `JournalError` naming the ids that are no synapses of a graph."""
    ids = np.atleast_1d(np.asarray(ids, np.int64))
    refuse(ids[graph.table.rows_of(ids) < 0], "are no synapses of it")
