"""Columns that would move without a word: what networkx's relabelling in place does to inputs and outputs."""

import copy
import warnings

import networkx as nx
import pytest
import torch

import compiler
from neurograph import NeuronGraph
from neurograph.edits import AddNeuron, Proliferate, RemoveNeurons, Rename
from tests.compiler.graphs import mlp


def exchanged(g: NeuronGraph, gone, new) -> None:
    """A neuron is taken away and another of its kind put in, by hand."""
    attributes, edges = dict(g.nodes[gone]), [(new, v, dict(d)) for _, v, d in g.out_edges(gone, data=True)]
    edges += [(u, new, dict(d)) for u, _, d in g.in_edges(gone, data=True)]
    g.remove_node(gone)
    g.add_node(new, **attributes)
    g.add_edges_from(edges)


MOVED = {  # of mlp((3, 4, 2)): inputs 0, 1, 2, outputs 7, 8
    "an input": lambda g: nx.relabel_nodes(g, {0: "age"}, copy=False),
    "an output": lambda g: nx.relabel_nodes(g, {7: "cat"}, copy=False),
    "two inputs": lambda g: nx.relabel_nodes(g, {0: "a", 1: "b"}, copy=False),
    "labels moved up by one": lambda g: nx.relabel_nodes(g, lambda n: n + 1, copy=False),
    "an input twice": lambda g: [nx.relabel_nodes(g, m, copy=False) for m in ({1: "a"}, {"a": "b"})],
    "removed and added": lambda g: exchanged(g, 0, "age"),
    "an edit removes, another adds": lambda g: [
        g.apply(RemoveNeurons([1])),
        g.apply(AddNeuron(outgoing={3: 1.0, 4: 1.0}, population="x", attributes={"role": "input"})),
    ],
}
KEPT = {
    "the last input": lambda g: nx.relabel_nodes(g, {2: "age"}, copy=False),
    "the last output": lambda g: nx.relabel_nodes(g, {8: "cat"}, copy=False),
    "a hidden one": lambda g: nx.relabel_nodes(g, {4: "x"}, copy=False),
    "every one in order": lambda g: nx.relabel_nodes(g, {n: f"n{n}" for n in g}, copy=False),
    "there and back": lambda g: [nx.relabel_nodes(g, {0: "age"}, copy=False), g.undo()],
    "the verb": lambda g: g.apply(Rename({0: "age", 7: "cat", 3: "x"})),
    "the method": lambda g: g.rename({0: 1, 1: 0}),
    "growth": lambda g: g.apply(Proliferate("h1", 2, seed=0)),
    "an input less": lambda g: g.remove_node(0),
    "an input more": lambda g: g.add_edge(g.add_neuron("more", role="input", population="x"), 3, weight=1.0),
}


@pytest.fixture
def network():
    g = mlp((3, 4, 2))
    return compiler.compile(g)


@pytest.mark.parametrize("name", MOVED)
@pytest.mark.parametrize("how", ["refresh", "compile", "compile a copy", "deep copy"])
def test_columns_that_moved_are_said_to_have(network, name, how):
    g, net = network.graph, network
    if how == "compile a copy":
        g = g.copy()
    if how == "deep copy":
        net = copy.deepcopy(net)
    MOVED[name](net.graph if how == "deep copy" else g)
    with pytest.warns(UserWarning, match="(?s)put population '.*another order.*Rename") as caught:
        net.refresh() if how in ("refresh", "deep copy") else compiler.compile(g)
    assert {warning.filename for warning in caught} == {__file__}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.refresh() if how in ("refresh", "deep copy") else compiler.compile(g)  # said once


@pytest.mark.parametrize("name", KEPT)
@pytest.mark.parametrize("how", ["refresh", "compile"])
def test_nothing_is_said_where_columns_stayed(network, name, how):
    KEPT[name](network.graph)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        network.refresh() if how == "refresh" else compiler.compile(network.graph)


def test_a_renamed_network_goes_on_running(network):
    x = torch.randn(4, 3)
    before = network(x)
    network.graph.apply(Rename({0: "age", 7: "cat"}))
    torch.testing.assert_close(network(x), before, rtol=0, atol=0)
    network.graph.undo()
    network.refresh()
    torch.testing.assert_close(network(x), before, rtol=0, atol=0)
