"""People look at pictures; what a test can see is whether they are there, the same each time, and say the truth."""

import xml.etree.ElementTree as ET

import matplotlib as mpl
import matplotlib.image
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from neurograph import NeuronGraph
from neurograph.builders import mlp, random_field
from neurograph.draw import before_and_after, growth, topology
from neurograph.draw.style import NEGATIVE, NEWBORN, POSITIVE
from neurograph.errors import FileError, OptionError

STARTS = {"svg": b"<?xml", "pdf": b"%PDF", "png": b"\x89PNG"}


def rows(epochs=12):
    return [
        {
            "epoch": e, "train_error": 60.0 / e**2, "validation_error": None if e == 1 else 70.0 / e,
            "neurons": {"input": 4, "hidden1": 3 + e // 4, "output": 2}, "edit": "hidden1 +1" if e % 4 == 3 else None,
        }
        for e in range(1, epochs + 1)
    ]  # fmt: skip


def grown():
    before = mlp([4, 3, 2], seed=1)
    after = before.copy()
    new = after.add_neuron(population="hidden1", activation="relu", bias=0.0)
    after.connect("input", [new], weight=np.ones((4, 1)))
    after.connect([new], "output", weight=-np.ones((1, 2)))
    return before, after


PICTURES = {
    "topology": lambda path: topology(mlp([4, 3, 2]), path),
    "before_and_after": lambda path: before_and_after(*grown(), path),
    "growth": lambda path: growth(rows(), path, title="Digits"),
}


def colours(path, colour, near=0.06):
    """How many pixels of a PNG have a colour."""
    image = mpl.image.imread(path)[..., :3]
    return int((np.abs(image - to_rgb(colour)).max(axis=2) < near).sum())


def texts(path):
    """What an SVG says: matplotlib writes each text as a comment beside its shapes."""
    parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))
    return [node.text.strip() for node in ET.parse(path, parser).iter() if node.tag is ET.Comment]


@pytest.mark.parametrize("kind", STARTS)
@pytest.mark.parametrize("draw", PICTURES.values(), ids=PICTURES)
def test_the_same_bytes_each_time_and_nothing_left_behind(draw, kind, tmp_path):
    before = dict(mpl.rcParams)
    path = tmp_path / f"a.{kind}"
    assert draw(path) == path
    first = path.read_bytes()
    assert first.startswith(STARTS[kind]) and len(first) > 2000
    draw(path)
    assert path.read_bytes() == first
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("draw", PICTURES.values(), ids=PICTURES)
def test_other_endings_name_those_there_are(draw, tmp_path):
    with pytest.raises(FileError, match=r"\.svg.*\.pdf.*\.png"):
        draw(tmp_path / "a.jpeg")
    with pytest.raises(FileError, match="no folder"):
        draw(tmp_path / "none" / "a.png")
    assert not list(tmp_path.iterdir())


def test_what_a_topology_says(tmp_path):
    message = texts(topology(mlp([4, 3, 2], activation="tanh"), tmp_path / "a.svg", title="A net"))
    for text in ("A net", "9 neurons, 18 synapses", "input", "hidden1", "output", "tanh", "4", "3", "2"):
        assert text in message
    assert not any("shown" in text for text in message)
    message = texts(topology(mlp([40, 30]), tmp_path / "a.svg", max_synapses=100, newborn=[1]))
    assert "the strongest 100 of 1,200 synapses are shown" in message and "newborn neuron" in message


def test_what_before_and_after_says(tmp_path):
    message = texts(before_and_after(*grown(), tmp_path / "a.svg", titles=("Then", "Now")))
    for text in ("Then", "Now", "9 neurons, 18 synapses", "10 neurons, 24 synapses", "newborn neuron"):
        assert text in message
    assert "newborn neuron" not in texts(before_and_after(grown()[0], grown()[0], tmp_path / "a.svg"))


def test_what_growth_says(tmp_path):
    message = texts(growth(rows(), tmp_path / "a.svg"))
    for text in ("error (%)", "neurons", "epoch", "edit", "training 0.42 %", "validation 5.83 %", "hidden1 6"):
        assert text in message
    assert "unchanged: input 4, output 2" in message
    assert "edit" not in texts(growth([row | {"edit": None} for row in rows()], tmp_path / "a.svg"))


def test_colours_tell_the_sign(tmp_path):
    def seen(weight):
        g = mlp([3, 3], initializer=lambda shape, activation: np.full(shape, weight))
        path = topology(g, tmp_path / "a.png", max_synapses=9)
        return colours(path, POSITIVE, 0.2), colours(path, NEGATIVE, 0.2)

    (blue, no_orange), (no_blue, orange) = seen(1.0), seen(-1.0)
    assert blue > 2 * no_blue and orange > 2 * no_orange  # the legend shows both


@pytest.mark.parametrize("size", [5, 60, 200, 900])
def test_newborn_neurons_are_set_off_as_dots_strands_and_bars(size, tmp_path):
    g = mlp([size, 2])
    path = tmp_path / "a.png"
    none = colours(topology(g, path), NEWBORN)
    some = colours(topology(g, path, newborn=range(size // 2)), NEWBORN)
    every = colours(topology(g, path, newborn=range(size)), NEWBORN)
    assert none == 0 < some < every


def test_skips_levels_kernels_and_single_neurons_can_be_drawn(tmp_path):
    g = NeuronGraph()
    g.add_neuron("x", role="input", is_output=True, shape=(2, 2))
    assert topology(g, tmp_path / "a.svg").exists()
    g.add_neuron("y")
    g.add_edge("x", "y", weight=np.ones((2, 2)))
    g.add_edge("y", g.add_neuron("z", population="last"))
    g.add_neuron("alone")
    assert {"input", "hidden", "2", "last"} <= set(texts(topology(g, tmp_path / "a.svg")))
    deep = random_field(100, 3, 40)
    assert {"level", "0", "39"} <= set(texts(topology(deep, tmp_path / "a.svg")))
    assert "level" in texts(before_and_after(mlp([2, 2]), deep, tmp_path / "a.svg"))


def test_long_names_do_not_run_into_each_other(tmp_path):
    message = texts(topology(mlp([2, 2], names=["a" * 99, "b"]), tmp_path / "a.svg"))
    assert "b" in message and max(len(text) for text in message if text.startswith("aaa")) < 30


def test_impossible_pictures_are_refused(tmp_path):
    with pytest.raises(OptionError, match="no neurons"):
        topology(NeuronGraph(), tmp_path / "a.svg")
    with pytest.raises(OptionError, match="max_synapses"):
        topology(mlp([1, 1]), tmp_path / "a.svg", max_synapses=-1)
    with pytest.raises(OptionError, match="no rows"):
        growth([], tmp_path / "a.svg")
    with pytest.raises(OptionError, match="epoch"):
        growth([{"train_error": 1.0}], tmp_path / "a.svg")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "some",
    [
        [{"epoch": 1}],
        [{"epoch": 1, "train_error": 0.0, "validation_error": 0.0, "neurons": {"a": 1}, "edit": None}],
        [
            {"epoch": e, "train_error": 0.0 if e > 2 else 90.0, "neurons": {"a": e} if e < 3 else {"b": 2}}
            for e in range(5)
        ],
    ],
)
def test_growth_takes_rows_with_holes(some, tmp_path):
    assert growth(some, tmp_path / "a.svg").exists()


def test_the_graphs_own_door(tmp_path):
    assert mlp([2, 1]).draw(tmp_path / "a.svg", title="Door").exists()
    assert "Door" in texts(tmp_path / "a.svg")
