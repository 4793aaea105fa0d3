"""Networks that networkx makes of networks run, and what only copies one computes what it did."""

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given, settings

import compiler
from compiler.reference import reference
from compiler.testing.reference import batch
from neurograph import NeuronGraph
from tests.compiler.graphs import build, mlp, recipes
from tests.compiler.map_graphs import build_maps, map_recipes


def rebuilt(g: NeuronGraph) -> NeuronGraph:
    """What users write to make a graph of another's nodes and edges."""
    h = NeuronGraph()
    h.add_nodes_from(g.nodes(data=True))
    h.add_edges_from(g.edges(data=True))
    return h


def updated(g: NeuronGraph) -> NeuronGraph:
    h = NeuronGraph()
    h.update(g)
    return h


def with_edges_again(g: NeuronGraph) -> NeuronGraph:
    h = nx.create_empty_copy(g)
    h.add_edges_from(g.edges.data())
    return h


COPIES = {
    "NeuronGraph(g)": NeuronGraph,
    "NeuronGraph(DiGraph(g))": lambda g: NeuronGraph(nx.DiGraph(g)),
    "NeuronGraph(MultiDiGraph(g))": lambda g: NeuronGraph(nx.MultiDiGraph(g)),
    "nodes and edges": rebuilt,
    "update": updated,
    "create_empty_copy": with_edges_again,
    "relabel_nodes": lambda g: nx.relabel_nodes(g, {name: f"n{name}" for name in g}),
    "convert_node_labels_to_integers": lambda g: nx.convert_node_labels_to_integers(g, first_label=100),
    "compose with a part": lambda g: nx.compose(g, g.subgraph(list(g)[:4])),
    "compose with itself": lambda g: nx.compose(g, g),
    "disjoint union with nothing": lambda g: nx.disjoint_union(g, NeuronGraph()),
    "union with nothing": lambda g: nx.union(g, NeuronGraph(), rename=("a", "b")),
    "intersection and attributes": lambda g: with_attributes(nx.intersection(g, g), g),
    "edge_subgraph": lambda g: nx.compose(g, g.edge_subgraph(list(g.edges)[::2]).copy()),
    "to_directed": lambda g: NeuronGraph(g.to_directed()),
    "node_link_data": lambda g: NeuronGraph(nx.node_link_graph(nx.node_link_data(g, edges="edges"), edges="edges")),
}


def with_attributes(h: NeuronGraph, g: NeuronGraph) -> NeuronGraph:
    nx.set_node_attributes(h, dict(g.nodes(data=True)))
    nx.set_edge_attributes(h, {(u, v): d for u, v, d in g.edges(data=True)})
    return h


def assert_runs(g: NeuronGraph) -> list[torch.Tensor]:
    """Compiled, a network gives what the plain interpreter gives; returns its outputs."""
    inputs = batch(g)
    expected = reference(g, *inputs).outputs
    net = compiler.compile(g, dtype=torch.float64).eval()
    outputs = net(*inputs)
    outputs = [outputs] if isinstance(outputs, torch.Tensor) else list(outputs)
    for found, wanted in zip(outputs, expected, strict=True):
        torch.testing.assert_close(found, wanted)
    return outputs


def by_place(g: NeuronGraph) -> tuple[list, dict]:
    """All attributes, neurons known by their place."""
    place = {name: at for at, name in enumerate(g)}
    edges = {(place[u], place[v]): {k: np.asarray(x).tolist() for k, x in d.items()} for u, v, d in g.edges(data=True)}
    return [dict(d) for d in g.nodes.values()], edges


def assert_copied(g: NeuronGraph, name: str) -> None:
    expected = assert_runs(g)
    h = COPIES[name](g)
    assert type(h) is NeuronGraph
    assert by_place(h) == by_place(g)
    for found, wanted in zip(assert_runs(h), expected, strict=True):
        torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("name", COPIES)
@settings(max_examples=5)
@given(recipe=recipes())
def test_a_copy_made_by_networkx_computes_the_same(name, recipe):
    assert_copied(build(recipe), name)


@pytest.mark.parametrize("name", COPIES)
@settings(max_examples=3)
@given(recipe=map_recipes())
def test_so_does_one_of_feature_maps(name, recipe):
    assert_copied(build_maps(recipe), name)


UNIONS = {
    "union": lambda g, h: nx.union(g, h, rename=("g", "h")),
    "disjoint_union": nx.disjoint_union,
    "union_all": lambda g, h: nx.union_all([g, h], rename=("g", "h")),
    "disjoint_union_all": lambda g, h: nx.disjoint_union_all([g, h]),
    "compose": lambda g, h: nx.compose(g, nx.relabel_nodes(h, {name: f"h{name}" for name in h})),
    "compose_all": lambda g, h: nx.compose_all([g, nx.relabel_nodes(h, {name: f"h{name}" for name in h})]),
    "update": lambda g, h: filled(g.copy(), nx.relabel_nodes(h, {name: f"h{name}" for name in h})),
}


def filled(g: NeuronGraph, h: NeuronGraph) -> NeuronGraph:
    g.update(h)
    return g


@pytest.mark.parametrize("name", UNIONS)
def test_a_union_computes_both_side_by_side(name):
    g, h = mlp((3, 4, 2), seed=1), mlp((2, 5, 3), seed=2)
    both = UNIONS[name](g, h)
    assert_runs(both)
    x, y = torch.randn(4, 3, dtype=torch.float64), torch.randn(4, 2, dtype=torch.float64)
    net = compiler.compile(both, dtype=torch.float64).eval()
    apart = [compiler.compile(k, dtype=torch.float64).eval()(data) for k, data in ((g, x), (h, y))]
    torch.testing.assert_close(net(torch.cat([x, y], 1)), torch.cat(apart, 1))


def test_input_populations_keep_their_order_where_networkx_puts_neurons_among_the_hidden_ones_first():
    g = NeuronGraph()
    pixels = g.add_population("pixels", 2, role="input")
    g.add_node("age", role="input", population="hidden")
    out = g.add_population("out", 1, is_output=True)
    g.connect([*pixels, "age"], out, [[1.0], [2.0], [4.0]])
    for h in (nx.relabel_nodes(g, {"age": "years"}), NeuronGraph(nx.DiGraph(g))):
        assert list(h.populations) == list(g.populations)
        assert_runs(h)
        h.restart_journal()
    h = nx.relabel_nodes(g, {"age": "years"})
    digest = h.wiring_digest()
    assert len(h.journal) == 1
    h.undo()
    h.redo()
    assert (h.wiring_digest(), list(h.populations)) == (digest, list(g.populations))
