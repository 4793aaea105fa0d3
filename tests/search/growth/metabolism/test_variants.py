"""Every way to be born and to be eaten, its options, autophagy on its own schedule, and what events tell."""

import json

import pytest
import torch

import search
from neurograph.builders import mlp
from neurograph.edits.selectors import SELECTORS, LowRepresentationalPower, WeightDensity, WeightDistribution
from neurograph.errors import OptionError
from neurograph.initializers.newborns import NEWBORN_INITIALIZERS, KernelRidge
from search.growth.metabolism import MetabolizeOptions, metabolize
from search.options import describe, read_options
from search.runs import Run, open_run

QUICK = {
    "epochs": 8,
    "first_cycle": 2,
    "cycle": 2,
    "cool_down": 0,
    "slope": 1.0,
    "newborns": 3,
    "learning_rate": 0.01,
    "batch_size": 128,
}


def small():
    return mlp([64, 8, 6, 10], seed=3)


def numbers(rows):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


@pytest.mark.parametrize("initializer", NEWBORN_INITIALIZERS)
def test_newborns_of_every_kind_train(initializer):
    result = metabolize(small(), "digits", **QUICK | {"initializer": initializer, "autophagy": "none"})
    assert len(result.graph.population("hidden1")) >= 14
    assert {e.options["initializer"] for e in result.graph.journal} == {initializer}
    assert result.rows[-1]["validation_error"] < result.rows[0]["validation_error"] / 2


EATS = {
    "low_representational_power": {"nu": 0.5},
    "weight_distribution": {"alpha": 0.6, "beta": 0.05, "share": 0.7},
    "weight_density": {"bins": 4, "count": 2, "excess": 1.0},
    "low_contribution": {"level": 0.9},
    "chance": {"count": 2},
    "low_utility": {"count": 2},
}


@pytest.mark.parametrize("autophagy", SELECTORS)
def test_eating_of_every_kind_takes_its_own_options(autophagy):
    given = {"autophagy": autophagy, "autophagy_options": EATS[autophagy]}
    result = metabolize(small(), "digits", **QUICK | given)
    meals = [entry for entry in result.graph.journal if entry.verb == "Autophagy"]
    assert meals[0].options["by"].items() >= EATS[autophagy].items()
    assert sum(len(entry.neurons_died) for entry in meals) > 0
    assert all(entry.details["left"] >= 4 for entry in meals)


def test_the_floor_is_kept_and_told():
    everyone = {"autophagy": "weight_distribution", "autophagy_options": {"alpha": 1e-6, "share": 1.0}}
    result = metabolize(small(), "digits", **QUICK | everyone | {"autophagy_floor": 5, "growth": "static"})
    edits = [row["edit"] for row in result.rows if row["edit"]]
    assert edits[0] == "hidden1 +3 -3 (5 more spared by the floor); hidden2 +3 -1 (5 more spared by the floor)"
    assert all(len(result.graph.population(name)) >= 5 for name in ("hidden1", "hidden2"))


def scheduled(**more):
    eats = {"autophagy": "weight_density", "autophagy_options": {"excess": 0.0}, "autophagy_floor": 2}
    return QUICK | eats | {"autophagy_every": 3, "autophagy_before": False, "epochs": 10} | more


def kinds(rows):
    return {row["epoch"]: row["event"]["kind"] for row in rows if row["event"]}


def test_autophagy_has_a_schedule_of_its_own():
    result = metabolize(small(), "digits", **scheduled(slope=-100.0))  # nothing grows
    assert kinds(result.rows) == {3: "autophagy", 6: "autophagy", 9: "autophagy"}
    assert {entry.verb for entry in result.graph.journal} == {"Autophagy"}
    assert len(result.graph.population("hidden1")) == 5


def test_a_meal_does_not_put_off_growth():
    result = metabolize(small(), "digits", **scheduled(autophagy_every=2, cycle=3, first_cycle=3))
    assert kinds(result.rows) == {2: "autophagy", 4: "metabolism", 6: "autophagy", 7: "metabolism", 8: "autophagy"}
    grown = [row["edit"] for row in result.rows if kinds([row]) and row["event"]["kind"] == "metabolism"]
    assert all("-" not in edit for edit in grown)  # it was not to come before proliferation


def test_both_schedules_together():
    result = metabolize(small(), "digits", **scheduled(autophagy_before=True, first_cycle=4, cycle=4))
    edits = {row["epoch"]: row["edit"] for row in result.rows if row["event"]}
    assert sorted(edits) == [3, 5, 6, 9]
    assert "+" in edits[5]
    assert "-" in edits[5]
    assert "+" not in edits[3] + edits[6]


def test_events_tell_what_they_did_to_loss_function_and_parameters(tmp_path):
    result = metabolize(small(), "digits", run=tmp_path / "run", **QUICK | {"outgoing": "zero", "autophagy": "none"})
    lines = open_run(tmp_path / "run").journal()
    for row in (row for row in result.rows if row["event"]):
        event = row["event"]
        assert event["function_change"] < 1e-6
        assert event["loss_after"] == pytest.approx(event["loss_before"], rel=1e-5)
        mine = [line["details"]["event"] for line in lines if line["epoch"] == row["epoch"]]
        assert mine == [event, event]  # two populations, one event
        after = result.rows[row["epoch"]]["parameters"]
        assert (event["parameters_before"], event["parameters_after"]) == (row["parameters"], after)
    moved = metabolize(small(), "digits", **QUICK | {"initializer": "kernel_ridge", "outgoing": "paper"})
    assert max(row["event"]["function_change"] for row in moved.rows if row["event"]) > 0.01
    silent = metabolize(small(), "digits", **QUICK | {"measured": 0})
    assert "loss_before" not in next(row["event"] for row in silent.rows if row["event"])


@pytest.mark.parametrize("epoch", [3, 4, 6])
def test_a_run_with_both_schedules_goes_on_bit_for_bit(tmp_path, monkeypatch, epoch):
    settings = scheduled(initializer="kernel_ridge", initializer_options={"ridge": 0.2}, autophagy_every=2)
    whole = metabolize(small(), "digits", run=tmp_path / "whole", **settings)
    kept = Run.save_checkpoint

    def interrupt(self, *given):
        if len(self.metrics()) >= epoch:
            raise KeyboardInterrupt
        kept(self, *given)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Run, "save_checkpoint", interrupt)
        metabolize(small(), "digits", run=tmp_path / "run", **settings)
    again = search.resume(tmp_path / "run")
    assert numbers(again.rows) == numbers(whole.rows)
    for name, vector in whole.net.state_dict().items():
        assert torch.equal(vector, again.net.state_dict()[name]), name
    assert open_run(again.run).journal() == open_run(whole.run).journal()


def test_options_reach_what_they_are_for():
    options = read_options(
        MetabolizeOptions,
        settings=[
            "initializer=kernel_ridge", "initializer_options={ridge = 2, noise = 0.5}",
            "autophagy=weight_distribution", "autophagy_options={distribution = 'gaussian', alpha = 3.0}",
        ],
    )  # fmt: skip
    assert options.newborn_initializer() == KernelRidge(ridge=2, noise=0.5)
    assert options.selector() == WeightDistribution("gaussian", alpha=3.0)
    assert read_options(MetabolizeOptions, settings=json.loads(json.dumps(vars(options)))) == options
    assert MetabolizeOptions(autophagy="weight_density", autophagy_options={"bins": 5}).selector() == WeightDensity(5)
    assert MetabolizeOptions(autophagy="none").selector() is None
    assert MetabolizeOptions(autophagy_level=0.3).selector() == LowRepresentationalPower(0.3)
    field = MetabolizeOptions.__dataclass_fields__["autophagy_options"]
    assert describe(field) == "a table of names with a number or a text each"


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"autophagy": "weight_distribution", "autophagy_options": {"alpha": -1.0}}, "alpha"),
        ({"autophagy": "weight_density", "autophagy_options": {"alpha": 1.0}}, "'weight_density': .*alpha"),
        ({"autophagy": "weight_density", "autophagy_options": {"bins": 4.0}}, "bins must be a whole number"),
        ({"autophagy_options": {"nu": [1]}}, "autophagy_options must be a table of names"),
        ({"initializer": "kernel_ridge", "initializer_options": {"ridge": -1.0}}, "ridge"),
        ({"initializer_options": {"ridge": 1.0}}, "'random' has no options"),
        ({"autophagy_every": -1}, "autophagy_every"),
    ],
)
def test_bad_options(settings, match):
    with pytest.raises(OptionError, match=match):
        metabolize(small(), "digits", **QUICK | settings)
