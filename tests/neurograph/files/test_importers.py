"""Networks read back from what was exported, and from graphs that others made."""

import json

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.errors import FileError
from neurograph.files import IMPORTS, export, from_plain, import_graph, to_plain
from tests.neurograph.map_networks import random_maps
from tests.neurograph.networks import random_network

WHOLE = sorted(set(IMPORTS) - {"onnx"})  # which is the compiler's


def read_back(graph, folder, kind):
    export(graph, folder / f"net.{kind}", force=True)
    return NeuronGraph.import_from(folder / f"net.{kind}")


def as_text(graph):
    """Nodes and edges with all their attributes, as text: kernels are arrays."""
    nodes = [(n, dict(data)) for n, data in graph.nodes.items()]
    edges = [(u, v, sorted(dict(data).items())) for u, v, data in sorted(graph.edges(data=True), key=lambda e: e[:2])]
    return repr((nodes, edges))


@pytest.mark.parametrize("kind", WHOLE)
def test_an_export_reads_back_to_an_equal_graph(kind, tmp_path):
    g = mlp([4, 3, 2], activation="tanh", seed=5)
    g[0][4]["weight"] = 0.0
    back = read_back(g, tmp_path, kind)
    assert as_text(back) == as_text(g) and back.populations == g.populations and not back.journal


@pytest.mark.parametrize("kind", ["graphml", "json"])
@given(seed=st.integers(0, 2**20), maps=st.booleans())
def test_any_network_reads_back(tmp_path_factory, kind, seed, maps):
    g = random_maps(seed) if maps else random_network(seed, other_aggregations=True)
    back = read_back(g, tmp_path_factory.mktemp("any"), kind)
    assert as_text(back) == as_text(g)


@given(seed=st.integers(0, 2**20))
def test_a_plain_graph_comes_back_as_the_network_it_was(seed):
    g, back = random_network(seed), NeuronGraph()
    from_plain(to_plain(g), back)
    assert as_text(back) == as_text(g)


def test_any_acyclic_graph_is_a_network(tmp_path):
    plain = nx.DiGraph([("a", "b"), ("b", "c"), ("a", "c")])
    plain.edges["a", "b"]["weight"] = 2
    nx.write_graphml(plain, tmp_path / "drawn.graphml")
    g = NeuronGraph.import_from(tmp_path / "drawn.graphml")
    assert [(n, g.nodes[n]["role"], g.nodes[n]["is_output"]) for n in g] == [
        ("a", "input", False), ("b", "hidden", False), ("c", "hidden", True)
    ]  # fmt: skip
    assert g["a"]["b"]["weight"] == 2.0 and "weight" not in g["b"]["c"]


def test_attributes_that_a_format_keeps_for_itself_come_back_under_their_own_names(tmp_path):
    g = mlp([1, 1], names=["in", "out"])
    g.nodes[0].update({"id": 5, "id_": 6})
    g[0][1]["source"] = "s"
    back = read_back(g, tmp_path, "json")
    assert (back.nodes[0]["id"], back.nodes[0]["id_"], back[0][1]["source"]) == (5, 6, "s")


def test_an_adjacency_without_roles_reads_its_ends_from_its_wiring(tmp_path):
    g = mlp([3, 2, 2], seed=1)
    export(g, tmp_path / "new.npz")
    with np.load(tmp_path / "new.npz") as file:
        np.savez(tmp_path / "old.npz", **{name: file[name] for name in file if name not in ("role", "is_output")})
    assert as_text(NeuronGraph.import_from(tmp_path / "old.npz")) == as_text(g)


def test_what_is_refused_names_the_way_out(tmp_path):
    with pytest.raises(FileError, match="known are .*json"):
        NeuronGraph.import_from(tmp_path / "x.json", "xml")
    with pytest.raises(FileError, match="NeuronGraph.load"):
        NeuronGraph.import_from(tmp_path / "x.safetensors")
    with pytest.raises(FileError, match="cannot tell from its ending"):
        NeuronGraph.import_from(tmp_path / "x.what")
    with pytest.raises(FileError, match="cannot read .*x.json: No such file"):
        NeuronGraph.import_from(tmp_path / "x.json")
    with pytest.raises(FileError, match="into an empty graph, and this one has 3"):
        import_graph(tmp_path / "x.json", mlp([2, 1]))


@pytest.mark.parametrize(
    ("node", "link", "message"),
    [
        ({"id": "b", "activation": "loud"}, {}, "holds no network: .*loud"),
        ({"id": "b", "is_output": "perhaps"}, {}, "neuron 'b': is_output is 'perhaps'"),
        ({"id": "b", "shape": "8xmany"}, {}, "neuron 'b': shape is '8xmany'"),
        ({"id": "b"}, {"kernel": "[[1, 2"}, "synapse 'a' -> 'b': kernel is"),
        ({"id": "b"}, {"target": "a"}, "cycle"),
    ],
)
def test_what_is_no_network_is_refused_by_name(tmp_path, node, link, message):
    role = {} if link.get("target") == "a" else {"role": "input"}
    data = {"directed": True, "nodes": [{"id": "a", **role}, node], "links": [{"source": "a", "target": "b"} | link]}
    (tmp_path / "odd.json").write_text(json.dumps(data))
    with pytest.raises(FileError, match=message):
        NeuronGraph.import_from(tmp_path / "odd.json")


@pytest.mark.parametrize("kind", WHOLE)
@pytest.mark.parametrize("keep", [0.0, 0.3, 0.9])
def test_a_torn_file_is_damaged(kind, keep, tmp_path):
    path = tmp_path / f"net.{kind}"
    export(mlp([4, 3, 2]), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole))])
    with pytest.raises(FileError, match="damaged"):
        NeuronGraph.import_from(path)


def test_edges_need_directions(tmp_path):
    nx.write_graphml(nx.Graph([(0, 1)]), tmp_path / "flat.graphml")
    with pytest.raises(FileError, match="have directions"):
        NeuronGraph.import_from(tmp_path / "flat.graphml")
