"""Who owns structure and values: the protocol between a graph and the network last compiled from it."""

import copy
import gc
import pickle

import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.edits import Proliferate


class Network:
    """Stands in for a compiled network: its one weight moves, and is written back when asked."""

    def __init__(self, graph: NeuronGraph, weight: float) -> None:
        self.graph, self.weight, self.asked = graph, weight, 0

    def synchronise(self) -> None:
        self.asked += 1
        ids = self.graph.table.id[self.graph.table.live()][:1]
        self.graph.write_weights(ids, np.full(len(ids), self.weight), author=self)


@pytest.fixture
def graph():
    return NeuronGraph([("a", "b", {"weight": 1.0}), ("b", "c", {"weight": 2.0})])


MUTATIONS = {
    "add_node": lambda g: g.add_node("x"),
    "add_edge": lambda g: g.add_edge("a", "c", weight=1.0),
    "add_edges_from": lambda g: g.add_edges_from([("a", "x"), ("x", "c")]),
    "remove_edge": lambda g: g.remove_edge("a", "b"),
    "remove_node": lambda g: g.remove_node("b"),
    "clear_edges": lambda g: g.clear_edges(),
    "population": lambda g: g.add_population("more", 2),
    "connect": lambda g: g.connect(["a"], ["c"], [[1.0]]),
    "kind": lambda g: g.nodes["b"].update(activation="tanh"),
    "value": lambda g: g.nodes["b"].update(bias=1.0),
    "weight": lambda g: g["b"]["c"].update(weight=5.0),
    "undo": lambda g: g.undo(),
    "copy": lambda g: g.copy(),
    "pickle": lambda g: pickle.dumps(g),
    "arrays": lambda g: g.arrays(),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_values_are_written_back_first(graph, name):
    network = Network(graph, 0.125)
    graph.own(network)
    asked = network.asked
    result = MUTATIONS[name](graph)
    assert network.asked > asked
    if name == "remove_edge":  # it died with what it had learned
        graph.undo()
        assert graph["a"]["b"]["weight"] == 0.125
    if name == "copy":
        assert result["a"]["b"]["weight"] == 0.125
    if name == "arrays":
        assert 0.125 in result.weight


def test_copies_have_no_owner(graph):
    graph.own(Network(graph, 3.0))
    for other in (graph.copy(), copy.deepcopy(graph), pickle.loads(pickle.dumps(graph))):
        assert other.owner is None


def test_ownership_is_weak_and_moves_on(graph):
    first, second = Network(graph, 3.0), Network(graph, 4.0)
    graph.own(first)
    graph.own(second)
    assert graph["a"]["b"]["weight"] == 3.0  # the first was asked before it was released
    assert graph.owner is second
    del second
    gc.collect()
    assert graph.owner is None
    graph.add_node("x")


def test_the_change_log_keeps_what_comparing_cannot_see(graph):
    network = Network(graph, 1.0)
    assert len(graph.changes) == 0
    graph["a"]["b"]["weight"] = 7.0
    assert len(graph.changes) == 0  # nobody reads
    graph.changes.subscribe(network)
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
    old, new = Network(graph, 1.0), Network(graph, 1.0)
    graph.changes.subscribe(old)
    graph["a"]["b"]["weight"] = 7.0
    graph.changes.subscribe(new)
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
    reader = Network(graph, 0.0)
    entry = graph.apply(Proliferate("hidden1", 2, seed=1)).entry
    graph.undo()
    graph.changes.subscribe(reader)
    graph.redo()
    changes = graph.changes.since(reader)
    assert changes.neuron_heirs == dict(entry.neuron_heirs.tolist())
    assert changes.synapse_heirs == dict(entry.synapse_heirs.tolist())
