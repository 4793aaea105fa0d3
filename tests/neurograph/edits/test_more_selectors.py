"""Autophagy beyond the paper's rules: by contribution, and by chance."""

import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.analysis.observations import Observations
from neurograph.builders import mlp
from neurograph.builders.layers import convolution, linear, pool
from neurograph.edits import Autophagy
from neurograph.edits.selectors import Chance, LowContribution, Selection
from neurograph.edits.selectors.low_contribution import outgoing_norm
from neurograph.errors import MissingError, OptionError
from neurograph.initializers import from_name


def selection(g, seen=None, seed=0):
    return Selection(g, g.population_keys("hidden1"), np.random.default_rng(seed), seen)


def test_contribution_is_variance_times_squared_outgoing_weights():
    g = mlp([3, 6, 4], seed=5)
    keys = g.population_keys("hidden1")
    power = np.random.default_rng(1).random(6)
    outgoing_norm = np.array([sum(d["weight"] ** 2 for d in g[n].values()) for n in g.population("hidden1")])
    contribution = power * outgoing_norm
    seen = Observations(keys, np.zeros(6), power)
    found = LowContribution(0.9)(selection(g, seen))
    expected = keys[np.argsort(contribution)][: (contribution < 0.9 * np.median(contribution)).sum()]
    assert len(found) > 0
    assert found.tolist() == expected.tolist()


def test_a_neuron_nobody_hears_goes_first_and_a_dead_layer_stays():
    g = mlp([3, 5, 4], seed=5)
    deaf = g.population("hidden1")[2]
    for edge in g.out_edges(deaf):
        g.edges[edge]["weight"] = 0.0
    keys = g.population_keys("hidden1")
    seen = Observations(keys, np.zeros(5), np.ones(5))
    assert LowContribution(1e-6)(selection(g, seen)).tolist() == [keys[2]]
    assert LowContribution(0.5)(selection(g, Observations(keys, np.zeros(5), np.zeros(5)))).tolist() == []


def test_channels_are_heard_through_their_pools():
    g, draw = NeuronGraph(), from_name("he_uniform", 0)
    below = g.add_population("input", 2, role="input", shape=(8, 8))
    below = convolution(g, "conv", below, 5, 3, draw)
    linear(g, "output", pool(g, "pool", below), 3, draw, is_output=True)
    places = [next(iter(g[n])) for n in g.population("conv")]
    expected = [sum((d["weight"] ** 2).sum() for d in g[place].values()) for place in places]
    np.testing.assert_allclose(outgoing_norm(g, g.population_keys("conv")), expected, rtol=1e-12)
    assert len(set(expected)) == 5


def test_contribution_needs_observations():
    with pytest.raises(MissingError, match="observations="):
        mlp([3, 5, 4]).apply(Autophagy("hidden1", LowContribution()))
    with pytest.raises(OptionError, match="level"):
        LowContribution(-0.1)


def test_chance_draws_by_the_seed_and_reaches_everybody():
    g = mlp([3, 7, 4])
    drawn = [tuple(Chance(2)(selection(g, seed=seed))) for seed in range(60)]
    assert drawn[5] == tuple(Chance(2)(selection(g, seed=5)))
    assert all(len(set(pair)) == 2 for pair in drawn)
    assert {key for pair in drawn for key in pair} == set(g.population_keys("hidden1").tolist())
    assert sorted(Chance(99)(selection(g))) == g.population_keys("hidden1").tolist()
    assert Chance(0)(selection(g)).tolist() == []
    with pytest.raises(OptionError, match="count"):
        Chance(-1)
