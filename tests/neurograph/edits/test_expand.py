"""Expand: what becomes of the chosen synapses, who is connected to whom, and that the function stays."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.edits import Expand
from neurograph.edits.expand import CONNECTED
from neurograph.errors import EditError, MissingError, NeuronError, OptionError
from tests.neurograph.networks import batch, dump, outputs, random_network, structure, values, weights


def linear(inputs=4, answers=3):
    return mlp([inputs, answers], seed=2, bias=False)


def test_each_chosen_synapse_becomes_a_path_of_weight_one_and_its_own():
    g = linear()
    w = {edge: g.edges[edge]["weight"] for edge in g.edges}
    result = g.apply(Expand([(0, 4), (0, 5), (3, 6)]))
    assert g.populations["expanded1"] == result.born == [7, 8, 9]
    for new, (u, v) in zip(result.born, [(0, 4), (0, 5), (3, 6)], strict=True):
        assert not g.has_edge(u, v)
        assert g[u][new]["weight"] == 1.0
        assert g[new][v]["weight"] == w[u, v]
        assert (g.nodes[new]["activation"], g.nodes[new]["slope"], g.nodes[new]["bias"]) == ("prelu", 1.0, None)
    assert {edge: g.edges[edge]["weight"] for edge in w if g.has_edge(*edge)}.items() <= w.items()


def test_the_newborns_are_fully_connected_to_the_parents_and_children_of_the_event():
    g = linear()
    new = g.apply(Expand([(0, 4), (0, 5), (3, 6)])).born
    assert [sorted(g.pred[n]) for n in new] == [[0, 3]] * 3  # 1 and 2 are no parents
    assert [sorted(g[n]) for n in new] == [[4, 5, 6]] * 3
    others = [g.edges[e]["weight"] for e in g.edges if set(e) & set(new) and e not in _own(new)]
    assert len(others) == 9
    assert 0.0 < min(others) < max(others) < 1e-8


def _own(new):
    return {(0, new[0]), (0, new[1]), (3, new[2]), (new[0], 4), (new[1], 5), (new[2], 6)}


@pytest.mark.parametrize(
    ("connected", "read", "fed"), [("event", [0, 3], [4, 5]), ("all", [0, 1, 2, 3], [4, 5, 6]), ("own", [0], [4])]
)
def test_whom_the_newborns_are_connected_to(connected, read, fed):
    g = linear()
    new = g.apply(Expand([(0, 4), (3, 5)], connected=connected)).born[0]
    assert (sorted(g.pred[new]), sorted(g[new])) == (read, fed)


def test_each_event_makes_a_layer_of_its_own_unless_one_is_named():
    g = linear()
    g.apply(Expand([(0, 4)]))
    g.apply(Expand([(1, 4)]))
    g.apply(Expand([(2, 4)], population="mine"))
    g.apply(Expand([(3, 4)], population="expanded1"))
    sizes = {name: len(members) for name, members in g.populations.items()}
    assert sizes == {"input": 4, "output": 3, "expanded1": 2, "expanded2": 1, "mine": 1}


@pytest.mark.parametrize("neurons", [1, 3])
@pytest.mark.parametrize("connected", CONNECTED)
@pytest.mark.parametrize("rule", ["exact", "pair", "by_sign"])
@given(seed=st.integers(0, 2**16), count=st.integers(1, 6))
def test_the_function_stays_on_any_graph(rule, connected, neurons, seed, count):
    g = random_network(seed, hidden=6)
    edges = [(u, v) for u, v, w in g.edges(data="weight") if w is not None]
    picked = [edges[at] for at in np.random.default_rng(seed).permutation(len(edges))[:count]]
    data = batch(g)
    before = outputs(g, data)
    quiet = g.copy()
    result = quiet.apply(Expand(picked, rule, connected, neurons, noise=0.0))
    assert result.details["function_preserving"]
    np.testing.assert_allclose(outputs(quiet, data), before, rtol=1e-9, atol=1e-12)
    g.apply(Expand(picked, rule, connected, neurons))
    assert np.abs(outputs(g, data) - before).max() < 1e-4 * max(1.0, np.abs(before).max())
    assert nx.is_directed_acyclic_graph(g)
    signs = {"exact": {1}, "pair": {2}, "by_sign": {1, 2}}[rule]
    assert len(result.born) in range(min(signs) * len(picked) * neurons, max(signs) * len(picked) * neurons + 1)


def test_the_authors_rule_keeps_the_function_for_non_negative_inputs_only():
    g = linear()
    data = np.random.default_rng(0).normal(size=(20, 4))
    before = outputs(g, np.abs(data)), outputs(g, data)
    result = g.apply(Expand([(0, 4), (1, 5)], "authors", noise=0.0))
    assert not result.details["function_preserving"]
    np.testing.assert_allclose(outputs(g, np.abs(data)), before[0], rtol=1e-12)
    assert np.abs(outputs(g, data) - before[1]).max() > 0.1
    assert g.nodes[result.born[0]]["activation"] == "relu"
    (new,) = linear().apply(Expand([(0, 4)], "authors", activation="tanh", bias=0.5)).born
    assert new == 7


def test_by_sign_makes_one_of_what_is_never_negative_and_two_of_the_rest():
    g = mlp([2, 2, 2, 1], seed=4, activation="tanh")
    g.nodes[2]["activation"] = "relu"
    data = np.abs(np.random.default_rng(1).normal(size=(9, 2)))
    before = outputs(g, data)
    edges = [(0, 3), (2, 4), (3, 5)]  # out of an input, a ReLU and a tanh
    for positive, count in ((False, 5), (True, 4)):
        grown = g.copy()
        result = grown.apply(Expand(edges, "by_sign", noise=0.0, positive_inputs=positive))
        assert len(result.born) == count
        assert {grown.nodes[n]["activation"] for n in result.born} == {"relu"}
        assert result.details["function_preserving"]
        np.testing.assert_allclose(outputs(grown, data), before, rtol=1e-12)


def test_several_neurons_share_the_weight_out_unevenly():
    g = linear()
    w = g[0][4]["weight"]
    new = g.apply(Expand([(0, 4)], neurons=3)).born
    shares = [g[n][4]["weight"] / w for n in new]
    assert sum(shares) == pytest.approx(1.0)
    assert len({round(share, 6) for share in shares}) == 3
    assert min(shares) > 0.1


def test_the_synapses_into_the_children_are_heirs_of_the_old_ones():
    g = linear()
    old = {edge: int(g.table.id[g.table.find(*edge)]) for edge in ((0, 4), (2, 5))}
    entry = g.apply(Expand(list(old), "pair")).entry
    assert [old_id for _, old_id in entry.synapse_heirs.tolist()] == [old[0, 4]] * 2 + [old[2, 5]] * 2
    rows = g.table.rows_of(entry.synapse_heirs[:, 0])
    assert g.table.dst[rows].tolist() == [4, 4, 5, 5]
    assert set(entry.details["lasting"]) > set(entry.synapse_heirs[:, 0].tolist())
    assert len(entry.details["lasting"]) == 8


def test_forms_and_the_users_own_attributes_stay_with_the_child_and_frozen_freezes_nobody_else():
    g = linear()
    g[0][4]["trainable"] = False
    g[0][4]["note"] = "mine"
    one, other = g.apply(Expand([(0, 4), (1, 5)])).born
    assert dict(g[one][4]) == {"weight": g[one][4]["weight"], "trainable": False, "note": "mine"}
    assert set(g[one][5]) == set(g[0][one]) == set(g[other][4]) == {"weight"}


def test_synapses_of_different_layers_and_across_them_expand_in_one_event():
    """in 0, 1 -> hidden1 2, 3 -> hidden2 4, 5 -> out 6, and 0 -> 6 beside them."""
    g = mlp([2, 2, 2, 1], seed=1)
    g.add_edge(0, 6, weight=0.5)
    data = np.random.default_rng(1).normal(size=(9, 2))
    before = outputs(g, data)
    first, second, across = g.apply(Expand([(0, 2), (3, 4), (0, 6)], connected="event", noise=0.0)).born
    np.testing.assert_allclose(outputs(g, data), before, rtol=1e-12)
    assert (sorted(g.pred[first]), sorted(g[first])) == ([0], [2, 4, 6])  # 3 is no lower than its child
    assert (sorted(g.pred[second]), sorted(g[second])) == ([0, 3], [4, 6])  # 2 lies before its child
    assert (sorted(g.pred[across]), sorted(g[across])) == ([0, 3], [6])
    assert g.journal[-1].details["left_out"] == 3 * 3 - 5


def test_convolution_synapses_expand_into_maps():
    g = NeuronGraph()
    g.add_population("in", 2, role="input", shape=(5, 5))
    g.add_population("out", 2, shape=(3, 3), is_output=True)
    g.connect("in", "out", weight=np.random.default_rng(0).normal(size=(2, 2, 3, 3)))
    data = np.random.default_rng(1).normal(size=(3, 2, 5, 5))
    before = outputs(g, data)
    new = g.apply(Expand([(0, 2), (1, 3)], "pair")).born
    np.testing.assert_allclose(outputs(g, data), before, atol=1e-6)
    assert [g.nodes[n]["shape"] for n in new] == [(5, 5)] * 4
    assert g[0][new[0]]["weight"].shape == (1, 1)
    assert {np.shape(g[n][v]["weight"]) for n in new for v in (2, 3)} == {(3, 3)}


def test_undo_restores_everything():
    g = random_network(3)
    before = structure(g), weights(g), values(g)
    edges = [(u, v) for u, v, w in g.edges(data="weight") if w is not None]
    g.apply(Expand(edges[:5], "pair", "all", 2))
    assert structure(g) != before[0]
    g.undo()
    assert (structure(g), weights(g), values(g)) == before


@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (lambda: Expand([]), OptionError, "synapses"),
        (lambda: Expand([(0, 1)], "inexact"), OptionError, "rule must be one of by_sign, exact, pair, authors"),
        (lambda: Expand([(0, 1)], connected="none"), OptionError, "event, all, own"),
        (lambda: Expand([(0, 1)], neurons=0), OptionError, "neurons"),
        (lambda: Expand([(0, 1)], noise=-1e-8), OptionError, "noise"),
        (lambda: Expand([(0, 1)], activation="relu"), OptionError, "rule='authors' takes any"),
        (lambda: Expand([(0, 1)], "authors", activation="rely"), NeuronError, "relu"),
    ],
)
def test_impossible_options_are_refused_at_once(make, error, match):
    with pytest.raises(error, match=match):
        make()


@pytest.mark.parametrize(
    ("edit", "error", "match"),
    [
        (Expand([(0, 4), (1, 0)]), MissingError, r"\(1, 0\) to expand"),
        (Expand([(0, 4), (0, 4)]), OptionError, "different"),
        (Expand([(1, 5)]), EditError, "no weight to hand on"),
        (Expand([(0, 6)], neurons=2), EditError, "6 do not sum their inputs"),
        (Expand([(0, 4)], population="input"), EditError, "'input' holds inputs or outputs"),
        (Expand([(0, 4)], population="output"), EditError, "'output' holds inputs or outputs"),
    ],
    ids=str,
)
def test_what_cannot_be_expanded_is_refused_and_changes_nothing(edit, error, match):
    g = linear()
    del g[1][5]["weight"]
    g.nodes[6]["aggregation"] = "max"
    before = dump(g)
    with pytest.raises(error, match=match):
        g.apply(edit)
    assert dump(g) == before


def test_children_that_do_not_sum_get_no_new_inputs():
    g = linear()
    g.nodes[6]["aggregation"] = "max"
    one, other = g.apply(Expand([(0, 6), (1, 4)])).born
    assert sorted(g[one]) == [4, 6]
    assert sorted(g[other]) == [4]
