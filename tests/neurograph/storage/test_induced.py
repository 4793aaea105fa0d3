"""Copies of some neurons and the synapses among them."""

import networkx as nx
import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.storage import ArrayDiGraph


def some_graph(kind, seed, holes):
    """A graph after a life: attributes of the user's own, dead synapses and neurons, a tail that is not indexed."""
    rng, graph = np.random.default_rng(seed), kind()
    graph.add_nodes_from(range(40), note=[seed])
    pairs = [(u, v) for u in range(40) for v in range(u + 1, 40) if rng.random() < 0.3]
    graph.add_weighted_edges_from((u, v, float(rng.normal())) for u, v in pairs)
    for u, v in pairs[::7]:
        graph.edges[u, v]["seen"] = [u]
    graph.remove_edges_from(pairs[:: holes + 2])
    graph.remove_nodes_from(range(5, 5 + holes))
    graph.add_edge("late", 30) if kind is ArrayDiGraph else graph.add_edge("late", 30, weight=0.5)
    return graph


def content(graph):
    return dict(graph.nodes(data=True)), {(u, v): dict(d) for u, v, d in graph.edges(data=True)}


@pytest.mark.parametrize("kind", [ArrayDiGraph, NeuronGraph])
@pytest.mark.parametrize("seed", range(6))
def test_a_copy_of_a_part_is_what_networkx_copies(kind, seed):
    graph = some_graph(kind, seed, seed)
    part = [name for name in graph if hash(name) % 3 != seed % 3]
    copied = graph.subgraph(part).copy()
    plain = nx.DiGraph()
    plain.add_nodes_from((name, dict(d)) for name, d in graph.nodes(data=True))
    plain.add_edges_from((u, v, dict(d)) for u, v, d in graph.edges(data=True))
    wanted = plain.subgraph(part)
    assert content(copied) == content(wanted) and list(copied) == list(wanted)
    assert {v: sorted(copied.pred[v], key=str) for v in copied} == {v: sorted(wanted.pred[v], key=str) for v in wanted}


def test_both_go_their_own_ways():
    graph = some_graph(NeuronGraph, 1, 1)
    before, part = content(graph), graph.subgraph(list(range(20, 40))).copy()
    assert len(part.edges) and not len(part.journal)
    for u, v in list(part.edges):
        part.edges[u, v].update(weight=7.0, own=1)
    part.remove_node(25)
    assert part.add_neuron("new", bias=1.0) == "new"
    assert content(graph) == before and "new" not in graph
    part.undo()
    assert "own" in next(iter(part.edges(data=True)))[2]


def test_numbers_stay():
    graph = some_graph(NeuronGraph, 2, 3)
    part = graph.subgraph([name for name in graph if name != 30]).copy()
    there = {tuple(graph.names_of(np.array([u, v]))): i for u, v, i in ends(graph)}
    assert len(part.edges) and all(there[tuple(part.names_of(np.array([u, v])))] == i for u, v, i in ends(part))
    assert (part.keys_of(list(part)) == graph.keys_of(list(part))).all()


def ends(graph):
    rows = graph.table.live()
    return zip(*(getattr(graph.table, column)[rows].tolist() for column in ("src", "dst", "id")), strict=True)
