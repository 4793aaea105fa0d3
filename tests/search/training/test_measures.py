"""What counts as the error: each measure beside scikit-learn's, its unit wherever the error is shown, one's own."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from neurograph.search.cli import main
from neurograph.search.training import evaluate, objective_of
from neurograph.search.training.measures import MEASURES
from sklearn import metrics

from neurograph import NeuronGraph, search
from neurograph.analysis.units import unit_of, with_unit
from neurograph.builders import mlp
from neurograph.errors import DataError, OptionError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3)).astype(np.float32)
PRICE = X @ np.array([1.0, -2.0, 0.5], np.float32)
CLASSES = (X[:, 0] > 0).astype(np.int64)

OF_NUMBERS = {
    "mse": metrics.mean_squared_error,
    "rmse": metrics.root_mean_squared_error,
    "mae": metrics.mean_absolute_error,
    "unexplained": lambda y, answers: 100 * (1 - metrics.r2_score(y, answers, multioutput="variance_weighted")),
}


@pytest.mark.parametrize("name", OF_NUMBERS)
@given(seed=st.integers(0, 2**20), rows=st.integers(3, 30), outputs=st.integers(1, 3), batch=st.integers(1, 30))
def test_measures_of_numbers_are_those_of_scikit_learn(name, seed, rows, outputs, batch):
    rng = np.random.default_rng(seed)
    y, answers = rng.normal(size=(2, rows, outputs))
    found = evaluate(torch.nn.Identity(), *map(torch.from_numpy, (answers, y)), batch, objective_of("auto", name))[1]
    if name == "rmse":
        assert found == pytest.approx(metrics.mean_squared_error(y, answers) ** 0.5)
    else:
        assert found == pytest.approx(OF_NUMBERS[name](y, answers))


@given(seed=st.integers(0, 2**20), rows=st.integers(1, 30), classes=st.integers(2, 9), batch=st.integers(1, 30))
def test_measures_of_classes_are_those_of_scikit_learn(seed, rows, classes, batch):
    rng = np.random.default_rng(seed)
    answers, y = rng.normal(size=(rows, classes)), rng.integers(classes, size=rows)
    for name, right in (
        ("wrong", metrics.accuracy_score(y, answers.argmax(1))),
        ("top5", metrics.top_k_accuracy_score(y, answers, k=5, labels=range(classes)) if classes > 5 else 1.0),
    ):
        net = torch.nn.Identity()
        found = evaluate(net, *map(torch.from_numpy, (answers, y)), batch, objective_of("auto", name))[1]
        assert found == pytest.approx(100 * (1 - right))


def furthest(answers, y):
    return (answers[:, 0] - y).abs().max()


furthest.unit = "euros"


def test_a_measure_of_ones_own_is_named_and_resumed_with(tmp_path):
    data, run = (X, PRICE, X, PRICE), tmp_path / "run"
    made = search.train(mlp([3, 4, 1], seed=0), data, error=furthest, epochs=2, batch_size=60, validation=0.0, run=run)
    (made.rows[0]["train_error"],) = [row["train_error"] for row in made.rows[:1]]
    with torch.no_grad():
        net = made.net.eval()
        worst = (net(torch.from_numpy(X))[:, 0] - torch.from_numpy(PRICE)).abs().max().item()
    assert made.test_error == pytest.approx(worst, rel=1e-5)
    assert made.unit == "euros" and all(row["unit"] == "euros" for row in made.rows)
    assert json.loads((run / "config.json").read_text())["own_error"] == "furthest"
    with pytest.raises(OptionError, match="furthest"):
        search.resume(run, data=data)
    assert search.resume(run, data=data, error=furthest).test_error == made.test_error


@pytest.mark.parametrize(("name", "y"), [("mae", CLASSES), ("wrong", PRICE), ("labels", 5 * PRICE)])
def test_a_measure_that_is_not_for_the_targets_is_refused(name, y):
    with pytest.raises(DataError, match="this error is for"):
        search.train(mlp([3, 4, 2 if y is CLASSES else 1], seed=0), (X, y), error=name, epochs=1)


def test_what_is_no_measure_is_refused():
    with pytest.raises(OptionError, match=f"auto, {', '.join(MEASURES)}"):
        objective_of("auto", "accuracy")
    with pytest.raises(OptionError, match="one number a batch"):
        search.train(mlp([3, 1]), (X, PRICE), error=lambda answers, y: answers, epochs=1)


SHOWN = {"auto": "% of the targets' variance", "mae": " (mae)", "rmse": " (rmse)"}


@pytest.mark.parametrize("error", SHOWN)
def test_the_unit_is_wherever_the_error_is_shown(error, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.savez("own.npz", x=X, y=PRICE, test_x=X, test_y=PRICE)
    asked = ["--data", "own.npz", "--epochs", "3", "--hidden", "4", "--error", error, "--run", "run", "--progress"]
    assert main(["metabolize", *asked, "--first-cycle", "1", "--cycle", "1", "--slope", "100", "--settle", "0"]) == 0
    assert main(["inspect", "run"]) == 0
    shown = "".join(capsys.readouterr())
    lines = [line for line in shown.splitlines() if "error" in line]
    assert len(lines) >= 4 and all(SHOWN[error] in line for line in lines)
    assert main(["view", "run"]) == 0
    rows = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert with_unit(1.0, unit_of(rows)).removeprefix("1").removeprefix(".00") == SHOWN[error]
    assert NeuronGraph.load("run/graph.safetensors").journal


def test_rows_in_percent_of_the_examples_say_no_unit():
    rows = search.train(mlp([3, 2], seed=0), (X, CLASSES), epochs=1).rows
    assert "unit" not in rows[0] and unit_of(rows) == "%"
