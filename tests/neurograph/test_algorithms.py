"""networkx's algorithms on a NeuronGraph give what they give on a plain DiGraph."""

import copy
import gc
import pickle

import networkx as nx
import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.storage import ArrayDiGraph


@pytest.fixture
def pair():
    """A random DAG as a NeuronGraph, and its wiring as a plain DiGraph."""
    rng, G = np.random.default_rng(3), NeuronGraph()
    names = G.add_population("field", 30)
    upper = [(a, b) for a in names for b in names if a < b and rng.random() < 0.2]
    G.add_edges_from_arrays(*zip(*upper, strict=True), weight=rng.uniform(0.1, 1.0, len(upper)))
    H = nx.DiGraph()
    H.add_nodes_from(names)
    H.add_weighted_edges_from(G.edges(data="weight"))
    return G, H


ALGORITHMS = {
    "longest path": nx.dag_longest_path,
    "longest path length": nx.dag_longest_path_length,
    "ancestors": lambda G: nx.ancestors(G, 25),
    "descendants": lambda G: nx.descendants(G, 0),
    "generations": lambda G: [sorted(level) for level in nx.topological_generations(G)],
    "transitive reduction": lambda G: set(nx.transitive_reduction(G).edges),
    "transitive closure": lambda G: set(nx.transitive_closure(G).edges),
    "max flow": lambda G: nx.maximum_flow_value(G, 0, 29, capacity="weight"),
    "min cut": lambda G: nx.minimum_edge_cut(G, 0, 29) and len(nx.minimum_edge_cut(G, 0, 29)),
    "shortest paths": lambda G: dict(nx.all_pairs_dijkstra_path_length(G)),
    "pagerank": nx.pagerank,
    "betweenness": lambda G: nx.betweenness_centrality(G, weight="weight"),
    "degree centrality": nx.degree_centrality,
    "edge connectivity": lambda G: nx.edge_connectivity(G, 0, 29),
    "undirected components": lambda G: sorted(map(sorted, nx.connected_components(G.to_undirected()))),
    "weighted degree": lambda G: dict(G.degree(weight="weight")),
    "adjacency matrix": nx.to_numpy_array,
    "line graph": lambda G: set(nx.line_graph(G).edges),
    "node boundary": lambda G: nx.node_boundary(G, range(10)),
    "edge subgraph": lambda G: set(G.edge_subgraph(list(G.edges)[::3]).copy().edges(data="weight")),
    "reversed view": lambda G: set(G.reverse(copy=False).edges(data="weight")),
}


@pytest.mark.parametrize("name", ALGORITHMS)
def test_algorithm(pair, name):
    G, H = pair
    before = G.wiring_digest()
    found, expected = ALGORITHMS[name](G), ALGORITHMS[name](H)
    floats = isinstance(expected, float | np.ndarray) or (
        isinstance(expected, dict) and all(isinstance(value, float) for value in expected.values())
    )
    assert found == (pytest.approx(expected) if floats else expected)
    assert G.wiring_digest() == before


def test_relabel_keeps_attributes(pair):
    G, _ = pair
    G.nodes[3]["activation"] = "tanh"
    G.nodes[3]["colour"] = "blue"
    H = nx.relabel_nodes(G, {3: "three"})
    assert type(H) is NeuronGraph
    assert dict(H.nodes["three"]) == dict(G.nodes[3])
    assert set(H.edges(data="weight")) == {
        ("three" if u == 3 else u, "three" if v == 3 else v, w) for u, v, w in G.edges(data="weight")
    }
    assert H.wiring_digest() == G.wiring_digest()


def test_relabel_in_place(pair):
    G, _ = pair
    wired = {(v, w) for _, v, w in G.out_edges(0, data="weight")}
    nx.relabel_nodes(G, {0: "zero"}, copy=False)
    assert {(v, w) for _, v, w in G.out_edges("zero", data="weight")} == wired
    assert 0 not in G


@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, lambda G: pickle.loads(pickle.dumps(G)), NeuronGraph.copy])
def test_copies_are_whole_and_independent(pair, how):
    G, _ = pair
    G.nodes[1]["note"] = ["mine"]
    C = how(G)
    assert C.wiring_digest() == G.wiring_digest()
    assert set(C.edges(data="weight")) == set(G.edges(data="weight"))
    assert C.nodes[1]["note"] == ["mine"]
    C.remove_node(5)
    C.add_edge(0, "new", weight=1.0)
    assert 5 in G
    assert "new" not in G
    del C
    gc.collect()
    G.nodes[1]["bias"] = 0.5
    G[0][next(G.successors(0))]["weight"] = 2.0
    assert G.nodes[1]["bias"] == 0.5


def test_node_link_round_trip(pair):
    G, _ = pair
    G.nodes[2]["bias"] = 0.5
    H = nx.node_link_graph(nx.node_link_data(G), directed=True, multigraph=False)
    again = NeuronGraph(H)
    assert again.nodes[2]["bias"] == 0.5
    assert again.wiring_digest() == G.wiring_digest()


def test_reverse_is_an_array_digraph(pair):
    G, H = pair
    R = G.reverse()
    assert type(R) is ArrayDiGraph
    assert set(R.edges(data="weight")) == set(H.reverse().edges(data="weight"))
    assert R.nodes[0]["activation"] == "identity"


def test_a_frozen_graph_refuses_bulk_verbs(pair):
    G, _ = pair
    frozen = nx.freeze(G)
    for verb in (
        lambda: frozen.connect([0], [29], [[1.0]]),
        lambda: frozen.add_population("more", 3),
        lambda: frozen.remove_neurons([1]),
        lambda: frozen.nodes[1].update(bias=0.0),
        lambda: frozen.undo(),
    ):
        with pytest.raises(nx.NetworkXError, match=r"[Ff]rozen"):
            verb()


def test_a_view_says_how_to_get_a_graph(pair):
    G, _ = pair
    with pytest.raises(nx.NetworkXError):
        G.subgraph([0, 1, 2]).connect([0], [2], [[1.0]])
    part = G.subgraph([0, 1, 2]).copy()
    assert type(part) is NeuronGraph
    assert set(part.edges) == {(u, v) for u, v in G.edges if u in (0, 1, 2) and v in (0, 1, 2)}
    assert not len(part.journal)
