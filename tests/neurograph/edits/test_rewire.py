"""Rewire: as many synapses are born as go, the smallest go, and nothing else is touched."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurograph import NeuronGraph
from neurograph.analysis.layers import synapse_layers
from neurograph.builders import mlp, random_field, vgg
from neurograph.edits import Rewire, Sparsify
from neurograph.errors import MissingError, NeuroGraphError, OptionError
from tests.neurograph.map_networks import random_maps
from tests.neurograph.networks import random_network, structure, weights


def network():
    return mlp([20, 15, 6], density=0.3, seed=2)


def by_layer(g):
    """Of each layer, of one form and weight shape, how many synapses there are."""
    found = {}
    for layer in synapse_layers(g):
        key = layer.name, layer.window, str(layer.form)
        found[key] = found.get(key, 0) + len(layer.ids)
    return found


def sizes(g):
    return {(u, v): float(np.mean(np.abs(w))) for u, v, w in g.edges(data="weight") if w is not None}


@pytest.mark.parametrize("seed", range(3))
def test_the_smallest_go_and_others_are_born_at_zero(seed):
    g = network()
    before, count = sizes(g), by_layer(g)
    result = g.apply(Rewire(0.25, seed=seed))
    after = sizes(g)
    gone, born = set(before) - set(after), set(after) - set(before)
    assert by_layer(g) == count
    assert len(gone) == len(born) == result.details["moved"] == sum(round(0.25 * n) for n in count.values())
    assert all(after[pair] == 0.0 for pair in born)
    assert all(after[pair] == before[pair] for pair in set(before) & set(after))
    for name in ("hidden1", "output"):
        mine = [pair for pair in before if g.nodes[pair[1]]["population"] == name]
        best = {max((p for p in mine if p[1] == v), key=before.get) for v in g.population(name)}
        expected = sorted(set(mine) - best, key=before.get)[: round(0.25 * len(mine))]
        assert gone & set(mine) == set(expected)
    assert not len(result.entry.synapse_heirs)


def test_candidates_of_the_highest_scores_are_born():
    g = network()
    (first, _) = synapse_layers(g)
    absent = np.setdiff1d(np.arange(first.pairs), first.taken)
    wanted = absent[[5, 1, 9, 20]]
    sources, targets = first.ends(np.concatenate([wanted, first.taken[:3]]))  # those that are there cannot be born
    found = sources, targets, np.array([1.0, 4.0, 3.0, 2.0, 9.0, 9.0, 9.0])
    before = set(g.edges)
    result = g.apply(Rewire(3 / len(first.ids), candidates=found))
    assert result.details["by_layer"] == {"input -> hidden1": 3, "hidden1 -> output": 0}
    best = first.ends(wanted[[1, 2, 3]])
    assert set(g.edges) - before == set(zip(*map(g.names_of, best), strict=True))
    twice = tuple(np.repeat(part, 2) for part in found)
    again = network()
    again.apply(Rewire(3 / len(first.ids), candidates=twice))
    assert set(again.edges) == set(g.edges)


def test_newborns_may_have_weights_of_their_own():
    g = mlp([300, 200, 5], density=0.1, seed=0)
    born = g.apply(Rewire(0.5, initializer="he_normal", seed=4)).entry.synapses_born
    drawn = g.read_weights(born)[:2000]
    reads = len(synapse_layers(g)[0].ids) / 200
    assert drawn.std() == pytest.approx(np.sqrt(2 / reads), rel=0.1)
    assert abs(drawn.mean()) < 0.02


def check_moves(g, edit):
    """What must hold whenever synapses move."""
    count, old, kept = by_layer(g), structure(g), weights(g)
    had = {n for n in g if g.in_degree(n)}
    try:
        result = g.apply(edit)
    except NeuroGraphError:
        assert structure(g) == old
        return
    assert by_layer(g) == count
    assert nx.is_directed_acyclic_graph(g)
    assert all(g.in_degree(n) for n in had)
    entry = result.entry
    assert len(entry.synapses_born) == len(entry.synapses_died) == result.details["moved"]
    g.undo()
    assert (structure(g), weights(g)) == (old, kept)
    g.redo()


@given(st.integers(0, 2**16), st.floats(0.0, 1.0), st.booleans())
def test_on_any_network_of_scalars(seed, fraction, other):
    g = random_network(seed, hidden=8, other_aggregations=other)
    for _ in range(2):
        check_moves(g, Rewire(fraction, seed=seed))


@given(st.integers(0, 2**16), st.floats(0.0, 1.0))
def test_on_any_network_of_maps(seed, fraction):
    g = random_maps(seed)
    for _ in range(2):
        check_moves(g, Rewire(fraction, initializer="he_uniform", seed=seed))


@given(st.integers(0, 2**16))
def test_on_fields(seed):
    g = random_field(50, 4, 6, seed, inputs=6)
    for at in range(3):
        check_moves(g, Rewire(0.4, seed=at))
    assert g.arrays().level.max() >= 1


def test_convolutions_move_whole_kernels_and_pools_stay():
    g = vgg(11, width=1 / 8, seed=0)
    g.apply(Sparsify(0.2))
    pools = [edge for edge in g.edges if g.edges[edge].get("op") == "max_pool"]
    result = g.apply(Rewire(0.3, into=("conv3_1", "conv4_2")))
    assert set(result.details["by_layer"]) == {"pool2 -> conv3_1", "conv4_1 -> conv4_2"}
    assert set(pools) <= set(g.edges)
    born = result.entry.synapses_born
    assert g.read_weights(born).shape == (len(born), 3, 3)


def test_frozen_synapses_and_full_layers_stay():
    g = network()
    frozen = list(g.edges)[:20]
    for edge in frozen:
        g.edges[edge]["trainable"] = False
    g.apply(Rewire(1.0))
    assert set(frozen) <= set(g.edges)
    full = mlp([5, 4, 3], seed=0)
    assert full.apply(Rewire(0.5)).details["moved"] == 0


def test_it_is_replayed_from_the_journal():
    g = network()
    start = g.copy()
    start.restart_journal()
    g.restart_journal()
    for seed in range(3):
        g.apply(Rewire(0.4, initializer="he_uniform", seed=seed))
    start.replay(g.journal)
    assert (structure(start), weights(start)) == (structure(g), weights(g))


def test_what_makes_no_sense():
    for wrong in ({"fraction": 1.5}, {"fraction": -0.1}, {"initializer": "big"}, {"into": ()}, {"seed": -1}):
        with pytest.raises(OptionError):
            Rewire(**wrong)
    with pytest.raises(OptionError, match="arrays of shapes"):
        Rewire(candidates=(np.arange(3), np.arange(3), np.arange(2.0)))
    with pytest.raises(OptionError, match="finite"):
        Rewire(candidates=(np.arange(1), np.arange(1), np.array([np.nan])))
    g = NeuronGraph()
    g.add_population("in", 2, role="input")
    g.add_population("most", 2, aggregation="max", is_output=True)
    g.connect("in", "most", np.ones((2, 2)))
    with pytest.raises(MissingError, match="nothing can move"):
        g.apply(Rewire(0.5))
