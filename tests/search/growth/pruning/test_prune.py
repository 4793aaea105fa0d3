"""Gradual pruning: the schedule, the choice, the run, and going on after a kill with the same numbers."""

import numpy as np
import pytest
import torch

import search
from neurograph import NeuronGraph
from neurograph.builders import metanet_cnn, mlp
from neurograph.errors import MissingError, OptionError
from search.growth.pruning import PruneOptions, moments, prune, still_left
from search.runs import Run, open_run

QUICK = {"epochs": 12, "start": 3, "settle": 4, "left": 200, "learning_rate": 0.01, "batch_size": 128}


def network() -> NeuronGraph:
    return mlp([64, 16, 10], seed=3)


def numbers(rows):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run from start to end."""
    return prune(network(), "digits", run=tmp_path_factory.mktemp("runs") / "whole", **QUICK)


def test_the_schedule_is_cubic_and_ends_where_it_should():
    options = PruneOptions(epochs=12, start=3, settle=4)
    assert list(moments(options)) == [3, 4, 5, 6, 7, 8]
    assert list(moments(PruneOptions(epochs=12, start=3, settle=4, every=2))) == [4, 6, 8]
    assert [still_left(1184, 200, done, 6) for done in (1, 3, 6)] == [round(200 + 984 * (5 / 6) ** 3), 323, 200]
    assert still_left(1184, 0.5, 6, 6) == 592
    assert still_left(100, 200, 1, 6) == still_left(100, 200, 6, 6) == 100


def test_it_prunes_by_the_schedule_and_still_learns(whole):
    events = [row["event"] for row in whole.rows if row["event"]]
    assert [event["epoch"] for event in events] == [3, 4, 5, 6, 7, 8]
    assert all(event["left"] <= still_left(1184, 200, done, 6) for done, event in enumerate(events, 1))
    assert events[-1]["full"] == 1184
    assert 150 < whole.graph.number_of_edges() <= 200
    assert whole.rows[-1]["validation_error"] < whole.rows[0]["validation_error"] / 3
    assert {entry.verb for entry in whole.graph.journal} == {"Prune"}
    assert not [n for n in whole.graph.population("hidden1") if not whole.graph.in_degree(n)]
    assert not [n for n in whole.graph.population("hidden1") if not whole.graph.out_degree(n)]


def test_the_least_go():
    """One pruning of a network that does not learn: what is left are the largest |w| times the source's deviation."""
    from search.datasets import hold_out, load

    still = {"epochs": 2, "start": 1, "settle": 1, "left": 300, "learning_rate": 1e-30, "take_over": False}
    graph = network()
    weights = {(u, v): w for u, v, w in graph.edges(data="weight")}
    prune(graph, "digits", **still)
    x = hold_out(load("digits").flat(), 0.15, 0).train_x.double()
    fresh = network()
    hidden = torch.relu(x @ torch.tensor([[fresh[u][v]["weight"] for v in range(64, 80)] for u in range(64)]).double())
    spread = np.concatenate([x.std(0, correction=0).numpy(), hidden.std(0, correction=0).numpy()])
    score = {(u, v): abs(w) * spread[u] for (u, v), w in weights.items()}
    assert set(graph.edges) <= set(sorted(score, key=score.get, reverse=True)[:300])
    assert graph.number_of_edges() > 200  # neurons left without synapses have taken some along


@pytest.mark.parametrize("epoch", [2, 6])
def test_an_interrupted_run_goes_on_bit_for_bit(whole, tmp_path, monkeypatch, epoch):
    kept = Run.save_checkpoint

    def interrupt(self, *given):
        if len(self.metrics()) >= epoch:
            raise KeyboardInterrupt
        kept(self, *given)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Run, "save_checkpoint", interrupt)
        prune(network(), "digits", run=tmp_path / "run", **QUICK)
    again = search.resume(tmp_path / "run")
    assert numbers(again.rows) == numbers(whole.rows)
    assert again.test_loss == whole.test_loss
    assert open_run(again.run).journal() == open_run(whole.run).journal()


def test_biases_that_take_over_means_move_the_function_less():
    moved = {}
    for take_over in (True, False):
        rows = prune(network(), "digits", **QUICK | {"take_over": take_over, "epochs": 5, "start": 4, "settle": 1}).rows
        moved[take_over] = next(row["event"]["function_change"] for row in rows if row["event"])
    assert 0 < moved[True] < 0.8 * moved[False]


def test_layers_and_populations_can_be_set_apart():
    graph = network()
    prune(graph, "digits", **QUICK | {"into": ("hidden1",), "left": 0.25})
    assert sum(1 for _, v in graph.edges if v < 80) <= 256
    assert sum(1 for u, _ in graph.edges if u >= 64) == 10 * len(graph.population("hidden1"))
    graph = network()
    settings = {"epochs": 3, "start": 1, "settle": 2, "scope": "layer", "left": 0.25}
    event = next(row["event"] for row in prune(graph, "digits", **QUICK | settings).rows if row["event"])
    assert event["left"] == graph.number_of_edges() <= 296  # a quarter of 1,024 and of 160
    assert sum(1 for u, _ in graph.edges if u >= 64) <= 40


def test_channels_lose_kernels():
    graph = metanet_cnn(4, inputs=1, size=8)
    result = prune(graph, "digits", **QUICK | {"left": 40, "epochs": 8})
    assert graph.number_of_edges() <= 40
    assert result.rows[-1]["validation_error"] < 50


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"left": 0}, OptionError, "left must be"),
        ({"left": 1.5}, OptionError, "a share of at most 1 or a whole number"),
        (
            {"epochs": 5},
            OptionError,
            "epochs=5 is too few to begin pruning after epoch start=3 and to settle for the last settle=4",
        ),
        ({"into": ("input",)}, OptionError, "no synapse leads into input"),
        ({"metric": "size"}, OptionError, "metric must be one of"),
    ],
)
def test_bad_options(settings, error, message, tmp_path):
    with pytest.raises(error, match=message):
        prune(network(), "digits", run=tmp_path / "run", **QUICK | settings)
    assert not (tmp_path / "run").exists()


def test_a_network_without_weights_is_refused():
    graph = NeuronGraph()
    graph.add_population("input", 64, role="input")
    graph.add_population("output", 10, is_output=True, bias=0.0)
    with pytest.raises(MissingError, match="no synapse"):
        prune(graph, "digits", **QUICK)


def test_the_word_of_earlier_runs_for_the_whole_network_still_counts():
    assert PruneOptions(scope="graph") == PruneOptions()
    with pytest.raises(OptionError, match="network, layer"):
        PruneOptions(scope="world")
