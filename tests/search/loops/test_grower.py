"""A grower in a loop of one's own: the same decisions as the methods make, at any cadence, for each of them."""

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from neurograph.search.datasets import hold_out, load
from neurograph.search.training import batches
from torch.nn import functional as F

from neurograph import compiler, search
from neurograph.builders import mlp
from neurograph.errors import DataError, OptionError

DATA = load("digits:120").flat()
GROWS = {"first_cycle": 1, "cycle": 1, "slope": 9.0, "newborns": 3, "growth_limit": 20}
METHODS = {
    "metabolize": GROWS,
    "expand": {"window": 1, "change": 9.0, "pause": 1, "most": 4, "settle": 0, "prune_after": 2},
    "prune": {"epochs": 6, "settle": 1, "left": 0.3},
    "rewire": {"epochs": 6, "settle": 2, "density": 0.3},
    "train": {},
}


def network(seed=0, sizes=(64, 8, 10)):
    net = compiler.compile(mlp(sizes, activation="relu", seed=seed), batch_size=64)
    return net, torch.optim.Adam(net.parameters(), lr=0.01)


def one_step(net, optimizer, x, y):
    optimizer.zero_grad()
    loss = F.cross_entropy(net(x), y)
    loss.backward()
    optimizer.step()
    return loss


def loop(net, optimizer, grower, epochs, split, seed=0, begin=1):
    """The loop of `Trainer`, written by somebody else."""
    for epoch in range(begin, epochs + 1):
        total, wrong = 0.0, 0
        for batch in batches(len(split.train_y), 64, seed, epoch):
            x, y = split.train_x[batch], split.train_y[batch]
            optimizer.zero_grad()
            answers = net(x)
            loss = F.cross_entropy(answers, y)
            loss.backward()
            optimizer.step()
            total, wrong = total + loss.item() * len(y), wrong + (answers.argmax(1) != y).sum().item()
        count = len(split.train_y)
        grower.end_epoch(total / count, error=100 * wrong / count)


@pytest.mark.parametrize("name", METHODS)
def test_the_same_losses_make_the_same_events_as_the_method_does(name):
    how = {"batch_size": 64, "learning_rate": 0.01, "validation": 0.0, "seed": 0, "schedule": "constant"}
    graph = mlp([64, 8, 10], activation="relu", seed=0)
    wanted = search.METHODS[name](graph, DATA, **how, **({"epochs": 6} | METHODS[name]))
    net, optimizer = network()
    options = {"epochs": 6} | METHODS[name]
    grower = search.Grower(net, optimizer, DATA, name, batch_size=64, validation=0.0, **options)
    loop(net, optimizer, grower, 6, hold_out(DATA, 0.0, 0))
    assert [row["edit"] for row in grower.rows] == [row["edit"] for row in wanted.rows]
    assert [row["train_loss"] for row in grower.rows] == pytest.approx([row["train_loss"] for row in wanted.rows])
    assert net.graph.wiring_digest() == wanted.graph.wiring_digest()
    assert bool(grower.events) == (name != "train")


@given(every=st.integers(1, 7), steps=st.integers(1, 30), tensor=st.booleans())
def test_steps_make_epochs_at_any_cadence(every, steps, tensor):
    net, optimizer = network()
    grower = search.Grower(net, optimizer, (DATA.train_x, DATA.train_y), every=every, slope=-1e6)
    losses = [0.5 + at for at in range(steps)]
    for loss in losses:
        assert grower.step(torch.tensor(loss, requires_grad=True) if tensor else loss) is None
    epochs = [losses[at : at + every] for at in range(0, steps - steps % every, every)]
    assert [row["train_loss"] for row in grower.rows] == pytest.approx([sum(some) / every for some in epochs])


def test_it_grows_what_lies_within_a_larger_module_and_the_optimizer_follows():
    net, _ = network(sizes=(16, 8, 10))
    model = torch.nn.Sequential(torch.nn.Linear(64, 16), torch.nn.ReLU(), net)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    x, y = DATA.train_x, DATA.train_y
    grower = search.Grower(net, optimizer, (torch.rand(50, 16), y[:50]), every=5, **GROWS)
    before = sum(p.numel() for p in model.parameters())
    losses = [one_step_of(model, optimizer, grower, x, y) for _ in range(40)]
    assert losses[-1] < losses[0] and grower.events
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    assert sum(p.numel() for p in model.parameters()) > before
    assert held == {id(p) for p in model.parameters()}


def one_step_of(model, optimizer, grower, x, y):
    loss = one_step(model, optimizer, x, y)
    grower.step(loss)
    return loss.item()


def test_a_kept_state_goes_on_as_if_nothing_had_happened():
    split = hold_out(DATA, 0.0, 0)
    net, optimizer = network()
    grower = search.Grower(net, optimizer, DATA, "metabolize", **GROWS)
    loop(net, optimizer, grower, 3, split)
    net.write_back()
    state, graph, moments = copy.deepcopy(grower.state_dict()), net.graph.copy(), net.optimizer_state(optimizer)
    loop(net, optimizer, grower, 5, split, begin=4)
    other = compiler.compile(graph, batch_size=64)
    again = torch.optim.Adam(other.parameters(), lr=0.01)
    other.load_optimizer_state(again, moments)
    resumed = search.Grower(other, again, DATA, "metabolize", **GROWS)
    resumed.load_state_dict(state)
    loop(other, again, resumed, 5, split, begin=4)
    assert [row["edit"] for row in resumed.rows] == [row["edit"] for row in grower.rows]
    assert other.graph.wiring_digest() == net.graph.wiring_digest()
    with pytest.raises(OptionError, match="no state of a Grower"):
        resumed.load_state_dict({"rows": 3})


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"method": "metabolise"}, "did you mean 'metabolize'"),
        ({"method": "prune"}, "calendar: say epochs="),
        ({"every": 0}, "every must be"),
        ({"slopes": 1.0}, "did you mean 'slope'"),
        ({"populations": ("nobody",)}, "nobody"),
    ],
)
def test_what_cannot_be_is_refused_by_name(how, message):
    with pytest.raises(OptionError, match=message):
        search.Grower(*network(), DATA, **how)


def test_an_epoch_without_a_loss_and_data_of_another_kind_are_refused():
    grower = search.Grower(*network(), DATA)
    with pytest.raises(OptionError, match="needs a loss"):
        grower.end_epoch()
    with pytest.raises(DataError):
        search.Grower(*network(), (DATA.train_x[:, :5], DATA.train_y))
