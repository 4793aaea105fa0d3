"""What goes wrong in a run that grows: losses that are not finite, dead layers, kernels without an inverse."""

import pytest
import torch

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.errors import DivergenceError, EditError
from search.growth.metabolism import metabolize
from search.runs import open_run
from search.training import Trainer

QUICK = {
    "epochs": 6,
    "first_cycle": 2,
    "cycle": 1,
    "cool_down": 0,
    "slope": 100.0,
    "newborns": 2,
    "learning_rate": 0.01,
    "batch_size": 256,
    "autophagy": "none",
}


WILD = {"noise": 1e6, "outgoing": "paper"}


def small():
    return mlp([64, 8, 6, 10], seed=3)


def huge():
    """A network with weights of a pixel that is always 0, whose newborns' are beyond float32."""
    graph = small()
    for name in graph.population("hidden1"):
        graph[0][name]["weight"] = 1e34 * (-1) ** name
    return graph


def finite(run):
    graph = NeuronGraph.load(run.graph)
    return all(abs(d["weight"]) < 1e36 for _, _, d in graph.edges(data=True))


def good(run):
    """The directory is that of a run whose last checkpoint can be gone on from."""
    state = run.load_checkpoint()["network"]
    return not run.damage() and finite(run) and all(bool(value.isfinite().all()) for value in state.values())


@pytest.mark.filterwarnings("ignore:overflow")
def test_an_event_that_blows_the_loss_up_is_named_and_its_network_not_kept(tmp_path):
    with pytest.raises(DivergenceError, match="metabolism after epoch 3 .*Proliferate") as shown:
        metabolize(huge(), "digits", run=tmp_path, **QUICK | WILD)
    assert f"{tmp_path / 'graph.safetensors'} holds the network of epoch 2" in str(shown.value)
    run = open_run(tmp_path)
    assert good(run)
    assert (len(run.metrics()), len(run.journal())) == (2, 0)


@pytest.mark.filterwarnings("ignore:overflow")
def test_an_event_that_nobody_measures_does_not_spoil_the_checkpoint_either(tmp_path):
    with pytest.raises(DivergenceError, match=r"epoch 3 or its event, hidden1 \+.*epoch 2, the last good one"):
        metabolize(huge(), "digits", run=tmp_path, **QUICK | WILD | {"measured": 0})
    assert good(open_run(tmp_path))


@pytest.mark.filterwarnings("ignore:.*not finite")
def test_a_last_step_that_diverges_is_seen_before_it_is_kept(tmp_path, monkeypatch):
    train = Trainer._train

    def poisoned(self, epoch):
        losses = train(self, epoch)
        if epoch == 4:
            with torch.no_grad():
                next(iter(self.net.parameters())).view(-1)[0] = float("nan")
        return losses

    monkeypatch.setattr(Trainer, "_train", poisoned)
    with pytest.raises(DivergenceError, match=r"epoch 4.*epoch 2, the last good one"):
        metabolize(small(), "digits", run=tmp_path, **QUICK | {"validation": 0.0, "measured": 0, "checkpoint": 2})
    assert good(open_run(tmp_path))


@pytest.mark.filterwarnings("ignore:.*not finite")
def test_a_loss_that_diverges_names_the_last_edit(tmp_path, monkeypatch):
    def rates(options, epoch):
        return 1e30 if epoch == 5 else options.learning_rate

    monkeypatch.setattr("search.training.loop.learning_rate", rates)
    with pytest.raises(DivergenceError, match=r"epoch 5.*the last edit, hidden1 \+.*came after epoch 4.*of epoch 4"):
        metabolize(small(), "digits", run=tmp_path, **QUICK)
    assert good(open_run(tmp_path))


def test_a_dead_layer_still_has_donors_and_none_of_it_is_eaten():
    graph = small()
    for name in graph.population("hidden1"):
        graph.nodes[name]["bias"] = -1e6
    given = {"initializer": "representational", "noise": 0.0, "autophagy": "low_representational_power"}
    result = metabolize(graph, "digits", **QUICK | given | {"epochs": 4, "growth": "static"})
    event = next(row["event"] for row in result.rows if row["event"])
    assert event["born"] == {"hidden1": 2, "hidden2": 2}
    assert event["died"]["hidden1"] == 0


def test_neurons_that_are_all_alike_give_no_kernel_and_the_way_out_is_said():
    graph = mlp([64, 8, 6, 10], seed=3, initializer="zeros")
    given = {"initializer": "kernel_ridge", "initializer_options": {"ridge": 0.0}, "learning_rate": 1e-9}
    with pytest.raises(EditError, match="no inverse with ridge 0.*a ridge above 0"):
        metabolize(graph, "digits", **QUICK | given)
    given["initializer_options"] = {"ridge": 0.1}
    assert metabolize(graph, "digits", **QUICK | given).rows[-1]["event"] is None
