"""The pictures of a run: left at its end, drawn again from its directory, beside other runs."""

import numpy as np
import pytest

import search
from neurograph import NeuronGraph
from neurograph.builders import metanet_cnn, mlp
from neurograph.edits import Proliferate
from neurograph.errors import FileError, OptionError
from search.cli import main
from search.growth.pictures import MOST, inherited, remember_weights
from search.runs import create_run

GROWTH = {"first_cycle": 1, "cycle": 1, "cool_down": 0, "slope": 9.0, "newborns": 3, "initializer": "kernel_ridge"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A network that grew, and one that did not."""
    folder = tmp_path_factory.mktemp("runs")
    search.metabolize(mlp([64, 6, 10], seed=0), "digits", epochs=4, run=folder / "grown", **GROWTH)
    search.train(mlp([64, 6, 10], seed=0), "digits", epochs=4, run=folder / "fixed")
    return folder


def test_growth_leaves_all_its_pictures(runs):
    assert {p.name for p in (runs / "grown" / "pictures").iterdir()} == {"growth.png", "topology.png", "weights.png"}
    assert {p.name for p in (runs / "fixed" / "pictures").iterdir()} == {"growth.png", "topology.png"}


def test_pictures_are_drawn_again_to_the_byte_and_beside_others(runs):
    pictures = runs / "grown" / "pictures"
    before = {p.name: p.read_bytes() for p in pictures.iterdir()}
    (pictures / "topology.png").unlink()
    assert search.redraw(runs / "grown") == pictures
    assert {p.name: p.read_bytes() for p in pictures.iterdir()} == before
    search.redraw(runs / "grown", {"fixed": runs / "fixed"})
    after = {p.name: p.read_bytes() for p in pictures.iterdir()}
    assert [name for name in before if after[name] != before[name]] == ["growth.png"]


def test_the_command_draws_too(runs, capsys):
    assert main(["pictures", str(runs / "grown"), "--beside", f"as it was={runs / 'fixed'}", str(runs / "fixed")]) == 0
    assert str(runs / "grown" / "pictures") in capsys.readouterr().out
    assert main(["pictures", str(runs / "grown"), "--beside", str(runs / "fixed"), str(runs / "fixed")]) == 2
    assert "two runs would be named 'fixed': write NAME=DIR" in capsys.readouterr().err


def test_the_command_prunes(tmp_path, capsys):
    words = ["prune", "--hidden", "8", "--run", str(tmp_path / "run"), "--epochs", "4", "--settle", "2", "--left", "60"]
    assert main([*words, "--progress"]) == 0
    assert NeuronGraph.load(tmp_path / "run" / "graph.safetensors").number_of_edges() <= 60
    assert "synapses" in capsys.readouterr().err


def test_what_cannot_be_drawn_is_said(runs, tmp_path):
    with pytest.raises(FileError, match="not a run directory"):
        search.redraw(tmp_path)
    empty = create_run(tmp_path / "empty", {"command": "train"})
    mlp([2, 1]).save(empty.start)
    with pytest.raises(OptionError, match="empty: no epoch yet"):
        search.redraw(runs / "grown", {"other": tmp_path / "empty"})


def test_newborns_weights_are_kept_beside_those_they_stand_in_for():
    graph = mlp([4, 3, 2], seed=0)
    before = {(u, v): w for u, v, w in graph.edges(data="weight")}
    entry = graph.apply(Proliferate("hidden1", 2, "kernel_ridge", outgoing="zero", seed=1)).entry
    remember_weights(graph, entry)
    kept = entry.details["weights"]
    donors = dict(zip(graph.names_of(entry.neuron_heirs[:, 0]), graph.names_of(entry.neuron_heirs[:, 1]), strict=True))
    pairs = {(before[u, donors[v]], graph[u][v]["weight"]) for v in donors for u in range(4)}
    assert len(kept["original"]) == 8
    found = set(zip(kept["original"], kept["predicted"], strict=True))
    np.testing.assert_allclose(sorted(found), sorted(pairs), atol=1e-6)


def test_no_more_weights_are_kept_than_can_be_drawn():
    for graph, population in ((mlp([300, 3, 2], seed=0), "hidden1"), (metanet_cnn(4, inputs=1, size=8), "conv2")):
        entry = graph.apply(Proliferate(population, 3, seed=1)).entry
        remember_weights(graph, entry)
        assert 0 < len(entry.details["weights"]["original"]) <= MOST
        assert not inherited(graph)  # of an event only, which knows its epoch
