"""Callbacks and losses of one's own on streams, in searches for hierarchies, in whole pipelines and in evolutions."""

import json

import numpy as np
import pytest
import torch
from neurograph.search.datasets import load
from neurograph.search.evolution import EvolutionOptions, evolve
from torch.nn import functional as F

from neurograph import search
from neurograph.builders import mlp
from neurograph.errors import OptionError

ABOUT = {"tasks": 3, "images": 64, "passes": 2}
SMALL = {
    "epochs": 3, "layers": 2, "channels": 4, "segments": 1, "crop": 1, "examples": 200, "steps": 1, "asked": 2,
    "finalists": 2, "operations": ("conv3",),
}  # fmt: skip


class Pruned(Exception):
    """What a callback ends a run with, as Optuna's does."""


class Watching:
    """A callback that sees what is kept already, and ends the run once."""

    def __init__(self, at=0):
        self.seen, self.at = [], at

    def __call__(self, trainer, row):
        self.seen.append(row["epoch"])
        if len(self.seen) == self.at:
            raise Pruned


def margin(answers, y):
    return F.multi_margin_loss(answers, y)


def stream(run, **more):
    return search.metabolize_stream(
        mlp([64, 8, 10], seed=0), "random_labels", "digits", about=ABOUT, run=run, age=4, **more
    )


def hierarchy(run, **more):
    return search.find_hierarchy("digits", run=run, **SMALL, **more)


BEGINNINGS = {"stream": stream, "hierarchy": hierarchy}


@pytest.mark.parametrize("name", BEGINNINGS)
def test_a_run_ended_by_a_callback_goes_on_with_the_loss_it_began_with(name, tmp_path):
    begin, watching = BEGINNINGS[name], Watching(at=2)
    with pytest.raises(Pruned):
        begin(tmp_path / "run", callbacks=[watching], loss=margin)
    kept = [json.loads(line)["epoch"] for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert kept == watching.seen == [1, 2]
    with pytest.raises(OptionError, match="margin"):
        search.resume(tmp_path / "run")
    resumed = search.resume(tmp_path / "run", loss=margin, callbacks=[watching])
    assert watching.seen == [1, 2, 3]
    whole, named = begin(None, loss=margin), begin(None)
    losses = [[row["train_loss"] for row in made.rows] for made in (resumed, whole, named)]
    assert losses[0] == losses[1] != losses[2]


def test_a_stream_of_numbers_has_its_error_in_the_unit_asked_for():
    how = {"about": {"steps": 300, "batch_size": 4}, "row": 100, "chosen": "none"}
    made, squared = (
        search.metabolize_stream(mlp([21, 16, 1], seed=0), "bit_flipping", error=error, **how)
        for error in ("mae", "mse")
    )
    assert {row["unit"] for row in made.rows} == {"mae"}
    assert [row["train_error"] for row in squared.rows] == pytest.approx([row["train_loss"] for row in squared.rows])


def test_an_evolution_calls_its_callbacks_when_a_generation_is_kept(tmp_path):
    x = torch.tensor([[0.0], [1.0]])
    seen = []

    def see(evolution, record):
        kept = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
        seen.append((record["generation"], len(kept), evolution.generation))

    options = EvolutionOptions(population=4, generations=2, objectives={"error": -1.0})
    error = {"fitness": lambda one, net: (net(x) - x).square().mean()}
    evolve(mlp([1, 1]), **error, options=options, callbacks=[see, see], run=tmp_path / "run")
    assert seen == [(n, n + 1, n) for n in range(3) for _ in range(2)]


def test_a_pipeline_calls_back_by_stage_takes_a_loss_and_needs_no_test_part(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = load("digits:160")
    np.savez("own.npz", x=data.train_x.numpy(), y=data.train_y.numpy())
    stages = []
    made = search.neuron_hierarchy(
        "own.npz",
        run=tmp_path / "run",
        preset="digits",
        callbacks=[lambda trainer, row: stages.append((row["stage"], trainer.objective.loss))],
        loss=margin,
        hierarchy={"epochs": 1, "layers": 2, "segments": 1, "channels": 4, "steps": 1, "asked": 2, "crop": 1,
                   "operations": ("conv3",), "finalists": 2, "rated_on": 8, "batch_size": 32},
        train={"epochs": 1}, prune={"epochs": 2, "settle": 1, "ratio": 0.5, "measured": 0}, retrain={"epochs": 1},
        kernels=(3,), batches={"batch_size": 16, "evaluation_batch": 12, "crop": 1, "flip": False},
        locations={"population": 10, "survivors": 5, "recombined": 3, "cycles": 1, "train_batches": 1, "absent": 0.3},
        directions={"population": 10, "survivors": 5, "recombined": 3, "cycles": 1, "train_batches": 1},
        final={"epochs": 1},
    )  # fmt: skip
    assert dict.fromkeys(stage for stage, _ in stages).keys() >= {"layers", "trained", "pruned", "retrained", "final"}
    assert {loss for _, loss in stages} == {margin}
    assert made.test_error is None and made.results["final"]["held_out_error"] is not None
    assert "| final" in made.report() or "add-ons" in made.report()
    with pytest.raises(OptionError, match="margin"):
        search.resume(tmp_path / "run")
    assert search.resume(tmp_path / "run", loss=margin).test_error is None


def test_names_belong_to_the_options_of_a_pipeline():
    with pytest.raises(OptionError, match="names are options"):
        search.neuron_hierarchy("digits", run="nowhere", preset="digits", loss="mse")
