"""GEXF tells when everything lived; networkx reads it back."""

import networkx as nx
import pytest

from neurograph.builders import mlp
from neurograph.edits import Proliferate, SplitEdge
from neurograph.files import export


def grown():
    g = mlp([2, 4, 1], seed=0)
    g.apply(SplitEdge(0, g.population("hidden1")[0]))
    g.remove_neurons([g.population("hidden1")[1]])
    assert len(g.journal) == 2  # a run of raw mutations ends where it is read
    return g


def read(g, tmp_path):
    export(g, tmp_path / "net.gexf", force=True)
    return nx.read_gexf(tmp_path / "net.gexf")


def test_births_and_deaths_are_a_start_and_an_end(tmp_path):
    g = grown()
    (born,) = (str(name) for name in g.names_of(g.journal[0].neurons_born))
    back = read(g, tmp_path)
    died = str(next(name for name in mlp([2, 4, 1]) if name not in g))
    assert set(back) == {str(name) for name in g} | {died}
    assert back.graph["mode"] == "dynamic"
    assert float(back.nodes[born]["start"]) == 1.0 and "end" not in back.nodes[born]
    assert float(back.nodes[died]["end"]) == 2.0 and "start" not in back.nodes[died]
    assert back.nodes[died]["population"] == "hidden1" and back.nodes[died]["activation"] == "relu"
    assert all("start" not in back.nodes[name] and "end" not in back.nodes[name] for name in set(back) - {born, died})
    split = back["0"]["2"]
    assert float(split["end"]) == 1.0
    assert split["weight"] == pytest.approx(mlp([2, 4, 1], seed=0)[0][2]["weight"])
    assert float(back["0"][born]["start"]) == 1.0 and float(back[born]["2"]["start"]) == 1.0
    assert {float(back[u][v]["end"]) for u, v in back.edges if died in (u, v)} == {2.0}


def test_a_synapse_that_lived_twice_has_spells(tmp_path):
    g = mlp([1, 1])
    g.restart_journal()
    for _ in range(2):
        g.apply(SplitEdge(0, 1))
        g.add_edge(0, 1, weight=2.0)
        assert g.journal  # a run of raw mutations ends where it is read
    back = read(g, tmp_path)
    assert back["0"]["1"]["spells"] == [(0.0, 1.0), (2.0, 3.0), (4.0, 4.5)]
    assert back["0"]["1"]["weight"] == 2.0


def test_a_name_taken_over_by_another_neuron(tmp_path):
    g = grown()
    name = next(name for name in mlp([2, 4, 1]) if name not in g)
    g.add_neuron(name, population="hidden1")
    back = read(g, tmp_path)
    dead = [n for n, data in back.nodes(data=True) if data["label"] == str(name) and "end" in data]
    assert len(dead) == 1 and dead[0].startswith(f"{name} #")
    assert float(back.nodes[str(name)]["start"]) == 3.0


def test_the_axis_is_epochs_where_the_journal_knows_them(tmp_path):
    g = mlp([2, 3, 1])
    for epoch in (4, 9):
        g.apply(Proliferate("hidden1", 1, seed=epoch)).entry.details["event"] = {"epoch": epoch}
    back = read(g, tmp_path)
    starts = sorted(float(data["start"]) for _, data in back.nodes(data=True) if "start" in data)
    assert [int(start) for start in starts] == [4, 9]


def test_nothing_born_nothing_dynamic(tmp_path):
    back = read(mlp([2, 1]), tmp_path)
    assert back.graph["mode"] == "static"
    assert not any("start" in data for _, data in back.nodes(data=True))


def test_after_a_loaded_journal_and_an_undo(tmp_path):
    g = grown()
    g.undo()
    g.save(tmp_path / "net.safetensors")
    loaded = type(g).load(tmp_path / "net.safetensors")
    one, other = read(g, tmp_path), read(loaded, tmp_path)
    assert nx.utils.graphs_equal(one, other)
    assert len(one) == len(g)
