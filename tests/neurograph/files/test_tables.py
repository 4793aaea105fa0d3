"""Edge lists and matrices, read by others and compared with the graph."""

import csv
import json

import networkx as nx
import numpy as np
import pytest
from scipy import sparse

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.files import export


def with_maps():
    g = NeuronGraph()
    g.add_population("image", 2, role="input", shape=(3, 3), names=["a,b", 'say "c"'])
    g.add_population("conv", 1, shape=(3, 3))
    g.add_edge("a,b", 2, weight=-np.eye(3), padding=1, note="x")
    g.add_edge('say "c"', 2, op="identity")
    g.add_neuron("alone")
    return g


def read_csv(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_an_edge_list_holds_every_synapse(tmp_path):
    g = mlp([4, 3, 2], seed=3)
    g.add_edge(0, g.population("output")[1], weight=1e-300, trainable=False, source="mine")
    left_out = export(g, tmp_path / "net.csv")
    rows = [row for row in read_csv(tmp_path / "net.csv") if row["target"]]
    assert {(row["source"], row["target"]): float(row["weight"]) for row in rows} == {
        (str(u), str(v)): weight for u, v, weight in g.edges(data="weight")
    }
    assert [row["source_"] for row in rows if row["source_"]] == ["mine"]
    assert [row["trainable"] for row in rows if row["trainable"]] == ["False"]
    back = nx.from_edgelist([(row["source"], row["target"]) for row in rows], create_using=nx.DiGraph)
    assert len(back) == len(g)
    assert "source is source_" in left_out[0] and len(left_out) == 2  # and the journal


def test_an_edge_list_of_maps(tmp_path):
    left_out = export(with_maps(), tmp_path / "net.csv")
    first, second = read_csv(tmp_path / "net.csv")[:2]
    assert first["source"] == "a,b" and json.loads(first["kernel"]) == (-np.eye(3)).tolist()
    assert (first["weight"], first["padding"], first["note"]) == ("", "1x1", "x")
    assert (second["source"], second["op"], second["kernel"]) == ('say "c"', "identity", "")
    assert "numbers: they become text" in left_out[0] and len(left_out) == 2  # and the journal
    assert [row["shape"] for row in read_csv(tmp_path / "net.csv")[2:]] == ["3x3", "3x3", "3x3", "scalar"]


def test_a_matrix_is_the_adjacency_and_knows_its_populations(tmp_path):
    g = mlp([4, 3, 2], seed=3)
    g[0][4]["weight"] = 0.0
    export(g, tmp_path / "net.npz")
    matrix = sparse.load_npz(tmp_path / "net.npz")
    more = np.load(tmp_path / "net.npz", allow_pickle=False)
    names = more["neuron"].tolist()
    wanted = nx.to_numpy_array(g, nodelist=[int(name) for name in names])
    np.testing.assert_array_equal(matrix.toarray(), wanted)
    assert matrix.nnz == g.number_of_edges()
    inputs, hidden = more["population"] == "input", more["population"] == "hidden1"
    assert matrix[inputs][:, hidden].shape == (4, 3) and matrix[hidden][:, inputs].nnz == 0
    assert more["activation"][names.index("4")] == "relu"
    np.testing.assert_array_equal(np.isnan(more["bias"]), inputs)


def test_a_matrix_of_maps_says_what_it_makes_of_them(tmp_path):
    left_out = export(with_maps(), tmp_path / "net.npz")
    matrix = sparse.load_npz(tmp_path / "net.npz")
    names = np.load(tmp_path / "net.npz")["neuron"].tolist()
    at = {name: names.index(name) for name in ("a,b", 'say "c"', "2")}
    assert matrix[at["a,b"], at["2"]] == pytest.approx(-(3**0.5))
    assert matrix[at['say "c"'], at["2"]] == 1.0
    assert "the numbers of 1 kernel: each is its norm, with the sign of its sum" in left_out[0]


@pytest.mark.parametrize("kind", ["csv", "npz"])
def test_an_empty_graph(kind, tmp_path):
    assert export(NeuronGraph(), tmp_path / f"net.{kind}") == []
    assert (tmp_path / f"net.{kind}").exists()
