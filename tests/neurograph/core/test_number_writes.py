"""`g[u][v]["weight"] = number` is checked, recorded and told to readers as any other write is."""

import networkx as nx
import pytest

from neurograph import NeuronGraph
from neurograph.errors import SynapseError
from tests.neurograph.holders import Network


def graph() -> NeuronGraph:
    return NeuronGraph([("a", "b", {"weight": 1.0}), ("b", "c", {})])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "x", None, [[1.0]]])
def test_what_is_no_weight_is_refused(value):
    g = graph()
    with pytest.raises(SynapseError, match="'a' -> 'b'"):
        g["a"]["b"]["weight"] = value
    assert g["a"]["b"]["weight"] == 1.0


def test_a_frozen_graph_is_not_written():
    assert not nx.is_frozen(graph())
    g = nx.freeze(graph())
    with pytest.raises(nx.NetworkXError, match="Frozen"):
        g["a"]["b"]["weight"] = 2.0
    assert g["a"]["b"]["weight"] == 1.0


def test_a_transaction_takes_a_number_back():
    g = graph()
    with pytest.raises(ZeroDivisionError), g.atomic():
        g["a"]["b"]["weight"] = 2.0
        g["b"]["c"]["weight"] = 3.0  # there was none: structure
        raise ZeroDivisionError
    assert dict(g["a"]["b"]) == {"weight": 1.0}
    assert dict(g["b"]["c"]) == {}


def test_readers_hear_of_it_and_it_wins_over_the_owner_there_alone():
    g = graph()
    (other,) = g.add_edges_from_arrays(["a"], ["c"], weight=[0.5]).tolist()
    early = g["a"]["b"]
    early["weight"] = 2.0  # nobody reads yet
    assert len(g.changes) == 0
    network = Network(g, {other: 9.0})
    early["weight"] = 3.0
    assert len(g.changes.since(network.holding).synapses) == 1
    g.changes.advance(network.holding)
    g.own(network)
    early["weight"] = 4.0
    assert (g["a"]["b"]["weight"], g["a"]["c"]["weight"]) == (4.0, 9.0)
    assert len(g.changes.since(network.holding).synapses) == 1
    del network
    g.release()
    early["weight"] = 5.0
    early["weight"] = 6.0
    assert len(g.changes) == 0


def test_an_edge_that_is_gone_keeps_its_number_for_whoever_holds_it():
    g = graph()
    held = g["a"]["b"]
    g.remove_edge("a", "b")
    held["weight"] = 7.0
    g.add_edge("a", "b", weight=0.5)
    g.table.reindex()
    held["weight"] = 8.0
    assert (g["a"]["b"]["weight"], held["weight"]) == (0.5, 8.0)
