"""Adaptive cycles, whose error eq. 2 looks at, and what events tell about both."""

import numpy as np
import pytest

import search
from neurograph.analysis.variance import variance_condition
from neurograph.builders import mlp
from search.growth.metabolism import MetabolismOptions, MetabolizeOptions, cycle_length, growth_due, metabolize
from search.runs import Run, open_run

QUICK = {
    "epochs": 8,
    "first_cycle": 3,
    "cycle": 1,
    "cool_down": 0,
    "slope": 100.0,
    "newborns": 2,
    "learning_rate": 0.01,
    "batch_size": 256,
    "autophagy": "none",
}


def small():
    return mlp([64, 8, 6, 10], seed=3)


def events(result):
    return {row["epoch"]: row["event"] for row in result.rows if row["event"]}


def test_adaptive_cycles_lie_between_the_two_lengths_by_the_share_of_newborns():
    options = MetabolismOptions(first_cycle=10, cycle=2, cycles="adaptive", slope=0.0)
    assert cycle_length(0, options) == 10
    assert [cycle_length(5, options, share) for share in (0.0, 0.25, 0.5, 1.0)] == [2, 4, 6, 10]
    assert cycle_length(5, MetabolismOptions(first_cycle=10, cycle=2), 1.0) == 2
    due = [n for n in range(11, 20) if growth_due([1.0] * n, 10, options, 0.25)]
    assert due[0] == 10 + options.cool_down + 4


def test_a_network_that_doubled_waits_longer_than_one_that_hardly_grew():
    doubled = metabolize(small(), "digits", **QUICK | {"cycles": "adaptive", "growth": "static", "newborns": 7})
    hardly = metabolize(small(), "digits", **QUICK | {"cycles": "adaptive", "growth": "static", "newborns": 1})
    fixed = metabolize(small(), "digits", **QUICK | {"growth": "static", "newborns": 7})
    # 14 of 28 are newborn: 1 + 0.5 * 2 epochs; then 14 of 42: 1 + 2/3, rounded
    assert list(events(doubled)) == [4, 6]
    assert list(events(hardly)) == list(events(fixed)) == [4, 5, 6, 7]


@pytest.mark.parametrize(("held_out", "watched"), [(0.2, "validation_error"), (0.0, "train_error")])
def test_newborns_are_counted_by_held_out_errors_and_never_by_the_test_error(held_out, watched):
    result = metabolize(small(), "digits", **QUICK | {"validation": held_out})
    first = events(result)[4]
    assert first["error"] == watched
    assert first["error_variance"] == pytest.approx(np.var([row[watched] for row in result.rows[:4]]))
    assert first["slope"] == pytest.approx((result.rows[0]["train_loss"] - result.rows[3]["train_loss"]) / 3)
    assert all("test_error" not in row for row in result.rows)
    assert not any("test error" in row["edit"] for row in result.rows if row["edit"])


def test_the_test_error_counts_on_request_and_is_said_to():
    result = metabolize(small(), "digits", **QUICK | {"variance": "test", "growth_rate": 0.01})
    first = events(result)[4]
    assert first["error"] == "test_error"
    assert first["error_variance"] == pytest.approx(np.var([row["test_error"] for row in result.rows[:4]]))
    assert first["born"]["hidden1"] == np.floor(2 * (1 + np.exp(-0.01 * first["error_variance"])) + 0.5)
    assert result.rows[-1]["test_error"] == result.test_error
    edits = [row["edit"] for row in result.rows if row["edit"]]
    assert edits
    assert all(edit.endswith("(counted by the variance of the test error)") for edit in edits)
    assert MetabolizeOptions(variance="test").watch_test


def test_the_test_error_can_be_watched_without_being_used():
    watched = metabolize(small(), "digits", **QUICK | {"watch_test": True})
    unwatched = metabolize(small(), "digits", **QUICK)
    assert [row["train_loss"] for row in watched.rows] == [row["train_loss"] for row in unwatched.rows]
    assert watched.rows[-1]["test_error"] == unwatched.test_error
    assert events(watched)[4]["error"] == "validation_error"


def test_events_tell_who_was_born_and_died_and_how_the_weights_vary():
    given = {"autophagy": "chance", "autophagy_options": {"count": 1}}
    result = metabolize(small(), "digits", **QUICK | given)
    for epoch, event in events(result).items():
        if epoch == len(result.rows):
            continue
        now, then = result.rows[epoch]["neurons"], result.rows[epoch - 1]["neurons"]
        for name in ("hidden1", "hidden2"):
            assert now[name] - then[name] == event["born"][name] - event["died"][name]
        assert event["variance_condition"].keys() == {"hidden1", "hidden2"}
    untouched = metabolize(small(), "digits", **QUICK | {"epochs": 5, "learning_rate": 1e-12})
    event = events(untouched)[4]
    assert event["variance_condition"]["hidden1"] == pytest.approx(
        variance_condition(untouched.graph, "hidden1"), rel=1e-4
    )


@pytest.mark.parametrize("epoch", [4, 5])
def test_a_run_with_adaptive_cycles_and_the_test_error_goes_on_bit_for_bit(tmp_path, monkeypatch, epoch):
    settings = QUICK | {"cycles": "adaptive", "newborns": 7, "variance": "test"}
    whole = metabolize(small(), "digits", **settings)
    kept = Run.save_checkpoint

    def interrupt(self, *given):
        if len(self.metrics()) >= epoch:
            raise KeyboardInterrupt
        kept(self, *given)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Run, "save_checkpoint", interrupt)
        metabolize(small(), "digits", run=tmp_path / "run", **settings)
    again = search.resume(tmp_path / "run")
    without = [{k: v for k, v in row.items() if k != "seconds"} for row in again.rows]
    assert without == [{k: v for k, v in row.items() if k != "seconds"} for row in whole.rows]
    assert len(open_run(again.run).metrics()) == 8
