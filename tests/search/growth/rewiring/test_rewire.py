"""Rewiring in training: the schedule, what moves, the run and its command, and going on after a kill."""

from math import cos, pi

import numpy as np
import pytest

import compiler
import search
from neurograph import NeuronGraph
from neurograph.builders import metanet_cnn, mlp, random_field
from neurograph.errors import OptionError
from search import cli
from search.datasets import hold_out, load
from search.growth.rewiring import RewireOptions, Rewiring, moments, rewire, share_moved
from search.runs import Run, open_run
from search.training import Trainer, make_optimizer
from search.training.tasks import loss_of

QUICK = {"epochs": 8, "settle": 3, "learning_rate": 0.01, "batch_size": 128, "density": 0.2, "distribution": "uniform"}


def network(density=1.0) -> NeuronGraph:
    return mlp([64, 40, 10], density=density, seed=3)


def numbers(rows):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


@pytest.fixture(scope="module", params=["gradient", "random"])
def whole(request, tmp_path_factory):
    """A run from start to end."""
    run = tmp_path_factory.mktemp("runs") / "whole"
    return request.param, rewire(network(), "digits", run=run, growth=request.param, **QUICK)


def test_the_share_falls_by_half_a_cosine():
    options = RewireOptions(epochs=12, start=2, settle=4, every=2, fraction=0.4)
    assert list(moments(options)) == [2, 4, 6]
    assert [share_moved(options, epoch) for epoch in (2, 4, 6)] == pytest.approx(
        [0.2 * (1 + cos(pi * epoch / 8)) for epoch in (2, 4, 6)]
    )
    constant = RewireOptions(epochs=12, fall="constant", fraction=0.4)
    assert share_moved(constant, 3) == share_moved(constant, 6) == 0.4


def test_it_thins_out_once_and_then_moves_at_constant_synapses(whole):
    _, result = whole
    count = round(0.2 * 64 * 40) + round(0.2 * 40 * 10)
    assert result.graph.number_of_edges() == count
    assert {row["parameters"] for row in result.rows} == {count + 50}
    assert [entry.verb for entry in result.graph.journal] == ["Sparsify"] + ["Rewire"] * 4
    events = [row["event"] for row in result.rows if row["event"]]
    assert [event["epoch"] for event in events] == [1, 2, 3, 4]
    options = RewireOptions(**QUICK)
    for event in events:
        share = share_moved(options, event["epoch"])
        assert event["fraction"] == share
        assert event["moved"] == round(share * 512) + round(share * 80)
    assert result.rows[-1]["validation_error"] < result.rows[0]["validation_error"] / 2


@pytest.mark.parametrize("epoch", [2, 6])
def test_an_interrupted_run_goes_on_bit_for_bit(whole, tmp_path, monkeypatch, epoch):
    growth, wanted = whole
    kept = Run.save_checkpoint

    def interrupt(self, *given):
        if len(self.metrics()) >= epoch:
            raise KeyboardInterrupt
        kept(self, *given)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Run, "save_checkpoint", interrupt)
        rewire(network(), "digits", run=tmp_path / "run", growth=growth, **QUICK)
    again = search.resume(tmp_path / "run")
    assert numbers(again.rows) == numbers(wanted.rows)
    assert again.test_loss == wanted.test_loss
    assert open_run(again.run).journal() == open_run(wanted.run).journal()


def test_the_journal_of_a_run_can_be_replayed(whole):
    _, result = whole
    run = open_run(result.run)
    graph, done = NeuronGraph.load(run.start), NeuronGraph.load(run.graph)
    graph.replay(done.journal)
    assert set(graph.edges) == set(done.edges)
    assert sorted(path.name for path in run.pictures.iterdir()) == ["growth.png", "reading.png", "topology.png"]


def test_newborns_are_where_the_gradient_is_largest():
    """One move of a network that does not learn."""
    still = {
        **QUICK,
        "epochs": 3,
        "settle": 1,
        "learning_rate": 1e-30,
        "density": None,
        "observed": 10**6,
        "evaluation_batch": 10**6,
    }
    graph = network(0.2)
    before = graph.copy()
    rewire(graph, "digits", **still)
    entry = graph.journal[0]
    split = hold_out(load("digits").flat(), 0.15, 0)
    dense = mlp([64, 40, 10], initializer="zeros")
    for u, v, w in before.edges(data="weight"):
        dense[u][v]["weight"] = w
    net = compiler.compile(dense).eval()
    loss_of(net(split.train_x), split.train_y).backward()
    ids, gradient = net.gradients()
    ends = dense.table.rows_of(ids)
    pairs = zip(dense.table.src[ends].tolist(), dense.table.dst[ends].tolist(), strict=True)
    size = dict(zip(pairs, abs(gradient), strict=True))
    absent = {pair: g for pair, g in size.items() if pair[1] < 104 and not before.has_edge(*pair)}
    born = {pair for pair in set(graph.edges) - set(before.edges) if pair[1] < 104}
    moved = entry.details["by_layer"]["input -> hidden1"]
    best = sorted(absent, key=lambda pair: -absent[pair])
    assert len(born & set(best[: moved + 2])) >= moved - 2  # of equals, rounding decides


def test_convolutions_and_fields():
    maps = metanet_cnn(8, inputs=1, size=8)
    result = rewire(maps, "digits", **QUICK | {"density": 0.6, "distribution": "erk", "epochs": 5, "settle": 2})
    assert [row["event"]["moved"] > 0 for row in result.rows if row["event"]] == [True, True]
    field = random_field(300, 8, 12, inputs=64, outputs=10)
    synapses = field.number_of_edges()
    net = compiler.compile(field)
    assert any(len(stage.makes) > 1 for stage in net.program.stages)  # a region, whose sums are not at hand
    result = rewire(field, "digits", **QUICK | {"density": None, "epochs": 5, "settle": 2})
    assert result.graph.number_of_edges() == synapses
    assert [row["event"]["moved"] > 0 for row in result.rows if row["event"]] == [True, True]


def test_the_command_starts_from_a_sparse_network(tmp_path, capsys):
    words = ["--data", "digits", "--hidden", "30", "20", "--run", str(tmp_path / "run"), "--epochs", "5", "--progress"]
    assert cli.main(["rewire", *words, "--settle", "2", "--set", "density=0.25"]) == 0
    run = open_run(tmp_path / "run")
    assert NeuronGraph.load(run.start).number_of_edges() == pytest.approx(0.25 * (64 * 30 + 30 * 20 + 20 * 10), abs=2)
    assert [line["verb"] for line in run.journal()] == ["Rewire", "Rewire"]
    assert "synapses moved" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"density": 0.001}, OptionError, "leaves hidden1 .* fewer than its 40 neurons"),
        ({"density": 0}, OptionError, "density"),
        ({"density": 1.0}, OptionError, "no synapse has anywhere to go"),
        ({"density": None}, OptionError, "no synapse has anywhere to go"),
        ({"fraction": 1e-4}, OptionError, "comes to none"),
        (
            {"epochs": 4},
            OptionError,
            "epochs=4 is too few to move synapses after",
        ),
        ({"into": ("nobody",)}, OptionError, "into: no population 'nobody'"),
        ({"growth": "up"}, OptionError, "growth must be one of gradient, random"),
        ({"initializer": "big"}, OptionError, "initializer must be one of"),
    ],
)
def test_bad_options(settings, error, message, tmp_path):
    with pytest.raises(error, match=message):
        rewire(network(), "digits", run=tmp_path / "run", **QUICK | settings)
    assert not (tmp_path / "run").exists()


def test_a_sparser_network_is_left_as_it_is():
    graph = network(0.1)
    synapses = graph.number_of_edges()
    result = rewire(graph, "digits", **QUICK | {"distribution": "erk", "density": 0.5})
    assert result.graph.number_of_edges() == synapses
    assert "Sparsify" not in {entry.verb for entry in result.graph.journal}


def test_optimizer_state_of_newborns_begins_anew():
    graph = network(0.2)
    options = RewireOptions(**QUICK | {"density": None, "measured": 0})
    net = compiler.compile(graph)
    trainer = Trainer(net, hold_out(load("digits").flat(), 0.15, 0), options, make_optimizer(net.parameters(), options))
    trainer.callbacks = (Rewiring(options),)
    trainer.run_epoch()
    born = graph.journal[-1].synapses_born
    second = net.optimizer_state(trainer.optimizer)["spaces"]["weight"]["exp_avg_sq"].numpy()
    young = np.isin(net.slots.numbers(("weight", ()), True), born)
    assert young.sum() == len(born) > 0
    assert not second[young].any()
    assert second[~young].any()
