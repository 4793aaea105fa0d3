"""Newborns whose outgoing weights follow the gradient, as far as a line search says."""

import pytest

from neurograph.builders import metanet_cnn, mlp
from neurograph.errors import EditError, OptionError
from search.growth.amplitude import FACTORS
from search.growth.metabolism import metabolize

QUICK = {
    "epochs": 4, "first_cycle": 2, "cycle": 2, "cool_down": 0, "slope": 1.0, "newborns": 3, "growth": "static",
    "learning_rate": 0.01, "batch_size": 128, "autophagy": "none", "initializer": "fresh", "outgoing": "gradient",
}  # fmt: skip


def test_the_loss_falls_as_they_are_born():
    result = metabolize(mlp([64, 8, 10], seed=3), "digits", **QUICK | {"measured": 10**6, "observed": 10**6})
    births = [entry for entry in result.graph.journal if entry.verb == "Proliferate"]
    assert births
    for entry in births:
        assert entry.details["amplitude"] in FACTORS
        event = entry.details["event"]
        assert event["loss_after"] < event["loss_before"]
    scaled = [entry for entry in result.graph.journal if entry.verb == "SetValues"]
    assert len(scaled) == sum(entry.details["amplitude"] != 1.0 for entry in births)


@pytest.mark.parametrize("autophagy", ["none", "low_representational_power"])
@pytest.mark.parametrize(("initializer", "outgoing"), [("gradmax", "zero"), ("firefly", "zero"), ("fresh", "gradient")])
def test_populations_one_behind_another_see_each_others_births_and_deaths(initializer, outgoing, autophagy):
    settings = QUICK | {"initializer": initializer, "outgoing": outgoing, "autophagy": autophagy}
    result = metabolize(mlp([64, 6, 7, 10], seed=3), "digits", **settings)
    births = [entry for entry in result.graph.journal if entry.verb == "Proliferate"]
    assert {entry.options["population"] for entry in births} == {"hidden1", "hidden2"}


@pytest.mark.parametrize("settings", [{}, {"outgoing": "zero", "initializer": "gradmax"}])
def test_channels_are_refused_before_a_run_is_begun(settings, tmp_path):
    with pytest.raises(EditError, match="feature maps"):
        metabolize(metanet_cnn(4, inputs=1, size=8), "digits", run=tmp_path / "run", **QUICK | settings)
    assert not (tmp_path / "run").exists()


def test_options_that_contradict_each_other_are_refused_before_a_run_is_begun(tmp_path):
    with pytest.raises(OptionError, match="balanced=True"):
        metabolize(mlp([64, 8, 10], seed=3), "digits", run=tmp_path / "run", **QUICK | {"balanced": True})
    assert not (tmp_path / "run").exists()
