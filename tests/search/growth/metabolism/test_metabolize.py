"""The whole run: growth on real data, the run directory, and going on after a kill with the same numbers."""

import json
import subprocess
import sys
import time

import networkx as nx
import pytest
import torch

import search
from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.core.journal import from_line
from neurograph.errors import DivergenceError, FileError, OptionError
from search.growth.metabolism import MetabolizeOptions, metabolize
from search.runs import Run, open_run

QUICK = {
    "epochs": 9,
    "first_cycle": 2,
    "cycle": 2,
    "cool_down": 0,
    "slope": 1.0,
    "newborns": 3,
    "autophagy_level": 0.5,
    "noise": 0.5,
    "learning_rate": 0.01,
    "batch_size": 128,
}


def small() -> NeuronGraph:
    return mlp([64, 8, 6, 10], seed=3)


def numbers(rows):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run from start to end."""
    path = tmp_path_factory.mktemp("runs") / "whole"
    return metabolize(small(), "digits", run=path, **QUICK)


def test_it_grows_eats_and_learns(whole):
    edits = [row["edit"] for row in whole.rows if row["edit"]]
    assert any("+" in edit for edit in edits)
    assert any("-" in edit for edit in edits)
    assert whole.rows[-1]["validation_error"] < whole.rows[0]["validation_error"] / 2
    verbs = {entry.verb for entry in whole.graph.journal}
    assert verbs == {"Autophagy", "Proliferate"}
    born = sum(len(entry.neurons_born) for entry in whole.graph.journal)
    died = sum(len(entry.neurons_died) for entry in whole.graph.journal)
    assert born > died > 0
    assert len(whole.graph) == len(small()) + born - died
    assert nx.is_directed_acyclic_graph(whole.graph)


def test_the_run_directory_holds_all_of_it(whole):
    run = open_run(whole.run)
    assert not run.damage()
    assert numbers(run.metrics()) == numbers(whole.rows)
    assert run.config()["options"]["newborns"] == 3
    assert run.config()["result"]["test_error"] == whole.test_error
    saved = NeuronGraph.load(run.graph)
    assert saved.wiring_digest() == whole.graph.wiring_digest()
    assert dict(saved.edges) == dict(whole.graph.edges)
    assert {p.name for p in run.pictures.iterdir()} >= {"growth.png", "topology.png", "weights.png"}


def test_the_journal_replays_from_the_start(whole):
    run = open_run(whole.run)
    graph = NeuronGraph.load(run.start)
    graph.replay(from_line(json.dumps(line)) for line in run.journal())
    assert graph.wiring_digest() == whole.graph.wiring_digest()
    assert list(graph) == list(whole.graph)


def test_the_same_seed_gives_the_same_numbers(whole):
    again = metabolize(small(), "digits", **QUICK)
    assert numbers(again.rows) == numbers(whole.rows)
    other = metabolize(small(), "digits", **QUICK | {"seed": 1})
    assert numbers(other.rows) != numbers(whole.rows)


@pytest.mark.parametrize("epoch", [1, 4, 6])
@pytest.mark.parametrize("moment", ["log_metrics", "save_checkpoint"])
def test_an_interrupted_run_goes_on_bit_for_bit(whole, tmp_path, monkeypatch, epoch, moment):
    kept = getattr(Run, moment)

    def interrupt(self, *given):
        if len(self.metrics()) >= epoch:
            raise KeyboardInterrupt
        kept(self, *given)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Run, moment, interrupt)
        metabolize(small(), "digits", run=tmp_path / "run", **QUICK)
    again = search.resume(tmp_path / "run")
    assert numbers(again.rows) == numbers(whole.rows)
    assert again.test_loss == whole.test_loss
    for name, vector in whole.net.state_dict().items():
        assert torch.equal(vector, again.net.state_dict()[name]), name
    assert [len(e.neurons_born) for e in again.graph.journal] == [len(e.neurons_born) for e in whole.graph.journal]
    assert len(open_run(again.run).journal()) == len(open_run(whole.run).journal())


def test_a_killed_process_goes_on_bit_for_bit(tmp_path):
    settings = QUICK | {"epochs": 30}
    code = (
        "import torch, search; torch.set_num_threads(1)\n"
        "from neurograph.builders import mlp\n"
        f"search.metabolize(mlp([64, 8, 6, 10], seed=3), 'digits', run=r'{tmp_path / 'run'}', **{settings})"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    metrics = tmp_path / "run" / "metrics.jsonl"
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        if metrics.exists() and metrics.read_bytes().count(b"\n") >= 7:
            process.kill()
        time.sleep(0.01)
    process.wait()
    done = metrics.read_bytes().count(b"\n")
    assert 7 <= done < 30
    again = search.resume(tmp_path / "run")
    unbroken = metabolize(small(), "digits", **QUICK | {"epochs": 30})
    assert numbers(again.rows) == numbers(unbroken.rows)
    assert again.test_loss == unbroken.test_loss


def test_resuming_a_finished_run_changes_nothing(whole):
    before = open_run(whole.run).metrics()
    again = search.resume(whole.run)
    assert again.test_error == whole.test_error
    assert open_run(whole.run).metrics() == before


def test_no_growth_beyond_the_limit_and_none_without_a_cycle():
    result = metabolize(small(), "digits", **QUICK | {"growth_limit": 9, "autophagy": "none"})
    assert [len(result.graph.population(name)) for name in ("hidden1", "hidden2")] == [9, 9]
    result = metabolize(small(), "digits", **QUICK | {"slope": -100.0})
    assert len(result.graph.journal) == 0


def test_only_the_chosen_population_metabolizes():
    result = metabolize(small(), "digits", **QUICK | {"populations": ("hidden2",)})
    assert len(result.graph.population("hidden1")) == 8
    assert len(result.graph.population("hidden2")) > 6


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"newborns": -1}, OptionError, "newborns must be"),
        ({"populations": ("output",)}, OptionError, "hidden1, hidden2; not output"),
        ({"populations": ("nowhere",)}, OptionError, "nowhere"),
        ({"speed": 3}, OptionError, "no option 'speed'"),
        ({"growth_limit": {"hidden1": 20}}, OptionError, "hidden2"),
        pytest.param(
            {"optimizer": "sgd", "learning_rate": 1e6, "batch_size": 8},
            DivergenceError,
            "epoch",
            marks=pytest.mark.filterwarnings("ignore:.*not finite"),
        ),
    ],
)
def test_bad_options(settings, error, message):
    with pytest.raises(error, match=message):
        metabolize(small(), "digits", **QUICK | settings)


def test_a_run_is_not_overwritten_by_accident(whole):
    with pytest.raises(OptionError, match="force"):
        metabolize(small(), "digits", run=whole.run, **QUICK)


def test_what_cannot_be_resumed_says_why(tmp_path, whole):
    with pytest.raises(FileError, match="not a run directory"):
        search.resume(tmp_path)
    path = tmp_path / "run"
    metabolize(small(), "digits", run=path, **QUICK | {"epochs": 2})
    checkpoints = path / "checkpoint.safetensors", path / "checkpoint.previous.safetensors"
    held = checkpoints[0].read_bytes()
    for damaged in (held[: len(held) // 2], b"", b"not a file of ours"):
        for checkpoint in checkpoints:
            checkpoint.write_bytes(damaged)
        with pytest.raises(FileError, match=r"checkpoint\.safetensors"):
            search.resume(path)


def test_data_that_does_not_fit_the_network():
    with pytest.raises(ValueError, match="64"):
        metabolize(mlp([10, 8, 10]), "digits", epochs=1)


def test_options_read_from_a_run_are_the_ones_given(whole):
    from search.options import read_options

    options = read_options(MetabolizeOptions, settings=open_run(whole.run).config()["options"])
    assert options == read_options(MetabolizeOptions, settings=QUICK)


def test_noise_is_for_copies_unless_told_otherwise():
    wanted = {"random": 1.0, "representational": 1.0, "kernel_ridge": 0.0, "fresh": 0.0}
    assert {name: MetabolizeOptions(initializer=name).noise for name in wanted} == wanted
    assert MetabolizeOptions(initializer="fresh", noise=0.5).noise == 0.5


FULL = QUICK | {"growth_limit": {"hidden1": 8, "hidden2": 6}, "autophagy": "chance", "autophagy_options": {"count": 2}}


def test_full_populations_metabolize_where_eating_makes_room():
    result = metabolize(small(), "digits", **FULL)
    events = [row["event"] for row in result.rows if row.get("event")]
    assert events and all(event["born"] == event["died"] == {"hidden1": 2, "hidden2": 2} for event in events)
    assert {len(result.graph.population(name)) for name in ("hidden1",)} == {8}
    for closed in ({"autophagy": "none", "autophagy_options": {}}, {"autophagy_before": False}):
        rows = metabolize(small(), "digits", **FULL | closed | {"epochs": 4}).rows
        assert not any(row.get("event") for row in rows)


def test_nobody_is_eaten_before_its_age():
    result = metabolize(small(), "digits", **FULL | {"autophagy_age": 5, "autophagy_options": {"count": 5}})
    births, deaths = {}, {}
    for entry in result.graph.journal:
        epoch = entry.details["event"]["epoch"]
        births |= dict.fromkeys(entry.neurons_born.tolist(), epoch)
        deaths |= dict.fromkeys(entry.neurons_died.tolist(), epoch)
    young = [key for key in deaths if key in births]
    assert births and deaths
    assert all(deaths[key] - births[key] >= 5 for key in young)
