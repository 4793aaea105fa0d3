"""What a format leaves out is said: whatever does not come back is named, and nothing else is."""

import json
from math import nan

import networkx as nx
import pytest

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.edits import SplitEdge
from neurograph.files import EXPORTS, export

PLAIN = ("graphml", "gexf", "dot", "json", "cyjs")


def said(g, tmp_path, kind):
    return " | ".join(export(g, tmp_path / f"net.{kind}", force=True))


@pytest.mark.parametrize("kind", PLAIN)
def test_a_plain_network_loses_nothing(kind, tmp_path):
    g = mlp([2, 3, 1], seed=0)
    g.nodes[2]["note"] = "mine"
    g[0][2]["seen"] = 3
    assert export(g, tmp_path / f"net.{kind}") == []


@pytest.mark.parametrize("kind", PLAIN)
def test_types_that_become_others_are_said(kind, tmp_path):
    g = mlp([2, 3, 1], seed=0)
    g.nodes[2]["note"], g.nodes[3]["note"], g.nodes[3]["path"] = "mine", 3, [1, 2]
    g.add_neuron((0, 1), role="input", population="input")
    words = said(g, tmp_path, kind)
    assert "of several: 'note'" in words and "as JSON: 'path'" in words and "1 name of neurons" in words


@pytest.mark.parametrize(
    ("kind", "node", "edge"),
    [("gexf", "label", "type"), ("dot", "style", "pos"), ("json", "id", "source"), ("cyjs", "value", "id")],
)
def test_names_that_a_format_keeps_for_itself_are_said_and_are_called_so_in_the_file(kind, node, edge, tmp_path):
    g = mlp([2, 1], seed=0)
    g.nodes[0][node], g[0][2][edge] = "a", "b"
    words = said(g, tmp_path, kind)
    assert f"{node} is {node}_" in words and f"{edge} is {edge}_" in words
    text = (tmp_path / f"net.{kind}").read_text()
    assert f"{node}_" in text and f"{edge}_" in text


@pytest.mark.parametrize("kind", ["json", "cyjs"])
def test_numbers_that_are_not_finite_are_said(kind, tmp_path):
    g = mlp([2, 1], seed=0)
    g.nodes[0]["seen"] = nan
    assert "not finite: each is null" in said(g, tmp_path, kind)


def test_gexf_says_what_gephi_does_not_show(tmp_path):
    g = mlp([1, 1], seed=0)
    g.restart_journal()
    g.apply(SplitEdge(0, 1))
    g.add_edge(0, 1, weight=0.0)
    g.nodes[1]["Tag"], g.nodes[0]["tag"] = "a", "b"
    with pytest.warns(UserWarning, match="Bias"):
        g.nodes[0]["Bias"] = 1.0
    words = said(g, tmp_path, "gexf")
    assert "1 synapse of weight 0" in words
    assert "the earlier weights of 1 synapse that died and came again" in words
    assert "bias and Bias" in words and ("tag and Tag" in words or "Tag and tag" in words)
    back = nx.read_gexf(tmp_path / "net.gexf")
    assert back["0"]["1"]["weight"] == 0.0 and len(back["0"]["1"]["spells"]) == 2


def test_gexf_says_what_the_dead_had(tmp_path):
    g = mlp([2, 3, 1], seed=0)
    g.remove_neurons([2])
    words = said(g, tmp_path, "gexf")
    assert "what 1 dead neuron had beside" in words and "what 3 dead synapses had beside a weight" in words


def test_tables_say_what_synapses_and_the_graph_have(tmp_path):
    g = mlp([2, 1], seed=0)
    g[0][2]["trainable"], g[1][2]["tag"] = False, "x"
    g.graph["author"] = "me"
    matrix, edges = said(g, tmp_path, "npz"), said(g, tmp_path, "csv")
    assert "beside a number: 'tag', 'trainable'" in matrix
    assert "own attributes: 'author'" in edges and "author" not in matrix  # which the file has beside it


def test_what_json_holds_comes_back_as_it_was_but_for_what_is_said(tmp_path):
    g = NeuronGraph()
    g.add_neuron(7, role="input", size=3, share=0.1, flag=True)
    g.add_neuron("7a", bias=0.5, is_output=True)
    g.add_edge(7, "7a", weight=1e-300, count=2)
    assert export(g, tmp_path / "net.json") == ["the journal (1 entry), which graph.save keeps"]
    back = nx.node_link_graph(json.loads((tmp_path / "net.json").read_text()))
    assert list(back) == [7, "7a"]
    assert {k: back.nodes[7][k] for k in ("size", "share", "flag")} == {"size": 3, "share": 0.1, "flag": True}
    assert type(back.nodes[7]["size"]) is int and type(back.nodes[7]["flag"]) is bool
    assert back[7]["7a"] == {"weight": 1e-300, "count": 2}


def test_every_format_of_files_is_asked_for_its_losses():
    assert {*PLAIN, "csv", "npz"} <= set(EXPORTS)
