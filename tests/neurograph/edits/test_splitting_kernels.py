"""SplitEdge on kernels: the new channel's kernel is a delta, the old kernel follows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurograph import NeuronGraph
from neurograph.edits import SplitEdge
from neurograph.errors import EditError, OptionError
from tests.neurograph.map_networks import FAMILIES, images, lenet, random_maps
from tests.neurograph.networks import dump, outputs, structure, weights

PRESERVING = [{}, {"signed_pair": True}, {"activation": "identity"}, {"kernel": 5}, {"kernel": (1, 3)}]


def one_kernel(size, kernel, **form):
    """An image, one channel that reads it, and a scalar that reads the channel."""
    rng, g = np.random.default_rng(0), NeuronGraph()
    g.add_neuron("image", role="input", shape=size)
    pad, stride, apart = (form.get(name, default) for name, default in (("padding", 0), ("stride", 1), ("dilation", 1)))
    shape = tuple((s + 2 * pad - apart * (k - 1) - 1) // stride + 1 for s, k in zip(size, kernel, strict=True))
    g.add_neuron("map", population="map", shape=shape, activation="tanh", bias=0.2)
    g.add_neuron("y", population="y", is_output=True)
    g.add_edge("image", "map", weight=rng.normal(size=kernel), **form)
    g.add_edge("map", "y", weight=rng.normal(size=shape))
    return g


@pytest.mark.parametrize("options", PRESERVING, ids=str)
@pytest.mark.parametrize(
    ("size", "kernel", "form"),
    [
        ((6, 6), (3, 3), {"padding": 1}),
        ((7, 5), (3, 3), {"padding": 1, "stride": 2}),
        ((6, 8), (3, 3), {"padding": 1, "stride": 2}),
        ((6, 7), (2, 2), {}),
        ((7, 6), (2, 4), {"stride": 2, "padding": 1}),
        ((8, 8), (4, 4), {"stride": 3}),
        ((9, 8), (3, 3), {"dilation": 2, "padding": 2}),
        ((5, 5), (5, 5), {}),
        ((6, 5), (1, 1), {"stride": 2}),
        ((3, 3), (7, 7), {"padding": 3}),
    ],
    ids=str,
)
def test_the_function_is_kept_and_the_old_kernel_follows_whole(size, kernel, form, options):
    g = one_kernel(size, kernel, **form)
    data, old, synapse = images(g), weights(g), dict(g["image"]["map"])
    before = outputs(g, data)
    result = g.apply(SplitEdge("image", "map", **options))
    assert result.details["function_preserving"]
    np.testing.assert_allclose(outputs(g, data), before, rtol=1e-9)
    for sign, n in zip((1.0, -1.0), result.born, strict=False):
        assert g.nodes[n]["shape"] == size
        new = dict(g[n]["map"])
        assert (new.pop("weight") == sign * synapse["weight"]).all()
        assert new == {k: v for k, v in synapse.items() if k != "weight"}
        made = g["image"][n]["weight"]
        assert (made.sum(), np.abs(made).sum(), made[made.shape[0] // 2, made.shape[1] // 2]) == (sign, 1.0, sign)
    assert weights(g).items() >= {1: old[1]}.items()


@pytest.mark.parametrize(
    ("size", "kernel", "options", "delta"),
    [
        ((6, 6), (3, 3), {}, (3, 3)),
        ((9, 9), (5, 3), {}, (5, 3)),
        ((6, 6), (2, 4), {}, (1, 3)),
        ((6, 6), (1, 1), {}, (1, 1)),
        ((1, 3), (1, 3), {}, (1, 3)),
        ((6, 6), (3, 3), {"kernel": 5}, (5, 5)),
        ((6, 6), (3, 3), {"kernel": (1, 3)}, (1, 3)),
    ],
)
def test_how_large_the_delta_is(size, kernel, options, delta):
    g = one_kernel(size, kernel)
    (n,) = g.apply(SplitEdge("image", "map", **options)).born
    assert g["image"][n]["weight"].shape == delta
    assert g["image"][n].get("padding", (0, 0)) == tuple(side // 2 for side in delta)


def test_a_delta_never_reaches_beyond_the_map_from_everywhere():
    g = one_kernel((2, 1), (5, 5), padding=2)
    (n,) = g.apply(SplitEdge("image", "map")).born
    assert g["image"][n]["weight"].shape == (3, 1)


@pytest.mark.parametrize("options", PRESERVING, ids=str)
@pytest.mark.parametrize("size", [(4, 4), (5, 3), (1, 1), (1, 6), (2, 2)], ids=str)
def test_before_a_scalar_the_new_neuron_is_a_map_and_is_read_as_the_old_one_was(size, options):
    g = one_kernel(size, (1, 1))
    data, weight = images(g), g["map"]["y"]["weight"].copy()
    before = outputs(g, data)
    result = g.apply(SplitEdge("map", "y", **options))
    np.testing.assert_allclose(outputs(g, data), before, rtol=1e-9)
    assert {g.nodes[n]["shape"] for n in result.born} == {size}
    assert (g[result.born[0]]["y"]["weight"] == weight).all()
    if not options:
        assert g["map"][result.born[0]]["weight"].shape == tuple(3 if side > 1 else 1 for side in size)


def test_heirs_population_and_own_attributes():
    g = lenet(0)
    u, v = g.populations["pool1"][1], g.populations["conv2"][2]
    g[u][v]["why"] = "because"
    old, others = g.table.id[g.table.find(g.table.index[u], g.table.index[v])], weights(g)
    result = g.apply(SplitEdge(u, v))
    (n,) = result.born
    assert result.entry.synapse_heirs.tolist() == [[g.table.id[g.table.find(g.table.index[n], g.table.index[v])], old]]
    assert (g.nodes[n]["population"], g.nodes[n]["slope"], g.nodes[n]["norm"]) == ("pool1-conv2", 1.0, "none")
    assert (g[n][v]["why"], g[n][v]["padding"]) == ("because", (1, 1))
    del others[old]
    assert weights(g).items() >= others.items()


@pytest.mark.parametrize("family", FAMILIES)
def test_every_synapse_with_a_weight_can_be_split_one_after_the_other(family):
    g = FAMILIES[family](0)
    data, start = images(g), structure(g)
    before = outputs(g, data)
    edges = [(u, v) for u, v, w in g.edges(data="weight") if w is not None][::3]
    for at, (u, v) in enumerate(edges):
        g.apply(SplitEdge(u, v, signed_pair=bool(at % 2)))
    np.testing.assert_allclose(outputs(g, data), before, rtol=1e-9, atol=1e-13)
    for _ in edges:
        g.undo()
    assert structure(g) == start


@given(st.integers(0, 2**20), st.sampled_from(PRESERVING[:4]))
def test_on_layers_put_together_at_random(seed, options):
    g = random_maps(seed)
    data = images(g)
    before = outputs(g, data)
    maps = [(u, v) for u, v, w in g.edges(data="weight") if np.ndim(w) == 2]
    for at in np.random.default_rng(seed).integers(len(maps), size=3):
        if g.has_edge(*maps[at]):
            g.apply(SplitEdge(*maps[at], **options))
    np.testing.assert_allclose(outputs(g, data), before, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("kernel", "match"),
    [(2, "2 x 2 kernel has no middle.*such as 3"), ((3, 4), "3 x 4.*such as 5"), (0, "kernel.*0"), ("3", "'3'")],
)
def test_a_delta_without_a_middle_is_refused_at_once(kernel, match):
    with pytest.raises(OptionError, match=match):
        SplitEdge(0, 1, kernel=kernel)


def test_what_cannot_be_split_is_refused_and_changes_nothing():
    g = lenet(0)
    u = g.populations["conv1"][0]
    before = dump(g)
    with pytest.raises(EditError, match="'max_pool'.*no weight"):
        g.apply(SplitEdge(u, g.populations["pool1"][0]))
    with pytest.raises(EditError, match="scalar, which no kernel reads"):
        g.apply(SplitEdge(g.populations["hidden"][0], g.populations["out"][0], kernel=3))
    assert dump(g) == before
