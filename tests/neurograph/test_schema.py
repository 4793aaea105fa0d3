"""What a neuron and a synapse may carry, and the errors that say what they may not."""

import numpy as np
import pytest
import torch

from neurograph import NeuronGraph
from neurograph.errors import NeuronError, SynapseError
from neurograph.schema.synapse import SynapseForm, check_fit


@pytest.fixture
def maps():
    g = NeuronGraph()
    g.add_population("image", 1, role="input", shape=(8, 8), names=["image"])
    g.add_population("conv", 1, shape=(8, 8), activation="relu", norm="batch", names=["conv"])
    g.add_population("head", 1, is_output=True, bias=0.0, names=["head"])
    return g


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"activation": "rleu"}, "did you mean relu"),
        ({"bias": float("nan")}, "bias must be a finite number"),
        ({"slope": 1.0}, "has no slope"),
        ({"gamma": 1.0}, "has no gamma"),
        ({"role": "output"}, "role must be one of input, hidden"),
        ({"dropout": 1.0}, r"\[0, 1\)"),
        ({"shape": (0, 3)}, "feature map"),
        ({"shape": 5}, "feature map"),
        ({"role": "input", "activation": "relu"}, "identity synapses"),
        ({"role": "input", "bias": 1.0}, "has no bias"),
        ({"dropout_kind": "channel"}, "feature maps"),
        ({"population": ""}, "population must be a name"),
        ({"aggregation": "median"}, "sum, product"),
        ({"trainable": 3}, "True or False"),
    ],
)
def test_a_neuron_refuses(attributes, message):
    g = NeuronGraph()
    with pytest.raises(NeuronError, match=message):
        g.add_node("n", **attributes)
    assert "n" not in g
    g.add_node("n")
    before, version = dict(g.nodes["n"]), g.version
    with pytest.raises(NeuronError, match=message):
        g.nodes["n"].update(attributes)
    assert dict(g.nodes["n"]) == before
    assert g.version == version


def test_a_kind_brings_its_values_and_takes_them_away():
    g = NeuronGraph()
    g.add_node("n", bias=0.5)
    g.nodes["n"]["activation"] = "prelu"
    assert g.nodes["n"]["slope"] == 0.25
    g.nodes["n"]["slope"] = 0.75
    g.nodes["n"]["norm"] = "batch"
    assert g.nodes["n"]["running_var"] == 1.0
    g.nodes["n"]["activation"] = "relu"
    assert "slope" not in g.nodes["n"]
    with pytest.raises(NeuronError, match="has no slope"):
        g.nodes["n"]["slope"] = 1.0
    g.journal  # noqa: B018  reading it closes the run
    g.nodes["n"]["bias"] = None
    g.undo()
    assert g.nodes["n"]["bias"] == 0.5
    g.undo()
    assert "n" not in g


def test_neurons_without_a_population_join_one_named_by_their_role():
    g = NeuronGraph([("a", "b")])
    g.add_node("x", role="input")
    assert g.populations == {"hidden": ["a", "b"], "input": ["x"]}


@pytest.mark.parametrize(
    ("ends", "attributes", "message"),
    [
        (("image", "conv"), {"weight": 0.5}, "a kernel"),
        (("image", "conv"), {"weight": np.ones((3, 3))}, r"\(6, 6\) of \(8, 8\).*padding=1 would fit"),
        (("image", "conv"), {"weight": np.ones((3, 3)), "padding": 1, "stride": 2}, r"\(4, 4\)"),
        (("image", "conv"), {"weight": np.ones((3, 3, 3))}, "two dimensions"),
        (("image", "conv"), {"weight": np.full((3, 3), np.inf), "padding": 1}, "finite"),
        (("image", "head"), {"weight": np.ones((3, 3))}, r"has that shape"),
        (("image", "head"), {"weight": 1.0}, "has that shape"),
        (("image", "conv"), {"op": "convolve"}, "op must be one of"),
        (("image", "conv"), {"op": "identity", "weight": 1.0}, "no weight"),
        (("image", "head"), {"op": "identity"}, "equal shapes"),
        (("image", "conv"), {"op": "max_pool"}, "kernel_size"),
        (("image", "conv"), {"op": "max_pool", "kernel_size": 2, "stride": 2}, r"makes \(4, 4\)"),
        (("conv", "image"), {"op": "identity"}, "input neuron"),
        (("image", "conv"), {"stride": 0}, "at least 1"),
        (("image", "conv"), {"trainable": "yes"}, "True or False"),
    ],
)
def test_a_synapse_refuses(maps, ends, attributes, message):
    version = maps.version
    with pytest.raises(SynapseError, match=message):
        maps.add_edge(*ends, **attributes)
    assert not maps.number_of_edges()
    assert maps.version == version


def test_scalars_take_numbers_only():
    g = NeuronGraph()
    g.add_nodes_from("ab")
    for weight in (np.ones((3, 3)), float("nan"), float("inf"), "0.5"):
        with pytest.raises(SynapseError, match="'a' -> 'b'"):
            g.add_edge("a", "b", weight=weight)
    g.add_edge("a", "b", weight=1)
    with pytest.raises(SynapseError, match="'a' -> 'b'"):
        g["a"]["b"]["weight"] = np.ones((2, 2))
    assert g["a"]["b"]["weight"] == 1.0


def test_an_option_is_checked_with_the_weight_that_is_there(maps):
    maps.add_edge("image", "conv", weight=np.ones((3, 3)), padding=1)
    with pytest.raises(SynapseError, match="stride"):
        maps["image"]["conv"]["stride"] = 2
    maps["image"]["conv"].update(weight=np.ones((5, 5)), padding=2)  # each alone would not fit
    assert maps["image"]["conv"]["padding"] == (2, 2)
    with pytest.raises(SynapseError):
        del maps["image"]["conv"]["padding"]
    with pytest.raises(ValueError, match="read-only"):
        maps["image"]["conv"]["weight"][0, 0] = np.nan


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("size", [5, 6, 7, 8])
def test_pools_make_what_torch_makes(size, ceil_mode):
    for kernel, stride, padding in [(2, 2, 0), (3, 2, 1), (3, 1, 1), (3, 3, 0), (2, 3, 1)]:
        made = torch.nn.functional.max_pool2d(
            torch.zeros(1, 1, size, size), kernel, stride, padding, ceil_mode=ceil_mode
        )
        form = SynapseForm("max_pool", (stride,) * 2, (padding,) * 2, kernel_size=(kernel,) * 2, ceil_mode=ceil_mode)
        check_fit(form, None, (size, size), tuple(made.shape[2:]))
        with pytest.raises(SynapseError):
            check_fit(form, None, (size, size), (made.shape[2] + 1, made.shape[3]))
