"""Edges that are added many at once are those that are added one by one."""

from contextlib import suppress

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurograph import NeuronGraph
from neurograph.errors import CycleError, SynapseError
from neurograph.storage import ArrayDiGraph
from neurograph.storage import stretches as module
from tests.neurograph.networks import structure, weights

ATTRIBUTES = st.sampled_from([{}, {"weight": 0.5}, {"weight": 2}, {"weight": -1.0, "note": "x"}])
ENDS = st.tuples(st.integers(0, 9), st.integers(0, 9))


def one_by_one(g, edges, attr):
    for u, v, d in edges:
        g.add_edge(u, v, **attr | d)


@given(
    edges=st.lists(st.tuples(ENDS, ATTRIBUTES), max_size=40),
    uniform=st.booleans(),
    shortest=st.sampled_from([1, 16]),
    longest=st.sampled_from([3, 1000]),
    attr=st.sampled_from([{}, {"weight": 3.0}]),
    kind=st.sampled_from([ArrayDiGraph, NeuronGraph]),
    form=st.sampled_from([list, tuple, iter, lambda edges: (edge for edge in edges), lambda edges: zip(*zip(*edges))]),  # noqa: B905
)
def test_edges_are_those_that_come_one_by_one(edges, uniform, shortest, longest, attr, kind, form):
    made = [(*(sorted(ends) if kind is NeuronGraph else ends), {"weight": 0.5} if uniform else d) for ends, d in edges]
    made = [edge for edge in made if kind is ArrayDiGraph or edge[0] != edge[1]]
    expected, found = kind(), kind()
    one_by_one(expected, made, attr)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SHORTEST", shortest)
        patch.setattr(module, "LONGEST", longest)
        found.add_edges_from(form(made), **attr)
    assert list(found) == list(expected)
    assert {u: dict(row) for u, row in found.adjacency()} == {u: dict(row) for u, row in expected.adjacency()}
    if kind is NeuronGraph:
        assert structure(found) == structure(expected)
        assert weights(found) == weights(expected)
        found.undo() if len(found.journal) else None
        assert not len(found)


FORMS = {
    "list": lambda edges: edges,
    "tuple": tuple,
    "iterator": iter,
    "generator": lambda edges: (edge for edge in edges),
    "zip": lambda edges: zip(*zip(*edges, strict=True), strict=True),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("last", "error"), [((19, 0, 1.0), CycleError), ((3, 99, float("nan")), SynapseError), ((0, 5, "x"), SynapseError)]
)
def test_all_or_none(form, last, error):
    g = NeuronGraph([("a", "b")])
    before = structure(g)
    with pytest.raises(error):
        g.add_weighted_edges_from(FORMS[form]([*((i, i + 1, 0.5) for i in range(19)), last]))
    assert structure(g) == before


def test_a_generator_of_the_users_sees_what_was_added_before():
    class Holder:
        graph = NeuronGraph()

    pairs = [(u, v) for u in range(8) for v in range(8) if u != v]
    Holder.graph.add_nodes_from(range(9))
    Holder.graph.add_edges_from((u, v) for u, v in pairs if not nx.has_path(Holder.graph, v, u))
    Holder.graph.add_weighted_edges_from((u, 8, 1.0) for u in range(20) if not Holder.graph.in_degree(8))
    assert Holder.graph.number_of_edges() == 8 * 7 // 2 + 1


@pytest.mark.parametrize("edges", [[(0, 1), (1, 2, {}), (1,)] * 20, [(0, [])] * 20, [(0, None)] * 20])
def test_what_is_no_edge_is_refused_as_by_networkx(edges):
    g, plain = NeuronGraph(), nx.DiGraph()
    with pytest.raises(Exception) as expected:
        plain.add_edges_from(edges)
    with pytest.raises(expected.type):
        g.add_edges_from(edges)
    assert not len(g)
    with suppress(Exception):
        ArrayDiGraph().add_edges_from(edges)


def test_views_of_a_row_are_those_of_networkx():
    edges = [(0, 1, {"weight": 1.0}), (0, 2, {"weight": 2.0, "note": "x"}), (1, 2, {})]
    g, plain = NeuronGraph(edges), nx.DiGraph(edges)
    for name in ("adj", "succ", "pred"):
        found, expected = getattr(g, name), getattr(plain, name)
        assert found == expected
        assert {u: dict(row.items()) for u, row in found.items()} == {u: dict(row) for u, row in expected.items()}
        assert {u: list(row.values()) for u, row in found.items()} == {u: list(r.values()) for u, r in expected.items()}
        assert str(found) == str(expected)
    g.adj[0][1]["weight"] = 5.0
    assert g[0][1]["weight"] == 5.0
