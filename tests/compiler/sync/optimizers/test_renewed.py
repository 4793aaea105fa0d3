"""Neurons in whose places others are born: the Parameters stay, and the optimizer begins anew with the newborns."""

import numpy as np
import pytest
import torch
from torch import optim

import compiler
from compiler.sync.optimizers.cohorts import NEWBORNS, cohorts_of
from neurograph.edits import Proliferate, Renew
from tests.compiler.graphs import batch, loss_of, mlp
from tests.compiler.sync.optimizers.apart import Apart, set_gradients, values
from tests.compiler.sync.optimizers.table import OPTIMIZERS, TABLE, ZERO
from tests.compiler.sync.optimizers.test_own_step_counts import SCHEMAS, stepped

ROWS = [(kind, "dense") for kind in SCHEMAS] + [(kind, "sparse") for kind in ("amsgrad, fused", "adamax", "nadam")]


class Renewing(Apart):
    """The reference, with births in the places of others."""

    def renewed(self, net, entry):
        gone = set(entry.neurons_born.tolist()), set(entry.synapses_born.tolist())
        for names, _, _ in self.births:
            mine = [at for at, (name, n) in enumerate(names) if n in gone[name == "weight"]]
            for at in mine:
                names[at] = ("gone", names[at][1])
        self.born(net)


def renew(graph, rng, many=1):
    name = ("h1", "h2")[rng.integers(2)]
    chosen = rng.choice(len(graph.population(name)), many, replace=False)
    return graph.apply(Renew(name, [graph.population(name)[at] for at in chosen], seed=int(rng.integers(99)))).entry


@pytest.mark.parametrize(("kind", "lowering"), ROWS)
@pytest.mark.parametrize("every", [1, 12])
def test_every_newborn_is_trained_as_in_a_parameter_of_its_own(kind, lowering, every):
    make, graph, rng = SCHEMAS[kind], mlp(), np.random.default_rng(1)
    net = compiler.compile(graph, dtype=torch.float64, lowering=lowering)
    optimizer, apart, parameters = make(net.parameters()), Renewing(make), list(net.parameters())
    apart.born(net)
    for _ in range(25 if every == 1 else 6):
        for _ in range(every):
            stepped(net, optimizer, apart, rng)
        apart.assert_equals(net)
        entry = renew(graph, rng, int(rng.integers(1, 3)))
        net.refresh(optimizer)
        apart.renewed(net, entry)
    assert all(now is then for now, then in zip(net.parameters(), parameters, strict=True))
    for _ in range(60):
        stepped(net, optimizer, apart, rng)
    apart.assert_equals(net)


@pytest.mark.parametrize("kind", ["adam", "nadam"])
def test_births_in_new_places_and_in_old_ones_go_together(kind):
    make, graph, rng = SCHEMAS[kind], mlp(), np.random.default_rng(0)
    net = compiler.compile(graph, dtype=torch.float64)
    optimizer, apart = make(net.parameters()), Renewing(make)
    apart.born(net)
    for round_ in range(6):
        for _ in range(7):
            stepped(net, optimizer, apart, rng)
        entry = renew(graph, rng)
        if round_ % 2:
            graph.apply(Proliferate("h1", 1, outgoing="zero", seed=round_))  # before the network has followed the other
        net.refresh(optimizer)
        apart.renewed(net, entry)
        apart.assert_equals(net)


def test_old_cohorts_are_let_go():
    graph, rng = mlp(), np.random.default_rng(0)
    net = compiler.compile(graph, dtype=torch.float32)
    optimizer = optim.Adam(net.parameters(), lr=0.01, betas=(0.5, 0.6))  # young for 33 steps
    for _ in range(300):
        set_gradients(net, rng)
        optimizer.step()
        renew(graph, rng)
        net.refresh(optimizer)
    kept = [state[NEWBORNS] for state in optimizer.state.values() if NEWBORNS in state]
    assert kept and all(len(newborns["births"]) < 100 for newborns in kept)


@pytest.mark.parametrize("kind", TABLE)
def test_an_optimizer_that_counts_for_all_forgets_the_gradients_of_the_dead(kind):
    graph = mlp()
    net = compiler.compile(graph, dtype=torch.float64)
    optimizer, rng = OPTIMIZERS[kind](net.parameters()), np.random.default_rng(0)
    for _ in range(3):
        set_gradients(net, rng)
        optimizer.step()
    before = {name: values(net, lambda p, n=name: optimizer.state[p].get(n)) for name in TABLE[kind].vectors}
    entry = renew(graph, rng)
    net.refresh(optimizer, newborns="inherited")
    gone = {("weight", n) for n in entry.synapses_born.tolist()} | {("bias", n) for n in entry.neurons_born.tolist()}
    for name, rule in TABLE[kind].vectors.items():
        after = values(net, lambda p, n=name: optimizer.state[p].get(n))
        assert {n: v for n, v in after.items() if n not in gone} == {
            n: v for n, v in before[name].items() if n not in gone
        }
        if rule == ZERO:
            assert all(after[n] == 0.0 for n in gone)
        elif rule == "its value":
            assert {n: after[n] for n in gone} == {n: values(net)[n] for n in gone}
        else:
            assert all(after[n] == before[name][n] for n in gone)


def test_the_dead_go_with_what_they_had_learned_and_an_undo_brings_them_back():
    graph = mlp()
    net = compiler.compile(graph, dtype=torch.float64)
    optimizer = optim.Adam(net.parameters(), lr=0.05)

    def train(steps):
        for _ in range(steps):
            optimizer.zero_grad()
            loss_of(net(*batch(graph))).backward()
            optimizer.step()

    train(4)
    learned, x = values(net), batch(graph)
    told = net(*x).detach()
    entry = graph.apply(Renew("h1", [graph.population("h1")[2]], seed=3)).entry
    assert net.stale_by == "values"
    net.refresh(optimizer)
    silenced = values(net)
    gone = {("weight", n) for n in entry.synapses_born.tolist()} | {("bias", n) for n in entry.neurons_born.tolist()}
    assert {n: v for n, v in learned.items() if n not in gone} == {n: v for n, v in silenced.items() if n not in gone}
    assert (net(*x) - told).abs().max() > 0
    train(4)
    newborn = values(net)
    graph.undo()
    net.refresh(optimizer)
    assert {n: values(net)[n] for n in gone} == {n: learned[n] for n in gone}
    graph.redo()
    net.refresh(optimizer)
    assert {n: values(net)[n] for n in gone} == {n: newborn[n] for n in gone}
    train(2)


def test_an_average_starts_anew_from_the_newborn():
    graph = mlp()
    net = compiler.compile(graph, dtype=torch.float64)
    ema = compiler.EMA(net, 0.9)
    entry = graph.apply(Renew("h2", [graph.population("h2")[0]], seed=3)).entry
    net.refresh()
    space = ("weight", ())
    vectors = net.slots.numbers(space).tolist(), ema.state_dict()["spaces"]["weight"].tolist(), net.slots.gather(space)
    held = {n: (average, value) for n, average, value in zip(*vectors[:2], vectors[2].tolist(), strict=True)}
    assert all(held[n][0] == held[n][1] for n in entry.synapses_born.tolist())


def test_rows_that_are_alike_need_one_factor_each():
    graph, rng = mlp((4, 12, 5, 3)), np.random.default_rng(0)
    net = compiler.compile(graph, dtype=torch.float64)
    optimizer = optim.Adam(net.parameters(), lr=0.01)
    for name in graph.population("h1"):
        set_gradients(net, rng)
        optimizer.step()
        graph.apply(Renew("h1", [name], seed=1))
        net.refresh(optimizer)
    young = [p for p in net.parameters() if p.dim() == 2 and NEWBORNS in optimizer.state[p]]
    shapes = {tuple(p.shape): tuple(cohorts_of(optimizer.state[p]).index.shape) for p in young}
    assert shapes == {(12, 4): (12, 1), (5, 12): (5, 12)}
