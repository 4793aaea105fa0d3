"""Whether data reaches an output within a step, which an edit that removes must not put an end to."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np

from neurograph.core.arrays import GraphArrays
from neurograph.errors import CycleError, EditError

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


def has_path(graph: "EditableGraph", without: Sequence[int] | np.ndarray = ()) -> bool:
    """Whether a path leads from an input to an output, past the synapses of some ids."""
    arrays = graph.arrays().immediate
    kept = np.flatnonzero(~np.isin(arrays.ids, without)) if len(without) else slice(None)
    reached = _reached(arrays, arrays.each_kind("role") == "input", kept)
    return bool((reached & arrays.each_kind("is_output").astype(bool)).any())


def fewest(graph: "EditableGraph", ids: np.ndarray) -> float:
    """How many of some synapses a path from an input to an output has at least; infinite where there is no path.

    Those into outputs are not counted: the edits that remove keep the last of them.
    """
    arrays = graph.arrays().immediate
    outputs = arrays.each_kind("is_output").astype(bool)
    cost = np.isin(arrays.ids, ids) & ~outputs[arrays.target]
    count = np.where(arrays.each_kind("role") == "input", 0.0, np.inf)
    for rows in _by_level(arrays):
        np.minimum.at(count, arrays.target[rows], count[arrays.source[rows]] + cost[rows])
    return float(count[outputs].min(initial=np.inf))


def refuse_cut(graph: "EditableGraph", had: bool, way_out: str) -> None:
    """Refuse an edit that has left no path from an input to any output, where there was one before.

    Raises
    ------
    EditError
        With the way out.
    """
    if had and not has_path(graph):
        raise EditError(f"this would leave no path from the inputs to any output; {way_out}")


def refuse_cycle(graph: "EditableGraph", sources: np.ndarray, targets: np.ndarray, what: str) -> None:
    """Refuse what is to read all of some neurons and to feed all of others, where one of these leads to one of those.

    Parameters
    ----------
    graph
        The network.
    sources, targets
        Keys of who is read and who is fed.
    what
        Is to be inserted, in the error.

    Raises
    ------
    CycleError
        With the way from one that is fed to one that is read.
    """
    arrays = graph.arrays().immediate
    reached = _reached(arrays, np.isin(arrays.keys, targets)) & np.isin(arrays.keys, sources)
    if not reached.any():
        return
    source = graph.names_of(arrays.keys[reached][:1])[0]
    wiring = graph.immediate()
    above = nx.ancestors(wiring, source)
    target = next(name for name in graph.names_of(targets) if name in above or name == source)
    way = " -> ".join(map(repr, nx.shortest_path(wiring, target, source)))
    raise CycleError(f"{what} would close a cycle: it would read {source!r} and feed {target!r}, and {way} is there")


def _reached(arrays: GraphArrays, reached: np.ndarray, kept: slice | np.ndarray = slice(None)) -> np.ndarray:
    """(neurons,) bool: the neurons reached at the start, which are marked on, and all that some synapses lead to."""
    for rows in _by_level(arrays, kept):
        reached[arrays.target[rows[reached[arrays.source[rows]]]]] = True
    return reached


def _by_level(arrays: GraphArrays, kept: slice | np.ndarray = slice(None)) -> list[np.ndarray]:
    """Places of synapses, those into one level together, in the order in which values flow."""
    level = arrays.level[arrays.target[kept]]
    order = np.argsort(level, kind="stable")
    places = np.arange(len(arrays.ids))[kept]
    return np.split(places[order], np.flatnonzero(np.diff(level[order])) + 1)
