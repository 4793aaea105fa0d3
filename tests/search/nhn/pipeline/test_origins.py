"""Results of stages are used only where they came of the same options and inputs; a forced run starts from nothing."""

import json
import shutil

import pytest

import search
from neurograph.builders import mlp
from neurograph.errors import FileError, OptionError
from search.nhn.pipeline import read_stage_options, resume_neuron_hierarchy
from search.nhn.pipeline import run as pipeline
from search.nhn.pipeline.options import TABLES
from search.nhn.pipeline.origins import ORIGINS, origin_of
from search.nhn.pipeline.stages import STAGES
from search.runs import create_run, open_run

RAN = []


def fake(stage):
    """A stage that leaves a network of its table's seed and of the networks before it."""

    def run(context):
        RAN.append(stage)
        before = ORIGINS[stage].graph
        size = len(context.graph(before)) if before else context.options.hierarchy.seed + 2
        create_run(context.folder(stage), {"command": "train"}, force=True)
        mlp([size, context.options.train.epochs], seed=0).save(context.folder(stage) / "graph.safetensors")
        return {"test_error": float(size), "parameters": size}

    run.__doc__ = stage
    return run


@pytest.fixture(autouse=True)
def fakes(monkeypatch):
    RAN.clear()
    monkeypatch.setattr(pipeline.draw, "before_and_after", lambda *_: None)
    monkeypatch.setattr(pipeline, "STAGES", {stage: fake(stage) for stage in STAGES})
    monkeypatch.setattr(pipeline, "check_stages", lambda *_: None)  # these stages have no space and no memory


def made(run, force=False, **settings):
    return search.neuron_hierarchy("digits:100", run=run, preset="digits", force=force, **settings)


def test_every_stage_says_what_it_reads():
    assert list(ORIGINS) == list(STAGES)
    assert {name for origin in ORIGINS.values() for name in origin.tables} == set(TABLES) - {"executor"}


def test_a_forced_run_starts_from_nothing(tmp_path):
    run = tmp_path / "run"
    made(run)
    (run / "notes.txt").write_text("mine")
    (run / "mine").mkdir()
    with pytest.raises(OptionError, match="holds another run .*layers.*report.md"):
        made(run, seed=1)
    RAN.clear()
    again = made(run, force=True, seed=1)
    assert list(STAGES) == RAN
    assert again.results.keys() == made(tmp_path / "fresh", seed=1).results.keys()
    assert again.test_error == made(tmp_path / "other", seed=1).test_error
    assert (run / "notes.txt").read_text() == "mine" and (run / "mine").is_dir()
    search.train(mlp([64, 10], seed=0), "digits:100", run=run, force=True, epochs=1)
    assert not any((run / stage).exists() for stage in STAGES)


def test_folders_of_stages_without_a_run_are_no_place_for_one_and_a_users_own_are_left(tmp_path):
    made(tmp_path / "run")
    (tmp_path / "run" / "config.json").unlink()
    with pytest.raises(OptionError, match="holds another run"):
        made(tmp_path / "run")
    (tmp_path / "other" / "final").mkdir(parents=True)
    (tmp_path / "other" / "final" / "thesis.txt").write_text("mine")
    made(tmp_path / "other", force=True)
    assert (tmp_path / "other" / "final" / "thesis.txt").read_text() == "mine"


def nested(options, setting):
    tables = {name: options[name] | value if isinstance(value, dict) else value for name, value in setting.items()}
    return options | tables


@pytest.mark.parametrize(
    ("setting", "stages"),
    [
        ({"final": {"epochs": 7}}, ["final", "control"]),
        ({"retrain_from": "drawn"}, ["retrained"]),
        ({"locations": {"cycles": 7}}, ["add-ons"]),
        ({"executor": {"workers": 3}}, []),
        ({}, []),
    ],
)
def test_stages_of_other_options_are_made_again(tmp_path, setting, stages):
    whole = made(tmp_path / "run")
    run = create_run(tmp_path / "other", {})
    for stage in STAGES:
        shutil.copytree(whole.run / stage, run.path / stage)
    config = open_run(whole.run).config()
    plain = read_stage_options(settings=nested(config["options"], setting)).plain()
    run.update_config(**config | {"options": plain})
    RAN.clear()
    again = resume_neuron_hierarchy(run.path)
    assert stages == RAN
    if not setting:
        assert again.results == whole.results


def test_stages_on_another_network_are_made_again(tmp_path):
    whole = made(tmp_path / "run")
    mlp([9, 2], seed=1).save(whole.run / "pruned" / "graph.safetensors")
    RAN.clear()
    resume_neuron_hierarchy(whole.run)
    assert RAN == ["retrained", "add-ons", "final", "control"]


@pytest.mark.parametrize("damage", ["flipped", "gone"])
@pytest.mark.parametrize("stage", [origin.graph for origin in ORIGINS.values() if origin.graph])
def test_a_damaged_network_is_no_other_network(tmp_path, stage, damage):
    """What came of it stays as it is until the file is there again."""
    whole = made(tmp_path / "run")
    graph = whole.run / stage / "graph.safetensors"
    held = graph.read_bytes()
    graph.unlink()
    if damage == "flipped":
        graph.write_bytes(held[:-1] + bytes([held[-1] ^ 1]))
    RAN.clear()
    with pytest.raises(FileError, match=rf"{stage}/graph\.safetensors"):
        resume_neuron_hierarchy(whole.run)
    graph.write_bytes(held)
    assert resume_neuron_hierarchy(whole.run).results == whole.results and not RAN


def test_contents_count_and_places_do_not(tmp_path):
    whole = made(tmp_path / "run")
    shutil.copytree(whole.run, tmp_path / "deep" / "copy")
    plain = read_stage_options(settings=open_run(whole.run).config()["options"]).plain()
    for stage in STAGES:
        one, other = (origin_of(stage, path, plain, 1) for path in (whole.run, tmp_path / "deep" / "copy"))
        assert one == other != origin_of(stage, whole.run, plain, 2)
    RAN.clear()
    assert resume_neuron_hierarchy(tmp_path / "deep" / "copy").results == whole.results and not RAN


def test_runs_from_before_stages_said_what_they_came_of_are_used_as_they_are(tmp_path):
    whole = made(tmp_path / "run")
    for stage in STAGES:
        (whole.run / stage / "origin.json").unlink()
        result = json.loads((whole.run / stage / "result.json").read_text())
        plain = {name: value for name, value in result.items() if name not in ("origin", "checksum")}
        (whole.run / stage / "result.json").write_text(json.dumps(plain))
    config = json.loads((whole.run / "config.json").read_text())
    old = {name: value for name, value in config.items() if name not in ("parts", "checksum")}
    (whole.run / "config.json").write_text(json.dumps(old))
    RAN.clear()
    assert resume_neuron_hierarchy(whole.run).results == whole.results and not RAN


def test_a_flipped_bit_in_a_result_is_seen(tmp_path):
    whole = made(tmp_path / "run")
    marker = whole.run / "final" / "result.json"
    marker.write_text(marker.read_text().replace('"test_error": ', '"test_error": 1'))
    with pytest.raises(FileError, match=r"final/result\.json is damaged.*delete it"):
        resume_neuron_hierarchy(whole.run)
