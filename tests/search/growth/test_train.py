"""Training without edits: on images and numbers, in parts of data sets and in people's own, stopped and resumed."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import search
from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.errors import DataError
from search.datasets import load
from search.runs import Run

QUICK = {"epochs": 3, "batch_size": 32, "learning_rate": 0.003}


def small():
    return mlp([64, 12, 10], activation="relu", seed=1)


def image_net():
    g = NeuronGraph()
    image, classes = (
        g.add_population("image", 1, role="input", shape=(8, 8)),
        g.add_population("class", 10, is_output=True),
    )
    g.connect(image, classes, weight=np.random.default_rng(0).normal(0, 0.1, (1, 10, 8, 8)))
    return g


def mine():
    """A data set that `load` does not know: the digits upside down."""
    digits = load("digits")
    return replace(digits, name="mine", train_x=digits.train_x.flip(2), test_x=digits.test_x.flip(2))


def interrupted(run, data, monkeypatch, **options):
    kept = Run.log_metrics

    def interrupt(self, row):
        if row["epoch"] == 2:
            raise KeyboardInterrupt
        kept(self, row)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Run, "log_metrics", interrupt)
        search.train(small(), data, run=run, **QUICK, **options)


def test_it_learns_and_leaves_the_wiring_alone(tmp_path):
    graph = small()
    digest = graph.wiring_digest()
    result = search.train(graph, "digits:600", run=tmp_path / "run", **QUICK)
    assert result.graph is graph
    assert graph.wiring_digest() == digest
    assert not [entry for entry in graph.journal if entry.verb != "raw"]
    assert result.rows[-1]["train_loss"] < result.rows[0]["train_loss"] * 0.9


def test_maps_take_images():
    result = search.train(image_net(), "digits:300", epochs=3, learning_rate=0.01)
    assert result.test_error < 60


@pytest.mark.parametrize(("name", "options"), [("digits:600", {}), ("mine", {}), ("digits:600", {"whiten": True})])
def test_a_stopped_run_goes_on_with_the_same_numbers(tmp_path, monkeypatch, name, options):
    data = mine() if name == "mine" else load(name)
    whole = search.train(small(), data, **QUICK, **options)
    interrupted(tmp_path / "run", data, monkeypatch, **options)
    again = search.resume(tmp_path / "run", data=data if name == "mine" else None)
    assert again.test_loss == whole.test_loss
    for key, vector in whole.net.state_dict().items():
        assert torch.equal(vector, again.net.state_dict()[key]), key


def test_other_data_than_the_runs_own_are_refused(tmp_path, monkeypatch):
    interrupted(tmp_path / "run", mine(), monkeypatch)
    with pytest.raises(DataError, match="'mine'"):
        search.resume(tmp_path / "run")
    with pytest.raises(DataError, match="other data than those given"):
        search.resume(tmp_path / "run", data=load("digits"))
    assert search.resume(tmp_path / "run", data=mine()).rows[-1]["epoch"] == 3


@pytest.mark.parametrize(("option", "method"), [("standardise", "standardised"), ("whiten", "whitened")])
def test_standardised_and_whitened_data_are_those_of_the_data_set(option, method):
    asked = search.train(small(), "digits:300", **{option: True}, **QUICK)
    by_hand = search.train(small(), getattr(load("digits:300").flat(), method)(), **QUICK)
    assert asked.test_loss == by_hand.test_loss != search.train(small(), "digits:300", **QUICK).test_loss
