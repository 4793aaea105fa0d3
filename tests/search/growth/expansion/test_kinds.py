"""Expansion in real runs of every kind of network: channels, hidden layers, synapses across layers, several neurons."""

import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.builders import lenet5, metanet_cnn, mlp
from neurograph.errors import OptionError
from search.datasets import Dataset, load
from search.growth.expansion import expand

QUICK = {
    "epochs": 7,
    "window": 1,
    "change": 10.0,
    "pause": 3,
    "most": 4,
    "threshold": 0.1,
    "expansions": 1,
    "prune_after": 2,
    "prune_threshold": 0.05,
    "settle": 2,
    "learning_rate": 0.01,
    "batch_size": 64,
}


def convolutional() -> NeuronGraph:
    return metanet_cnn(4, seed=1, inputs=1, size=8)


def across() -> NeuronGraph:
    """A hidden layer, and synapses that lead past it."""
    graph = mlp([64, 8, 10], seed=1)
    graph.connect("input", "output", weight=np.random.default_rng(0).normal(scale=0.1, size=(64, 10)))
    graph.restart_journal()
    return graph


def expanded(result):
    """The one event of expansion: its row, and its journal entry."""
    row = next(row for row in result.rows if row["event"] and row["event"]["kind"] == "expansion")
    return row, result.graph.journal[0]


@pytest.mark.parametrize(
    ("into", "metric"), [("conv1", "gradient_absolute"), ("conv2", "weight_square"), ("output", "activation_deviation")]
)
def test_a_kernel_synapse_becomes_a_channel(into, metric):
    result = expand(convolutional(), "digits", **QUICK | {"into": (into,), "metric": metric, "connected": "all"})
    row, entry = expanded(result)
    newborn = result.graph.population("expanded1")
    parent = {"conv1": (8, 8), "conv2": (6, 6), "output": (4, 4)}[into]
    assert {result.graph.nodes[n]["shape"] for n in newborn} == {parent}
    assert row["event"]["function_change"] < 1e-5  # exact, and noise too small to be heard
    lasting = set(entry.details["lasting"])
    assert lasting <= set(entry.synapses_born.tolist())
    assert len(newborn) == len(entry.details["scores"])
    assert result.rows[-1]["validation_error"] < result.rows[0]["validation_error"]


@pytest.mark.parametrize("rule", ["exact", "pair", "by_sign"])
def test_channels_by_every_rule_that_preserves(rule):
    settings = {"into": ("conv2",), "rule": rule, "neurons": 2}
    result = expand(convolutional(), "digits", **QUICK | settings)
    row, entry = expanded(result)
    assert row["event"]["function_change"] < 1e-5
    assert len(result.graph.population("expanded1")) == entry.details["neurons"] in (8, 16)


def test_pooled_networks_expand():
    data = load("digits")
    larger = Dataset(
        "large digits", *(t.repeat_interleave(2, -1).repeat_interleave(2, -2) if t.ndim == 4 else t for t in
        (data.train_x[:300], data.train_y[:300], data.test_x[:50], data.test_y[:50])), (1, 16, 16), 10,
    )  # fmt: skip
    graph = lenet5(size=16, filters=6)
    settings = {"epochs": 4, "pause": 1, "most": 3, "prune_after": 1, "settle": 1}
    result = expand(graph, larger, **QUICK | settings | {"into": ("inserted",), "metric": "gradient_variance"})
    row, _ = expanded(result)
    assert row["event"]["function_change"] < 1e-5
    assert len(result.graph.population("expanded1")) == 3


def test_synapses_across_layers_become_neurons_beside_the_layer():
    settings = {"into": ("output",), "metric": "weight_absolute", "connected": "all", "prune_after": 0}
    result = expand(across(), "digits", **QUICK | settings)
    graph, newborn = result.graph, set(result.graph.population("expanded1"))
    assert expanded(result)[0]["event"]["function_change"] < 1e-5
    sources = {graph.nodes[u]["population"] for n in newborn for u in graph.predecessors(n)}
    assert sources == {"input", "hidden1"}  # of all that reads into the outputs, and of nothing else
    assert {graph.nodes[v]["population"] for n in newborn for v in graph[n]} == {"output"}


@pytest.mark.parametrize("neurons", [1, 3])
def test_synapses_between_hidden_layers_become_several_neurons(neurons):
    graph = mlp([64, 8, 8, 10], seed=1)
    result = expand(graph, "digits", **QUICK | {"into": ("hidden2",), "neurons": neurons, "rule": "pair"})
    row, entry = expanded(result)
    assert len(graph.population("expanded1")) == 2 * neurons * len(entry.details["scores"])
    assert row["event"]["function_change"] < 1e-5
    readers = {graph.nodes[v]["population"] for n in graph.population("expanded1") for v in graph[n]}
    assert readers == {"hidden2"}


def test_histograms_count_all_that_could_have_been_chosen():
    _, entry = expanded(expand(mlp([64, 10], seed=1, bias=False), "digits", **QUICK))
    assert sum(entry.details["histogram"]) == 640
    assert len(entry.details["histogram"]) == 40
    assert entry.details["histogram"][-1] >= 1  # each layer's best scores 1


@pytest.mark.parametrize("bad", [{"threshold": -0.1}, {"threshold": 1.01}, {"prune_threshold": 2.0}])
def test_scores_lie_between_0_and_1(bad):
    with pytest.raises(OptionError, match="threshold must be"):
        expand(mlp([64, 10]), "digits", **QUICK | bad)


def test_inputs_read_nothing_and_cannot_be_chosen():
    with pytest.raises(OptionError, match="no synapse leads into input; populations that read: conv1, conv2, output"):
        expand(convolutional(), "digits", **QUICK | {"into": ("input",)})
