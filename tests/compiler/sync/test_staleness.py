"""A network is stale where its graph has moved on, whatever moved it, and only there."""

from contextlib import suppress

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import compiler
from neurograph.edits import RemoveNeurons, SplitEdge
from neurograph.errors import NeuroGraphError, StaleError
from tests.compiler.graphs import batch, graph_id, mlp
from tests.neurograph.networks import structure, values, weights


class Stop(Exception):
    """What ends a transaction that is to be rolled back."""


def inner(graph, n: int):
    """A neuron that nothing must keep."""
    hidden = [v for v, d in graph.nodes(data=True) if d["role"] == "hidden"]
    return hidden[n % len(hidden)]


def edge(graph, n: int):
    return list(graph.edges)[n % graph.number_of_edges()]


def rolled_back(graph, n: int) -> None:
    with suppress(Stop), graph.atomic():
        DOORS[n % len(DOORS)](graph, n)
        raise Stop


def kept(graph, n: int) -> None:
    with graph.atomic():
        DOORS[n % len(DOORS)](graph, n)


def halfway(graph, n: int) -> None:
    """An edit with a rolled back one inside."""
    with graph.atomic():
        DOORS[n % len(DOORS)](graph, n)
        rolled_back(graph, n // 2)


DOORS = [
    lambda g, n: g.remove_edge(*edge(g, n)),
    lambda g, n: g.remove_edges_from([edge(g, n)]),
    lambda g, n: g.add_edge(*edge(g, n), weight=float(n)),
    lambda g, n: g.add_edge("x_new", inner(g, n)) if "x_new" in g else g.add_node("x_new", activation="relu"),
    lambda g, n: g.add_nodes_from(["x_new"], bias=float(n)),
    lambda g, n: g.remove_node(inner(g, n)),
    lambda g, n: g.clear_edges() if n % 7 == 0 else None,
    lambda g, n: g.update(edges=[(*edge(g, n), {"weight": 0.5})]),
    lambda g, n: g.edges[edge(g, n)].__setitem__("weight", float(n)),
    lambda g, n: g.edges[edge(g, n)].__delitem__("weight"),
    lambda g, n: g.edges[edge(g, n)].__setitem__("colour", n),
    lambda g, n: g.nodes[inner(g, n)].__setitem__("bias", float(n)),
    lambda g, n: g.nodes[inner(g, n)].__setitem__("activation", ["relu", "tanh"][n % 2]),
    lambda g, n: nx.set_edge_attributes(g, {edge(g, n): 0.25}, "weight"),
    lambda g, n: nx.set_node_attributes(g, {inner(g, n): float(n)}, "bias"),
    lambda g, n: g.write_weights(np.array([graph_id(g, *edge(g, n))]), np.array([float(n)])),
    lambda g, n: g.apply(SplitEdge(*edge(g, n))),
    lambda g, n: g.apply(RemoveNeurons([inner(g, n)])),
    lambda g, n: g.undo(),
    lambda g, n: g.redo(),
]
STEPS = [*DOORS, rolled_back, rolled_back, kept, halfway, "refresh"]


def state(graph):
    return structure(graph), weights(graph), values(graph)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(range(len(STEPS))), st.integers(0, 99)), max_size=14))
def test_whatever_moves_the_graph_makes_it_stale_and_nothing_else(steps):
    graph = mlp((3, 4, 3, 2))
    net = compiler.compile(graph)
    x = batch(graph, dtype=net.dtype)
    then, moment = state(graph), (graph.version, graph.changes.writes)
    for step, n in steps:
        if STEPS[step] == "refresh":
            with suppress(NeuroGraphError):  # an output that nothing reaches
                net.refresh()
                then, moment = state(graph), (graph.version, graph.changes.writes)
        else:
            with suppress(NeuroGraphError, LookupError, ZeroDivisionError, nx.NetworkXError):
                STEPS[step](graph, n)
        now = (graph.version, graph.changes.writes)
        assert net.stale == (now != moment)
        assert net.stale_by == ("structure" if now[0] != moment[0] else "values" if now != moment else None)
        if state(graph) != then:
            assert net.stale
        if net.stale:
            with pytest.raises(StaleError):
                net(*x)
        else:
            net(*x)


@pytest.mark.parametrize("moved", ["structure", "values"])
def test_what_was_refreshed_within_a_rolled_back_transaction_stays_stale(moved):
    """The version, or the count of writes, comes by its number once more, with another graph."""
    graph = mlp((3, 4, 3, 2))
    net = compiler.compile(graph)
    x = batch(graph, dtype=net.dtype)

    def move(n):
        if moved == "structure":
            graph.remove_edge(*edge(graph, n))
        else:
            graph.write_weights(np.array([0, 1]), np.array([n, 2.0 * n]))

    with suppress(Stop), graph.atomic():
        move(1)
        net.refresh()
        raise Stop
    assert net.stale
    move(5)
    with pytest.raises(StaleError):
        net(*x)
    net.refresh()
    assert net(*x).equal(compiler.compile(graph.copy(), dtype=net.dtype)(*x))


def test_what_was_compiled_within_a_rolled_back_write_loads_what_is_there():
    graph = mlp((3, 4, 3, 2))
    with suppress(Stop), graph.atomic():
        graph.edges[edge(graph, 0)]["weight"] = 7.0
        net = compiler.compile(graph)
        raise Stop
    assert net.stale
    net.refresh()
    x = batch(graph, dtype=net.dtype)
    assert net(*x).equal(compiler.compile(graph.copy())(*x))
    assert graph.edges[edge(graph, 0)]["weight"] != 7.0
