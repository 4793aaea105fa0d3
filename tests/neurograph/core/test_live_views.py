"""A live view that is stored as data is data from then on."""

import copy
import pickle

import networkx as nx
import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.builders import enas_macro, mlp


def net():
    g = mlp([2, 3, 1], seed=0)
    for n in g.population("hidden1"):
        g.nodes[n].update(bias=float(n), own={"n": n})
    return g


VIEWS = {
    "neuron": lambda g: g.nodes[3],
    "neurons": lambda g: g.nodes,
    "synapse": lambda g: g[0][3],
    "row": lambda g: g._adj[0],
    "sources": lambda g: g.pred[3],
    "adjacency": lambda g: g.adj,
}
DOORS = {
    "neuron": lambda g, value: g.nodes[0].update(kept=value),
    "item": lambda g, value: g.nodes[0].__setitem__("kept", value),
    "synapse": lambda g, value: g[0][2].update(kept=value),
    "add_node": lambda g, value: g.add_node("new", kept=value),
    "add_edge": lambda g, value: g.add_edge(1, 5, kept=value),
    "add_nodes_from": lambda g, value: g.add_nodes_from(["new"], kept=value),
    "add_edges_from": lambda g, value: g.add_edges_from([(1, 5, {"kept": value})]),
    "population": lambda g, value: g.add_population("new", 2, kept=value),
    "set_node_attributes": lambda g, value: nx.set_node_attributes(g, {0: value}, "kept"),
    "set_edge_attributes": lambda g, value: nx.set_edge_attributes(g, {(0, 2): value}, "kept"),
}
WRAPS = {
    "bare": (lambda v: v, lambda k: k),
    "list": (lambda v: [1, v], lambda k: k[1]),
    "tuple": (lambda v: (v, 2), lambda k: k[0]),
    "dict": (lambda v: {"a": {"b": v}}, lambda k: k["a"]["b"]),
}


def kept(g):
    everything = [*(d for _, d in g.nodes(data=True)), *(d for *_, d in g.edges(data=True))]
    return [dict(d)["kept"] for d in everything if "kept" in d]


def plain(value):
    return {k: plain(v) for k, v in value.items()} if hasattr(value, "items") else value


@pytest.mark.parametrize("wrap", WRAPS.values(), ids=WRAPS)
@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_what_is_stored_does_not_change_with_what_it_showed(view, door, wrap, tmp_path):
    g = net()
    put, take = wrap
    unchanged = plain(view(g))
    door(g, put(view(g)))
    g[0][3]["weight"], g.nodes[3]["bias"] = 77.0, 88.0
    g.remove_node(3)
    found = kept(g)
    assert found
    for each in found:
        assert type(take(each)) is dict
        assert plain(take(each)) == unchanged
    g.save(tmp_path / "net.safetensors")
    assert repr(kept(NeuronGraph.load(tmp_path / "net.safetensors"))) == repr(found)


GRAPH_DOORS = {
    "item": lambda g, value: g.graph.__setitem__("kept", value),
    "update": lambda g, value: g.graph.update({"kept": value}),
    "update by pairs": lambda g, value: g.graph.update([("kept", value)]),
    "update by name": lambda g, value: g.graph.update(kept=value),
    "merge": lambda g, value: g.graph.__ior__({"kept": value}),
    "setdefault": lambda g, value: g.graph.setdefault("kept", value),
    "replaced": lambda g, value: setattr(g, "graph", {"kept": value}),
    "of another graph": lambda g, value: g.update(nx.DiGraph(kept=value)),
    "of a view": lambda g, value: g.subgraph([0, 3]).graph.update(kept=value),
}
MADE = {
    "by name": lambda value: NeuronGraph(kept=value),
    "of a graph": lambda value: NeuronGraph(nx.DiGraph(kept=value)),
    "empty copy": lambda value: nx.create_empty_copy(NeuronGraph(kept=value)),
}


@pytest.mark.parametrize("door", GRAPH_DOORS.values(), ids=GRAPH_DOORS)
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_an_attribute_of_the_graph_does_not_change_with_what_it_showed(view, door, tmp_path):
    g = net()
    unchanged = plain(view(g))
    door(g, [put(view(g)) for put, _ in WRAPS.values()])
    copies = [g.copy(), copy.deepcopy(g), copy.copy(g), pickle.loads(pickle.dumps(g)), g.subgraph([0, 3]), g]
    g[0][3]["weight"], g.nodes[3]["bias"] = 77.0, 88.0
    g.save(tmp_path / "net.safetensors")
    for each in [*copies, NeuronGraph.load(tmp_path / "net.safetensors")]:
        for (_, take), value in zip(WRAPS.values(), each.graph["kept"], strict=True):
            assert type(take(value)) is dict
            assert plain(take(value)) == unchanged


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_a_graph_is_made_without_views(make):
    g = net()
    made = make(g.nodes[3])
    g.nodes[3]["bias"] = 88.0
    assert made.graph["kept"]["bias"] == 3.0
    made.graph["more"] = g.nodes[3]
    g.nodes[3]["bias"] = 99.0
    assert made.graph["more"]["bias"] == 88.0


def test_attributes_of_a_graph_are_a_dictionary():
    g, mine = net(), {"a": [1]}
    g.graph["mine"] = mine
    assert g.graph["mine"] is mine
    assert g.graph.setdefault("mine", 3) is mine and g.graph.setdefault("none") is None
    assert g.graph == {"mine": mine, "none": None} and isinstance(g.graph, dict)
    view = g.subgraph([0, 3])
    view.graph["more"] = 1
    assert g.graph["more"] == 1 and g.copy().graph == g.graph and g.copy().graph is not g.graph
    with pytest.raises(ZeroDivisionError), g.atomic():
        g.graph.clear()
        raise ZeroDivisionError
    assert g.graph == {"mine": mine, "none": None, "more": 1}


def test_what_holds_no_view_is_stored_as_it_is():
    g, mine = net(), {"a": [1, (2, np.zeros(2))]}
    g.nodes[0]["kept"] = mine
    assert g.nodes[0]["kept"] is mine
    mine["self"] = mine
    g.nodes[1]["kept"] = mine
    assert g.nodes[1]["kept"] is mine


def test_a_kernel_is_copied():
    g = enas_macro([["conv3"]], channels=2, segments=1, size=6, seed=0)
    u, v, kernel = next((u, v, w) for u, v, w in g.edges(data="weight") if np.ndim(w))
    g.nodes[u]["kept"], was = kernel, kernel.copy()
    g[u][v]["weight"] = kernel + 1.0
    assert (g.nodes[u]["kept"] == was).all()


def test_contracting_keeps_what_the_neurons_were(tmp_path):
    g = net()
    values = {n: dict(g.nodes[n]) for n in (3, 4)}
    for n in (3, 4):
        nx.contracted_nodes(g, 2, n, copy=False, self_loops=False)
    for n in (3, 4):
        assert dict(g.nodes[2]["contraction"][n]) == values[n]
    g.save(tmp_path / "net.safetensors")
    assert NeuronGraph.load(tmp_path / "net.safetensors").nodes[2]["contraction"] == values
    assert copy.deepcopy(g).nodes[2]["contraction"] == values


def test_views_stay_live_and_outlive_their_neuron():
    g = net()
    view = g.nodes[3]
    view["bias"] = 1.5
    assert g.nodes[3]["bias"] == view["bias"] == 1.5
    had = dict(view)
    g.remove_node(3)
    assert dict(view) == had
    g.undo()
    g.nodes[3]["bias"] = 2.5
    del g.nodes[3]["own"]
    assert view["bias"] == 2.5 and "own" not in view


def test_a_key_that_is_given_again_starts_afresh():
    g = net()
    with pytest.raises(KeyError), g.atomic():
        g.add_neuron("a", bias=3.0, own=1)
        raise KeyError
    assert g.nodes[g.add_neuron("b")]["bias"] is None
    assert "own" not in g.nodes["b"]
