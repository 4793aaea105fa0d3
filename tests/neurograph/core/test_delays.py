"""Synapses with a delay stand outside the order of neurons, through every mutation, journal, copy and file."""

import json

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.core.journal import from_line, to_line
from neurograph.edits import Proliferate, RemoveNeurons, SplitEdge
from neurograph.errors import CycleError, JournalError, SynapseError
from neurograph.files.packing import pack
from neurograph.files.unpacking import unpack


def content(graph: NeuronGraph) -> tuple:
    nodes = [(name, dict(data)) for name, data in graph.nodes(data=True)]
    edges = {(u, v): dict(data) for u, v, data in graph.edges(data=True)}
    return str(nodes), str(sorted(edges.items(), key=str)), str(graph.populations), graph.wiring_digest()


def check(graph: NeuronGraph) -> None:
    """What holds of every graph, whatever its synapses read."""
    rank = {name: graph.ranks.rank[key] for name, key in graph.table.index.items()}
    now = [(u, v) for u, v, data in graph.edges(data=True) if not data.get("delay")]
    assert sorted(graph.immediate().edges, key=str) == sorted(now, key=str)
    assert all(rank[u] < rank[v] for u, v in now)
    assert nx.is_directed_acyclic_graph(nx.DiGraph(now))
    arrays = graph.arrays()
    assert arrays.delayed.sum() == graph.number_of_edges() - len(now)
    assert (arrays.immediate.source < arrays.immediate.target).all()
    assert (arrays.level[arrays.immediate.source] < arrays.level[arrays.immediate.target]).all()


def again(graph: NeuronGraph) -> NeuronGraph:
    """The graph written to a file and read."""
    new = NeuronGraph()
    unpack(pack(graph), new)
    return new


def change(graph: NeuronGraph, rng: np.random.Generator) -> None:
    """One mutation that may be refused, for a reason that is right."""
    names, edges = list(graph), list(graph.edges(data=True))
    readers = [v for v, data in graph.nodes(data=True) if data["role"] != "input"]
    u, v = names[int(rng.integers(len(names)))], readers[int(rng.integers(len(readers)))]
    what, delay = rng.random(), int(rng.random() < 0.6)
    if what < 0.4 and not graph.has_edge(u, v):
        reached = u == v or nx.has_path(graph.immediate(), v, u)
        if reached and not delay:
            with pytest.raises(CycleError):
                graph.add_edge(u, v, weight=1.0)
        else:
            graph.add_edge(u, v, weight=float(rng.normal()), **({"delay": 1} if delay else {}))
    elif what < 0.5:
        free = [(a, b) for a in rng.permutation(names).tolist() for b in readers if not graph.has_edge(a, b)][:3]
        graph.add_edges_from_arrays([a for a, _ in free], [b for _, b in free], rng.normal(size=len(free)), delay=1)
    elif what < 0.6 and edges:
        a, b, _ = edges[int(rng.integers(len(edges)))]
        graph.apply(SplitEdge(a, b))
    elif what < 0.7 and edges:
        graph.remove_edge(*edges[int(rng.integers(len(edges)))][:2])
    elif what < 0.75 and edges:
        a, b, data = edges[int(rng.integers(len(edges)))]
        with pytest.raises(SynapseError, match="delay"):
            graph[a][b]["delay"] = 1 - data.get("delay", 0)
    elif what < 0.8 and len(readers) > 3:
        graph.remove_node(readers[0])
    elif what < 0.9 and len(graph.journal):
        graph.undo()
    elif graph.journal.undone:
        graph.redo()


@given(st.integers(0, 2**16), st.integers(1, 25))
@settings(deadline=None, max_examples=60)
def test_random_mutations_keep_what_holds_of_every_graph(seed, steps):
    rng, graph = np.random.default_rng(seed), mlp([2, 3, 2], activation="tanh", seed=0)
    start, entries = graph.copy(), []
    for _ in range(steps):
        change(graph, rng)
        check(graph)
        entries = list(graph.journal)
    for other in (graph.copy(), again(graph), graph.copy(journal=False)):
        check(other)
        assert content(other) == content(graph)
    begun, now = start.copy(), content(graph)
    begun.replay(graph.journal)
    assert content(begun)[1:] == now[1:]
    for _ in entries:
        graph.undo()
        check(graph)
    assert content(graph) == content(start)
    for _ in entries:
        graph.redo()
        check(graph)
    assert content(graph) == now


def test_a_graph_without_delays_is_written_as_before():
    graph = mlp([2, 3, 1], seed=0)
    graph.add_edge(0, 5, weight=0.5, delay=0)
    plain = mlp([2, 3, 1], seed=0)
    plain.add_edge(0, 5, weight=0.5)
    first, second = pack(graph), pack(plain)
    assert json.dumps(first.text) == json.dumps(second.text) and "delay" not in json.dumps(first.text)
    assert all(
        np.array_equal(first.arrays[name], array, equal_nan=array.dtype.kind == "f")
        for name, array in second.arrays.items()
    )
    assert graph.wiring_digest() == plain.wiring_digest()
    graph.add_edge(5, 2, weight=1.0, delay=1)
    assert graph.wiring_digest() != plain.wiring_digest()


def test_a_line_of_a_journal_holds_a_delay_and_none_that_changes_one():
    graph = mlp([2, 3, 1], seed=0)
    start = graph.copy()
    graph.add_edge(5, 2, weight=1.0, delay=1)
    line = to_line(graph, graph.journal[0])
    start.replay([from_line(line)])
    assert dict(start[5][2]) == {"weight": 1.0, "delay": 1}
    graph[0][2]["trainable"] = False
    forged = to_line(graph, graph.journal[1]).replace('"trainable"', '"delay"').replace("false", "1")
    before = content(start)
    with pytest.raises(JournalError):
        start.replay([from_line(forged)])
    assert content(start) == before


def test_on_one_pair_both_go_by_a_relay():
    graph = mlp([1, 1], seed=0)
    with pytest.raises(SynapseError, match="relay"):
        graph.add_edge(0, 1, weight=1.0, delay=1)
    relay = graph.add_neuron(activation="identity")
    graph.add_edge(0, relay, op="identity", delay=1)
    graph.add_edge(relay, 1, weight=1.0)
    assert nx.is_directed_acyclic_graph(graph)


@pytest.mark.parametrize("delay", [2, -1, 0.5, True, "1", None])
def test_only_none_or_one_step(delay):
    graph = mlp([1, 1], seed=0)
    with pytest.raises(SynapseError, match="delay"):
        graph.add_edge(1, 1, weight=1.0, delay=delay)


def test_a_file_in_which_a_cycle_has_lost_its_delay_is_refused():
    graph = mlp([1, 2, 1], seed=0)
    graph.add_edge(3, 1, weight=1.0, delay=1)
    kept = pack(graph)
    kept.text["forms"] = [{} if "delay" in form else form for form in kept.text["forms"]]
    with pytest.raises(Exception, match="cycle|twice"):
        unpack(kept, NeuronGraph())


@given(st.integers(0, 2**16))
@settings(deadline=None, max_examples=20)
def test_births_and_deaths_of_neurons_that_remember(seed):
    rng, graph = np.random.default_rng(seed), mlp([2, 4, 2], activation="tanh", seed=0)
    for u in graph:
        for v in list(graph)[2:]:
            if not graph.has_edge(u, v) and rng.random() < 0.4:
                graph.add_edge(u, v, weight=float(rng.normal()), delay=1)
    graph.restart_journal()
    before = content(graph)
    for edit in (Proliferate("hidden1", 2), RemoveNeurons([3]), SplitEdge(0, 4), Proliferate("hidden1", 1)):
        graph.apply(edit)
        check(graph)
    while len(graph.journal):
        graph.undo()
    assert content(graph)[1] == before[1]
