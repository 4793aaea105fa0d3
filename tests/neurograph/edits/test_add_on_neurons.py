"""Add-on neurons: where they may stand, whom they read and feed, and that nothing else moves."""

import numpy as np
import pytest

from neurograph.builders import enas_macro, lenet5
from neurograph.edits import AddOnNeurons, Directions
from neurograph.errors import EditError, MissingError, NeuronError, OptionError

GENES = [["conv3"], ["separable3", 1], ["conv5", 0, 1], ["maximum", 1, 0, 1]]


def macro(channels=10):
    return enas_macro(GENES, channels=channels, segments=2, size=8, classes=3)


def test_they_read_and_feed_the_share_that_is_asked_for():
    g = macro(20)
    before = {(u, v): dict(data) for u, v, data in g.edges(data=True)}
    result = g.apply(AddOnNeurons(("stem", "layer1"), kernel=5, directions=3))
    born = result.born
    assert len(born) == 20
    assert {g.in_degree(n) for n in born} == {2}
    assert {g.out_degree(n) for n in born} == {2}
    for name in born:
        assert all(g.nodes[u]["population"] == "stem" for u in g.pred[name])
        assert all(g.nodes[v]["population"] == "layer1" for v in g.succ[name])
        assert {np.shape(g[u][name]["weight"]) for u in g.pred[name]} == {(5, 5)}
        assert {np.shape(g[name][v]["weight"]) for v in g.succ[name]} == {(1, 1)}
        assert g.nodes[name]["shape"] == (8, 8)
    for (u, v), data in before.items():
        assert g[u][v].keys() == data.keys()
        assert all(np.array_equal(g[u][v][key], value) for key, value in data.items())
    assert g.number_of_edges() == len(before) + 80
    expected = {"population": "stem+layer1.5x5", "neurons": 20, "reads": 40, "feeds": 40, "function_preserving": True}
    assert result.details == expected


def wired(seed):
    g = macro()
    g.apply(AddOnNeurons(("layer0", "layer1"), count=5, directions=seed, sparsity=0.3, seed=1))
    return g


def test_directions_come_from_their_seed():
    assert wired(1).wiring_digest() == wired(1).wiring_digest() != wired(2).wiring_digest()
    one, other = ({(u, v): w for u, v, w in wired(1).edges(data="weight")} for _ in range(2))
    assert all(np.array_equal(one[pair], other[pair]) for pair in one)


def test_directions_and_weights_may_be_given():
    g = macro()
    rng = np.random.default_rng(0)
    reads, feeds = np.zeros((10, 2), bool), np.zeros((2, 10), bool)
    reads[[1, 4, 4], [0, 0, 1]] = feeds[[0, 1, 1], [7, 2, 9]] = True
    kernels, outgoing, bias = rng.normal(size=(10, 2, 3, 3)), rng.normal(size=(2, 10)), np.array([0.5, -0.5])
    a, b = g.population("layer0"), g.population("layer1")
    first, second = g.apply(
        AddOnNeurons(
            ("layer0", "layer1"), 3, 2, Directions(reads, feeds), weight=kernels, outgoing=outgoing, bias=bias,
            activation="tanh", population="mine",
        )
    ).born  # fmt: skip
    assert set(g.pred[first]) == {a[1], a[4]}
    assert set(g.pred[second]) == {a[4]}
    assert set(g.succ[second]) == {b[2], b[9]}
    assert np.array_equal(g[a[4]][first]["weight"], kernels[4, 0])
    assert g[second][b[9]]["weight"].item() == outgoing[1, 9]
    assert [g.nodes[n]["bias"] for n in (first, second)] == [0.5, -0.5]
    assert g.nodes[first]["population"] == "mine"


def test_kernels_are_drawn_for_the_fan_in_that_there_is():
    g = macro(40)
    result = g.apply(AddOnNeurons(("stem", "layer1"), count=400, outgoing="he_normal"))
    kernels = np.array([g[u][n]["weight"] for n in result.born for u in g.pred[n]])
    assert kernels.std() == pytest.approx(np.sqrt(2 / (4 * 9)), rel=0.03)
    into = np.array([g[n][v]["weight"] for n in result.born for v in g.succ[n]])
    assert into.std() == pytest.approx(np.sqrt(2 / 40), rel=0.1)  # each of 40 reads about 40 add-ons


@pytest.mark.parametrize(
    ("location", "message"),
    [
        (("stem", "layer2"), r"different segments, with maps of \(8, 8\) and \(4, 4\)"),
        (("layer0", "layer0"), "both are 'layer0': within one"),
        (("layer1", "layer0"), "'layer1' comes after 'layer0' .*would close a cycle; turn them round"),
        (("layer3", "layer2.reduce"), "'layer2.reduce' -> .*would close a cycle"),
        (("input", "layer0"), "'input' belongs to no segment: it is the data"),
        (("layer3", "output"), "'output' belongs to no segment"),
    ],
)
def test_places_where_none_may_stand(location, message):
    g = macro()
    digest = g.wiring_digest()
    with pytest.raises(EditError, match=message):
        g.apply(AddOnNeurons(location))
    assert g.wiring_digest() == digest


def test_what_does_not_fit_is_refused():
    g = macro()
    with pytest.raises(MissingError, match="no population 'nobody'"):
        g.apply(AddOnNeurons(("nobody", "layer1")))
    with pytest.raises(MissingError, match="no population 'nobody'"):
        g.apply(AddOnNeurons(("nobody", "nobody")))
    g.apply(AddOnNeurons(("stem", "layer1")))
    with pytest.raises(NeuronError, match="population 'stem\\+layer1.3x3' is there already"):
        g.apply(AddOnNeurons(("stem", "layer1")))
    made = Directions(np.ones((10, 2), bool), np.ones((2, 10), bool))
    with pytest.raises(EditError, match=r"do not fit 3 add-ons from 10 to 10 neurons: \(10, 3\) and \(3, 10\)"):
        g.apply(AddOnNeurons(("stem", "layer0"), count=3, directions=made))
    with pytest.raises(EditError, match="number 0, 1 would read or feed nobody"):
        none = Directions(np.zeros((10, 2), bool), np.ones((2, 10), bool))
        g.apply(AddOnNeurons(("stem", "layer0"), count=2, directions=none))
    with pytest.raises(EditError, match=r"weight has shape \(1,\); these add-ons need \(10, 2, 3, 3\)"):
        g.apply(AddOnNeurons(("stem", "layer0"), count=2, weight=np.zeros(1)))
    assert "stem+layer0.3x3" not in g.populations


@pytest.mark.parametrize(
    "options",
    [
        {"location": "stem"},
        {"location": ("a", "b", "c")},
        {"kernel": 4},
        {"kernel": 0},
        {"count": 0},
        {"directions": -1},
        {"sparsity": 0.0},
        {"sparsity": 1.5},
        {"weight": "nothing"},
        {"seed": -1},
    ],
)
def test_impossible_options(options):
    with pytest.raises(OptionError):
        AddOnNeurons(**({"location": ("a", "b")} | options))


def test_undo_and_redo():
    g = macro()
    digest = g.wiring_digest()
    g.apply(AddOnNeurons(("stem", "layer0")))
    g.apply(AddOnNeurons(("layer2", "layer3"), kernel=5))
    both = g.wiring_digest()
    g.undo()
    g.undo()
    assert g.wiring_digest() == digest
    g.redo()
    g.redo()
    assert g.wiring_digest() == both


def test_plain_convolutional_networks_have_places_too():
    g = lenet5()
    names = [n for n in g.populations if g.nodes[g.population(n)[0]]["shape"]]
    pooled = next(n for n in names if "pool" in n)
    with pytest.raises(EditError, match="different segments"):
        g.apply(AddOnNeurons((names[1], pooled)))
