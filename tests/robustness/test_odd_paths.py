"""Paths that no system takes, through every door that takes one: errors of ours, and nothing left behind."""

from pathlib import Path

import pytest

import compiler  # noqa: F401  (adds its formats)
import search
from neurograph import NeuronGraph, draw
from neurograph.builders import mlp
from neurograph.core.journal import Journal
from neurograph.errors import NeuroGraphError
from neurograph.files import EXPORTS, export
from search.datasets import load
from search.nhn import locations as evolution
from search.nhn.layers import find_hierarchy, resume_hierarchy
from search.nhn.pipeline import read_stage_options, resume_neuron_hierarchy
from search.options import read_options
from search.runs import Run, open_run
from search.runs.jsonfiles import digest_of_file, read_json, write_json
from search.runs.packing import pack_state, unpack_state
from search.training import TrainingOptions

GRAPH, DATA = mlp([64, 1, 10], seed=0), load("digits:20")
SMALL = {"epochs": 0, "layers": 2, "channels": 2, "segments": 1, "crop": 1, "finalists": 1}
DOORS = {
    "save": (GRAPH.save, ".safetensors"),
    "load": (NeuronGraph.load, ".safetensors"),
    "journal.save": (GRAPH.journal.save, ".journal"),
    "Journal.load": (Journal.load, ".journal"),
    "view": (GRAPH.view, ".html"),
    "topology": (lambda path: draw.topology(GRAPH, path), ".png"),
    "animation": (lambda path: draw.animation(GRAPH, path), ".gif"),
    "train": (lambda path: search.train(GRAPH, DATA, epochs=0, run=path), ""),
    "find_hierarchy": (lambda path: find_hierarchy(DATA, **SMALL, run=path), ""),
    "resume": (search.resume, ""),
    "resume_hierarchy": (resume_hierarchy, ""),
    "resume_neuron_hierarchy": (resume_neuron_hierarchy, ""),
    "evolution.resume": (evolution.resume, ""),
    "redraw": (search.redraw, ""),
    "options": (lambda path: read_options(TrainingOptions, path), ".toml"),
    "stage options": (read_stage_options, ".toml"),
    "data": (lambda path: load("mnist", path, download=False), ""),
    "open_run": (open_run, ""),
    "metrics": (lambda path: Run(Path(path)).metrics(), ""),
    "log": (lambda path: Run(Path(path)).log_metrics({"epoch": 1}), ""),
    "checkpoint": (lambda path: Run(Path(path)).load_checkpoint(), ""),
    "pack_state": (lambda path: pack_state(path, {}), ".safetensors"),
    "unpack_state": (unpack_state, ".safetensors"),
    "read_json": (lambda path: read_json(Path(path)), ".json"),
    "write_json": (lambda path: write_json(Path(path), {}), ".json"),
    "digest": (digest_of_file, ""),
}
DOORS |= {
    f"export {name}": (lambda path, name=name: export(GRAPH, path, name), f".{(*found.endings, 'x')[0]}")
    for name, found in EXPORTS.items()
}
PATHS = {
    "zero byte": "a\0b",
    "no text": "\udfff\ud800",
    "long": "n" * 300,
    "under a file": "file/x",
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("door", DOORS)
def test_a_path_that_no_system_takes_is_refused_in_our_words(door, path, tmp_path):
    (tmp_path / "file").write_text("mine")
    act, ending = DOORS[door]
    if door == "metrics" and path == "under a file":
        pytest.skip("a log that is not there has no lines")
    with pytest.raises(NeuroGraphError):
        act(f"{tmp_path}/{PATHS[path]}{ending}")
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "mine"
