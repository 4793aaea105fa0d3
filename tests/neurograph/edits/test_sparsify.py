import numpy as np
import pytest

from neurograph.analysis.layers import synapse_layers
from neurograph.builders import mlp, random_field, vgg
from neurograph.edits import Sparsify
from neurograph.errors import MissingError, OptionError
from tests.neurograph.networks import structure


def test_layers_keep_their_share_and_neurons_an_input():
    g = mlp([60, 40, 30, 5], seed=0)
    details = g.apply(Sparsify(0.1, "uniform", seed=3)).details
    assert details["by_layer"] == {"input -> hidden1": 240, "hidden1 -> hidden2": 120, "hidden2 -> output": 15}
    assert (details["left"], details["removed"]) == (375, 3750 - 375)
    assert all(g.in_degree(n) for name in ("hidden1", "hidden2", "output") for n in g.population(name))


def test_what_is_added_up_keeps_its_variance():
    g = mlp([400, 200, 10], seed=0)
    before = {v: sum(w * w for *_, w in g.in_edges(v, data="weight")) for v in g.population("hidden1")}
    g.apply(Sparsify(0.25, into=("hidden1",), seed=1))
    after = [sum(w * w for *_, w in g.in_edges(v, data="weight")) / before[v] for v in g.population("hidden1")]
    assert np.mean(after) == pytest.approx(1.0, abs=0.05)
    plain = mlp([400, 200, 10], seed=0)
    old = {(u, v): w for u, v, w in plain.edges(data="weight")}
    plain.apply(Sparsify(0.25, into=("hidden1",), rescale=False, seed=1))
    assert set(plain.edges) == set(g.edges)
    assert all(w == old[u, v] for u, v, w in plain.edges(data="weight"))


def test_a_sparser_layer_stays_and_undo_brings_all_back():
    g = mlp([30, 20, 4], seed=0)
    before, weights = structure(g), sorted(g.edges(data="weight"))
    g.apply(Sparsify(0.3, seed=1))
    thin = structure(g)
    assert g.apply(Sparsify(0.6, seed=2)).details["removed"] == 0
    assert structure(g) == thin
    g.undo()
    g.undo()
    assert (structure(g), sorted(g.edges(data="weight"))) == (before, weights)


def test_kernels_and_irregular_wiring():
    g = vgg(11, width=1 / 16, seed=0)
    pools = sum(1 for *_, op in g.edges(data="op") if op == "max_pool")
    details = g.apply(Sparsify(0.4)).details
    assert g.number_of_edges() == pools + details["left"]
    field = random_field(60, 6, 6, inputs=8, seed=0)
    layers = synapse_layers(field)
    field.apply(Sparsify(sum(len(layer.ids) for layer in layers) / sum(layer.pairs for layer in layers) / 2, "uniform"))
    assert all(field.in_degree(n) for n in field if field.nodes[n]["role"] != "input")


def test_what_makes_no_sense():
    g = mlp([30, 20, 4], seed=0)
    with pytest.raises(OptionError, match="leaves hidden1 6 of 600 synapses, fewer than its 20 neurons"):
        g.apply(Sparsify(0.01, "uniform"))
    assert g.number_of_edges() == 680
    for wrong in ({"density": 0.0}, {"density": 2.0}, {"density": 0.5, "distribution": "even"}):
        with pytest.raises(OptionError):
            Sparsify(**wrong)
    with pytest.raises(OptionError, match="into must name at least one"):
        Sparsify(0.5, into=())
    with pytest.raises(MissingError, match="nobody"):
        g.apply(Sparsify(0.5, into=("nobody",)))
    with pytest.raises(MissingError, match="nothing can move"):
        g.apply(Sparsify(0.5, into=("input",)))


def test_a_neuron_that_was_taken_back_with_its_kind_is_in_nobodys_way():
    g = mlp([3, 4, 2], seed=0)
    with pytest.raises(KeyError), g.atomic():
        g.add_neuron("new", population="other", activation="tanh")
        raise KeyError
    g.apply(Sparsify(0.5))
    assert g.number_of_edges() == 10
