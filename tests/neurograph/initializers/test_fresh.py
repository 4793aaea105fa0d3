"""Fresh newborns: weights that know nothing of the population's, of the size a new network's would have."""

import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.builders import metanet_cnn, mlp
from neurograph.edits import Proliferate
from neurograph.errors import OptionError
from neurograph.initializers.newborns import Fresh


def grown(g, population, initializer, outgoing="zero"):
    born = g.apply(Proliferate(population, 50, initializer, outgoing, seed=1)).born
    return g, born


def test_weights_have_the_variance_of_a_new_network_whatever_the_population_learned():
    g = mlp([300, 4, 3], seed=0)
    for edge in g.in_edges(g.population("hidden1")):
        g.edges[edge]["weight"] = 7.0
    g, born = grown(g, "hidden1", Fresh())
    weights = np.array([d["weight"] for n in born for d in g.pred[n].values()])
    assert weights.shape == (15_000,)
    assert np.abs(weights).max() <= np.sqrt(6 / 300)
    assert weights.var() == pytest.approx(2 / 300, rel=0.05)
    assert all(d["weight"] == 0.0 for n in born for d in g[n].values())


def test_outgoing_weights_are_drawn_by_what_their_readers_read():
    g, born = grown(mlp([5, 24, 3], seed=0), "hidden1", Fresh(scale=2.0), "paper")
    outgoing = np.array([d["weight"] for n in born for d in g[n].values()])
    assert 0.9 < np.abs(outgoing).max() / (2 * np.sqrt(6 / 24)) <= 1.0


def test_kernels_count_all_their_numbers():
    g, born = grown(metanet_cnn(4, size=8, seed=0), "conv2", Fresh())
    kernels = np.stack([d["weight"] for n in born for d in g.pred[n].values()])
    assert kernels.shape == (200, 3, 3)
    assert kernels.var() == pytest.approx(2 / 36, rel=0.1)


def test_targets_that_read_differently_much_get_their_own_bounds():
    g = NeuronGraph()
    many, few = g.add_population("many", 96, role="input"), g.add_population("few", 6, role="input")
    a, b = g.add_population("h", 2)
    g.add_population("out", 1, is_output=True)
    for sources, targets in ((many, [a]), (few, [b]), ([a, b], "out")):
        g.connect(sources, targets, weight=np.ones((len(sources), 1)))
    g, born = grown(g, "h", Fresh())
    sizes = {len(g.pred[n]): max(abs(d["weight"]) for d in g.pred[n].values()) for n in born}
    assert 0.2 < sizes[96] <= 0.25
    assert 0.8 < sizes[6] <= 1.0


def test_a_negative_scale_is_refused():
    with pytest.raises(OptionError, match="scale must be"):
        Fresh(-1.0)
