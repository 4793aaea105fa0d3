"""The whole of a method on a CUDA device: training, metabolism and what it goes on with after a kill."""

import pytest
import torch

import search
from neurograph.builders import mlp
from search.runs import open_run

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")]
QUICK = {"epochs": 9, "batch_size": 128, "learning_rate": 0.01, "device": "cuda"}
CYCLES = {
    "first_cycle": 2,
    "cycle": 2,
    "cool_down": 0,
    "slope": 1.0,
    "newborns": 3,
    "noise": 0.5,
    "autophagy_level": 0.5,
}


def test_training_on_the_device_learns():
    result = search.train(mlp([64, 16, 10], seed=3), "digits", **QUICK)
    assert result.rows[-1]["train_loss"] < result.rows[0]["train_loss"] / 2


def test_metabolism_on_the_device_edits_and_learns(tmp_path):
    graph = mlp([64, 8, 6, 10], seed=3)
    before = len(graph)
    result = search.metabolize(graph, "digits", run=tmp_path / "run", **QUICK, **CYCLES)
    assert any(row["event"] for row in result.rows) and len(result.graph) != before
    assert result.rows[-1]["train_loss"] < result.rows[0]["train_loss"]
    assert open_run(tmp_path / "run").config()["options"]["device"] == "cuda"
