"""Finding one edge among many of a node's, with and without gaps between their far ends."""

import networkx as nx
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurograph.storage import ArrayDiGraph


def wired(targets: set[int], dead: set[int]) -> ArrayDiGraph:
    """A graph of 200 nodes in which node 0 has edges to some, all of them in the sorted base; then some are removed."""
    graph = ArrayDiGraph()
    graph.add_nodes_from(range(200))
    ends = np.array(sorted(targets), np.int64)
    graph.add_edges_from_arrays(np.zeros_like(ends), ends, weight=ends.astype(float))
    graph.table.reindex()
    graph.remove_edges_from([(0, v) for v in dead])
    return graph


@given(
    st.integers(1, 199), st.integers(0, 120), st.sets(st.integers(1, 199), max_size=60), st.sets(st.integers(1, 199))
)
def test_an_edge_is_found_just_where_there_is_one(first, length, others, dead):
    """A stretch without gaps, and what stands around it."""
    targets = set(range(first, min(first + length, 200))) | others
    graph = wired(targets, dead)
    assert {v for v in range(200) if graph.has_edge(0, v)} == targets - dead
    assert all(graph[0][v]["weight"] == v for v in targets - dead)


def test_the_row_of_a_node_is_its_own_after_nodes_came_went_and_changed_names():
    """Adjacency keeps the row that was asked for last."""
    graph = ArrayDiGraph([(0, 1), (1, 2), (0, 2)])
    assert list(graph._adj[0]) == [1, 2]
    graph.remove_node(0)
    graph.add_edge(0, 1)
    assert list(graph._adj[0]) == [1]
    nx.relabel_nodes(graph, {0: "zero"}, copy=False)
    assert list(graph._adj["zero"]) == [1] and 0 not in graph
    graph.table.rename([graph.table.index["zero"], graph.table.index[1]], [1, "zero"])
    assert list(graph._adj[1]) == ["zero"]
    assert list(graph.copy()._adj[1]) == list(graph._adj[1])


def test_a_view_of_an_edge_keeps_it_through_a_reindex_and_its_removal():
    """It remembers which edge it is."""
    graph = wired({3, 5, 7}, {3})
    edge = graph[0][5]
    number = edge.id
    graph.table.reindex()
    edge["weight"] = 8.0
    assert graph[0][5]["weight"] == 8.0 and graph[0][5].id == number
    graph.remove_edge(0, 5)
    graph.add_edge(0, 5, weight=1.0)
    graph.table.reindex()
    assert edge["weight"] == 8.0 and graph[0][5]["weight"] == 1.0 and not edge.alive()


def test_ids_that_were_never_given_have_no_row():
    graph = ArrayDiGraph([(0, 1), (0, 2), (1, 2)])
    graph.remove_edge(0, 2)
    asked = np.array([-(2**62), -7, -1, 0, 1, 2, 3, 2**62])
    assert graph.table.rows_of(asked).tolist() == [-1, -1, -1, 0, -1, 2, -1, -1]
