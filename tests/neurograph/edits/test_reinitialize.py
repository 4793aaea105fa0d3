"""Weights drawn anew: by what each neuron reads, and nothing that is frozen."""

import networkx as nx
import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.edits import Prune, Reinitialize, RemoveSynapses
from neurograph.errors import EditError, MissingError, OptionError


def weights_into(g, name):
    return np.array([g.edges[edge]["weight"] for edge in g.in_edges(name)])


def test_the_variance_follows_what_each_neuron_reads():
    g = mlp([400, 60, 2], activation="relu", seed=0)
    sparse, dense = g.population("hidden1")[:30], g.population("hidden1")[30:]
    g.apply(RemoveSynapses([(u, v) for v in sparse for u in g.population("input")[100:]]))
    g.apply(Reinitialize("he_normal", seed=3))
    for names, reads in ((sparse, 100), (dense, 400)):
        drawn = np.concatenate([weights_into(g, name) for name in names])
        assert drawn.shape == (30 * reads,)
        assert drawn.var() == pytest.approx(2 / reads, rel=0.1)


def test_kernels_of_several_sizes_count_together():
    g = NeuronGraph()
    g.add_population("image", 40, role="input", shape=(4, 4))
    g.add_population("maps", 40, shape=(4, 4), activation="relu", norm="batch", is_output=True)
    half = g.population("image")[:20]
    g.connect(half, "maps", weight=np.ones((20, 40, 3, 3)), padding=1)
    g.connect(g.population("image")[20:], "maps", weight=np.ones((20, 40, 1, 1)))
    g.apply(Reinitialize("he_normal", seed=0))
    for edges in (g.out_edges(half), g.out_edges(g.population("image")[20:])):
        drawn = np.concatenate([g.edges[edge]["weight"].ravel() for edge in edges])
        assert drawn.var() == pytest.approx(2 / (20 * 9 + 20), rel=0.15)


def test_biases_norms_and_slopes_go_back_to_where_they_begin():
    g = NeuronGraph()
    g.add_population("x", 2, role="input")
    g.add_population("y", 2, activation="prelu", norm="batch", bias=0.3, is_output=True)
    g.connect("x", "y", weight=np.ones((2, 2)))
    for name in g.population("y"):
        g.nodes[name].update(gamma=3.0, beta=1.0, running_mean=2.0, running_var=5.0, slope=0.9)
    g.apply(Reinitialize())
    begin = {"bias": 0.0, "gamma": 1.0, "beta": 0.0, "running_mean": 0.0, "running_var": 1.0, "slope": 0.25}
    for name in g.population("y"):
        assert {field: g.nodes[name][field] for field in begin} == begin


def test_what_is_frozen_and_what_was_not_named_stays():
    g = mlp([3, 4, 2], seed=0, bias=True)
    frozen = next(iter(g.in_edges(g.population("hidden1")[0])))
    g.edges[frozen]["trainable"] = False
    unchanged = {edge: g.edges[edge]["weight"] for edge in g.edges}
    wiring = nx.to_dict_of_lists(g)
    g.apply(Reinitialize(populations=("hidden1",), seed=5))
    moved = {edge for edge in g.edges if g.edges[edge]["weight"] != unchanged[edge]}
    assert moved == set(g.in_edges(g.population("hidden1"))) - {frozen}
    assert nx.to_dict_of_lists(g) == wiring
    g.undo()
    assert {edge: g.edges[edge]["weight"] for edge in g.edges} == unchanged


def test_one_seed_one_drawing_whatever_was_there_before():
    one, other = mlp([9, 8, 3], seed=0), mlp([9, 8, 3], seed=1)
    for g in (one, other):
        g.apply(Prune(share=0.5, scores=(np.arange(96), np.arange(96.0))))
        g.apply(Reinitialize(seed=2))
    assert list(one.edges(data="weight")) == list(other.edges(data="weight"))
    other.apply(Reinitialize(seed=3))
    assert list(one.edges(data="weight")) != list(other.edges(data="weight"))


def test_refusals():
    g = mlp([2, 2], seed=0)
    with pytest.raises(OptionError, match="initializer"):
        Reinitialize("he")
    with pytest.raises(OptionError, match="at least one"):
        Reinitialize(populations=())
    with pytest.raises(MissingError, match="nowhere"):
        g.apply(Reinitialize(populations=("nowhere",)))
    with pytest.raises(EditError, match="nothing here is trained"):
        g.apply(Reinitialize(populations=("input",)))
