"""Connect and AddNeuron on feature maps."""

import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.edits import AddNeuron, Connect, RemoveSynapses
from neurograph.errors import EditError, OptionError, SynapseError
from neurograph.initializers import INITIALIZERS, from_name
from tests.neurograph.map_networks import images, lenet
from tests.neurograph.networks import dump, forward, outputs, structure, values, weights


def apart():
    """Three channels of an image, populations that could read them, and nothing between."""
    g = NeuronGraph()
    g.add_population("image", 3, role="input", shape=(8, 6))
    g.add_population("same", 4, shape=(8, 6), activation="relu")
    g.add_population("half", 3, shape=(4, 3), activation="tanh")
    g.add_population("less", 2, shape=(6, 4))
    g.add_population("read", 2, is_output=True)
    return g


def kernels(g, sources, targets):
    return np.array([[g[u][v]["weight"] for v in g.populations[targets]] for u in g.populations[sources]])


@pytest.mark.parametrize("name", INITIALIZERS)
def test_initializers_fill_kernels_by_their_fan_in(name):
    g = apart()
    g.apply(Connect("image", "same", name, {"padding": 1}, seed=5, kernel=3))
    expected = from_name(name, 5)((3, 4, 3, 3), "relu")
    np.testing.assert_array_equal(kernels(g, "image", "same"), expected)


def test_the_fan_in_is_sources_times_window():
    g = NeuronGraph()
    g.add_population("image", 20, role="input", shape=(9, 9))
    g.add_population("maps", 30, shape=(9, 9), activation="relu")
    g.apply(Connect("image", "maps", "he_normal", {"padding": "same"}, kernel=(3, 5)))
    assert kernels(g, "image", "maps").std() == pytest.approx(np.sqrt(2 / (20 * 15)), rel=0.03)


@pytest.mark.parametrize(
    ("target", "weight", "form", "kernel", "shape"),
    [
        ("same", np.arange(108.0).reshape(3, 4, 3, 3), {"padding": 1}, None, (3, 3)),
        ("same", 0.5, {"padding": "same"}, (5, 3), (5, 3)),
        ("same", "zeros", {"padding": "same", "dilation": 2}, 3, (3, 3)),
        ("same", lambda shape, activation: np.full(shape, len(activation)), {}, 1, (1, 1)),
        ("less", "he_uniform", {"padding": "valid"}, 3, (3, 3)),
        ("half", "he_uniform", {"padding": 1, "stride": 2}, 3, (3, 3)),
        ("half", "he_uniform", {"stride": (2, 2)}, 2, (2, 2)),
        ("read", "he_uniform", {}, None, (8, 6)),
        ("read", 0.25, {}, (8, 6), (8, 6)),
    ],
)
def test_every_sort_of_weight_and_padding(target, weight, form, kernel, shape):
    g = apart()
    result = g.apply(Connect("image", target, weight, form, kernel=kernel))
    assert g.read_weights(result.entry.synapses_born).shape == (3 * len(g.populations[target]), *shape)
    if isinstance(weight, np.ndarray):
        np.testing.assert_array_equal(kernels(g, "image", target), weight)
    if isinstance(weight, float):
        assert (kernels(g, "image", target) == weight).all()
    found = forward(g, images(g))
    assert {found[n].shape[1:] for n in g.populations[target]} == {g.nodes[g.populations[target][0]]["shape"]}


def test_pairwise_kernels_pools_and_read_outs():
    g = apart()
    same = g.populations["same"][:3]
    g.apply(Connect("image", same, 0.5, {"padding": "same"}, pairwise=True, kernel=3))
    assert [list(g.pred[n]) for n in same] == [[n] for n in g.populations["image"]]
    g.apply(Connect("image", "half", None, {"op": "max_pool", "kernel_size": 2, "stride": 2}, pairwise=True))
    g.apply(Connect(g.populations["image"][:2], "read", 1.0, pairwise=True))
    assert g[g.populations["image"][1]][g.populations["read"][1]]["weight"].shape == (8, 6)
    g.apply(Connect(same[:1], g.populations["same"][3:], None, {"op": "avg_pool", "kernel_size": 3, "padding": "same"}))
    assert g[same[0]][g.populations["same"][3]]["padding"] == (1, 1)


@pytest.mark.parametrize(
    ("edit", "error", "match"),
    [
        (
            Connect("image", "same", np.ones((3, 4, 3, 3))),
            SynapseError,
            r"\(6, 4\) of \(8, 6\).*\(8, 6\); padding=1 would",
        ),
        (Connect("image", "same", "zeros", kernel=(3, 5)), SynapseError, r"padding=\(1, 2\) would fit"),
        (Connect("image", "half", "zeros", kernel=2), SynapseError, r"\(7, 5\).*\(4, 3\); stride=2 would fit"),
        (Connect("image", "half", "zeros", kernel=3), SynapseError, r"stride=2 and padding=1 would fit"),
        (Connect("image", "half", "zeros", {"stride": 2}, kernel=3), SynapseError, "; padding=1 would fit"),
        (
            Connect("half", "same", "zeros", kernel=3),
            SynapseError,
            r"\(2, 1\) of \(4, 3\), and the target's shape is \(8, 6\)$",
        ),
        (Connect("image", "same", "zeros"), EditError, r"maps of \(8, 6\) and \(8, 6\).*needs kernel="),
        (Connect("image", "same", 1.0), EditError, "needs kernel="),
        (Connect("image", "same", np.ones((3, 4, 3, 3)), kernel=3), EditError, "leave it out"),
        (Connect("image", "read", "zeros", kernel=3), EditError, r"whole maps of \(8, 6\).*kernel=3 is of no use"),
        (Connect("image", [3, 9], "zeros", kernel=3), EditError, "cannot share a weight's shape"),
        (Connect("image", "same", "zeros", {"padding": "same"}, kernel=2), OptionError, "2 x 2 kernel has no middle"),
        (
            Connect("image", "half", "zeros", {"padding": "same", "stride": 2}, kernel=3),
            OptionError,
            r"stride \(2, 2\) cannot",
        ),
        (Connect("image", "read", "zeros", {"padding": "same"}), OptionError, "make maps"),
        (Connect("image", "same", np.ones((3, 4)), {"padding": "same"}), OptionError, "make maps"),
        (Connect("image", "same", np.ones((3, 4))), SynapseError, "a kernel .height, width., not a number"),
        (Connect("image", "half", None, {"op": "max_pool", "kernel_size": 2}), SynapseError, "stride=2 would fit"),
        (
            Connect("image", "half", None, {"op": "max_pool", "kernel_size": 2, "padding": 2}),
            SynapseError,
            "half of kernel",
        ),
        (Connect("read", "same", "zeros"), SynapseError, r"a scalar cannot feed a feature map of shape \(8, 6\)"),
        (
            Connect("read", "same", "zeros", kernel=3),
            EditError,
            "these synapses read scalars, so kernel=3 is of no use",
        ),
    ],
    ids=lambda x: "" if isinstance(x, str | type) else None,
)
def test_what_does_not_fit_is_refused_with_both_shapes_and_changes_nothing(edit, error, match):
    g = apart()
    before = dump(g)
    with pytest.raises(error, match=match):
        g.apply(edit)
    assert dump(g) == before


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"kernel": 0}, "kernel.*not 0"),
        ({"kernel": (3, 3, 3)}, r"\(3, 3, 3\)"),
        ({"kernel": True}, "True"),
        ({"form": {"padding": "full"}}, "same, valid, not 'full'"),
    ],
    ids=str,
)
def test_options_of_connect_that_make_no_sense(options, match):
    with pytest.raises(OptionError, match=match):
        Connect("image", "same", "zeros", **options)


def test_add_a_channel_with_kernels_a_pool_and_a_read_out():
    g = lenet(0)
    rng, before = np.random.default_rng(1), (weights(g), values(g), structure(g))
    image, pools, out = g.populations["image"], g.populations["pool1"], g.populations["out"]
    edit = AddNeuron(
        "new", "conv1", "tanh", 0.1, attributes={"shape": (6, 6), "norm": "batch", "running_var": 2.0},
        incoming={n: {"weight": rng.normal(size=(3, 3)), "padding": 1} for n in image},
        outgoing={pools[0]: {"op": "max_pool", "kernel_size": 2, "stride": 2}, out[0]: rng.normal(size=(6, 6))},
    )  # fmt: skip
    unchanged = outputs(g, images(g))
    assert g.apply(edit).born == ["new"]
    assert (g["new"][out[0]]["weight"].shape, g.nodes["new"]["running_var"]) == ((6, 6), 2.0)
    assert weights(g).items() > before[0].items()
    assert np.abs(outputs(g, images(g)) - unchanged).max() > 1e-6
    g.apply(RemoveSynapses([("new", out[0]), ("new", pools[0])]))
    np.testing.assert_allclose(outputs(g, images(g)), unchanged, rtol=1e-12)
    g.undo()
    g.undo()
    assert (weights(g), values(g), structure(g)) == before


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"incoming": {0: {"weight": np.ones((3, 3))}}}, r"\(4, 4\) of \(6, 6\).*padding=1 would fit"),
        ({"incoming": {0: 1.0}}, "not a number"),
        ({"incoming": {0: {"op": "max_pool"}}}, "kernel_size="),
        ({"outgoing": {6: {"op": "identity"}}}, r"equal shapes, not \(6, 6\) and \(3, 3\)"),
        ({"outgoing": {18: np.ones((3, 3))}}, "weight has that shape"),
    ],
)
def test_channels_that_do_not_fit_are_not_added(options, match):
    g = lenet(0)
    before = dump(g)
    with pytest.raises(SynapseError, match=match):
        g.apply(AddNeuron(attributes={"shape": (6, 6)}, **options))
    assert dump(g) == before
