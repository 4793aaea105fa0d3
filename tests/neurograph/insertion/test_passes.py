"""The passes by hand: what they say against windows slid one by one, and gradients against differences, in float64."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurograph import NeuronGraph
from neurograph.insertion import NewLayer, find_pair
from neurograph.insertion.passes import Maps, Weights, forward_backward, wanted
from neurograph.insertion.reads import reads_of, window_places
from neurograph.schema.activations import ACTIVATIONS

POOLS = [
    (),
    ({"op": "max_pool", "kernel_size": 2, "stride": 2},),
    ({"op": "avg_pool", "kernel_size": 2, "stride": 2},),
    ({"op": "avg_pool", "kernel_size": 3, "stride": 2, "padding": 1},),
    ({"op": "avg_pool", "kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False},),
    ({"op": "max_pool", "kernel_size": 3, "stride": 2, "padding": 1}, {"op": "avg_pool", "kernel_size": 2}),
    ({"op": "max_pool", "kernel_size": 2, "stride": 2, "ceil_mode": True},),
    ({"op": "avg_pool", "kernel_size": 2, "stride": 2, "ceil_mode": True}, {"op": "identity"}),
]


def sides(size: int, kernel=1, stride=1, padding=0, ceil=False) -> int:
    return (-(-(size + 2 * padding - kernel) // stride) if ceil else (size + 2 * padding - kernel) // stride) + 1


def network(pools: tuple, size: int = 5, channels: int = 2) -> NeuronGraph:
    """A (2 maps) -> pools -> b (3 maps), whose kernels are 2 x 2 with padding 1 and stride 2."""
    rng, graph = np.random.default_rng(1), NeuronGraph()
    graph.add_population("a", channels, role="input", shape=(size, size))
    below = "a"
    for number, form in enumerate(pools):
        if form["op"] != "identity":
            size = sides(size, form["kernel_size"], form.get("stride", 1), form.get("padding", 0), "ceil_mode" in form)
        graph.add_population(f"pool{number}", channels, shape=(size, size))
        graph.add_edges_from_arrays(graph.population(below), graph.population(f"pool{number}"), **form)
        below = f"pool{number}"
    size = sides(size, 2, 2, 1)
    graph.add_population("b", 3, shape=(size, size), bias=0.1, is_output=True)
    graph.connect(below, "b", rng.standard_normal((channels, 3, 2, 2)), padding=1, stride=2)
    return graph


def case(pools: tuple, neurons: int = 4, images: int = 3):
    """A pair before its pools, a layer, values, tables, and weights of both layers."""
    graph, rng = network(pools), np.random.default_rng(2)
    pair = find_pair(graph, ("a", "b"), "before")
    layer = NewLayer(rng.standard_normal((2, neurons, 3, 3)) / 3, np.zeros(neurons), "tanh", (1, 1))
    reads = reads_of(pair, layer)
    values = rng.standard_normal((images, 2, 5, 5))
    read = np.stack([slid(values, number, graph, pools) for number in range(2)], 1) if pools else values
    weights = Weights(
        rng.standard_normal((18, neurons)) / 3,
        rng.standard_normal(neurons) / 3,
        rng.standard_normal((4 * neurons, 3)),
        rng.standard_normal(3),
    )
    return pair, reads, Maps.of(values, read if pools else values), weights


def slid(values: np.ndarray, channel: int, graph: NeuronGraph, pools: tuple) -> np.ndarray:
    """One channel through the pools, window by window."""
    maps = values[:, channel]
    for number, form in enumerate(pools):
        after = graph.nodes[graph.population(f"pool{number}")[0]]["shape"]
        maps = maps if form["op"] == "identity" else pooled(maps, after, form)
    return maps


def pooled(maps: np.ndarray, after: tuple, form: dict) -> np.ndarray:
    kernel, stride, pad = form["kernel_size"], form.get("stride", 1), form.get("padding", 0)
    size, found = maps.shape[1], np.zeros((len(maps), *after))
    for y, x in itertools.product(range(after[0]), range(after[1])):
        rows, columns = (slice(max(0, at * stride - pad), at * stride - pad + kernel) for at in (y, x))
        window = maps[:, rows, columns]
        whole = [min(at * stride + kernel, size + 2 * pad) - at * stride for at in (y, x)]
        count = whole[0] * whole[1] if form.get("count_include_pad", True) else window[0].size
        found[:, y, x] = window.max((1, 2)) if form["op"] == "max_pool" else window.sum((1, 2)) / count
    return found


def everywhere(reads, maps: Maps) -> tuple[np.ndarray, np.ndarray]:
    return tuple(at.ravel() for at in np.meshgrid(range(len(maps.sources)), range(reads.places), indexing="ij"))


@pytest.mark.parametrize("pools", POOLS, ids=range(len(POOLS)))
def test_what_is_wanted_is_what_the_targets_take_in(pools):
    pair, reads, maps, _ = case(pools)
    images, places = everywhere(reads, maps)
    found = wanted(maps, reads, images, places, pair.dense().transpose(2, 3, 0, 1).reshape(-1, 3))
    size = int(np.sqrt(maps.readers.shape[1] - 1))
    padded = np.pad(maps.readers[:, :-1].reshape(-1, size, size, 2), ((0, 0), (1, 1), (1, 1), (0, 0)))
    after = int(np.sqrt(reads.places))
    for row, (image, place) in enumerate(zip(images, places, strict=True)):
        y, x = 2 * (place // after), 2 * (place % after)
        by_hand = np.einsum("yxr,rtyx->t", padded[image, y : y + 2, x : x + 2], pair.dense())
        np.testing.assert_allclose(found[row], by_hand, atol=1e-12)


@pytest.mark.parametrize("pools", POOLS, ids=range(len(POOLS)))
@pytest.mark.parametrize("name", ["tanh", "relu"])
def test_gradients_are_differences(pools, name):
    check(*case(pools), name)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_gradients_of_every_activation(name):
    check(*case(POOLS[1]), name)


def check(pair, reads, maps, weights, name) -> None:
    images, places = everywhere(reads, maps)
    target = np.random.default_rng(3).standard_normal((len(images), 3))

    def loss() -> float:
        return forward_backward(maps, reads, images, places, target, weights, name)[0]

    _, gradient = forward_backward(maps, reads, images, places, target, weights, name)
    for part, slope in zip(weights.parts(), gradient.parts(), strict=True):
        assert part.shape == slope.shape
        for at in np.random.default_rng(4).choice(part.size, min(part.size, 6), replace=False):
            kept, ends = part.flat[at], []
            for step in (1e-6, -1e-6):
                part.flat[at] = kept + step
                ends.append(loss())
            part.flat[at] = kept
            assert slope.flat[at] == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-5, abs=1e-7)


@given(
    sizes=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    dilation=st.tuples(st.integers(1, 2), st.integers(1, 2)),
)
def test_windows_are_those_of_a_padded_map(sizes, kernel, stride, padding, dilation):
    every = zip(sizes, kernel, stride, padding, dilation, strict=True)
    after = tuple((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in every)
    if min(after) < 1:
        return
    table = window_places(sizes, after, kernel, stride, padding, dilation)
    padded = np.pad(np.arange(sizes[0] * sizes[1]).reshape(sizes), [(p, p) for p in padding], constant_values=-1)
    for place, row in enumerate(table):
        y, x = (place // after[1]) * stride[0], (place % after[1]) * stride[1]
        seen = padded[y :: dilation[0], x :: dilation[1]][: kernel[0], : kernel[1]]
        assert row.tolist() == seen.ravel().tolist()
