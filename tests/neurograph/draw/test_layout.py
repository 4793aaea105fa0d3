import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.builders import mlp, random_field
from neurograph.draw.layout import TALL, lay_out
from neurograph.draw.strongest import strengths, strongest
from neurograph.errors import OptionError


def test_populations_are_columns_in_the_order_of_their_wiring():
    g = NeuronGraph()
    g.add_population("out", 2, is_output=True)
    g.add_population("middle", 3)
    g.add_population("in", 4, role="input")
    g.connect("in", "middle", weight=np.ones((4, 3)))
    g.connect("middle", "out", weight=np.ones((3, 2)))
    layout = lay_out(g.arrays())
    assert (layout.by, layout.labels, layout.counts.tolist()) == ("populations", ["in", "middle", "out"], [4, 3, 2])


def test_levels_where_populations_feed_themselves():
    g = random_field(60, 3, 5)
    layout = lay_out(g.arrays())
    assert layout.by == "levels" and layout.labels == [str(level) for level in range(6)]
    assert (layout.column == g.arrays().level).all()
    assert lay_out(g.arrays(), "populations").labels == ["input", "field", "output"]
    with pytest.raises(OptionError, match="populations, levels"):
        lay_out(g.arrays(), "circles")


def test_neurons_stand_in_the_order_they_came():
    g = mlp([3, 5, 2])
    late = g.add_neuron(population="hidden1")
    g.connect([0], [late], weight=[[1.0]])
    arrays = g.arrays()
    layout = lay_out(arrays)
    y = dict(zip(arrays.names, layout.y(6), strict=True))
    hidden = g.population("hidden1")
    assert sorted(hidden, key=lambda n: -y[n]) == hidden and hidden[-1] == late
    for members in g.populations.values():
        assert np.isclose(np.mean([y[n] for n in members]), 0.0)  # around the middle


def test_heights_share_one_scale():
    layout = lay_out(mlp([784, 1024, 100, 10]).arrays())
    heights = layout.heights(1024)
    assert heights[1] == TALL and np.isclose(heights[0], TALL * np.sqrt(784 / 1024))
    assert (np.diff(heights[[3, 2, 0, 1]]) > 0).all()
    small = lay_out(mlp([4, 1024]).arrays()).heights(1024)
    assert small[0] > 10  # four neurons stay apart however large their neighbour
    assert lay_out(mlp([1, 1]).arrays()).heights(1).tolist() == [0, 0]


def test_the_strongest_of_each_bundle_are_chosen():
    rng = np.random.default_rng(0)
    bundle = np.repeat([0, 1, 2], [1000, 500, 4])
    size = rng.random(1504) * np.array([1.0, 100.0, 1.0])[bundle]  # one bundle is stronger than all others
    order = rng.permutation(1504)
    bundle, size = bundle[order], size[order]
    chosen, relative = strongest(size, bundle, 104)
    assert len(chosen) == 104 and len(set(chosen.tolist())) == 104
    assert np.bincount(bundle[chosen]).tolist() == [50, 50, 4]
    for number in (0, 1):
        left = np.setdiff1d(np.flatnonzero(bundle == number), chosen)
        assert size[left].max() <= size[chosen[bundle[chosen] == number]].min()
    assert (np.diff(relative) >= 0).all() and relative.min() > 0 and relative.max() == 1.0


def test_all_are_chosen_where_there_is_room_and_none_where_there_is_none():
    size, bundle = np.array([1.0, 2.0, 0.0]), np.array([0, 0, 1])
    assert sorted(strongest(size, bundle, 3)[0].tolist()) == [0, 1, 2]
    assert len(strongest(size, bundle, 0)[0]) == 0
    assert len(strongest(size[:0], bundle[:0], 5)[0]) == 0


def test_strengths_of_numbers_kernels_and_nothing():
    g = NeuronGraph()
    g.add_neuron("map", role="input", shape=(2, 2))
    g.add_neuron("a")
    g.add_neuron("b")
    g.add_edge("map", "a", weight=np.array([[-3.0, 0.0], [0.0, -4.0]]))
    g.add_edge("a", "b", op="identity")
    g.add_edge("map", "b", weight=np.full((2, 2), 0.5))
    arrays = g.arrays()
    size, sign = strengths(arrays)
    found = {(arrays.names[u], arrays.names[v]): (size[e], sign[e])
             for e, (u, v) in enumerate(zip(arrays.source, arrays.target, strict=True))}  # fmt: skip
    assert found == {("map", "a"): (5.0, -1.0), ("a", "b"): (1.0, 0.0), ("map", "b"): (1.0, 1.0)}
