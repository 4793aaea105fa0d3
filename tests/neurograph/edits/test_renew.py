"""Renew: who dies, what the newborns begin with, and what is refused."""

import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.analysis.ages import Ages
from neurograph.builders import mlp
from neurograph.edits import Renew
from neurograph.edits.selectors import Chance
from neurograph.errors import EditError, JournalError, MissingError, OptionError
from tests.neurograph.map_networks import Layers, images, lenet
from tests.neurograph.networks import dump, outputs, structure


def test_nothing_of_the_structure_changes():
    g = mlp([3, 4, 4, 2], seed=0)
    before, start = structure(g), g.copy()
    version = g.version
    result = g.apply(Renew("hidden1", Chance(2), seed=3))
    now = structure(g)
    assert {k: v for k, v in now.items() if k != "journal"} == {k: v for k, v in before.items() if k != "journal"}
    assert g.version == version
    assert result.born == result.died and len(result.born) == 2
    assert result.entry.synapses_born.tolist() == result.entry.synapses_died.tolist()
    start.replay(g.journal)
    assert list(start.edges(data="weight")) == list(g.edges(data="weight"))


def test_newborns_read_by_fresh_weights_and_nobody_hears_them():
    g = mlp([600, 4, 4, 2], seed=0)
    (name,) = g.apply(Renew("hidden2", [g.population("hidden2")[1]], seed=3, initializer="he_uniform")).born
    assert g.nodes[name]["bias"] == 0.0
    assert all(g[name][v]["weight"] == 0.0 for v in g.successors(name))
    g.apply(Renew("hidden1", [g.population("hidden1")[1]], seed=3))
    read = np.array([g[u][g.population("hidden1")[1]]["weight"] for u in g.population("input")])
    assert np.abs(read).max() <= 0.1 and read.std() == pytest.approx(0.1 / np.sqrt(3), rel=0.1)  # sqrt(6 / 600)


def test_newborns_are_as_large_as_asked_for():
    small, large = mlp([5, 4, 2], seed=0), mlp([5, 4, 2], seed=0)
    name = small.population("hidden1")[1]
    for g, options in ((small, {}), (large, {"scale": 3.0})):
        g.apply(Renew("hidden1", [name], seed=3, **options))
    read = [[g[u][name]["weight"] for u in g.population("input")] for g in (small, large)]
    assert np.allclose(read[1], 3.0 * np.array(read[0]), rtol=1e-12) and all(read[0])
    assert all(large[name][v]["weight"] == 0.0 for v in large.successors(name))


@pytest.mark.parametrize("scale", [0.0, -1.0, np.nan, np.inf, 1e300, True, "3"])
def test_a_scale_that_makes_no_sense_is_refused(scale):
    with pytest.raises(OptionError, match="scale must be"):
        Renew("hidden1", scale=scale)


def test_a_neuron_that_reads_another_newborn_hears_nothing_of_it():
    g = NeuronGraph()
    x, h, y = g.add_population("x", 2, role="input"), g.add_population("h", 3), g.add_population("y", 1, is_output=True)
    g.connect("x", "h", weight=np.ones((2, 3)))
    g.add_edge(h[0], h[1], weight=2.0)
    g.connect("h", "y", weight=np.ones((3, 1)))
    g.apply(Renew("h", [h[0], h[1]], seed=0))
    assert g[h[0]][h[1]]["weight"] == 0.0 and g[x[0]][h[1]]["weight"] != 1.0 and g[h[2]][y[0]]["weight"] == 1.0


def test_channels_take_along_what_follows_them():
    g = lenet()
    channel, other = g.population("conv1")[:2]
    (pooled,) = g.successors(channel)
    data = images(g)
    result = g.apply(Renew("conv1", [channel], seed=1))
    assert set(result.born) == {channel, pooled} and result.details["followers"] == 1
    assert all(not g[pooled][v]["weight"].any() for v in g.successors(pooled))
    silent = outputs(g, data)
    for u in g.predecessors(channel):
        g[u][channel]["weight"] = g[u][channel]["weight"] * 5.0
    assert (outputs(g, data) == silent).all() and g[g.population("image")[0]][other]["weight"].any()


def residual():
    b = Layers(0)
    first = b.conv("a", b.image, 2, padding=1)
    second = b.conv("b", first, 2, padding=1)
    b.linear("out", b.joined("sum", first, second), 2, is_output=True)
    return b.done()


def product():
    g = NeuronGraph()
    g.add_population("x", 2, role="input"), g.add_population("h", 2)
    g.add_population("y", 1, is_output=True, aggregation="product")
    g.connect("x", "h", weight=np.ones((2, 2)))
    g.connect("h", "y", weight=np.ones((2, 1)))
    return g


def frozen():
    g = mlp([2, 3, 1], seed=0)
    for u, v in list(g.edges):
        if v == 5:
            g[u][v]["trainable"] = False
    return g


@pytest.mark.parametrize(
    ("graph", "population", "why"), [(residual, "a", "identity"), (product, "h", "sum"), (frozen, "hidden1", "frozen")]
)
def test_newborns_that_would_be_heard_at_once_are_refused(graph, population, why):
    g = graph()
    full = dump(g)
    with pytest.raises(EditError, match=why):
        g.apply(Renew(population, Chance(1)))
    assert dump(g) == full


def test_what_cannot_be_is_refused():
    g = mlp([2, 3, 1], seed=0)
    ages = Ages(g.population_keys("hidden1"), np.array([1.0, 2.0, 3.0]))
    for wrong in ({"by": "nobody"}, {"most": -1}, {"initializer": "none"}, {"seed": -1}, {"protect": -1.0}):
        with pytest.raises(OptionError):
            Renew("hidden1", **wrong)
    for edit, error, why in (
        (Renew("nowhere", "chance"), MissingError, "nowhere"),
        (Renew("input", "chance"), EditError, "cannot be renewed"),
        (Renew("hidden1", [0]), EditError, "not in population"),
        (Renew("hidden1", "chance", protect=5.0), MissingError, "ages"),
        (Renew("hidden1", "chance", protect=5.0, ages=ages), EditError, "protects all 3"),
        (Renew("hidden1", [2], protect=2.0, ages=ages), EditError, "protects 2"),
    ):
        with pytest.raises(error, match=why):
            g.apply(edit)
    assert not len(g.journal)
    assert g.apply(Renew("hidden1", Chance(9), most=2, protect=2.0, ages=ages)).details["protected"] == 1


def test_numbers_that_newborns_cannot_have_are_refused():
    g = mlp([2, 3, 1], seed=0)
    keys, ids = g.population_keys("hidden1")[:1], np.array([0])
    for values, weights in (
        ({"bias": (keys, np.array([np.nan]))}, []),
        ({"slope": (keys, np.array([1.0]))}, []),
        ({}, [(ids, np.ones((1, 3, 3)))]),
        ({}, [(ids, np.ones(1)), (ids, np.ones(1))]),
        ({}, [(np.array([99]), np.ones(1))]),
    ):
        full = dump(g)
        with pytest.raises(Exception, match="finite|shape|twice|99"):
            g.renew(keys, values, weights)
        assert dump(g) == full


def test_a_journal_line_on_another_graph_is_refused():
    g, other = mlp([2, 3, 1], seed=0), mlp([2, 2, 1], seed=0)
    g.apply(Renew("hidden1", "chance"))
    with pytest.raises(JournalError, match="does not fit"):
        other.replay(g.journal)
