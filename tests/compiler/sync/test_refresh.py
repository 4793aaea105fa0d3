import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import compiler
from compiler.slots import WEIGHT
from compiler.sync.optimizers.lineage import Lineage
from compiler.sync.optimizers.moments import Moments
from compiler.sync.optimizers.schemas import schema_of
from compiler.sync.stock import Stocks
from compiler.testing.lowerings import where_legal
from neurograph.errors import CompileError, StaleError
from tests.compiler.graphs import assert_equals_reference, batch, build, loss_of, mlp, recipes
from tests.compiler.sync.optimizers.table import OPTIMIZERS


def train(net, graph, optimizer, steps=3, seed=0):
    for step in range(steps):
        optimizer.zero_grad()
        outputs = net(*batch(graph, seed=seed + step, dtype=net.dtype))
        loss_of(*(outputs if isinstance(outputs, tuple) else (outputs,))).backward()
        optimizer.step()


def edit(graph, seed: int) -> None:
    """A few random structural changes and value writes."""
    rng = np.random.default_rng(seed)
    hidden = [v for v, d in graph.nodes(data=True) if d["role"] == "hidden"]
    inputs = [v for v, d in graph.nodes(data=True) if d["role"] == "input"]
    for _ in range(int(rng.integers(1, 4))):
        what, v = rng.integers(5), hidden[int(rng.integers(len(hidden)))]
        if what == 0:
            population = str(rng.choice([graph.nodes[v]["population"], "new"]))
            name = graph.add_neuron(population=population, activation="tanh", bias=float(rng.normal()))
            graph.add_edge(inputs[0], name, weight=float(rng.normal()))
        elif what == 1 and len(graph.in_edges(v)) > 1:
            graph.remove_synapses([list(graph.in_edges(v))[-1]])
        elif what == 2:
            u = inputs[int(rng.integers(len(inputs)))]
            if not graph.has_edge(u, v):
                graph.add_edge(u, v, weight=float(rng.normal()))
        elif what == 3 and len(graph.in_edges(v)):
            u, _ = next(iter(graph.in_edges(v)))
            if graph[u][v].get("op", "weight") == "weight":
                graph[u][v]["weight"] = float(rng.normal())
        elif what == 4 and graph.nodes[v].get("bias") is not None:
            graph.nodes[v]["bias"] = float(rng.normal())


def by_number(net, optimizer, quantity, name) -> dict[int, float]:
    """What an optimizer keeps for each trained number; what never had a gradient has no state."""
    vector = net.slots.gather(quantity, lambda p: optimizer.state.get(p, {}).get(name), trained=True, fill=np.nan)
    pairs = zip(net.slots.numbers(quantity, True).tolist(), vector.tolist(), strict=True)
    return {number: held for number, held in pairs if not np.isnan(held)}


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_a_refresh_that_changes_nothing_leaves_training_bit_identical(kind):
    graphs = [mlp(), mlp()]
    nets = [compiler.compile(g) for g in graphs]
    optimizers = [OPTIMIZERS[kind](net.parameters()) for net in nets]
    for round_ in range(3):
        for net, graph, optimizer in zip(nets, graphs, optimizers, strict=True):
            train(net, graph, optimizer, seed=round_)
        before = list(nets[0].parameters())
        nets[0].refresh(optimizers[0])
        assert all(a is b for a, b in zip(before, nets[0].parameters(), strict=True))
    assert all(torch.equal(a, b) for a, b in zip(*(net.parameters() for net in nets), strict=True))


@settings(max_examples=60, deadline=None)
@given(
    recipe=recipes(),
    seeds=st.lists(st.integers(0, 999), min_size=1, max_size=3),
    name=st.sampled_from([None, "dense", "sparse"]),
)
def test_a_refresh_is_a_fresh_compile(recipe, seeds, name):
    graph = build(recipe)
    pin = None if name is None else where_legal(name)
    net = compiler.compile(graph, dtype=torch.float64, lowering=pin)
    optimizer = OPTIMIZERS["adam"](net.parameters()) if any(True for _ in net.parameters()) else None
    for seed in seeds:
        if optimizer is not None:
            train(net, graph, optimizer, seed=seed)
        edit(graph, seed)
        net.refresh(optimizer)
        assert_equals_reference(net, graph)
        fresh = compiler.compile(graph.copy(), dtype=torch.float64, lowering=pin)
        assert fresh.program == net.program and fresh.report() == net.report()
        theirs = dict(fresh.named_parameters())
        assert {n: p.tolist() for n, p in net.named_parameters()} == {n: p.tolist() for n, p in theirs.items()}
        for a, b in zip(_tuple(net(*batch(graph))), _tuple(fresh(*batch(graph))), strict=True):
            assert torch.equal(a, b)
        if optimizer is not None:
            held = [id(p) for g in optimizer.param_groups for p in g["params"]]
            assert sorted(held) == sorted(id(p) for p in net.parameters())
            train(net, graph, optimizer, seed=seed)


def _tuple(outputs):
    return outputs if isinstance(outputs, tuple) else (outputs,)


@settings(max_examples=40, deadline=None)
@given(recipe=recipes(), seed=st.integers(0, 999), kind=st.sampled_from(["momentum", "amsgrad"]))
def test_the_state_of_every_survivor_is_the_same_number(recipe, seed, kind):
    graph = build(recipe)
    net = compiler.compile(graph, dtype=torch.float64)
    if not list(net.parameters()):
        return
    optimizer = OPTIMIZERS[kind](net.parameters())
    train(net, graph, optimizer)
    names = {"momentum": ["momentum_buffer"], "amsgrad": ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"]}[kind]
    before = {(s, n): by_number(net, optimizer, s, n) for s in net.slots.quantities for n in names}
    edit(graph, seed)
    net.refresh(optimizer)
    for (quantity, name), old in before.items():
        new = by_number(net, optimizer, quantity, name)
        alive = set(net.slots.numbers(quantity, True).tolist())
        assert {k: v for k, v in new.items() if k in old} == {k: v for k, v in old.items() if k in alive}
        if name != "exp_avg_sq" and name != "max_exp_avg_sq":
            assert all(v == 0.0 for k, v in new.items() if k not in old)


def grown(kind="adam", bias=True):
    """A trained network with one neuron more in h1; and the old state."""
    graph = mlp()
    net = compiler.compile(graph, dtype=torch.float64)
    optimizer = OPTIMIZERS[kind](net.parameters())
    train(net, graph, optimizer, steps=4)
    old = by_number(net, optimizer, WEIGHT, "exp_avg_sq")
    new = graph.add_neuron(population="h1", activation="tanh", bias=0.0 if bias else None)
    ids = np.concatenate(
        [graph.connect("x", [new], weight=np.ones((4, 1))), graph.connect([new], "h2", weight=np.ones((1, 5)))]
    )
    return graph, net, optimizer, old, ids


def test_newborns_start_with_no_momentum_and_the_median_of_their_group():
    _, net, optimizer, old, ids = grown()
    every = [optimizer.state[p]["exp_avg_sq"].flatten() for g in optimizer.param_groups for p in g["params"]]
    median = float(np.median(torch.cat(every).numpy()))
    net.refresh(optimizer, newborns="inherited")
    first, second = (by_number(net, optimizer, WEIGHT, n) for n in ("exp_avg", "exp_avg_sq"))
    assert all(first[i] == 0.0 and second[i] == median for i in ids.tolist())
    assert all(second[i] == v for i, v in old.items())
    assert {float(s["step"]) for s in optimizer.state.values()} == {4.0}


def test_newborns_inherit_the_second_moment_of_their_heir():
    graph, net, optimizer, old, ids = grown()
    parent = net.slots.numbers(WEIGHT)[:9]
    graph.changes.heirs(list(zip(ids.tolist(), parent.tolist(), strict=True)), [])
    net.refresh(optimizer, newborns="inherited")
    second = by_number(net, optimizer, WEIGHT, "exp_avg_sq")
    assert [second[i] for i in ids.tolist()] == [old[i] for i in parent.tolist()]


def test_a_parameter_of_several_ancestors_takes_their_largest_step():
    net = compiler.compile(mlp())
    optimizer = OPTIMIZERS["adam"](net.parameters())
    train(net, net.graph, optimizer)
    one, two, *_ = net.slots.of(WEIGHT, trained=True)
    optimizer.state[two.tensor]["step"] += 5
    groups = {id(p): 0 for p in net.parameters()}
    stocks = Stocks(net.slots)
    moments = Moments(optimizer, stocks, schema_of(optimizer), groups)
    place = stocks.places(one)
    share = moments.share(Lineage(one, place, np.full(len(place), -1, np.int32), place, (one, two)), 0)
    assert float(share["step"]) == 8.0 and share["step"] is not optimizer.state[two.tensor]["step"]


def test_stages_that_did_not_change_keep_their_parameters():
    _graph, net, optimizer, _, _ = grown()
    kept, replaced = net.stages[2].units[0].weight, net.stages[0].units[0].weight
    net.refresh(optimizer)
    assert net.stages[2].units[0].weight is kept and net.stages[0].units[0].weight is not replaced
    assert [id(p) for p in optimizer.param_groups[0]["params"]] == [id(p) for p in net.parameters()]
    assert set(map(id, optimizer.state)) <= set(map(id, net.parameters()))


def test_a_loss_from_before_can_still_be_differentiated():
    graph = mlp()
    net = compiler.compile(graph, dtype=torch.float64)
    x = batch(graph)[0].requires_grad_()
    loss_of(net(x)).backward()
    wanted = x.grad.clone()
    x.grad = None
    loss = loss_of(net(x))
    new = graph.add_neuron(population="h1", activation="tanh")
    graph.add_edge(0, new, weight=1.0)
    graph[4][10]["weight"] = 5.0
    net.refresh()
    loss.backward()
    torch.testing.assert_close(x.grad, wanted, rtol=0, atol=0)


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_an_optimizer_that_was_left_behind_raises_instead_of_training_the_dead(kind):
    graph = mlp()
    net = compiler.compile(graph)
    optimizer = OPTIMIZERS[kind](net.parameters())
    train(net, graph, optimizer)
    graph.add_neuron(population="h1", activation="tanh", bias=0.0)
    net.refresh()
    with pytest.raises(StaleError, match=r"net.refresh\(optimizer\)"):
        optimizer.step()


def test_a_users_write_is_loaded_and_keeps_its_moments():
    graph = mlp()
    net = compiler.compile(graph, dtype=torch.float64)
    optimizer = OPTIMIZERS["adam"](net.parameters())
    train(net, graph, optimizer)
    held = by_number(net, optimizer, WEIGHT, "exp_avg")
    u, v = next(iter(graph.edges))
    graph[u][v]["weight"] = 42.0
    net.refresh(optimizer)
    assert 42.0 in net.slots.gather(WEIGHT).tolist()
    assert by_number(net, optimizer, WEIGHT, "exp_avg") == held
    assert_equals_reference(net, graph)


class Odd(torch.optim.RMSprop):
    pass


def test_an_optimizer_derived_from_a_known_one_is_refused_and_lives_on_after_an_undo():
    graph = mlp()
    net = compiler.compile(graph)
    optimizer = Odd(net.parameters(), lr=0.1)
    parameters, state = list(net.parameters()), copy.deepcopy(optimizer.state_dict())
    graph.add_neuron(population="h1", activation="tanh")
    with pytest.raises(CompileError, match=r"Odd.*graph.undo\(\)"):
        net.refresh(optimizer)
    assert all(a is b for a, b in zip(parameters, net.parameters(), strict=True)) and net.stale
    torch.testing.assert_close(optimizer.state_dict(), state, rtol=0, atol=0)
    graph.undo()
    net.refresh()
    optimizer.step()


def grouped():
    graph = mlp()
    net = compiler.compile(graph, dtype=torch.float64)
    first, *rest = net.stages
    groups = [
        {"params": list(first.parameters()), "lr": 0.1},
        {"params": [p for stage in rest for p in stage.parameters()], "lr": 0.01},
    ]
    optimizer = torch.optim.SGD(groups, lr=1.0, momentum=0.9)
    train(net, graph, optimizer)
    return graph, net, optimizer


def test_groups_are_kept():
    graph, net, optimizer = grouped()
    new = graph.add_neuron(population="h1", activation="tanh", bias=0.0)
    graph.connect("x", [new], weight=np.ones((4, 1)))
    net.refresh(optimizer)
    assert {id(p) for p in optimizer.param_groups[0]["params"]} == {id(p) for p in net.stages[0].parameters()}
    assert [g["lr"] for g in optimizer.param_groups] == [0.1, 0.01]


def test_what_has_ancestors_in_two_groups_or_in_none_needs_a_choice():
    graph, net, optimizer = grouped()
    before = [list(g["params"]) for g in optimizer.param_groups]
    new = graph.add_neuron(population="elsewhere", activation="tanh", bias=0.0)
    graph.add_edge(0, new, weight=1.0)
    with pytest.raises(CompileError, match=r"group=0.*graph.undo\(\)"):
        net.refresh(optimizer)
    assert all(
        a is b
        for g, old in zip(optimizer.param_groups, before, strict=True)
        for a, b in zip(g["params"], old, strict=True)
    )
    with pytest.raises(CompileError, match="group=7"):
        net.refresh(optimizer, group=7)
    net.refresh(optimizer, group=1)
    assert len(optimizer.param_groups[1]["params"]) == len(before[1]) + 2
    train(net, graph, optimizer)


def test_a_foreign_optimizer_is_refused():
    graph = mlp()
    net, other = compiler.compile(graph), compiler.compile(mlp())
    graph.add_neuron(population="h1", activation="tanh", bias=0.0)
    with pytest.raises(CompileError, match="holds no Parameter of this network"):
        net.refresh(torch.optim.SGD(other.parameters(), lr=0.1))


def test_names_of_parameters_and_switched_off_gradients_follow():
    graph = mlp()
    net = compiler.compile(graph)
    net.stages[0].units[0].weight.requires_grad_(False)
    optimizer = torch.optim.SGD(net.named_parameters(), lr=0.1)
    new = graph.add_neuron(population="h1", activation="tanh", bias=0.0)
    graph.connect("x", [new], weight=np.ones((4, 1)))
    net.refresh(optimizer)
    assert not net.stages[0].units[0].weight.requires_grad
    assert optimizer.param_groups[0]["param_names"] == [n for n, _ in net.named_parameters()]


def test_a_schedule_goes_on_over_a_refresh():
    graph = mlp()
    net = compiler.compile(graph)
    optimizer = torch.optim.SGD(net.parameters(), lr=1.0)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
    train(net, graph, optimizer)
    schedule.step()
    graph.add_neuron(population="h1", activation="tanh", bias=0.0)
    net.refresh(optimizer)
    train(net, graph, optimizer)
    schedule.step()
    assert optimizer.param_groups[0]["lr"] == 0.25


def test_a_refresh_has_read_the_change_log_and_keeps_the_mode():
    graph = mlp()
    net = compiler.compile(graph).eval()
    graph.add_neuron(population="h1", activation="tanh", bias=0.0)
    u, v = next(iter(graph.edges))
    graph[u][v]["weight"] = 3.0
    net.refresh()
    assert len(graph.changes.since(net.holding).synapses) == 0
    assert not any(module.training for module in net.modules())
