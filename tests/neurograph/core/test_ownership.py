"""Who owns structure and values: the protocol between a graph and the network last compiled from it."""

import copy
import gc
import pickle
import threading
import weakref

import networkx as nx
import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.edits import Proliferate, SplitEdge
from neurograph.errors import NeuroGraphError
from tests.neurograph.holders import Network


def network_of(graph: NeuronGraph, weight: float) -> Network:
    """A network in which the first synapse has this weight."""
    return Network(graph, dict.fromkeys(graph.table.id[graph.table.live()][:1].tolist(), weight))


@pytest.fixture
def graph():
    return NeuronGraph([("a", "b", {"weight": 1.0}), ("b", "c", {"weight": 2.0})])


READS = {
    "edge": lambda g: g["a"]["b"]["weight"],
    "pred": lambda g: dict(g.pred["b"].items())["a"]["weight"],
    "edges": lambda g: next(iter(g.edges(data="weight")))[2],
    "edges of one": lambda g: next(iter(g.edges("a", data="weight")))[2],
    "edge data": lambda g: next(iter(g.edges(data=True)))[2]["weight"],
    "in edges": lambda g: next(iter(g.in_edges(data="weight")))[2],
    "adjacency": lambda g: dict(g.adjacency())["a"]["b"]["weight"],
    "arrays": lambda g: g.arrays().weight[0],
    "by id": lambda g: g.read_weights(np.array([0]))[0],
    "copy": lambda g: g.copy()["a"]["b"]["weight"],
    "deepcopy": lambda g: copy.deepcopy(g)["a"]["b"]["weight"],
    "pickle": lambda g: pickle.loads(pickle.dumps(g))["a"]["b"]["weight"],
    "converted": lambda g: nx.DiGraph(g)["a"]["b"]["weight"],
    "of its class": lambda g: NeuronGraph(g)["a"]["b"]["weight"],
    "directed": lambda g: g.to_directed()["a"]["b"]["weight"],
    "reversed": lambda g: g.reverse()["b"]["a"]["weight"],
    "reversed view": lambda g: g.reverse(copy=False)["b"]["a"]["weight"],
    "subgraph": lambda g: g.subgraph(["a", "b"])["a"]["b"]["weight"],
    "copied subgraph": lambda g: g.subgraph(["a", "b"]).copy()["a"]["b"]["weight"],
    "edge subgraph": lambda g: g.edge_subgraph([("a", "b")]).copy()["a"]["b"]["weight"],
    "subgraph view": lambda g: nx.subgraph_view(g, filter_node=lambda n: n != "c").copy()["a"]["b"]["weight"],
    "relabelled": lambda g: nx.relabel_nodes(g, {"a": "z"})["z"]["b"]["weight"],
    "node_link": lambda g: nx.node_link_data(g, edges="links")["links"][0]["weight"],
    "adjacency_data": lambda g: nx.adjacency_data(g)["adjacency"][0][0]["weight"],
    "to_numpy_array": lambda g: nx.to_numpy_array(g)[0, 1],
    "longest path": lambda g: nx.dag_longest_path_length(g) - 2.0,
    "size": lambda g: g.size("weight") - 2.0,
    "degree": lambda g: g.degree("a", "weight"),
    "died": lambda g: (g.remove_edge("a", "b"), g.undo(), g["a"]["b"]["weight"])[2],
    "died with its neuron": lambda g: (g.remove_node("a"), g.undo(), g["a"]["b"]["weight"])[2],
    "died with all": lambda g: (g.clear_edges(), g.undo(), g["a"]["b"]["weight"])[2],
}


@pytest.mark.parametrize("name", READS)
def test_what_is_read_is_what_the_network_has(graph, name):
    network = network_of(graph, 4.125)
    graph.own(network)
    assert READS[name](graph) == 4.125


@pytest.mark.parametrize("name", READS)
def test_a_network_that_is_gone_leaves_its_numbers_with_the_graph(graph, name):
    graph.own(network_of(graph, 4.125))
    assert graph.owner is None
    assert READS[name](graph) == 4.125


def test_a_users_write_wins_and_a_graph_that_was_let_go_of_is_asked_no_more(graph):
    network = Network(graph, {0: 3.0, 1: 4.0})
    graph.own(network)
    graph["a"]["b"]["weight"] = 9.0
    assert [w for *_, w in graph.edges(data="weight")] == [9.0, 4.0]
    network.holding.fresh, network.holding.weights = False, {1: 5.0}
    graph.release()
    assert graph.owner is None and graph.table.holder is None
    network.holding.fresh, network.holding.weights = False, {1: 6.0}
    assert graph["b"]["c"]["weight"] == 5.0


def test_inside_a_transaction_nothing_is_written_back(graph):
    network = network_of(graph, 3.0)
    graph.own(network)
    with graph.atomic():
        assert network.holding.fresh  # it was when the transaction began
        network.holding.fresh, network.holding.weights = False, {1: 7.0}
        graph.arrays()
        assert not network.holding.fresh
    assert graph.arrays().weight.tolist() == [3.0, 7.0]


def test_a_network_of_another_graph_cannot_own_this_one(graph):
    with pytest.raises(NeuroGraphError, match="another graph"):
        graph.own(network_of(graph.copy(), 3.0))


def test_copies_have_no_owner(graph):
    network = network_of(graph, 3.0)
    graph.own(network)
    for other in (graph.copy(), copy.deepcopy(graph), pickle.loads(pickle.dumps(graph))):
        assert other.owner is None


def test_ownership_moves_on_and_what_was_learned_is_written_first(graph):
    first, second = network_of(graph, 3.0), Network(graph, {})
    graph.own(first)
    graph.own(second)
    assert graph["a"]["b"]["weight"] == 3.0
    assert graph.owner is second
    gone = weakref.ref(second)
    del second
    assert gone() is None and graph.owner is None
    graph.arrays()
    assert graph.table.holder is None


def test_a_deep_copy_copies_what_users_attached_and_shares_nothing(graph):
    graph["a"]["b"]["mine"], graph.nodes["a"]["mine"], graph.graph["mine"] = [1], [2], [3]
    again, both = copy.deepcopy(graph), copy.deepcopy([graph, graph])
    assert both[0] is both[1]
    again["a"]["b"]["mine"].append(9), again.nodes["a"]["mine"].append(9), again.graph["mine"].append(9)
    assert (graph["a"]["b"]["mine"], graph.nodes["a"]["mine"], graph.graph["mine"]) == ([1], [2], [3])
    again.add_edge("a", "c", weight=1.0)
    assert graph.number_of_edges() == 2 and again.pred["c"]["a"]["weight"] == 1.0
    again.undo()
    assert again.number_of_edges() == 0 and graph.number_of_edges() == 2
    frozen = copy.deepcopy(nx.freeze(graph))
    assert nx.is_frozen(frozen) and frozen["a"]["b"]["mine"] == [1]
    view = copy.deepcopy(graph.subgraph(["a", "b"]))
    assert sorted(view.edges(data="weight")) == [("a", "b", 1.0)]


# ------------------------------------------------------------------------------------------ threads


def run(act) -> list:
    """What a second thread gets or meets."""
    found = []

    def work() -> None:
        try:
            found.append(act())
        except Exception as err:
            found.append(err)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return found


CHANGES = {
    "add_node": lambda g: g.add_node("x"),
    "add_nodes_from": lambda g: g.add_nodes_from(["x"]),
    "add_edge": lambda g: g.add_edge("a", "c", weight=1.0),
    "add_edges_from": lambda g: g.add_edges_from([("a", "x"), ("x", "c")]),
    "add_edges_from_arrays": lambda g: g.add_edges_from_arrays(["a"], ["c"], [1.0]),
    "remove_edge": lambda g: g.remove_edge("a", "b"),
    "remove_edges_from": lambda g: g.remove_edges_from([("a", "b")]),
    "remove_node": lambda g: g.remove_node("b"),
    "remove_nodes_from": lambda g: g.remove_nodes_from(["b"]),
    "clear": lambda g: g.clear(),
    "clear_edges": lambda g: g.clear_edges(),
    "add_population": lambda g: g.add_population("more", 2),
    "add_neuron": lambda g: g.add_neuron(),
    "remove_neurons": lambda g: g.remove_neurons(["b"]),
    "remove_synapses": lambda g: g.remove_synapses([("a", "b")]),
    "connect": lambda g: g.connect(["a"], ["c"], [[1.0]]),
    "kind": lambda g: g.nodes["b"].update(activation="tanh"),
    "weight": lambda g: g["b"]["c"].update(weight=5.0),
    "no weight": lambda g: g["b"]["c"].__delitem__("weight"),
    "write_weights": lambda g: g.write_weights(np.array([0]), np.array([1.0])),
    "write_values": lambda g: g.write_values("bias", np.array([0]), np.array([1.0])),
    "apply": lambda g: g.apply(SplitEdge("a", "b")),
    "undo": lambda g: g.undo(),
    "redo": lambda g: g.redo(),
    "replay": lambda g: g.replay([]),
    "atomic": lambda g: g.atomic().__enter__(),
}


@pytest.mark.parametrize("name", CHANGES)
def test_another_thread_may_not_change_a_graph_while_one_does(graph, name):
    with graph.atomic():
        (met,) = run(lambda: CHANGES[name](graph))
        assert isinstance(met, NeuroGraphError) and "another thread" in str(met)
        assert sorted(graph.edges(data="weight")) == [("a", "b", 1.0), ("b", "c", 2.0)]
    assert run(lambda: graph.add_edge("a", "c", weight=1.0)) == [None]


def test_a_read_that_has_to_write_back_waits_for_the_other_threads_transaction(graph):
    network = network_of(graph, 3.0)
    graph.own(network)
    found, reader = [], threading.Thread(target=lambda: found.append(graph.arrays().weight.tolist()))
    with graph.atomic():
        network.holding.fresh = False
        reader.start()
        reader.join(0.05)
        assert not found
        graph["b"]["c"]["weight"] = 5.0
    reader.join()
    assert found == [[3.0, 5.0]]


# ------------------------------------------------------------------------------------------ the change log


def test_the_change_log_keeps_what_comparing_cannot_see(graph):
    graph["a"]["b"]["weight"] = 7.0
    assert len(graph.changes) == 0  # nobody reads
    network = Network(graph, {}).holding
    graph["b"]["c"]["weight"] = 8.0
    graph.nodes["c"]["bias"] = 0.0
    graph.nodes["c"]["bias"] = 1.0
    graph.changes.heirs([(10, 1)], [(20, 2)])
    graph.changes.heirs([(11, 10)], [])
    changes = graph.changes.since(network)
    (edge,) = (row for row in graph.table.live() if graph.table.values.weight(row) == 8.0)
    assert changes.synapses.tolist() == [graph.table.id[edge]]
    assert {name: keys.tolist() for name, keys in changes.neurons.items()} == {"bias": graph.keys_of(["c"]).tolist()}
    assert changes.synapse_heirs == {10: 1, 11: 1}
    assert changes.neuron_heirs == {20: 2}
    graph.changes.advance(network)
    assert len(graph.changes) == 0
    assert not len(graph.changes.since(network).synapses)


def test_the_change_log_waits_for_the_oldest_reader(graph):
    old = Network(graph, {}).holding
    graph["a"]["b"]["weight"] = 7.0
    new = Network(graph, {}).holding
    graph["b"]["c"]["weight"] = 8.0
    graph.changes.advance(new)
    assert len(graph.changes.since(old).synapses) == 2
    assert len(graph.changes.since(new).synapses) == 0
    del old
    gc.collect()
    graph["b"]["c"]["weight"] = 9.0
    graph.changes.advance(new)
    assert len(graph.changes) == 0


def test_a_redo_names_the_heirs_again():
    graph = mlp([2, 3, 1])
    entry = graph.apply(Proliferate("hidden1", 2, seed=1)).entry
    graph.undo()
    reader = Network(graph, {}).holding
    graph.redo()
    changes = graph.changes.since(reader)
    assert changes.neuron_heirs == dict(entry.neuron_heirs.tolist())
    assert changes.synapse_heirs == dict(entry.synapse_heirs.tolist())


def test_writes_that_are_rolled_back_were_never_made(graph):
    network = Network(graph, {}).holding
    before = graph.changes.mark()
    with pytest.raises(KeyError), graph.atomic():
        graph["a"]["b"]["weight"] = 7.0
        assert graph.changes.written_since(network, "weight", 0)
        raise KeyError
    assert graph.changes.mark() == before
    assert not graph.changes.written_since(network, "weight", 0)


def test_writes_that_were_read_before_they_were_rolled_back_are_taken_back(graph):
    network = Network(graph, {}).holding
    with pytest.raises(KeyError), graph.atomic():
        graph["a"]["b"]["weight"] = 7.0
        graph.changes.advance(network)
        writes = graph.changes.writes
        raise KeyError
    assert graph.changes.writes != writes
    assert graph.changes.since(network).synapses.tolist() == [0]


def test_what_was_not_read_goes_along_to_another_log(graph):
    network = Network(graph, {}).holding
    graph["a"]["b"]["weight"] = 7.0
    other = graph.copy()
    reader = Network(other, {}).holding
    other.changes.subscribe(reader, graph.changes.unread(network))
    other["b"]["c"]["weight"] = 8.0
    assert other.changes.since(reader).synapses.tolist() == [0, 1]
    assert all(other.changes.written_since(reader, "weight", i) for i in (0, 1))
    other.changes.advance(reader)
    assert not len(other.changes.since(reader).synapses)
