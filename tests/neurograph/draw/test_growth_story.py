"""The growth of a network as one figure: its headline, its events, and what it refuses."""

import json
import re

import pytest

from neurograph.builders import mlp
from neurograph.draw import growth_story, topology
from neurograph.draw.style import NEWBORN
from neurograph.errors import FileError, OptionError
from tests.neurograph.view.histories import metrics, trained


def words(path):
    """The texts of a drawing, which are paths with their words in a comment."""
    return re.findall(r"<!-- (.*?) -->", path.read_text(encoding="utf-8"))


def test_it_says_how_many_there_were_and_why(tmp_path):
    g, _ = trained()
    found = words(growth_story(g, tmp_path / "a.svg", metrics=metrics(8), test_error=3.1))
    assert f"23 → {len(g)} neurons, 2 events, test error 3.10 %" in found
    assert "1  epoch 3: hidden1 gained 2 (by Proliferate)" in found
    assert {"1", "2", f"hidden1 {len(g.population('hidden1'))}"} <= set(found)
    few = words(growth_story(g, tmp_path / "b.svg", metrics=metrics(8), most=1))
    assert "1 smaller event is not shown" in few


def test_a_runs_directory_is_enough(tmp_path):
    g, _ = trained()
    g.save(tmp_path / "graph.safetensors")
    (tmp_path / "config.json").write_text('{"result": {"test_error": 3.1}}')
    torn = '{"epoch": 9, "train_er'
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in metrics(8)) + torn)
    path = growth_story(tmp_path, tmp_path / "a.svg")
    assert words(path) == words(growth_story(g, tmp_path / "b.svg", metrics=metrics(8), test_error=3.1))
    assert growth_story(str(tmp_path)) == tmp_path / "growth-story.png"
    (tmp_path / "metrics.jsonl").write_text("[1]\n")
    with pytest.raises(FileError, match=r"metrics\.jsonl is damaged"):
        growth_story(tmp_path)
    with pytest.raises(FileError, match="no run's directory"):
        growth_story(tmp_path / "none")
    with pytest.raises(OptionError, match="metrics must be rows"):
        growth_story(g)


def test_a_network_that_did_not_grow_has_a_figure_too(tmp_path):
    found = words(growth_story(mlp([2, 3, 1], seed=0), tmp_path / "a.svg", metrics=metrics(4)))
    assert "6 → 6 neurons, 0 events" in found


def test_what_it_refuses(tmp_path):
    g = mlp([2, 3, 1], seed=0)
    with pytest.raises(OptionError, match="at least one"):
        growth_story(g, tmp_path / "a.svg", metrics=[])
    with pytest.raises(OptionError, match="most must be"):
        growth_story(g, tmp_path / "a.svg", metrics=metrics(2), most=-1)
    with pytest.raises(FileError, match="must end in"):
        growth_story(g, tmp_path / "a.gif", metrics=metrics(2))


def test_a_topology_sets_off_the_newborn_by_itself_and_says_the_headline(tmp_path):
    g, _ = trained()
    path = topology(g, tmp_path / "a.svg")
    assert f"23 → {len(g)} neurons, 2 events, {g.number_of_edges()} synapses" in words(path)
    assert NEWBORN in path.read_text()
    assert NEWBORN not in topology(g, tmp_path / "b.svg", newborn=()).read_text()
