"""Weights as vectors, and the variance condition, on wirings small enough to write down."""

import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.analysis.variance import variance_condition, variance_product
from neurograph.analysis.weight_space import distances_squared, weight_space
from neurograph.builders import mlp
from neurograph.errors import MissingError


def uneven():
    """h0 reads a and b, h1 reads b only, h2 nothing; h0 and h2 speak to out."""
    g = NeuronGraph()
    g.add_population("in", 2, role="input", names=["a", "b"])
    g.add_population("h", 3, names=["h0", "h1", "h2"])
    g.add_population("out", 1, is_output=True, names=["out"])
    for u, v, w in (("b", "h0", 2.0), ("a", "h0", 1.0), ("b", "h1", 3.0), ("h0", "out", 4.0), ("h2", "out", 5.0)):
        g.add_edge(u, v, weight=w)
    return g


def test_neurons_of_different_sources_lie_in_the_union_of_them():
    g = uneven()
    space = weight_space(g, g.population_keys("h"))
    assert space.vectors.tolist() == [[1.0, 2.0], [0.0, 3.0], [0.0, 0.0]]
    assert space.present.tolist() == [[True, True], [False, True], [False, False]]


def test_outgoing_weights_make_rows_too():
    g = uneven()
    space = weight_space(g, g.population_keys("h"), incoming=False)
    assert space.vectors.tolist() == [[4.0], [0.0], [5.0]]


def test_every_synapse_finds_its_own_number_again():
    g = mlp([5, 4, 3], seed=1)
    g.remove_synapses([(0, 5), (3, 7)])
    space = weight_space(g, g.population_keys("hidden1"))
    assert np.array_equal(space.numbers_of(space.vectors, space.ids, ()), g.read_weights(space.ids))
    assert len(space.ids) == 18
    others = np.setdiff1d(g.arrays().ids, space.ids)
    assert space.holds(space.ids).all()
    assert not space.holds(others).any()


def test_kernels_have_an_axis_for_each_number():
    g = NeuronGraph()
    g.add_population("maps", 2, role="input", shape=(4, 4))
    g.add_population("h", 2, shape=(2, 2))
    kernels = np.arange(36.0).reshape(2, 2, 3, 3)
    ids = g.connect("maps", "h", weight=kernels)
    space = weight_space(g, g.population_keys("h"))
    assert space.vectors.shape == (2, 18)
    assert sorted(space.vectors[1].tolist()) == sorted(kernels[:, 1].reshape(-1).tolist())
    assert np.array_equal(space.numbers_of(space.vectors, ids, (3, 3)), g.read_weights(ids))


def test_distances_are_those_between_the_rows():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(6, 4)) + 1e4
    vectors[4] = vectors[1]
    expected = ((vectors[:, None] - vectors[None]) ** 2).sum(2)
    np.testing.assert_allclose(distances_squared(vectors), expected, atol=1e-9)
    assert distances_squared(vectors)[1, 4] == 0.0


def test_the_variance_condition_by_hand():
    g = NeuronGraph()
    g.add_population("in", 4, role="input")
    g.add_population("h", 2)
    g.add_population("out", 1, is_output=True)
    g.connect("in", "h", weight=[[1, -1], [1, -1], [1, -1], [1, -1]])
    g.connect("h", "out", weight=[[0.0], [2.0]])
    assert variance_condition(g, "h") == 2.0  # 4 / 2 times a variance of 1
    assert variance_condition(g, "out") == 1.0  # 2 / 2 times 1
    assert variance_product(g, ["h", "out"]) == 2.0
    assert variance_condition(g, "in") == 0.0
    with pytest.raises(MissingError, match="nowhere"):
        variance_condition(g, "nowhere")
