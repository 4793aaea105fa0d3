"""Whether data reaches an output, which an edit that removes must not put an end to."""

from typing import TYPE_CHECKING

import numpy as np

from neurograph.errors import EditError

if TYPE_CHECKING:
    from neurograph.graph import NeuronGraph


def has_path(graph: "NeuronGraph") -> bool:
    """Whether a path leads from an input to an output."""
    arrays = graph.arrays()
    reached = arrays.each_kind("role") == "input"
    level = arrays.level[arrays.target]
    order = np.argsort(level, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(level[order])) + 1):
        reached[arrays.target[rows[reached[arrays.source[rows]]]]] = True
    return bool((reached & arrays.each_kind("is_output").astype(bool)).any())


def refuse_cut(graph: "NeuronGraph", had: bool, way_out: str) -> None:
    """Refuse an edit that has left no path from an input to any output, where there was one before.

    Raises
    ------
    EditError
        With the way out.
    """
    if had and not has_path(graph):
        raise EditError(f"this would leave no path from the inputs to any output; {way_out}")
