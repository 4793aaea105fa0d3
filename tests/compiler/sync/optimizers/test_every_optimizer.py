"""One table, every optimizer: what it keeps for a synapse stays with that synapse."""

import copy

import numpy as np
import pytest
import torch

import compiler
from compiler.slots import WEIGHT
from compiler.sync.optimizers.lineage import Lineage
from compiler.sync.optimizers.moments import Moments
from compiler.sync.optimizers.schemas import SCHEMAS, schema_of
from compiler.sync.stock import Stocks
from neurograph.edits import Autophagy, Proliferate, SplitEdge
from neurograph.edits.selectors import LowRepresentationalPower
from neurograph.errors import CompileError
from tests.compiler.graphs import assert_equals_reference, batch, mlp
from tests.compiler.sync.optimizers.table import HEIRS, OPTIMIZERS, RATE, TABLE, VALUE, ZERO
from tests.compiler.sync.test_refresh import by_number, train

every_row = pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)


def split(graph, net):
    graph.apply(SplitEdge(*list(graph.edges)[5]))


def grow(graph, net):
    graph.apply(Proliferate("h1", 3, seed=0))


def eat(graph, net):
    seen = net.observe([batch(graph, dtype=net.dtype)[0]])
    graph.apply(Autophagy("h1", LowRepresentationalPower(nu=10.0), floor=2, observations=seen))


def connect(graph, net):  # newborns without an heir
    new = graph.add_neuron(population="h1", activation="tanh", bias=0.25)
    graph.connect("x", [new], weight=np.full((4, 1), 0.5))
    graph.connect([new], "h2", weight=np.full((1, len(graph.population("h2"))), -0.5))


EDITS = {"split": split, "grow": grow, "eat": eat, "connect": connect}


def test_the_table_has_every_optimizer():
    made = {type(make([torch.nn.Parameter(torch.zeros(2))])) for make in OPTIMIZERS.values()}
    assert made == set(SCHEMAS)


@every_row
def test_an_optimizer_keeps_what_the_table_says(row):
    net = compiler.compile(mlp())
    optimizer = row.make(net.parameters())
    train(net, net.graph, optimizer)
    for parameter in net.parameters():
        held = {name for name, value in optimizer.state[parameter].items() if value is not None}
        assert held == {*row.vectors, *row.scalars}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
@every_row
def test_every_number_keeps_its_state_and_newborns_get_their_start(row, edit):
    graph = mlp()
    net = compiler.compile(graph, dtype=torch.float64)
    optimizer = row.make(net.parameters())
    train(net, graph, optimizer, steps=4)
    scalars = [{n: float(optimizer.state[p][n]) for n in row.scalars} for p in net.parameters()]
    old = {name: {s: by_number(net, optimizer, s, name) for s in net.slots.quantities} for name in row.vectors}
    edit(graph, net)
    changes = graph.changes.since(net.holding)
    net.refresh(optimizer, newborns="inherited")
    for name, rule in row.vectors.items():
        median = float(np.median([v for quantity in old[name].values() for v in quantity.values()]))
        for quantity in net.slots.quantities:
            new, before = by_number(net, optimizer, quantity, name), old[name].get(quantity, {})
            heirs = changes.synapse_heirs if quantity == WEIGHT else changes.neuron_heirs
            value = dict(zip(net.slots.numbers(quantity).tolist(), net.slots.gather(quantity).tolist(), strict=True))
            assert set(new) == set(value)
            for number, held in new.items():
                start = {ZERO: 0.0, HEIRS: median, RATE: 0.002, VALUE: value[number]}[rule]
                if rule in (HEIRS, RATE):
                    start = before.get(heirs.get(number), start)
                assert held == before.get(number, start), (name, quantity, number)
    for parameter in net.parameters():
        assert {n: float(optimizer.state[parameter][n]) for n in row.scalars} in scalars
    train(net, graph, optimizer)
    net.write_back()
    assert_equals_reference(net, graph)


@every_row
def test_a_history_trains_on_as_long_as_it_lasts(row):
    graph = mlp((4, 8, 6, 3))
    net = compiler.compile(graph)
    optimizer = row.make(net.parameters())
    for edit in (split, grow, eat, connect, None, None, split, eat):
        before = net.slots.gather(WEIGHT)
        train(net, graph, optimizer)
        assert not torch.equal(before, net.slots.gather(WEIGHT))
        edit(graph, net) if edit else graph.undo()
        net.refresh(optimizer)
        assert {id(p) for p in net.parameters()} == {id(p) for p in optimizer.param_groups[0]["params"]}
        assert set(map(id, optimizer.state)) <= {id(p) for p in net.parameters()}
        assert all(v.shape == p.shape for p, s in optimizer.state.items() for k, v in s.items() if k in row.vectors)
    train(net, graph, optimizer)
    assert all(torch.isfinite(p).all() for p in net.parameters())


@every_row
def test_two_refreshed_twins_train_alike_whatever_their_lowering(row):
    graphs = [mlp(), mlp()]
    nets = [
        compiler.compile(g, dtype=torch.float64, lowering=n) for g, n in zip(graphs, ("dense", "sparse"), strict=True)
    ]
    optimizers = [row.make(net.parameters()) for net in nets]
    for edit in (split, grow, eat):
        for net, graph, optimizer in zip(nets, graphs, optimizers, strict=True):
            train(net, graph, optimizer)
            edit(graph, net)
            net.refresh(optimizer)
    tolerance = 1e-3 if row.make is OPTIMIZERS["rprop"] else 1e-9  # Rprop reads the signs of rounding errors
    for quantity in nets[0].slots.quantities:
        a, b = (net.slots.gather(quantity) for net in nets)
        torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)


@every_row
def test_a_saved_state_is_the_state_to_the_bit_and_shares_nothing(row):
    net = compiler.compile(mlp())
    optimizer = row.make(net.parameters())
    train(net, net.graph, optimizer)
    saved = net.optimizer_state(optimizer)
    again = row.make(net.parameters())
    net.load_optimizer_state(again, saved)
    kept = copy.deepcopy(saved)
    for parameter in net.parameters():
        for name in (*row.vectors, *row.scalars):
            a, b = optimizer.state[parameter][name], again.state[parameter][name]
            assert torch.equal(a, b) and a.dtype == b.dtype and a.device == b.device
    for one in (optimizer, again):
        train(net, net.graph, one)
        one.param_groups[0]["lr"] *= 0.5
    assert saved["groups"] == kept["groups"]
    for held, before in zip(saved["spaces"].values(), kept["spaces"].values(), strict=True):
        assert all(torch.equal(vector, before[name]) for name, vector in held.items())


def test_what_had_no_state_gets_a_newborns_when_its_new_neighbours_bring_some():
    whole = compiler.compile(mlp(), lowering="dense")
    for kind, name in (("adam", "exp_avg_sq"), ("rmsprop", "square_avg")):
        optimizer = OPTIMIZERS[kind](whole.parameters())
        train(whole, whole.graph, optimizer)
        saved = whole.optimizer_state(optimizer)
        held = saved["spaces"]["weight"]
        held["step"][:4] = -1.0
        held[name][:4] = 0.0
        known = torch.cat([s[name][s["step"] >= 0] for s in saved["spaces"].values()])
        whole.load_optimizer_state(optimizer, saved)
        second = by_number(whole, optimizer, WEIGHT, name)
        start = 0.0 if kind == "adam" else float(np.median(known.numpy()))
        assert set(list(second.values())[:4]) == {start}
        assert list(second.values())[4:] == held[name][4:].tolist()
        assert {float(state["step"]) for state in optimizer.state.values()} == {3.0}


def test_a_group_with_other_options_gets_the_vectors_it_needs():
    net = compiler.compile(mlp(), dtype=torch.float64)
    first, *rest = net.parameters()
    groups = [{"params": [first]}, {"params": rest, "momentum": 0.9, "centered": True}]
    optimizer = torch.optim.RMSprop(groups, lr=0.002)
    train(net, net.graph, optimizer)
    entry = next(e for e in net.slots.slots if e.tensor is first)
    stocks = Stocks(net.slots)
    place = stocks.places(entry)
    line = Lineage(entry, place, np.full(len(place), -1, np.int32), place, (entry,))
    moments = Moments(optimizer, stocks, schema_of(optimizer), {id(p): int(p is not first) for p in net.parameters()})
    assert set(moments.share(line, 0)) == {"step", "square_avg"}
    moved = moments.share(line, 1)
    assert set(moved) == {"step", "square_avg", "momentum_buffer", "grad_avg"} and not moved["grad_avg"].any()
    assert torch.equal(moved["square_avg"], optimizer.state[first]["square_avg"])


MATRICES = {
    "LBFGS": lambda net: torch.optim.LBFGS(net.parameters()),
    "Adafactor": lambda net: torch.optim.Adafactor(net.parameters()),
    "SparseAdam": lambda net: torch.optim.SparseAdam(net.parameters()),
}
if hasattr(torch.optim, "Muon"):
    MATRICES["Muon"] = lambda net: torch.optim.Muon([p for p in net.parameters() if p.ndim == 2])


@pytest.mark.parametrize("name", MATRICES)
def test_the_others_are_refused_by_name_before_anything_changes(name):
    graph = mlp()
    net = compiler.compile(graph)
    optimizer = MATRICES[name](net)
    parameters, state = list(net.parameters()), copy.deepcopy(optimizer.state_dict())
    graph.add_neuron(population="h1", activation="tanh")
    with pytest.raises(CompileError, match=name + r" cannot follow.*NAdam.*graph.undo\(\)"):
        net.refresh(optimizer)
    with pytest.raises(CompileError, match=name):
        net.optimizer_state(optimizer)
    assert all(a is b for a, b in zip(parameters, net.parameters(), strict=True)) and net.stale
    torch.testing.assert_close(optimizer.state_dict(), state, rtol=0, atol=0)
