"""Growth by the natural-gradient score: when and where newborns would gain enough."""

import numpy as np
import pytest
import torch

from neurograph import compiler
from neurograph.builders import metanet_cnn, mlp
from neurograph.errors import EditError
from search.growth.metabolism import metabolize
from search.growth.metabolism.natural import natural_gains

QUICK = {
    "epochs": 4, "first_cycle": 2, "cycle": 2, "cool_down": 0, "newborns": 4, "growth": "static", "rule": "natural",
    "learning_rate": 0.01, "batch_size": 128, "autophagy": "none", "initializer": "fresh", "observed": 256,
}  # fmt: skip


def observed(graph, x, y):
    net = compiler.compile(graph, dtype=torch.float64)
    return net.observe([(x, y)], loss=torch.nn.functional.mse_loss, activations=True, deltas=True)


def test_more_is_gained_where_neurons_are_missing():
    """The targets are made by 12 neurons; what two can say of them leaves more to gain than what twelve can."""
    torch.manual_seed(0)
    x = torch.randn(400, 6, dtype=torch.float64)
    y = torch.relu(x @ torch.randn(6, 12, dtype=torch.float64)) @ torch.randn(12, 3, dtype=torch.float64)
    gains = {}
    for width in (2, 12):
        graph = mlp([6, width, 3], seed=1)
        gains[width] = natural_gains(graph, observed(graph, x, y), {"hidden1": 4}, np.random.default_rng(0))["hidden1"]
    assert gains[2] > 3 * gains[12] > 0


def test_populations_grow_that_gain_more_than_the_threshold_and_events_say_so():
    result = metabolize(mlp([64, 4, 24, 10], seed=3), "digits", **QUICK | {"natural_gain": 0.0})
    events = [row["event"] for row in result.rows if row.get("event")]
    assert events
    gains = events[0]["natural_gain"]
    assert set(gains) == {"hidden1", "hidden2"} and min(gains.values()) > 0
    least, most = sorted(gains, key=gains.__getitem__)
    between = (gains[least] + gains[most]) / 2
    result = metabolize(mlp([64, 4, 24, 10], seed=3), "digits", **QUICK | {"natural_gain": between})
    event = next(row["event"] for row in result.rows if row.get("event"))
    assert event["born"] == {least: 0, most: 4}
    assert event["reasons"][0] == {
        "rule": "natural_gain", "because": f"newborns would raise the score of {most}",
        "value": gains[most], "limit": between, "side": "over",
    }  # fmt: skip


def test_nobody_is_born_where_nothing_would_be_gained():
    result = metabolize(mlp([64, 8, 10], seed=3), "digits", **QUICK | {"natural_gain": 1e9})
    assert len(result.graph.population("hidden1")) == 8


def test_feature_maps_are_refused_before_a_run_is_begun(tmp_path):
    with pytest.raises(EditError, match="feature maps"):
        metabolize(metanet_cnn(4, inputs=1, size=8), "digits", run=tmp_path / "run", **QUICK)
    assert not (tmp_path / "run").exists()


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(tmp_path):
    from search import resume

    whole = metabolize(mlp([64, 6, 10], seed=3), "digits", run=tmp_path / "whole", **QUICK)

    def stop(_trainer, row):
        if row["epoch"] == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        metabolize(mlp([64, 6, 10], seed=3), "digits", run=tmp_path / "cut", callbacks=[stop], **QUICK)
    again = resume(tmp_path / "cut")
    assert [row["train_loss"] for row in again.rows] == [row["train_loss"] for row in whole.rows]
    for one, other in zip(again.graph.edges(data="weight"), whole.graph.edges(data="weight"), strict=True):
        assert one == other
