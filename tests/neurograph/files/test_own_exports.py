"""What is exported comes back as it was, in every format that is read too, or the list of losses says what does not."""

import json
import re

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.errors import FileError, NeuroGraphError
from neurograph.files import EXPORTS, IMPORTS, export
from tests.neurograph.map_networks import FAMILIES, random_maps
from tests.neurograph.networks import random_network

PAIRS = sorted(set(EXPORTS) & set(IMPORTS) - {"onnx"})  # a program that runs the network, and names no neuron
NAMES = ["a,b", 'say "c"', '"d', "é\n", "source", "0x1", "nan", " e ", "1.5", "-1", "007", "f;g", "=h", "\\x", "True"]
OWN = st.one_of(
    st.integers(-(2**40), 2**40),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.sampled_from(NAMES),
)


def as_text(graph):
    """Nodes and edges with all their attributes, as text: kernels are arrays, names of several types."""
    nodes = [(name, sorted(dict(data).items())) for name, data in graph.nodes.items()]
    return repr((nodes, sorted(repr((u, v, sorted(dict(data).items()))) for u, v, data in graph.edges(data=True))))


def back_from(graph, folder, kind):
    losses = export(graph, folder / f"net.{kind}", force=True)
    return NeuronGraph.import_from(folder / f"net.{kind}"), losses


def wide():
    """Neurons that are all different, in what neurons and synapses may have."""
    g = NeuronGraph()
    g.add_population("odd, name", 2, role="input", names=NAMES[:2])
    for at, name in enumerate(NAMES[2:]):
        g.add_neuron(name, population=f"p{at % 3}", activation=["tanh", "relu", "prelu"][at % 3], bias=at / 3)
    g.add_neuron("alone", dropout=0.5)
    g.add_neuron("normed", norm="batch", gamma=2.0, running_var=0.1, eps=1e-3, momentum=0.3, trainable=False)
    g.add_neuron("made of", aggregation="max", is_output=True)
    g.add_edge(NAMES[0], "normed", weight=1e-300, trainable=False)
    g.add_edge(NAMES[1], "normed", weight=-0.0)
    g.add_edge(NAMES[0], NAMES[2], op="identity")
    g.add_edge("normed", NAMES[2], weight=0.1, delay=1)
    g.add_edge("normed", "normed", weight=0.2, delay=1)
    g.add_edge("normed", "made of", weight=3.0)
    g.add_edge(NAMES[1], "made of", weight=4.0)
    return g


def after_deaths():
    g = mlp([4, 5, 3], activation="tanh", seed=2)
    g.remove_neurons([5])
    g.remove_edge(0, 4)
    g.add_edge(0, 4, weight=0.5)
    g.rename({name: f"{name}\\{at}" for at, name in enumerate(g)})
    return g


GRAPHS = {
    "nothing": NeuronGraph,
    "everything": wide,
    "after deaths": after_deaths,
    **FAMILIES,
    **{f"random {n}": lambda n=n: random_network(n, other_aggregations=True) for n in range(3)},
    **{f"maps {n}": lambda n=n: random_maps(n) for n in range(3)},
}


@pytest.mark.parametrize("kind", PAIRS)
@pytest.mark.parametrize("name", GRAPHS)
def test_it_comes_back_as_it_was(kind, name, tmp_path):
    g = GRAPHS[name]()
    back, _ = back_from(g, tmp_path, kind)
    assert as_text(back) == as_text(g) and not back.journal


@settings(max_examples=25)
@given(data=st.data())
@pytest.mark.parametrize("kind", PAIRS)
def test_with_own_attributes_it_comes_back_as_it_was_unless_something_is_said(tmp_path_factory, kind, data):
    g = random_network(data.draw(st.integers(0, 2**20)))
    own = st.dictionaries(st.sampled_from(["tag", "id", "source", "kernel", "label", "end", "x y"]), OWN, max_size=2)
    for name in data.draw(st.lists(st.sampled_from(list(g)), max_size=4)):
        g.nodes[name].update(data.draw(own))
    for u, v in data.draw(st.lists(st.sampled_from(list(g.edges)), max_size=4)):
        g[u][v].update(data.draw(own))
    g.rename(dict(zip(g, data.draw(st.permutations(["0", 5, -3, "-4", *NAMES, ""])), strict=False)))
    g.restart_journal()
    back, losses = back_from(g, tmp_path_factory.mktemp("own"), kind)
    assert as_text(back) == as_text(g) or losses
    if not losses:
        assert back.graph == g.graph


@pytest.mark.parametrize("kind", PAIRS)
@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("tuple", "beside text"),
        ("mixed", "are numbers"),
        ("text", "are text"),
        ("list", "as JSON"),
        ("types", "several"),
    ],
)
def test_what_does_not_come_back_is_said(kind, what, words, tmp_path):
    names = {"tuple": [(0, 1), "b"], "mixed": [0, "b"], "text": ["0", "1"]}.get(what, ["a", "b"])
    g = NeuronGraph()
    g.add_neuron(names[0], role="input")
    g.add_neuron(names[1], is_output=True)
    g.nodes[names[0]].update({"list": {"own": [1, 2]}, "types": {"own": 1}}.get(what, {}))
    g.nodes[names[1]].update({"types": {"own": "1"}}.get(what, {}))
    g.restart_journal()
    back, losses = back_from(g, tmp_path, kind)
    assert as_text(back) == as_text(g) or any(words in line for line in losses), losses


@given(own=OWN | st.text())
def test_a_cell_is_read_as_it_was_written(own):
    from neurograph.files.cells import as_cell, from_cell

    back = from_cell(as_cell(own))
    assert back == own and type(back) is type(own)
    assert from_cell(as_cell(str(own), typed=False), typed=False) == str(own)


def test_long_cells_are_read(tmp_path):
    g = NeuronGraph()
    g.add_neuron("map", role="input", shape=(90, 90))
    g.add_neuron("read", is_output=True)
    g.add_edge("map", "read", weight=np.random.default_rng(0).normal(size=(90, 90)))
    back, _ = back_from(g, tmp_path, "csv")
    assert as_text(back) == as_text(g)


def test_a_table_is_an_edge_list_for_others(tmp_path):
    g = mlp([3, 2], seed=0)
    export(g, tmp_path / "net.csv")
    pandas = pytest.importorskip("pandas")
    table = pandas.read_csv(tmp_path / "net.csv").dropna(subset="target").astype({"target": int})
    plain = nx.from_pandas_edgelist(table, edge_attr="weight", create_using=nx.DiGraph)
    assert {(u, v): w for u, v, w in plain.edges(data="weight")} == {(u, v): w for u, v, w in g.edges(data="weight")}


def test_a_matrix_without_more_to_say_says_no_more(tmp_path):
    export(mlp([3, 2], seed=0), tmp_path / "net.npz")
    with np.load(tmp_path / "net.npz") as file:
        assert "rest" not in file
    export(wide(), tmp_path / "wide.npz")
    with np.load(tmp_path / "wide.npz") as file:
        assert set(json.loads(file["rest"].tobytes())) == {"order", "neurons", "synapses"}


@pytest.mark.parametrize(
    ("at", "value"), [(8, 1), (10, 99), (6, 173)]
)  # of the zip: encrypted, its method, its version
def test_a_zip_that_nobody_can_unpack_is_damaged(at, value, tmp_path):
    export(wide(), tmp_path / "net.npz")
    held = bytearray((tmp_path / "net.npz").read_bytes())
    for entry in (found.start() for found in re.finditer(b"PK\x01\x02", bytes(held))):
        held[entry + at] = value
    (tmp_path / "net.npz").write_bytes(held)
    with pytest.raises(FileError, match=r"net\.npz is damaged"):
        NeuronGraph.import_from(tmp_path / "net.npz")


ODD = [None, 7, 1.5, "x", [], [[]], [[0]], [[99, {}]], [[0, 1, {"kernel": "[["}]], [[0, 0, {}]], {"role": [1]}, [0, 0]]


@pytest.mark.parametrize("part", ["order", "names", "neurons", "synapses", "graph"])
@pytest.mark.parametrize("odd", ODD, ids=str)
def test_what_lies_beside_a_matrix_is_checked(part, odd, tmp_path):
    export(wide(), tmp_path / "net.npz")
    with np.load(tmp_path / "net.npz") as file:
        held = dict(file)
    rest = json.loads(held["rest"].tobytes()) | {part: odd}
    held["rest"] = np.frombuffer(json.dumps(rest).encode(), np.uint8)
    np.savez(tmp_path / "net.npz", **held)
    try:
        NeuronGraph.import_from(tmp_path / "net.npz")
    except NeuroGraphError as error:
        assert "net.npz" in str(error)


@pytest.mark.parametrize("text", ["\ud800", '"d', "0.5"])
def test_columns_of_a_table_may_be_called_anything(text, tmp_path):
    g = NeuronGraph()
    g.add_node("a", role="input", **{text: text})
    g.add_node("b")
    g.add_edge("a", "b", weight=1.0, **{text: text})
    back, _ = back_from(g, tmp_path, "csv")
    assert as_text(back) == as_text(g)
