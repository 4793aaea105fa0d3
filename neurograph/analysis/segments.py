"""Segments: the populations of one map shape that lie between two poolings.

Within a segment the maps of any population fit those of any other, so neurons may be added between any two of them;
what leads from one segment to the next (pooling, strides, kernels without padding) changes the shape.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np

from neurograph.errors import EditError, listed
from neurograph.storage.sets import each_once

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


@dataclass(frozen=True)
class Segment:
    """Populations of feature maps of one shape that are connected among themselves.

    Parameters
    ----------
    shape
        (height, width) of every map.
    populations
        Each after those that it reads.
    entries
        Those of them that bring values in from outside, from other shapes or from the data, and are read by others
        that do not.
    """

    shape: tuple[int, ...]
    populations: tuple[str, ...]
    entries: tuple[str, ...]


def segments(graph: "EditableGraph") -> tuple[Segment, ...]:
    """The segments of a network, in the order in which values reach them; inputs, the data, belong to none.

    A population whose neurons differ in shape belongs to none either.

    Examples
    --------
    >>> from neurograph.builders import enas_macro
    >>> g = enas_macro([["conv3"], ["conv3", 1]], channels=2, segments=2, size=8)
    >>> for segment in segments(g):
    ...     print(segment.shape, segment.entries, segment.populations[-1])
    (8, 8) ('stem',) layer0
    (4, 4) ('layer0.at1',) layer1
    """
    wiring = population_wiring(graph)
    shapes = {name: shape for name, shape in _shapes(graph).items() if shape}
    inside = nx.Graph()
    inside.add_nodes_from(shapes)
    inside.add_edges_from((a, b) for a, b in wiring.edges if a in shapes and shapes[a] == shapes.get(b))
    place = {name: at for at, name in enumerate(_ordered(wiring))}
    found = [sorted(members, key=place.__getitem__) for members in nx.connected_components(inside)]
    found.sort(key=lambda members: place[members[0]])
    return tuple(Segment(shapes[m[0]], tuple(m), _entries(wiring, m)) for m in found)


def segment_of(graph: "EditableGraph", population: str) -> Segment:
    """The segment of a population; `EditError` naming those there are where it belongs to none."""
    graph.population(population)  # raises where there is none
    found = segments(graph)
    for segment in found:
        if population in segment.populations:
            return segment
    raise EditError(
        f"population {population!r} belongs to no segment: it is the data, or its neurons are no maps of one shape; "
        f"those that do: {listed([name for segment in found for name in segment.populations]) or 'none'}"
    )


def population_wiring(graph: "EditableGraph") -> nx.DiGraph:
    """Which populations read which: a node for each, an edge where any of its neurons reads any of another's."""
    arrays = graph.arrays()
    names = list(arrays.populations)
    number = {name: at for at, name in enumerate(names)}
    each = np.array([number.get(kind.population, -1) for kind in arrays.kinds], np.int64)[arrays.kind]
    wiring = nx.DiGraph()
    wiring.add_nodes_from(names[at] for at in np.flatnonzero(np.bincount(each, minlength=1)).tolist())
    joined = np.zeros(len(names) ** 2, bool)
    joined[each[arrays.source] * len(names) + each[arrays.target]] = True
    wiring.add_edges_from((names[a], names[b]) for a, b in (divmod(i, len(names)) for i in np.flatnonzero(joined)))
    wiring.remove_edges_from(nx.selfloop_edges(wiring))
    return wiring


def _shapes(graph: "EditableGraph") -> dict[str, tuple[int, ...] | None]:
    """The map shape of each hidden population; None where its neurons differ."""
    found: dict[str, tuple[int, ...] | None] = {}
    keys = graph.table.keys()
    for code in each_once(graph.neurons.kind[keys]).tolist():
        kind = graph.neurons.kinds[code]
        shape = None if kind.role == "input" else kind.shape
        found[kind.population] = shape if found.get(kind.population, shape) == shape else None
    return found


def _ordered(wiring: nx.DiGraph) -> list[str]:
    """Populations, each after those it reads; where they read one another both ways, in the order they were added."""
    added = {name: at for at, name in enumerate(wiring)}
    whole = nx.condensation(wiring)
    first = {node: min(added[name] for name in whole.nodes[node]["members"]) for node in whole}
    order = nx.lexicographical_topological_sort(whole, key=first.__getitem__)
    return [name for node in order for name in sorted(whole.nodes[node]["members"], key=added.__getitem__)]


def _entries(wiring: nx.DiGraph, members: list[str]) -> tuple[str, ...]:
    mine = set(members)
    contributes = {name for name in members if not wiring.pred[name] or not mine.issuperset(wiring.pred[name])}
    return tuple(name for name in members if name in contributes and set(wiring.succ[name]) & mine - contributes)
