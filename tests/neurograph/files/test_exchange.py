"""Each format is read back by somebody else's reader and compared with the graph."""

import json

import networkx as nx
import numpy as np
import pydot
import pytest

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.errors import FileError
from neurograph.files import EXPORTS, export, to_plain
from tests.neurograph.holders import Network


def read_dot(path):
    (found,) = pydot.graph_from_dot_file(str(path))

    def bare(text):
        return text[1:-1].replace('\\"', '"').replace("\\\\", "\\") if text.startswith('"') else text

    g = nx.DiGraph()
    g.add_nodes_from(
        (bare(n.get_name()), {k: bare(v) for k, v in n.get_attributes().items()}) for n in found.get_nodes()
    )
    for e in found.get_edges():
        g.add_edge(
            bare(e.get_source()), bare(e.get_destination()), **{k: bare(v) for k, v in e.get_attributes().items()}
        )
    return g


READERS = {
    "graphml": nx.read_graphml,
    "gexf": nx.read_gexf,
    "dot": read_dot,
    "json": lambda path: nx.relabel_nodes(nx.node_link_graph(json.loads(path.read_text())), str),
    "cyjs": lambda path: nx.cytoscape_graph(json.loads(path.read_text())),
}
FORMATS = sorted(READERS)
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pydot")  # its own use of pyparsing


def nasty():
    """Names and attributes that mean something to one format or another."""
    g = NeuronGraph(name='my "net"', created=3, obj_dict="x", strict=1, node={"a": (1, 2)}, mode="dynamic", none=None)
    g.add_neuron("in:1", role="input", id=5, label="L", start=3, shape_="mine")
    g.add_neuron((0, 1), role="input", id="x", note='say "hi" & <go>\\')
    g.add_neuron(7, bias=0.5, activation="prelu", note=3, src="a", value=1, parents=2, size=[1, (2, 3)], pid=1)
    g.nodes[7]["name"] = "b"
    g.add_edge("in:1", 7, weight=-0.1234567890123, type="z", source="s", target="t", id=9, color="red", key="k")
    g.add_edge((0, 1), 7, trainable=False, weight=1e-300)
    return g


def test_every_format_of_graphs_has_a_reader_here_or_beside():
    ours = {name for name, found in EXPORTS.items() if found.write.__module__.startswith("neurograph.files.")}
    assert ours == {*FORMATS, "csv", "npz"}  # the last two are no graphs to their readers: see test_tables.py


@pytest.mark.parametrize("kind", FORMATS)
def test_counts_weights_and_attributes(kind, tmp_path):
    g = mlp([4, 3, 2], activation="tanh", seed=5)
    g.nodes[4]["bias"] = 0.25
    path = tmp_path / f"net.{kind}"
    export(g, path)
    back = READERS[kind](path)
    assert [str(n) for n in back] == [str(n) for n in g]
    assert back.is_directed() and {(str(u), str(v)) for u, v in back.edges} == {(str(u), str(v)) for u, v in g.edges}
    for u, v, weight in g.edges(data="weight"):
        assert float(back[str(u)][str(v)]["weight"]) == weight
    for n, data in g.nodes(data=True):
        attributes = back.nodes[str(n)]
        assert (attributes["population"], attributes["activation"], attributes["role"]) == (
            data["population"],
            data["activation"],
            data["role"],
        )
        assert str(attributes["is_output"]).lower() == str(data["is_output"]).lower()
        assert ("bias" in attributes) == (data["bias"] is not None)
        if "bias" in attributes:
            assert float(attributes["bias"]) == data["bias"]
    assert [path.name for path in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("kind", FORMATS)
def test_what_a_format_keeps_for_itself_is_set_apart(kind, tmp_path):
    g, path = nasty(), tmp_path / f"net.{kind}"
    export(g, path)
    back = READERS[kind](path)
    assert list(back) == ["in:1", "(0, 1)", "7"]
    assert set(back.edges) == {("in:1", "7"), ("(0, 1)", "7")}
    edge, far = back["in:1"]["7"], back["(0, 1)"]["7"]
    assert float(edge["weight"]) == -0.1234567890123 and float(far["weight"]) == 1e-300
    assert edge["color"] == "red" and str(far["trainable"]).lower() == "false"
    first, second, last = (back.nodes[name] for name in back)
    for data, name, value in (
        (first, "id", "5"), (first, "label", "L"), (first, "start", "3"), (second, "note", 'say "hi" & <go>\\'),
        (last, "value", "1"), (last, "note", "3"), (last, "size", "[1, [2, 3]]"), (last, "name", "b"),
        (last, "pid", "1"), (edge, "type", "z"), (edge, "source", "s"), (edge, "id", "9"),
    ):  # fmt: skip
        assert value in (str(data.get(name)), str(data.get(name + "_"))), name
    assert "scalar" in (first.get("shape"), first["shape_"]) and "mine" in (first["shape_"], first.get("shape__"))


def test_maps_and_kernels(tmp_path):
    g = NeuronGraph()
    g.add_population("image", 1, role="input", shape=(5, 5))
    g.add_population("conv", 2, shape=(3, 3), norm="batch")
    kernels = np.arange(18.0).reshape(1, 2, 3, 3)
    g.connect("image", "conv", weight=kernels)
    g.add_neuron("pooled", shape=(1, 1))
    g.add_edge(1, "pooled", op="avg_pool", kernel_size=3, padding=0)
    for kind in FORMATS:
        path = tmp_path / f"net.{kind}"
        left_out = export(g, path)
        back = READERS[kind](path)
        assert "weight" not in back["0"]["2"]
        if kind == "dot":
            assert "kernel" not in back["0"]["2"] and "the numbers of 2 kernels" in left_out[0]
        else:
            assert json.loads(back["0"]["2"]["kernel"]) == kernels[0, 1].tolist()
        assert back["1"]["pooled"]["kernel_size"] == "3x3" and back["1"]["pooled"]["op"] == "avg_pool"
        assert "5x5" in (back.nodes["0"].get("shape"), back.nodes["0"].get("shape_"))
        assert float(back.nodes["2"]["gamma"]) == 1.0


def test_plain_is_plain():
    plain = to_plain(nasty())
    values = [v for _, data in plain.nodes(data=True) for v in data.values()]
    values += [v for _, _, data in plain.edges(data=True) for v in data.values()] + list(plain.graph.values())
    assert {type(value) for value in values} <= {str, int, float, bool}
    assert plain.nodes["in:1"]["shape"] == "scalar"
    assert "none" not in plain.graph and "bias" not in plain.nodes["in:1"]


def test_an_attribute_is_of_one_type():
    g = mlp([2, 1])
    g.nodes[0]["x"], g.nodes[1]["x"], g.nodes[2]["x"] = 1, 2.5, 3
    g.nodes[0]["y"], g.nodes[1]["y"] = 1, "a"
    plain = to_plain(g)
    assert [type(plain.nodes[n]["x"]) for n in "012"] == [float] * 3
    assert [plain.nodes[n]["y"] for n in "01"] == ["1", "a"]


@pytest.mark.parametrize("kind", FORMATS)
def test_names_that_are_the_same_as_text_are_refused(kind, tmp_path):
    g = mlp([2, 1])
    g.add_neuron("1")
    with pytest.raises(FileError, match=r"1 and '1'.*graph\.rename"):
        export(g, tmp_path / f"net.{kind}")
    assert not list(tmp_path.iterdir())


def test_unknown_formats_name_the_known_ones(tmp_path):
    for name in ("net.png", "net", "net.xml"):
        with pytest.raises(FileError, match="'graphml', 'gexf', 'dot'.*'csv', 'npz'"):
            export(mlp([1, 1]), tmp_path / name)
    with pytest.raises(FileError, match="'pdf' is not a known format; known are 'graphml'"):
        export(mlp([1, 1]), tmp_path / "net.pdf", format="pdf")
    with pytest.raises(FileError, match=r"graph\.save"):
        export(mlp([1, 1]), tmp_path / "net.safetensors")
    export(mlp([1, 1]), tmp_path / "net.xml", format="graphml")
    assert len(nx.read_graphml(tmp_path / "net.xml")) == 2


@pytest.mark.parametrize("kind", ["graphml", "gexf"])
def test_text_that_xml_cannot_hold_is_refused_by_name(kind, tmp_path):
    g = mlp([2, 1])
    g.nodes[1]["note"] = "bell \x07"
    with pytest.raises(FileError, match="neuron '1'.*note.*JSON"):
        export(g, tmp_path / f"net.{kind}")
    export(g, tmp_path / "net.json")
    assert READERS["json"](tmp_path / "net.json").nodes["1"]["note"] == "bell \x07"


def test_json_has_no_nan(tmp_path):
    g = mlp([1, 1])
    g.nodes[0]["seen"] = float("nan")
    export(g, tmp_path / "net.json")
    text = (tmp_path / "net.json").read_text()
    assert "NaN" not in text and json.loads(text)["nodes"][0]["seen"] is None


@pytest.mark.parametrize("kind", FORMATS)
def test_an_empty_graph(kind, tmp_path):
    export(NeuronGraph(), tmp_path / f"net.{kind}")
    assert len(READERS[kind](tmp_path / f"net.{kind}")) == 0


def test_what_a_network_holds_is_written_back_first(tmp_path):
    g = mlp([1, 1])
    ids = g.arrays().ids

    network = Network(g, dict(zip(ids.tolist(), [5.0], strict=True)))
    g.own(network)
    export(g, tmp_path / "net.json")
    assert READERS["json"](tmp_path / "net.json")["0"]["1"]["weight"] == 5.0


def test_what_lies_there_is_not_written_over_unless_told_so(tmp_path):
    path = tmp_path / "net.json"
    path.write_text("mine")
    with pytest.raises(FileError, match=r"net\.json is there already.*force"):
        export(mlp([1, 1]), path)
    assert path.read_text() == "mine"
    assert mlp([2, 1]).export(path, force=True) == []
    assert len(READERS["json"](path)) == 3


def test_dot_is_for_small_networks(tmp_path):
    export(mlp([100, 10]), tmp_path / "net.gv")
    assert (tmp_path / "net.gv").read_text().count("->") == 1000
    with pytest.raises(FileError, match="1,001 synapses.*neurograph view"):
        export(mlp([1001, 1]), tmp_path / "large.dot")
    assert not (tmp_path / "large.dot").exists()


def test_what_is_left_out_is_said(tmp_path):
    g = mlp([2, 3, 1])
    g.graph["author"] = "me"
    assert export(g, tmp_path / "a.graphml") == []
    assert export(g, tmp_path / "a.gexf") == ["the graph's own attributes but for its name: author"]
    g.add_edge(0, g.population("output")[0], weight=1.0)
    assert export(g, tmp_path / "b.graphml") == ["the journal (1 entry), which graph.save keeps"]


def test_json_reads_back_in_networkx_own_reader_with_names_and_numbers_as_they_were(tmp_path):
    g = mlp([3, 2], seed=0)
    g.add_neuron("named", bias=0.25)
    g.add_edge(0, "named", weight=1e-300)
    export(g, tmp_path / "net.json")
    back = nx.node_link_graph(json.loads((tmp_path / "net.json").read_text()))
    assert list(back) == list(g)
    assert set(back.edges) == set(g.edges)
    assert all(back[u][v]["weight"] == weight for u, v, weight in g.edges(data="weight"))
    assert back.nodes["named"]["bias"] == 0.25
    again = NeuronGraph.import_from(tmp_path / "net.json")
    assert set(again.edges) == set(g.edges)
