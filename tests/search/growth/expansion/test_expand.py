"""The whole run: expansion on real data, the run directory, and going on after a kill with the same numbers."""

import json

import networkx as nx
import numpy as np
import pytest
import torch

import search
from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.core.journal import from_line
from neurograph.errors import DivergenceError, FileError, MissingError, OptionError
from search.datasets import Dataset
from search.growth.expansion import expand
from search.runs import Run, open_run

QUICK = {
    "epochs": 16,
    "window": 1,
    "change": 10.0,
    "pause": 4,
    "most": 6,
    "threshold": 0.2,
    "expansions": 2,
    "prune_after": 2,
    "prune_threshold": 0.1,
    "settle": 2,
    "learning_rate": 0.01,
    "batch_size": 128,
    "rule": "authors",
    "connected": "all",
    "newborn_bias": None,
}


def linear() -> NeuronGraph:
    return mlp([64, 10], seed=3, bias=False)


def numbers(rows):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run from start to end."""
    return expand(linear(), "digits", run=tmp_path_factory.mktemp("runs") / "whole", **QUICK)


def test_it_expands_prunes_and_learns(whole):
    kinds = [(row["epoch"], row["event"]["kind"]) for row in whole.rows if row["event"]]
    assert kinds == [(4, "expansion"), (6, "pruning"), (8, "expansion"), (10, "pruning")]
    sizes = {name: len(members) for name, members in whole.graph.populations.items()}
    assert sizes == {"input": 64, "output": 10, "expanded1": 6, "expanded2": 6}
    assert whole.rows[-1]["validation_error"] < whole.rows[0]["validation_error"] / 2
    assert [entry.verb for entry in whole.graph.journal] == ["Expand", "RemoveSynapses"] * 2
    assert nx.is_directed_acyclic_graph(whole.graph)


def test_every_entry_says_what_its_event_did(whole):
    for entry, row in zip(whole.graph.journal, [r for r in whole.rows if r["event"]], strict=True):
        event = entry.details["event"]
        assert event == row["event"]
        assert event["parameters_after"] - event["parameters_before"] == len(entry.synapses_born) - len(
            entry.synapses_died
        )
    first = whole.graph.journal[0].details
    assert first["event"]["function_change"] < 1e-5  # pixels are not negative, so the authors' rule moves nothing
    assert abs(first["event"]["loss_after"] - first["event"]["loss_before"]) < 1e-5
    assert first["metric"] == "gradient_absolute"
    assert first["scores"] == sorted(first["scores"], reverse=True)
    assert len(first["scores"]) == 6
    assert min(first["scores"]) >= 0.2
    assert whole.graph.journal[1].details["event"]["function_change"] > 1e-5


def test_the_measured_loss_is_that_of_the_network():
    """Grown once and not trained further: what was measured afterwards is what the network says now."""
    from search.datasets import hold_out, load
    from search.training import sample
    from search.training.tasks import loss_of

    still = {"schedule": "step", "step_every": 4, "step_factor": 1e-30}  # from epoch 5 on nothing is learned
    result = expand(linear(), "digits", **QUICK | still | {"epochs": 5, "prune_after": 0, "settle": 0})
    event = next(row["event"] for row in result.rows if row["event"])
    split = hold_out(load("digits").flat(), 0.15, 0)
    seen = sample(split.train_y, 1024, seed=0)
    with torch.no_grad():
        loss = loss_of(result.net(split.train_x[seen]), split.train_y[seen]).item()
    assert event["loss_after"] == pytest.approx(loss, rel=1e-4)


def test_what_was_born_with_a_weight_is_never_pruned(whole):
    expansions = [entry for entry in whole.graph.journal if entry.verb == "Expand"]
    prunings = [entry for entry in whole.graph.journal if entry.verb == "RemoveSynapses"]
    for expansion, pruning in zip(expansions, prunings, strict=True):
        newborn = set(expansion.synapses_born.tolist()) - set(expansion.details["lasting"])
        assert set(pruning.synapses_died.tolist()) <= newborn
        assert 0 < len(pruning.synapses_died) < len(newborn)


def test_the_run_directory_holds_all_of_it(whole):
    run = open_run(whole.run)
    assert not run.damage()
    assert run.config()["command"] == "expand"
    assert numbers(run.metrics()) == numbers(whole.rows)
    assert run.config()["result"]["test_error"] == whole.test_error
    saved = NeuronGraph.load(run.graph)
    assert dict(saved.edges) == dict(whole.graph.edges)
    assert {p.name for p in run.pictures.iterdir()} == {"growth.png", "topology.png", "scores.png"}
    graph = NeuronGraph.load(run.start)
    graph.replay(from_line(json.dumps(line)) for line in run.journal())
    assert graph.wiring_digest() == whole.graph.wiring_digest()
    assert [e.details for e in graph.journal] == [e.details for e in whole.graph.journal]


@pytest.mark.parametrize("epoch", [3, 5, 8, 9])
@pytest.mark.parametrize("moment", ["log_metrics", "save_checkpoint"])
def test_an_interrupted_run_goes_on_bit_for_bit(whole, tmp_path, monkeypatch, epoch, moment):
    kept = getattr(Run, moment)

    def interrupt(self, *given):
        if len(self.metrics()) >= epoch:
            raise KeyboardInterrupt
        kept(self, *given)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Run, moment, interrupt)
        expand(linear(), "digits", run=tmp_path / "run", **QUICK)
    again = search.resume(tmp_path / "run")
    assert numbers(again.rows) == numbers(whole.rows)
    assert again.test_loss == whole.test_loss
    for name, vector in whole.net.state_dict().items():
        assert torch.equal(vector, again.net.state_dict()[name]), name
    assert open_run(again.run).journal() == open_run(whole.run).journal()


def test_the_seed_decides(whole):
    assert numbers(expand(linear(), "digits", **QUICK).rows) == numbers(whole.rows)
    assert numbers(expand(linear(), "digits", **QUICK | {"seed": 1}).rows) != numbers(whole.rows)


def test_hidden_layers_expand_too():
    result = expand(mlp([64, 8, 10], seed=3), "digits", **QUICK | {"into": ("hidden1",), "epochs": 8, "rule": "pair"})
    assert len(result.graph.population("expanded1")) == 12
    assert len(result.graph.population("output")) == 10
    assert len(result.graph.population("hidden1")) == 8
    assert not [v for n in result.graph.population("expanded1") for v in result.graph[n] if v > 71]


def test_nothing_expands_that_would_not_be_pruned_or_is_not_chosen():
    assert not expand(linear(), "digits", **QUICK | {"epochs": 6, "settle": 0}).graph.journal.entries
    assert not expand(linear(), "digits", **QUICK | {"change": 0.0}).graph.journal.entries


def test_regression_meets_its_targets_in_mean_square():
    draw = torch.Generator().manual_seed(0)
    x = torch.rand(400, 3, generator=draw)
    y = torch.stack([(x[:, 0] - 0.5).abs(), x[:, 1] * x[:, 2]], 1)
    data = Dataset("corners", x[:300], y[:300], x[300:], y[300:], (3,), 2)
    settings = QUICK | {"epochs": 40, "batch_size": 16, "settle": 10, "newborn_bias": 0.0, "learning_rate": 0.03}
    grown = expand(mlp([3, 2], seed=0), data, **settings)
    fixed = expand(mlp([3, 2], seed=0), data, **settings | {"expansions": 0})
    residual = y[300:] - grown.net(x[300:]).detach()
    assert grown.test_loss == pytest.approx(residual.square().mean().item(), rel=1e-5)
    assert grown.test_error == pytest.approx(
        100 * residual.square().sum().item() / (y[300:] - y[300:].mean(0)).square().sum().item(), rel=1e-5
    )
    assert grown.test_loss < fixed.test_loss * 2 / 3
    assert grown.rows[-1]["validation_error"] < 50


def frozen() -> NeuronGraph:
    graph = linear()
    graph[0][64]["trainable"] = False
    graph.restart_journal()
    return graph


@pytest.mark.parametrize(
    ("graph", "settings", "error", "message"),
    [
        (linear, {"threshold": 1.1}, OptionError, "threshold must be"),
        (linear, {"into": ("input",)}, OptionError, "no synapse leads into input; populations that read: output"),
        (linear, {"into": ("nowhere",)}, OptionError, "nowhere"),
        (linear, {"speed": 3}, OptionError, "no option 'speed'"),
        (frozen, {}, OptionError, "needs gradients, and 1 synapses are frozen"),
        pytest.param(
            lambda: mlp([64, 8, 6, 10], seed=3),
            {"optimizer": "sgd", "learning_rate": 1e6, "batch_size": 8},
            DivergenceError,
            "epoch",
            marks=pytest.mark.filterwarnings("ignore:.*not finite"),
        ),
    ],
)
def test_bad_options(graph, settings, error, message, tmp_path):
    with pytest.raises(error, match=message):
        expand(graph(), "digits", run=tmp_path / "run", **QUICK | settings)
    assert error is DivergenceError or not (tmp_path / "run").exists()


def test_frozen_synapses_stay_where_the_metric_does_without_them():
    result = expand(frozen(), "digits", **QUICK | {"epochs": 8, "skip_frozen": True})
    assert result.graph.journal[0].verb == "Expand"
    assert result.graph[0][64]["weight"] == frozen()[0][64]["weight"]
    result = expand(frozen(), "digits", **QUICK | {"epochs": 8, "metric": "weight_absolute"})
    assert result.graph.journal[0].verb == "Expand"


def test_a_network_without_weights_to_choose_is_refused():
    graph = NeuronGraph()
    graph.add_population("input", 64, role="input")
    graph.add_population("output", 10, is_output=True, bias=0.0)
    with pytest.raises(MissingError, match="no synapse"):
        expand(graph, "digits", epochs=1)


def test_a_divergence_names_the_last_edit():
    """The learning rate leaps after the first expansion."""
    from search.training.loop import _check_finite

    row = {"epoch": 9, "train_loss": float("nan"), "validation_loss": None, "learning_rate": 1.0}
    with pytest.raises(DivergenceError, match=r"epoch 9 is nan.*the last edit, grew, came after epoch 4"):
        _check_finite(row, [{"epoch": 4, "edit": "grew"}, {"epoch": 5, "edit": None}])


def test_resume_names_the_runs_it_knows(tmp_path, whole):
    expand(linear(), "digits", run=tmp_path / "run", epochs=1)
    open_run(tmp_path / "run").update_config(command="dream")
    with pytest.raises(FileError, match="'dream', which cannot be resumed here; these can: train, metabolize, expand"):
        search.resume(tmp_path / "run")
    assert np.isfinite(search.resume(whole.run).test_error)
