"""The whole pipeline on the digits: every stage, its results, and going on after being stopped."""

import json
import shutil

import pytest

import search
from neurograph import NeuronGraph
from neurograph.errors import DataError, FileError, OptionError
from search.nhn.pipeline import PRESETS, STAGES, read_stage_options, resume_neuron_hierarchy
from search.nhn.pipeline import run as pipeline
from search.nhn.pipeline.options import TABLES
from search.nhn.pipeline.report import report, score

DATA = "digits:300"
QUICK = {
    "kernels": (3,),
    "hierarchy": {
        "epochs": 1, "batch_size": 64, "layers": 3, "segments": 1, "channels": 4, "steps": 1, "asked": 2, "crop": 1,
        "operations": ("conv3",), "finalists": 2, "rated_on": 16,
    },
    "train": {"epochs": 2, "learning_rate": 0.01},
    "prune": {"epochs": 2, "settle": 1, "ratio": 0.5, "measured": 0},
    "retrain": {"epochs": 1},
    "batches": {"batch_size": 32, "evaluation_batch": 30, "crop": 1, "flip": False},
    "locations": {
        "population": 10, "survivors": 5, "recombined": 3, "cycles": 2, "train_batches": 1, "absent": 0.3,
    },
    "directions": {"population": 10, "survivors": 5, "recombined": 3, "cycles": 1, "train_batches": 1},
    "final": {"epochs": 2, "learning_rate": 0.005, "schedule": "constant"},
}  # fmt: skip


def plain(results):
    return {stage: {k: v for k, v in row.items() if k != "seconds"} for stage, row in results.items()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return search.neuron_hierarchy(DATA, run=tmp_path_factory.mktemp("runs") / "whole", preset="digits", **QUICK)


def test_every_stage_leaves_what_the_next_one_reads(whole):
    assert list(whole.results) == list(STAGES)
    sizes = {stage: row["parameters"] for stage, row in whole.results.items()}
    assert sizes["pruned"] == sizes["retrained"] == sizes["control"] < sizes["trained"] == sizes["layers"]
    assert sizes["final"] == sizes["add-ons"]
    pruned = whole.results["pruned"]
    assert pruned["kernels_pruned"] == round(pruned["kernels"] / 2)
    found = whole.results["add-ons"]
    assert (found["add_ons"] > 0) == (sizes["add-ons"] > sizes["retrained"]) == bool(found["places"])
    assert whole.test_error == whole.results["final"]["test_error"]
    for stage in STAGES:
        assert json.loads((whole.run / stage / "result.json").read_text())
    assert NeuronGraph.load(whole.run / "graph.safetensors").wiring_digest() == whole.graph.wiring_digest()
    assert (whole.run / "pictures" / "add-ons.png").stat().st_size > 5000


def test_taking_the_add_ons_away_leaves_the_pruned_wiring(whole):
    if not whole.results["add-ons"]["places"]:
        pytest.skip("the search found no place for add-ons")
    assert set(whole.results["final"]["removed"]) == {"held_out_error", "test_error"}
    born = {name for name in whole.graph if "+" in whole.graph.nodes[name]["population"]}
    kept = NeuronGraph.load(whole.run / "retrained" / "graph.safetensors")
    assert set(whole.graph) - born == set(kept)


def test_a_longer_last_training_goes_on_from_the_shorter_one(whole, tmp_path):
    for name in ("longer", "at once"):
        shutil.copytree(whole.run, tmp_path / name)
    config = json.loads((tmp_path / "at once" / "config.json").read_text())
    config["options"]["final"]["epochs"] = 3
    del config["checksum"]
    (tmp_path / "at once" / "config.json").write_text(json.dumps(config))
    first = [json.loads(line) for line in (whole.run / "final" / "metrics.jsonl").read_text().splitlines()]
    longer, at_once = search.resume(tmp_path / "longer", epochs=3), search.resume(tmp_path / "at once")
    assert plain(longer.results) == plain(at_once.results) and longer.results["final"]["epochs"] == 3
    rows = [json.loads(line) for line in (tmp_path / "longer" / "final" / "metrics.jsonl").read_text().splitlines()]
    assert rows[:2] == first, "what was trained is not trained again"
    with pytest.raises(OptionError, match="at least the 3"):
        search.resume(tmp_path / "longer", epochs=2)


@pytest.mark.parametrize("stage", ["layers", "add-ons", "final"])
def test_a_stopped_pipeline_goes_on_with_the_same_numbers(whole, tmp_path, monkeypatch, stage):
    run = tmp_path / "run"
    kept = pipeline._write

    def interrupt(path, result):
        if path.parent.name == stage:
            raise KeyboardInterrupt
        kept(path, result)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(pipeline, "_write", interrupt)
        search.neuron_hierarchy(DATA, run=run, preset="digits", **QUICK)
    assert not (run / stage / "result.json").exists()
    again = search.resume(run)
    assert plain(again.results) == plain(whole.results)


def test_a_damaged_result_names_its_file_and_the_way_out(whole, tmp_path):
    marker = whole.run / "trained" / "result.json"
    text = marker.read_text()
    marker.write_text(text[:10])
    with pytest.raises(FileError, match=r"trained/result\.json is damaged.*delete it"):
        resume_neuron_hierarchy(whole.run)
    marker.write_text(text)
    assert resume_neuron_hierarchy(whole.run).test_error == whole.test_error


def test_other_data_are_refused(whole, monkeypatch):
    monkeypatch.setattr("search.datasets.same.load", lambda name, download: search.datasets.load("digits:301"))
    with pytest.raises(DataError, match="other data"):
        resume_neuron_hierarchy(whole.run)


def test_the_report_has_a_row_for_each_network(whole):
    text = report(whole.results)
    assert text.count("\n| ") == 8 - (not whole.results["add-ons"]["places"]) - 1
    assert f"{whole.results['final']['test_error']:.2f}" in text
    assert score(3.48, 7_000_000) == pytest.approx(1.76, abs=0.005)


def test_options_come_from_presets_files_and_settings_in_that_order(tmp_path):
    (tmp_path / "o.toml").write_text("seed = 2\n[final]\nepochs = 7\n[prune]\nratios = {layer0 = 0.5}\n")
    options = read_stage_options(tmp_path / "o.toml", ["final.learning-rate=0.5", "train.seed=9"], PRESETS["quick"])
    assert (options.final.epochs, options.final.learning_rate, options.final.batch_size) == (7, 0.5, 64)
    assert (options.final.seed, options.train.seed, options.hierarchy.seed) == (2, 9, 2)
    assert options.prune.ratios == {"layer0": 0.5}
    assert read_stage_options(settings=options.plain()) == options
    elsewhere = read_stage_options(settings=["executor.executor=processes", "directions.sharing=sequential"])
    assert (elsewhere.locations.sharing, elsewhere.directions.sharing) == ("synchronous", "sequential")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["nowhere.epochs=3"], "no stage 'nowhere'"),
        (["final.epoch=3"], "final: there is no option 'epoch'"),
        (["final.epochs=-1"], "final: epochs must be"),
        (["sead=1"], "no option 'sead'"),
        (["final.epochs"], "has no '='"),
        (["final_from=thrown"], "final_from must be one of kept, drawn"),
        (["locations.population=9"], "locations: population"),
    ],
)
def test_impossible_options_name_their_stage(settings, message):
    with pytest.raises(OptionError, match=message):
        read_stage_options(settings=settings)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_possible(name):
    options = read_stage_options(preset=PRESETS[name])
    assert set(PRESETS[name]) - {"kernels", "retrain_from", "final_from"} <= set(TABLES)
    assert options.hierarchy.make_sampler(options.hierarchy._space(inputs=3, image=32, classes=10))
