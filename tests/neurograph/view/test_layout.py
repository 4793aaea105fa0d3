from itertools import pairwise

import networkx as nx
import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.analysis.history import neurons_of, synapses_of
from neurograph.builders import enas_macro, lenet5, mlp, random_field, vgg
from neurograph.view.layout import WIDEST, lay_out
from tests.neurograph.view.histories import grown

GRAPHS = {
    "mlp": lambda: mlp([784, 300, 10], seed=0),
    "small": lambda: mlp([3, 2, 1], seed=0),
    "grown": lambda: grown()[0],
    "maps": lambda: lenet5(seed=0),
    "deep": lambda: vgg(11, seed=0, width=0.125),
    "branches": lambda: enas_macro([(1,), (2, 1), (0, 1, 1), (4, 0, 1, 1)], seed=0),
    "field": lambda: random_field(800, 4, 12, seed=0),
}


def laid_out(g):
    neurons = neurons_of(g)
    synapses = synapses_of(g, neurons)
    return neurons, synapses, lay_out(neurons, synapses, list(g.populations))


@pytest.mark.parametrize("name", GRAPHS)
def test_no_two_neurons_share_a_place_and_each_is_in_its_block(name):
    neurons, _, layout = laid_out(GRAPHS[name]())
    places = np.round(np.stack([layout.x, layout.y], 1), 6)
    assert len(np.unique(places, axis=0)) == len(neurons.keys)
    for number, block in enumerate(layout.blocks):
        assert (layout.block[block.members] == number).all()
        assert (np.diff(neurons.keys[block.members]) > 0).all()
        x, y = layout.x[block.members], layout.y[block.members]
        assert (x.min(), y.min()) == pytest.approx((block.x, block.y))
        assert (np.ptp(x), np.ptp(y)) == pytest.approx((block.width, block.height))
    assert sum(len(block.members) for block in layout.blocks) == len(neurons.keys)


@pytest.mark.parametrize("name", GRAPHS)
def test_blocks_do_not_overlap(name):
    _, _, layout = laid_out(GRAPHS[name]())
    for at, a in enumerate(layout.blocks):
        for b in layout.blocks[at + 1 :]:
            aside = a.x + a.width < b.x - 1 or b.x + b.width < a.x - 1
            assert aside or a.y + a.height < b.y - 1 or b.y + b.height < a.y - 1, (a.name, b.name)


@pytest.mark.parametrize("name", ["mlp", "grown", "maps", "deep", "branches"])
def test_synapses_lead_to_the_right(name):
    _, synapses, layout = laid_out(GRAPHS[name]())
    column = np.array([block.column for block in layout.blocks])[layout.block]
    assert (column[synapses.source] < column[synapses.target]).all()
    assert [block.column for block in layout.blocks] == sorted(block.column for block in layout.blocks)


def test_pixels_of_a_square_image_stand_as_one_reads_it():
    _, _, layout = laid_out(mlp([49, 4], seed=0))
    pixels = layout.blocks[0].members
    x, y = layout.x[pixels].reshape(7, 7), layout.y[pixels].reshape(7, 7)
    assert (np.diff(x, axis=1) > 0).all()
    assert (np.diff(y, axis=0) < 0).all()
    assert np.ptp(x, axis=0).max() < 1e-9


def test_a_population_wired_within_stands_by_level():
    g = random_field(400, 3, 8, seed=1)
    neurons, _, layout = laid_out(g)
    field = next(block for block in layout.blocks if block.name == "field")
    assert field.inside
    level = dict(zip(g.arrays().names, g.arrays().level.tolist(), strict=True))
    right = {}
    for i in field.members:
        right.setdefault(level[neurons.names[i]], []).append(layout.x[i])
    spans = [(min(x), max(x)) for _, x in sorted(right.items())]
    assert all(a[1] < b[0] for a, b in pairwise(spans))


def test_populations_that_feed_each_other_in_circles_have_columns_too():
    g = NeuronGraph()
    for name in "ab":
        g.add_population(name, 2, names=[f"{name}0", f"{name}1"])
    g.add_edge("a0", "b0", weight=1.0)
    g.add_edge("b0", "a1", weight=1.0)
    g.add_edge("a1", "b1", weight=1.0)
    assert nx.is_directed_acyclic_graph(g)
    _, _, layout = laid_out(g)
    assert sorted(block.column for block in layout.blocks) == [0, 1]


def test_a_deep_network_is_no_thread():
    _, _, layout = laid_out(vgg(16, seed=0, width=0.5))
    assert np.ptp(layout.x) < 2 * WIDEST * np.ptp(layout.y)


def test_nothing_moves_while_the_timeline_plays():
    """Those that died have places of their own, which no newborn takes."""
    g, _ = grown()
    neurons, _, layout = laid_out(g)
    assert (neurons.died > 0).any()
    places = {(x, y) for x, y in zip(layout.x.tolist(), layout.y.tolist(), strict=True)}
    assert len(places) == len(neurons.keys)
