"""Metabolism on streams: births and deaths at constant size, growth, runs that go on, and what is refused."""

import copy
import json

import numpy as np
import pytest
import torch

import search
from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.errors import DataError, DivergenceError, FileError, JournalError, OptionError
from neurograph.view.page_data import content
from search import metabolize, metabolize_stream
from search.cli import main
from search.growth.metabolism.streaming.run import resume_stream
from search.runs import Run, checkpoints, open_run
from search.runs.packing import unpack_state
from search.streams import from_batches
from tests.neurograph.map_networks import Layers

ABOUT = {"tasks": 4, "images": 64, "passes": 3, "batch_size": 16}
QUICK = {"age": 5, "rate": 120.0, "every": 4, "learning_rate": 3e-3}


def small(seed=0):
    return mlp([64, 8, 6, 10], seed=seed)


def live(graph=None, about=ABOUT, **more):
    return metabolize_stream(graph or small(), "random_labels", "digits", about=about, **QUICK | more)


def numbers(rows):
    return [{k: v for k, v in row.items() if "seconds" not in k} for row in rows]


def test_neurons_die_and_are_born_at_constant_size():
    graph = small()
    version, sizes = graph.version, {name: len(some) for name, some in graph.populations.items()}
    lived = live(graph)
    assert {name: len(some) for name, some in graph.populations.items()} == sizes and graph.version == version
    assert [row["task"] for row in lived.rows] == [0, 1, 2, 3] and lived.rows[-1]["step"] == 48
    born = {name: sum(row["born"][name] for row in lived.rows) for name in ("hidden1", "hidden2")}
    due = 120.0 * 48 / 1000  # less what nobody was old enough for in the first steps
    assert all(due - 2 <= count <= due for count in born.values())
    assert all(row["born"] == row["died"] for row in lived.rows)


def test_newborns_are_as_large_as_asked_for():
    graphs = [live(rate=25.0, every=48, age=0, learning_rate=1e-12, newborn_scale=s).graph for s in (1.0, 3.0)]
    weights = [{(u, v): w for u, v, w in g.edges(data="weight")} for g in graphs]
    larger = [weights[1][pair] / weights[0][pair] for pair in weights[0] if weights[0][pair] != weights[1][pair]]
    assert larger and max(larger) == pytest.approx(3.0, rel=1e-3)


def test_it_learns_while_it_lives():
    rows = live(about=ABOUT | {"tasks": 1, "passes": 40}, row=4, rate=20.0, learning_rate=1e-2).rows
    assert rows[-1]["train_error"] < rows[0]["train_error"] - 25.0


@pytest.mark.parametrize("chosen", ["chance", "none"])
def test_by_chance_and_not_at_all(chosen):
    rows = live(chosen=chosen).rows
    assert bool(sum(row["died"]["hidden1"] for row in rows)) == (chosen == "chance")


def test_those_go_who_contribute_too_little():
    graph = small()
    dead = graph.population("hidden1")[:3]
    for name in dead:
        graph.nodes[name]["bias"] = -100.0
    lived = live(graph, rate=0.0, level=0.01, age=8, steps=12)
    assert lived.rows[-1]["died"]["hidden1"] == 3
    assert set(dead) == {name for entry in graph.journal for name in graph.names_of(entry.neurons_died)}
    assert all(graph.nodes[name]["bias"] > -1.0 for name in dead)


def test_populations_grow_where_the_stream_asks_for_more():
    lived = live(about=ABOUT | {"tasks": 8}, newborns={"hidden1": 3, "hidden2": 0}, cycle=2, slope=1.0, growth_limit=12)
    sizes = [row["neurons"]["hidden1"] for row in lived.rows]
    assert sizes == [8, 8, 8, 11, 11, 11, 11, 12] and lived.rows[2]["edit"] == "hidden1 +3"
    satisfied = live(about=ABOUT | {"tasks": 8}, newborns=3, cycle=2, slope=1.0, satisfied=100.0)
    assert satisfied.rows[-1]["neurons"]["hidden1"] == 8


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_run_goes_on_to_the_bit(tmp_path, monkeypatch, rows):
    settings = {"newborns": 2, "cycle": 1, "slope": 1.0, "utility": "adaptive", "row": 10, "momentum": 0.5}
    whole = live(run=tmp_path / "whole", **settings)
    assert numbers(live(**settings).rows) == numbers(whole.rows)  # the directory makes no difference
    kept = Run.save_checkpoint

    def interrupt(self, *given):
        if len(self.metrics()) >= rows:
            raise KeyboardInterrupt
        kept(self, *given)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Run, "save_checkpoint", interrupt)
        live(run=tmp_path / "run", **settings)
    again = search.resume(tmp_path / "run")
    assert numbers(again.rows) == numbers(whole.rows)
    for name, vector in whole.net.state_dict().items():
        assert torch.equal(vector, again.net.state_dict()[name]), name
    assert list(again.graph.edges(data="weight")) == list(whole.graph.edges(data="weight"))
    assert {"growth.png", "topology.png"} <= {path.name for path in open_run(again.run).pictures.iterdir()}


@pytest.mark.parametrize("part", ["graph", "ended", "life", "network"])
def test_a_forged_checkpoint_is_refused_and_leaves_the_good_graph(tmp_path, part):
    run = open_run(live(run=tmp_path / "run", row=10).run)
    good, saved = run.graph.read_bytes(), unpack_state(run.path / checkpoints.NEWEST)
    del saved["format"]
    if part == "graph":
        saved["graph"] = good[: len(good) // 2]
    elif part == "ended":
        del saved["state"][part]
    else:
        saved["state"][part] = {}
    for _ in (checkpoints.NEWEST, checkpoints.PREVIOUS):
        checkpoints.write(run.path, saved)
    with pytest.raises(FileError, match="checkpoint"):
        search.resume(run.path)
    assert run.graph.read_bytes() == good


def test_the_journal_keeps_its_newest_entries_and_counts():
    lived = live(tail=3)
    journal, graph = lived.graph.journal, lived.graph
    died = sum(sum(row["died"].values()) for row in lived.rows)
    assert len(journal) == 3 and journal.forgotten["entries"] > 0
    assert journal.forgotten["neurons died"] + sum(len(entry.neurons_died) for entry in journal) == died
    start = graph.copy()
    for _ in range(3):
        graph.undo()
    with pytest.raises(JournalError, match="of the .* entries before, counts are kept alone"):
        graph.undo()
    with pytest.raises(JournalError, match="kept its last 3 entries"):
        small().replay(start.journal)
    back = start.copy()
    for _ in range(3):
        back.undo()
    back.replay(start.journal)
    assert list(back.edges(data="weight")) == list(start.edges(data="weight"))
    assert len(back.journal) == 3


def test_a_shortened_journal_is_saved_and_loaded(tmp_path):
    graph = live(tail=2).graph
    graph.save(tmp_path / "g.safetensors")
    loaded = NeuronGraph.load(tmp_path / "g.safetensors")
    assert loaded.journal.forgotten == graph.journal.forgotten and len(loaded.journal) == 2
    graph.journal.save(tmp_path / "some.journal")
    from neurograph.core.journal import Journal

    assert Journal.load(tmp_path / "some.journal").forgotten == graph.journal.forgotten
    lines = (tmp_path / "some.journal").read_text().splitlines()
    lines[0] = json.dumps(json.loads(lines[0]) | {"forgotten": {"entries": -1}})
    (tmp_path / "some.journal").write_text("\n".join(lines) + "\n")
    with pytest.raises(Exception, match="damaged"):
        Journal.load(tmp_path / "some.journal")
    assert "older entries" in repr(copy.deepcopy(graph).journal)


def test_channels_live_too():
    graph = Layers(0, 1, (8, 8))
    below = graph.pool("pool", graph.conv("conv", graph.image, 4, padding=1, norm=True))
    graph.linear("out", graph.linear("hidden", below, 6, activation="tanh"), 10, is_output=True)
    lived = live(graph.done(), about=ABOUT | {"tasks": 2}, rate=90.0, age=3, populations=("conv", "hidden"))
    assert all(sum(row["died"][name] for row in lived.rows) > 0 for name in ("conv", "hidden"))


def test_any_stream_is_learned_from_by_either_name():
    batches = [(torch.randn(8, 64), torch.randint(10, (8,))) for _ in range(30)]
    stream = from_batches(batches, outputs=10, task_steps=10)
    one, other = metabolize(small(), stream, **QUICK), metabolize_stream(small(), stream, **QUICK)
    assert numbers(one.rows) == numbers(other.rows) and len(one.rows) == 3
    cut = metabolize_stream(small(), stream, steps=25, **QUICK)
    assert [row["step"] for row in cut.rows] == [10, 20, 25]


def test_a_stream_of_numbers(tmp_path):
    graph = mlp([21, 6, 1], seed=0)
    lived = metabolize_stream(graph, "bit_flipping", about={"steps": 2000, "every": 500}, run=tmp_path / "r", **QUICK)
    assert len(lived.rows) == 4 and lived.rows[-1]["train_error"] < lived.rows[0]["train_error"]


def test_a_stream_of_one_s_own_is_handed_over_again(tmp_path):
    batches = [(torch.randn(8, 64), torch.zeros(8).long())] * 9
    metabolize_stream(small(), from_batches(batches, outputs=10), run=tmp_path / "own", **QUICK | {"age": 2})
    with pytest.raises(DataError, match="of your own"):
        search.resume(tmp_path / "own")
    assert resume_stream(tmp_path / "own", stream=from_batches(batches, outputs=10)).rows[-1]["step"] == 9


def test_from_the_command_line(tmp_path, capsys):
    words = ["metabolize-stream", "--stream", "random_labels", "--about", "tasks=2", "--about", "images=64"]
    words += ["--about", "passes=2", "--hidden", "8", "--age", "2", "--rate", "200", "--run", str(tmp_path / "run")]
    assert main(words) == 0
    assert "neurons died in 16 steps" in capsys.readouterr().out
    assert main(["resume", str(tmp_path / "run")]) == 0
    assert main([*words, "--force", "--rate", "1e9"]) == 2
    assert "would replace all 8 neurons" in capsys.readouterr().err
    assert main([*words, "--force", "--about", "tasks=x"]) == 2


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"rate": 1601.0}, "would replace all 8 neurons of 'hidden1' before any is age=5"),
        ({"age": 48}, "protects all neurons for all 48 steps"),
        ({"populations": ("output",)}, "can metabolize"),
        ({"rate": {"hidden1": 1.0}}, "leaves out hidden2"),
        ({"utility": "nice"}, "utility must be"),
        ({"level": 1.0}, "level must be"),
        ({"nesterov": True}, "nesterov"),
    ],
)
def test_a_metabolism_that_could_not_be_is_refused(tmp_path, settings, why):
    with pytest.raises(OptionError, match=why):
        live(run=tmp_path / "run", **settings)
    assert not (tmp_path / "run").exists()


def test_streams_that_do_not_fit_are_refused():
    with pytest.raises(DataError, match="takes \\(30,\\)"):
        metabolize_stream(mlp([30, 8, 10]), "random_labels", "digits", about=ABOUT, **QUICK)
    with pytest.raises(DataError, match="has 10 classes"):
        metabolize_stream(mlp([64, 8, 9]), "random_labels", "digits", about=ABOUT, **QUICK)
    with pytest.raises(OptionError, match="about is for streams by name"):
        metabolize_stream(small(), from_batches([(torch.randn(8, 64), torch.zeros(8).long())]), about=ABOUT)
    with pytest.raises(OptionError, match="is a stream"):
        search.train(small(), from_batches([(torch.randn(8, 64), torch.zeros(8).long())]))
    batches = [(torch.randn(8, 64), torch.randint(10, (8,)))] * 3 + [(torch.randn(8, 65), torch.randint(10, (8,)))]
    with pytest.raises(DataError, match="step 3 of batches"):
        metabolize_stream(small(), from_batches(batches, outputs=10), **QUICK | {"age": 2})
    with pytest.raises(DivergenceError, match="smaller learning rate"):
        live(learning_rate=1e6, optimizer="sgd", momentum=0.0)


def test_a_run_keeps_the_weights_of_its_past_and_says_when_and_why_neurons_were_renewed(tmp_path):
    graph = small()
    start = graph.number_of_nodes()
    lived = live(graph, run=tmp_path / "run", tail=4)
    kept = open_run(tmp_path / "run")
    past = list(kept.past())
    assert [some.epoch for some in past] == [0, 1, 2, 3, 4]
    weights = {lived.graph[u][v]["weight"] for u, v in lived.graph.edges}
    assert {float(w) for w in past[-1].numbers} == {float(np.float32(w)) for w in weights}
    events = [entry.details["event"] for entry in lived.graph.journal]
    assert {event["kind"] for event in events} == {"renewal"} and events[-1]["epoch"] == 4
    shown = content(lived.graph, lived.rows)
    edits = lived.graph.journal.forgotten["entries"] + 4
    assert shown.data["headline"].startswith(f"{start} → {start} neurons, {edits} edits")
    assert "those that contribute least are due to be replaced, so hidden" in shown.data["events"][-1]["sentence"]
    assert "oldest edits counts are kept" in shown.data["notes"][0]
    live(run=tmp_path / "none", keep_weights="none")
    assert not open_run(tmp_path / "none").weights.exists()
