"""The matrices and histograms say what the graph holds."""

import matplotlib as mpl
import matplotlib.image
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from neurograph import NeuronGraph
from neurograph.builders import mlp, random_field
from neurograph.draw import adjacency, distributions
from neurograph.draw.adjacency import cells
from neurograph.draw.distributions import weights_of
from neurograph.draw.layout import lay_out
from neurograph.draw.style import NEGATIVE, POSITIVE
from neurograph.errors import FileError, OptionError
from tests.neurograph.draw.test_pictures import STARTS, colours, texts

DRAW = {"adjacency": adjacency, "distributions": distributions}


def maps():
    g = NeuronGraph()
    g.add_population("image", 2, role="input", shape=(4, 4))
    g.add_population("conv", 3, shape=(4, 4))
    g.connect("image", "conv", weight=np.arange(54.0).reshape(2, 3, 3, 3) - 20, padding=1)
    g.add_population("pool", 3, shape=(2, 2))
    for u, v in zip(g.population("conv"), g.population("pool"), strict=True):
        g.add_edge(u, v, op="max_pool", kernel_size=2, stride=2)
    return g


@pytest.mark.parametrize("kind", STARTS)
@pytest.mark.parametrize("draw", DRAW.values(), ids=DRAW)
def test_the_same_bytes_each_time_and_nothing_left_behind(draw, kind, tmp_path):
    path = tmp_path / f"a.{kind}"
    before = dict(mpl.rcParams)
    assert draw(mlp([4, 3, 2], seed=0), path) == path
    first = path.read_bytes()
    assert first.startswith(STARTS[kind]) and len(first) > 2000
    draw(mlp([4, 3, 2], seed=0), path)
    assert path.read_bytes() == first
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("draw", DRAW.values(), ids=DRAW)
def test_what_cannot_be_drawn_is_refused(draw, tmp_path):
    with pytest.raises(FileError, match=r"\.svg"):
        draw(mlp([2, 1]), tmp_path / "a.jpeg")
    with pytest.raises(OptionError, match="no neurons"):
        draw(NeuronGraph(), tmp_path / "a.svg")
    bare = NeuronGraph()
    bare.add_neuron()
    with pytest.raises(OptionError, match=r"no synapse.*draw"):
        draw(bare, tmp_path / "a.svg")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("draw", DRAW.values(), ids=DRAW)
@pytest.mark.parametrize("make", [maps, lambda: random_field(120, 4, 6, seed=0), lambda: mlp([900, 2], seed=0)])
def test_networks_of_every_sort_can_be_drawn(draw, make, tmp_path):
    message = texts(draw(make(), tmp_path / "a.svg", title="A net"))
    assert "A net" in message


def test_an_adjacency_names_populations_and_counts(tmp_path):
    message = texts(adjacency(mlp([40, 30, 20], seed=0), tmp_path / "a.svg"))
    assert {"input", "hidden1", "output", "40", "30", "20"} <= set(message)
    assert message.count("hidden1") == 2  # as a source, and as a target
    assert not any("grey" in text for text in message)
    assert "grey: identities and pools" in texts(adjacency(maps(), tmp_path / "a.svg"))


def test_cells_are_blue_orange_and_white():
    ends = np.array([0, 0, 1]), np.array([0, 1, 2])
    found = cells(ends, (2, 3), np.array([2.0, 1.0, 2.0]), np.array([1.0, 1.0, -1.0]), (99, 99))
    assert found.shape == (2, 3, 3)
    np.testing.assert_allclose(found[0, 0], to_rgb(POSITIVE))
    np.testing.assert_allclose(found[1, 2], to_rgb(NEGATIVE))
    np.testing.assert_array_equal(found[1, 0], 1.0)
    assert (found[0, 1] > found[0, 0]).any() and (found[0, 1] < 1).all()  # weaker, so lighter


def test_neurons_that_share_a_cell_count_by_pair():
    ends = tuple(side.ravel() for side in np.mgrid[0:50, 0:50])
    found = cells(ends, (50, 50), np.ones(2500), np.ones(2500), (16, 16))
    assert found.shape == (16, 16, 3)
    np.testing.assert_allclose(found, np.broadcast_to(to_rgb(POSITIVE), found.shape))  # cells of 9 pairs and of 16


@pytest.mark.parametrize("weight", [1.0, -1.0])
def test_signs_show_in_both_pictures(weight, tmp_path):
    g = mlp([6, 6], initializer=lambda shape, activation: np.full(shape, weight))
    own, other = (POSITIVE, NEGATIVE) if weight > 0 else (NEGATIVE, POSITIVE)
    for draw in DRAW.values():
        path = draw(g, tmp_path / "a.png")
        assert colours(path, own, 0.2) > 2 * colours(path, other, 0.2)


def test_distributions_take_the_weights_of_each_pair_of_populations():
    g = mlp([4, 3, 2], seed=0)
    arrays = g.arrays()
    found = weights_of(arrays, lay_out(arrays, "populations"))
    assert [bundle.name for bundle in found] == ["input → hidden1", "hidden1 → output"]
    hidden = set(g.population("hidden1"))
    wanted = sorted(weight for _, v, weight in g.edges(data="weight") if v in hidden)
    np.testing.assert_allclose(sorted(found[0].values), wanted)
    g = maps()
    (kernels,) = weights_of(g.arrays(), lay_out(g.arrays(), "populations"))
    assert (kernels.synapses, sorted(kernels.values)) == (6, (np.arange(54.0) - 20).tolist())


def test_many_pairs_are_cut_and_the_picture_says_so(tmp_path):
    g = NeuronGraph()
    g.add_neuron("x", role="input", population="x")
    for at in range(30):
        g.add_edge("x", g.add_neuron(population=f"p{at}"), weight=1.0)
    message = texts(distributions(g, tmp_path / "a.svg"))
    assert "the 24 largest of 30 pairs of populations are shown" in message
