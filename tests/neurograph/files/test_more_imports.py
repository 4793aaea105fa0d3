"""GEXF, Cytoscape JSON and edge lists read back; graphs and adjacencies that are in memory."""

import json

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.edits import Autophagy, Proliferate, RemoveSynapses, SplitEdge
from neurograph.errors import CycleError, FileError, NeuroGraphError
from neurograph.files import export
from tests.neurograph.files.test_importers import as_text, read_back
from tests.neurograph.map_networks import random_maps
from tests.neurograph.networks import random_network


@pytest.mark.parametrize("kind", ["gexf", "cyjs", "csv", "npz"])
@given(seed=st.integers(0, 2**20), maps=st.booleans())
def test_any_network_reads_back(tmp_path_factory, kind, seed, maps):
    g = random_maps(seed) if maps else random_network(seed, other_aggregations=True)
    back = read_back(g, tmp_path_factory.mktemp("any"), kind)
    assert as_text(back) == as_text(g)


@given(st.lists(st.sampled_from(["split", "grow", "eat", "cut", "undo", "again"]), max_size=8), st.integers(0, 2**20))
def test_gexf_reads_back_what_is_alive_after_any_growth(tmp_path_factory, steps, seed):
    g = mlp([3, 4, 2], activation="relu", seed=seed % 7)
    for at, step in enumerate(steps):
        if step == "split":
            g.apply(SplitEdge(*list(g.edges)[seed % g.number_of_edges()]))
        elif step == "grow":
            g.apply(Proliferate("hidden1", 1, seed=at))
        elif step == "eat" and len(g.population("hidden1")) > 2:
            g.apply(Autophagy("hidden1", "chance", 2, "remove", at))
        elif step == "cut":
            g.apply(RemoveSynapses([list(g.edges)[seed % g.number_of_edges()]], "remove"))
        elif step == "undo" and len(g.journal):
            g.undo()
        elif step == "again":
            u, v = next(iter(g.edges))
            data = dict(g.edges[u, v])
            g.remove_edge(u, v)
            g.add_edge(u, v, **data)
    back = read_back(g, tmp_path_factory.mktemp("any"), "gexf")
    assert as_text(back) == as_text(g)


@pytest.mark.parametrize("kind", ["gexf", "cyjs"])
def test_attributes_that_a_format_keeps_for_itself_come_back_under_their_own_names(kind, tmp_path):
    g = mlp([1, 1], names=["in", "out"])
    g.nodes[0].update({"id": 5, "start": 0.25, "value": 1.5, "label": "L"})
    g[0][1].update({"source": "s", "id_": 7, "living": "no"})
    back = read_back(g, tmp_path, kind)
    assert as_text(back) == as_text(g)


def test_cytoscape_s_own_files_are_read(tmp_path):
    elements = {"nodes": [{"data": {"id": "a"}}, {"data": {"id": "b", "name": "B"}}],
                "edges": [{"data": {"id": "e", "source": "a", "target": "b", "weight": 0.5}}]}  # fmt: skip
    (tmp_path / "net.cyjs").write_text(json.dumps({"data": {"name": "drawn"}, "elements": elements}))
    g = NeuronGraph.import_from(tmp_path / "net.cyjs")
    assert g.edges["a", "b"]["weight"] == 0.5 and g.graph["name"] == "drawn" and g.nodes["a"]["role"] == "input"


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("csv", "from,to\na,b\n", "columns source and target"),
        ("csv", "source,target\na\n", "line 2 has not as many"),
        ("csv", "source,target\na,b\na,b\n", "line 3 is a second"),
        ("csv", "source,target,weight\na,b,heavy\n", "weight is 'heavy'"),
        ("csv", "source,target\na,b\nb,a\n", "cycle"),
        ("csv", "", "columns source and target"),
        ("cyjs", "[]", "no elements"),
        ("cyjs", '{"elements": {"nodes": [{}]}}', "damaged"),
        ("cyjs", '{"elements": {"edges": [{"data": {"source": "a", "target": "b"}}]}}', "one is not there"),
        ("gexf", "<gexf>", "damaged"),
    ],
)
def test_what_is_no_network_is_refused_by_name(kind, text, message, tmp_path):
    (tmp_path / f"odd.{kind}").write_text(text)
    with pytest.raises(FileError, match=message) as caught:
        NeuronGraph.import_from(tmp_path / f"odd.{kind}")
    assert f"odd.{kind}" in str(caught.value)


def test_entities_in_xml_are_not_unfolded(tmp_path):
    bomb = (
        '<!DOCTYPE g [<!ENTITY a0 "ha">'
        + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 50}">' for n in range(1, 9))
        + "]><gexf>&a8;</gexf>"
    )
    (tmp_path / "net.gexf").write_text(bomb)
    with pytest.raises(FileError, match=r"net\.gexf"):
        NeuronGraph.import_from(tmp_path / "net.gexf")


# ------------------------------------------------------------------------------------------- in memory
@given(st.integers(2, 9), st.integers(0, 2**20), st.sampled_from(["array", "csr", "coo", "graph", "file"]))
def test_adjacencies_and_graphs_are_networks_of_the_same_weights(tmp_path_factory, count, seed, form):
    rng = np.random.default_rng(seed)
    matrix = np.triu(np.where(rng.random((count, count)) < 0.6, rng.normal(size=(count, count)), 0.0), 1)
    if form == "graph":
        source = nx.from_numpy_array(matrix, create_using=nx.DiGraph)
    elif form == "file":
        source = tmp_path_factory.mktemp("any") / "net.npz"
        sparse.save_npz(source, sparse.csr_array(matrix))
    else:
        source = {"array": np.asarray, "csr": sparse.csr_array, "coo": sparse.coo_matrix}[form](matrix)
    g = NeuronGraph.import_from(source)
    assert np.array_equal(nx.to_numpy_array(g, nodelist=range(count)), matrix) and not len(g.journal)
    for n in g:
        assert (g.nodes[n]["role"] == "input") == (not g.in_degree(n))
        assert g.nodes[n]["is_output"] == (not g.out_degree(n))


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        (np.ones((2, 3)), FileError, "square"),
        (np.ones(3), FileError, "square"),
        (np.array([[0.0, np.nan], [0.0, 0.0]]), FileError, "finite"),
        (np.array([[0, 1j], [0, 0]]), FileError, "finite real"),
        (np.array([[0.0, 1.0], [1.0, 0.0]]), CycleError, "cycle"),
        (sparse.csr_array(np.ones((2, 2))), NeuroGraphError, "cycle|itself"),
        (nx.Graph([(0, 1)]), FileError, "have directions"),
        (nx.MultiDiGraph([(0, 1), (0, 1)]), FileError, "at most one"),
    ],
)
def test_what_no_network_can_be_is_refused(source, kind, message):
    with pytest.raises(kind, match=message):
        NeuronGraph.import_from(source)


def test_a_graph_that_is_not_empty_takes_no_other(tmp_path):
    g = mlp([2, 1])
    from neurograph.files import import_graph

    with pytest.raises(FileError, match="into an empty graph"):
        import_graph(np.zeros((2, 2)), g)
    export(g, tmp_path / "x.csv")
