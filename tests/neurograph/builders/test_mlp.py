import networkx as nx
import numpy as np
import pytest

from neurograph.builders import mlp
from neurograph.errors import JournalError, NeuronError, OptionError


def test_layers_are_full_and_in_order():
    g = mlp([5, 4, 3, 2], activation="tanh")
    assert {name: len(members) for name, members in g.populations.items()} == {
        "input": 5, "hidden1": 4, "hidden2": 3, "output": 2,
    }  # fmt: skip
    assert list(g) == list(range(14))
    expected = [(u, v) for a, b in ((range(5), range(5, 9)), (range(5, 9), range(9, 12))) for u in a for v in b]
    assert set(expected) < set(g.edges)
    assert g.number_of_edges() == 5 * 4 + 4 * 3 + 3 * 2
    assert nx.dag_longest_path_length(g, weight=None) == 3


def test_what_the_neurons_are():
    g = mlp([2, 3, 1], activation="prelu")
    assert g.nodes[0]["role"] == "input" and g.nodes[0]["bias"] is None
    assert g.nodes[2]["activation"] == "prelu" and g.nodes[2]["bias"] == 0.0 and g.nodes[2]["slope"] == 0.25
    assert g.nodes[5]["activation"] == "identity" and g.nodes[5]["is_output"]
    assert not any(g.nodes[n]["is_output"] for n in range(5))
    assert all(mlp([2, 3, 1], bias=False).nodes[n]["bias"] is None for n in range(6))


def test_weights_are_he_uniform_by_the_gain_of_the_target():
    g = mlp([300, 200, 100], activation="relu", seed=3)
    for source, target, gain in (("input", "hidden1", 2.0), ("hidden1", "output", 1.0)):
        fan_in = len(g.population(source))
        weights = np.array([w for u in g.population(source) for _, _, w in g.out_edges(u, data="weight")])
        bound = np.sqrt(3 * gain / fan_in)
        assert np.abs(weights).max() <= bound, target
        assert np.isclose(weights.std(), bound / np.sqrt(3), rtol=0.02), target
        assert abs(weights.mean()) < 0.02 * bound, target


def test_the_seed_decides():
    def weights(seed):
        return mlp([4, 3, 2], seed=seed).arrays().weight

    assert (weights(1) == weights(1)).all()
    assert not (weights(1) == weights(2)).any()


def test_names_and_initializer():
    g = mlp([3, 2], names=["pixels", "digits"], initializer=lambda shape, activation: np.full(shape, 0.5))
    assert list(g.populations) == ["pixels", "digits"]
    assert set(g.arrays().weight) == {0.5}
    assert not mlp([3, 2], initializer="zeros").arrays().weight.any()


def test_the_journal_starts_here():
    g = mlp([2, 2])
    assert len(g.journal) == 0
    with pytest.raises(JournalError):
        g.undo()


@pytest.mark.parametrize("sizes", [[], [3], [3, 0], [3, 2.5], [3, -1, 2], ["3", 2]])
def test_impossible_sizes_are_named(sizes):
    with pytest.raises(OptionError, match="sizes"):
        mlp(sizes)


@pytest.mark.parametrize("names", [["a"], ["a", "a"], ["a", "b", "c"]])
def test_names_must_fit(names):
    with pytest.raises(OptionError, match="names"):
        mlp([3, 2], names=names)


def test_unknown_words_are_refused_even_where_nobody_would_use_them():
    with pytest.raises(NeuronError, match="relu"):
        mlp([3, 2], activation="rellu")
    with pytest.raises(OptionError, match="he_uniform"):
        mlp([3, 2], initializer="he_unifrom")


@pytest.mark.parametrize("distribution", ["uniform", "er", "erk"])
def test_some_of_all_pairs(distribution):
    g = mlp([200, 100, 50, 10], density=0.1, distribution=distribution, seed=4)
    total = 200 * 100 + 100 * 50 + 50 * 10
    assert g.number_of_edges() == pytest.approx(0.1 * total, abs=3)
    assert min(g.in_degree(n) for n in g if g.nodes[n]["role"] != "input") >= 1
    assert not len(g.journal)
    hidden = g.population("hidden1")
    squares = [sum(w * w for *_, w in g.in_edges(n, data="weight")) for n in hidden]
    assert np.mean(squares) == pytest.approx(2.0, rel=0.1)  # He's variance, by what each neuron reads
    again = mlp([200, 100, 50, 10], density=0.1, distribution=distribution, seed=4)
    assert list(again.edges(data="weight")) == list(g.edges(data="weight"))


def test_full_density_is_the_network_it_always_was():
    plain, full = mlp([5, 4, 3], seed=2), mlp([5, 4, 3], seed=2, density=1.0, distribution="uniform")
    assert list(plain.edges(data="weight")) == list(full.edges(data="weight"))


def test_a_density_that_leaves_neurons_without_inputs():
    with pytest.raises(OptionError, match="leaves hidden1 4 of 2,000 synapses, fewer than its 100 neurons"):
        mlp([20, 100, 10], density=0.002, distribution="uniform")


def test_a_sparse_network_takes_no_room_for_all_pairs():
    """All pairs would be ten thousand million."""
    assert (
        mlp([100_000, 100_000, 2], density=2e-5, distribution="uniform", bias=False, initializer="zeros").size() > 2e5
    )
