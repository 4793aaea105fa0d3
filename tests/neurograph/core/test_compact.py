"""A graph that was edited for long is, compacted, the graph that would have been built as it is."""

import pickle
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.core import compacting
from neurograph.edits import AddNeuron, RemoveNeurons, SplitEdge
from neurograph.errors import JournalError
from neurograph.files.packing import pack


def aged(seed: int, generations: int) -> NeuronGraph:
    """A small network after many births and deaths, with attributes of the user's own and other kinds on the way."""
    rng, graph = np.random.default_rng(seed), mlp([3, 4, 2], activation="relu", seed=0)
    graph[0][3]["mine"], graph.nodes[4]["mine"] = [1, 2], {"a": 1}
    for _ in range(generations):
        if not graph.number_of_edges():
            break
        u, v = list(graph.edges)[int(rng.integers(graph.number_of_edges()))]
        (born,) = graph.apply(SplitEdge(u, v, activation=str(rng.choice(["tanh", "relu"])))).born
        hidden = [n for n, data in graph.nodes(data=True) if data["role"] == "hidden" and not data["is_output"]]
        if rng.random() < 0.5:
            graph.apply(RemoveNeurons([born]))
            graph.add_edge(u, v, weight=float(rng.normal()), trainable=bool(rng.random() < 0.5))
        elif len(hidden) > 5:
            graph.remove_node(hidden[int(rng.integers(len(hidden)))])
    return graph


def content(graph: NeuronGraph) -> tuple:
    """All of a graph but its numbers and its past."""
    nodes = [(name, dict(data)) for name, data in graph.nodes(data=True)]
    edges = sorted((str((u, v)), dict(data)) for u, v, data in graph.edges(data=True))
    return nodes, str(edges), graph.populations, graph.wiring_digest(), dict(graph.graph)


@given(st.integers(0, 2**16), st.integers(0, 30), st.booleans())
@settings(deadline=None, max_examples=40)
def test_nothing_but_numbers_and_the_past_is_another(seed, generations, in_place):
    graph = aged(seed, generations)
    before, ranks = content(graph), dict(zip(graph.table.names, graph.ranks.rank, strict=False))
    if in_place:
        new = graph.copy()
        new.compact()
    else:
        new = graph.copy(journal=False)
    assert content(new) == before == content(graph)
    assert new.table.keys().tolist() == list(range(len(graph)))
    assert np.sort(new.table.id[new.table.live()]).tolist() == list(range(graph.number_of_edges()))
    assert [ranks[name] for name in new.table.names] == [new.ranks.rank[k] for k in range(len(new))]
    assert not len(new.journal) and new.version >= graph.version


@given(st.integers(0, 2**16), st.integers(1, 20))
@settings(deadline=None, max_examples=20)
def test_what_is_done_to_it_afterwards_is_what_would_have_been_done(seed, generations):
    graph = aged(seed, generations)
    assume(graph.number_of_edges())
    new = graph.copy(journal=False)
    for one in (graph, new):
        u, v = min(one.edges, key=str)
        one.apply(SplitEdge(u, v))
        one.apply(AddNeuron(incoming={0: 0.5}, outgoing={v: 1.0}))
    assert content(new)[1] == content(graph)[1]
    new.undo()
    new.redo()
    assert content(new)[1] == content(graph)[1]


def test_a_genome_does_not_grow_with_generations():
    sizes = {}
    for generations in (2, 400):
        graph = mlp([3, 6, 2], seed=0)
        for _ in range(generations):
            u, v = next(iter(graph.edges))
            (born,) = graph.apply(SplitEdge(u, v)).born
            graph.apply(RemoveNeurons([born]))
            graph.add_edge(u, v, weight=0.5)
        copied = graph.copy(journal=False)
        graph.compact()
        sizes[generations] = [len(pickle.dumps(one)) for one in (copied, graph)]
        sizes[generations] += [sum(a.nbytes for a in pack(one).arrays.values()) for one in (copied, graph)]
    fresh = mlp([3, 6, 2], seed=0)
    least = len(pickle.dumps(fresh)), sum(a.nbytes for a in pack(fresh).arrays.values())
    assert sizes[400] == pytest.approx(sizes[2], rel=0.01)
    assert max(sizes[400][:2]) <= least[0] * 1.05 and max(sizes[400][2:]) <= least[1]


def test_views_of_before_write_nothing_into_it():
    graph = mlp([2, 3, 1], seed=0)
    edge, node, weight = graph[0][2], graph.nodes[2], graph[0][2]["weight"]
    graph.compact()
    for write in (lambda: edge.update(weight=9.0), lambda: node.update(bias=9.0)):
        with suppress(Exception):  # what matters is that the graph is as it was
            write()
    assert graph[0][2]["weight"] == weight and graph.nodes[2]["bias"] == 0.0


def test_it_is_refused_in_the_middle_of_an_edit():
    graph = mlp([2, 1], seed=0)
    with pytest.raises(JournalError, match="compact"), graph.atomic():
        graph.compact()


def test_a_copy_of_a_view_may_be_compact_too():
    graph = mlp([2, 3, 1], seed=0)
    part = graph.subgraph([0, 2, 5]).copy(journal=False)
    assert part.table.keys().tolist() == [0, 1, 2] and list(part.edges) == [(0, 2), (2, 5)]


@given(st.integers(0, 2**16), st.integers(0, 12), st.booleans())
@settings(deadline=None, max_examples=40)
def test_what_is_compact_is_copied_as_if_it_were_numbered_afresh(seed, generations, edited):
    graph = aged(seed, generations).copy(journal=False)
    if edited and graph.number_of_edges():  # compact no more, by a weight that is gone or a synapse
        u, v = next(iter(graph.edges))
        graph.remove_edge(u, v) if seed % 2 else graph.add_edge(u, v, weight=0.5, trainable=False)
    keys = graph.table.keys()
    assert compacting._is_compact(graph.table, keys) or edited or not graph.number_of_edges()
    found, wanted = (make(graph.table, keys) for make in (compacting._table, compacting._table_anew))
    for name in found.COLUMNS:
        ours, theirs = (getattr(table, name)[: table.size] for table in (found, wanted))
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs, err_msg=name)
    for ours, theirs in zip(found.pools, wanted.pools, strict=True):
        np.testing.assert_array_equal(ours.data[: ours.size], theirs.data[: theirs.size])
    for side in ("out", "inn"):
        ours, theirs = (getattr(table, side) for table in (found, wanted))
        np.testing.assert_array_equal(ours.ptr, theirs.ptr)
    numbers = [(t.names, t.index, t.forms.bundles, t.extra, t.next_id, t.size, t.base, t.dead) for t in (found, wanted)]
    assert numbers[0] == numbers[1]
