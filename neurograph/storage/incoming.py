"""What a graph can be made from: another graph, an edge list, or anything else that networkx understands."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

import networkx as nx
from networkx.classes.digraph import DiGraph
from networkx.classes.reportviews import EdgeViewABC

from neurograph.errors import CycleError, NeuroGraphError


def fill(graph: nx.DiGraph, data: Any) -> None:
    """Add everything that `data` holds to an empty graph, nodes and their attributes before edges.

    networkx's own `to_networkx_graph` adds edges first, tries one format after another (an iterator is used up by the
    first) and hides what a graph has to say of its edges behind an error of its own.

    Parameters
    ----------
    graph
        An empty graph.
    data
        A graph of any class, an edge list (any iterable of edges), or what `networkx.to_networkx_graph` takes: dicts of
        dicts or lists, a numpy array, a scipy sparse array, a pandas frame.

    Raises
    ------
    NeuroGraphError
        A node or an edge that the graph refuses: of a `NeuronGraph`, a cycle among others.
    networkx.NetworkXError
        Data of no known format.
    """
    if isinstance(data, list | tuple | set | frozenset | EdgeViewABC | Iterator):
        _fill_from_edges(graph, data)
        return
    if not hasattr(data, "adj"):
        data = DiGraph(data)
    graph.graph.update(data.graph)
    graph.add_nodes_from((name, dict(attributes)) for name, attributes in data.nodes.items())
    try:
        graph.add_edges_from(_edges(data))
    except CycleError as err:
        if data.is_directed():
            raise
        raise CycleError(
            f"{err}; an undirected graph holds each of its edges both ways: orient them first, "
            "networkx.DiGraph(graph.edges) does"
        ) from None


def _fill_from_edges(graph: nx.DiGraph, edges: Any) -> None:
    try:
        graph.add_edges_from(edges)
    except NeuroGraphError:
        raise
    except Exception as err:
        raise nx.NetworkXError("Input is not a valid edge list") from err


def _edges(data: Any) -> Iterator[tuple]:
    """The edges of a graph of any class with their attributes; an undirected one has each both ways."""
    for source, row in data.adjacency():
        if data.is_multigraph():
            row = chain.from_iterable(((far, d) for d in several.values()) for far, several in row.items())
        else:
            row = row.items()
        for target, attributes in row:
            yield source, target, attributes
