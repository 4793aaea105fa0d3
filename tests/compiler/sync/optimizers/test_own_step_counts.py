"""Newborns are trained as in a Parameter that began at their birth."""

import copy
import io

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import optim

import compiler
from compiler.slots import WEIGHT
from compiler.sync.optimizers import factors
from compiler.sync.optimizers.cohorts import NEWBORNS, Cohorts, rectangles
from neurograph.edits import Proliferate, RemoveNeurons, SplitEdge
from neurograph.errors import CompileError
from tests.compiler.graphs import mlp
from tests.compiler.sync.optimizers.apart import Apart, set_gradients, values
from tests.compiler.sync.optimizers.table import OPTIMIZERS
from tests.compiler.sync.optimizers.test_maps import channels

SCHEMAS = {
    "adam": lambda p: optim.Adam(p, lr=0.01),
    "adam, foreach": lambda p: optim.Adam(p, lr=0.01, foreach=True),
    "adam, fused": lambda p: optim.Adam(p, lr=0.01, fused=True),
    "amsgrad": lambda p: optim.Adam(p, lr=0.01, amsgrad=True, betas=(0.8, 0.97)),
    "amsgrad, fused": lambda p: optim.AdamW(p, lr=0.01, amsgrad=True, weight_decay=0.1, fused=True),
    "decay": lambda p: optim.Adam(p, lr=0.01, weight_decay=0.3),
    "decay, fused, upwards": lambda p: optim.Adam(p, lr=0.01, weight_decay=0.3, maximize=True, fused=True),
    "decay, upwards": lambda p: optim.Adam(p, lr=0.01, weight_decay=0.3, maximize=True),
    "no momentum": lambda p: optim.Adam(p, lr=0.01, betas=(0.0, 0.99)),
    "no squares": lambda p: optim.Adam(p, lr=0.01, betas=(0.9, 0.0)),
    "adamw": lambda p: optim.AdamW(p, lr=0.01, weight_decay=0.2),
    "adamw, tensor lr": lambda p: optim.AdamW(p, lr=torch.tensor(0.01, dtype=torch.float64), foreach=False),
    "adamax": lambda p: optim.Adamax(p, lr=0.01),
    "adamax, decay, upwards": lambda p: optim.Adamax(p, lr=0.01, weight_decay=0.3, maximize=True, foreach=True),
    "nadam": lambda p: optim.NAdam(p, lr=0.01),
    "nadam, decay": lambda p: optim.NAdam(p, lr=0.01, weight_decay=0.3, decoupled_weight_decay=True, foreach=True),
    "radam": lambda p: optim.RAdam(p, lr=0.01, betas=(0.9, 0.97)),
    "radam, decay, upwards": lambda p: optim.RAdam(p, lr=0.01, weight_decay=0.3, maximize=True, foreach=True),
}
every_kind = pytest.mark.parametrize("make", SCHEMAS.values(), ids=SCHEMAS)


def grow(graph):
    graph.apply(Proliferate("h1", 2, seed=len(graph)))


def connect(graph):  # numbers without an heir
    new = graph.add_neuron(population="h2", activation="tanh", bias=0.25)
    graph.connect("h1", [new], weight=np.full((len(graph.population("h1")), 1), 0.5))


def eat_young(graph):
    graph.apply(RemoveNeurons(graph.population("h1")[-1:]))


def layer(graph):  # a Parameter of newborns alone, and one moved out of a matrix
    graph.add_population("new", 2, activation="tanh", bias=np.zeros(2))
    graph.connect("x", "new", weight=np.full((4, 2), 0.1))
    graph.connect("new", "h2", weight=np.full((2, len(graph.population("h2"))), 0.1))


HISTORY = (None, grow, None, connect, grow, eat_young, layer, grow)


def stepped(net, optimizer, apart, rng, clip=0.0):
    set_gradients(net, rng)
    if clip:
        torch.nn.utils.clip_grad_norm_(net.parameters(), clip)
    gradients = values(net, lambda p: p.grad)
    optimizer.step()
    apart.step(gradients)


ROWS = [(kind, "dense") for kind in SCHEMAS] + [(kind, "sparse") for kind in ("amsgrad, fused", "decay", "nadam")]


@pytest.mark.parametrize(("kind", "lowering"), ROWS)
def test_every_birth_is_trained_as_in_a_parameter_of_its_own(kind, lowering):
    make = SCHEMAS[kind]
    graph, rng = mlp(), np.random.default_rng(0)
    net = compiler.compile(graph, dtype=torch.float64, lowering=lowering)
    optimizer, apart = make(net.parameters()), Apart(make)
    apart.born(net)
    for edit in HISTORY:
        for step in range(15):
            stepped(net, optimizer, apart, rng, clip=5.0 if step % 2 else 0.0)
        apart.assert_equals(net)
        if edit:
            edit(graph)
        net.refresh(optimizer)
        apart.born(net)
    for _ in range(100):
        stepped(net, optimizer, apart, rng)
    apart.assert_equals(net)


@pytest.mark.parametrize("make", [SCHEMAS["adam"], SCHEMAS["adam, fused"]], ids=["adam", "fused"])
def test_a_scaler_and_infinite_gradients_change_nothing(make):
    graph, rng = mlp(), np.random.default_rng(0)
    net = compiler.compile(graph, dtype=torch.float64)
    optimizer, apart = make(net.parameters()), Apart(make)
    apart.born(net)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0, growth_interval=7)
    for step in range(150):
        if step in (30, 90):
            graph.apply(Proliferate("h1", 2, seed=step))
            net.refresh(optimizer)
            apart.born(net)
        set_gradients(net, rng)
        gradients = values(net, lambda p: p.grad)
        scale = float(scaler.scale(torch.ones(())))
        spoilt = step % 50 == 31 or step in (30, 31, 90)  # the very first steps of newborns among them
        for parameter in net.parameters():
            parameter.grad *= float("inf") if spoilt else scale
        if step % 3 == 0:
            scaler.unscale_(optimizer)
        scaler.step(optimizer)
        scaler.update()
        if not spoilt:
            apart.step(gradients)
        apart.assert_equals(net, 1e-11)  # a scale is a float32 power of two


def test_betas_that_move_are_those_of_everyone():
    def make(parameters):
        return optim.Adam(parameters, lr=0.01, betas=(0.9, 0.99))

    graph, rng = mlp(), np.random.default_rng(0)
    net = compiler.compile(graph, dtype=torch.float64)
    optimizer, apart = make(net.parameters()), Apart(make)
    apart.born(net)
    for step in range(200):
        betas = (0.85 + 0.1 * abs(np.sin(step / 30)), 0.99 + 0.009 * (step % 7) / 7)
        if step in (50, 51, 120):
            grow(graph)
            net.refresh(optimizer)
            apart.born(net)
        for each in (optimizer, *(o for _, _, o in apart.births)):
            each.param_groups[0]["betas"] = betas
        stepped(net, optimizer, apart, rng)
        apart.assert_equals(net, 1e-12)


def grown(make, net, graph, rng, apart=None):
    """An optimizer with two cohorts."""
    optimizer = make(net.parameters())
    apart = apart or Apart(make)
    apart.born(net)
    for _ in range(2):
        for _ in range(10):
            stepped(net, optimizer, apart, rng)
        grow(graph)
        net.refresh(optimizer)
        apart.born(net)
    for _ in range(5):
        stepped(net, optimizer, apart, rng)
    return optimizer, apart


def same_training(nets, optimizers):
    for seed in range(10):
        for net, optimizer in zip(nets, optimizers, strict=True):
            set_gradients(net, np.random.default_rng(seed))
            optimizer.step()
    return all(torch.equal(a, b) for a, b in zip(*(n.parameters() for n in nets), strict=True))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@every_kind
def test_a_saved_optimizer_trains_on_to_the_bit(make, dtype):
    graph = mlp()
    net = compiler.compile(graph, dtype=torch.float64 if dtype == torch.float32 else dtype)
    optimizer, _ = grown(make, net, graph, np.random.default_rng(0))
    again = compiler.compile(graph.copy(), dtype=net.dtype)
    resumed = make(again.parameters())
    again.load_state_dict(net.state_dict())
    saved = io.BytesIO()
    torch.save(net.optimizer_state(optimizer), saved)
    saved.seek(0)
    again.load_optimizer_state(resumed, torch.load(saved, weights_only=True))
    assert same_training([net, again], [optimizer, resumed])


@every_kind
def test_torchs_own_state_dict_and_a_deep_copy_train_on_to_the_bit(make):
    graph = mlp()
    net = compiler.compile(graph)
    optimizer, _ = grown(make, net, graph, np.random.default_rng(0))
    saved = io.BytesIO()
    torch.save(optimizer.state_dict(), saved)
    saved.seek(0)
    loaded = torch.load(saved, weights_only=True)
    clone, copied = copy.deepcopy((net, optimizer))
    assert {id(p) for p in copied.param_groups[0]["params"]} == {id(p) for p in clone.parameters()}
    other = copy.deepcopy(net)
    theirs = make(other.parameters())
    theirs.load_state_dict(loaded)
    for parameter, state in theirs.state.items():
        assert parameter.dtype == state[NEWBORNS]["cohort"].dtype if NEWBORNS in state else True
    assert any(NEWBORNS in state for state in theirs.state.values())
    nets, optimizers = [net, clone], [optimizer, copied]
    start = copy.deepcopy(net.state_dict())
    assert same_training(nets, optimizers)
    other.load_state_dict(start)
    for seed in range(10):
        set_gradients(other, np.random.default_rng(seed))
        theirs.step()
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), other.parameters(), strict=True))


@pytest.mark.parametrize("kind", ["adam", "nadam"])
def test_a_state_saved_under_one_lowering_goes_on_under_another(kind):
    make, graph, rng = SCHEMAS[kind], mlp(), np.random.default_rng(0)
    net = compiler.compile(graph, dtype=torch.float64, lowering="dense")
    optimizer, apart = grown(make, net, graph, rng)
    other = compiler.compile(graph, dtype=torch.float64, lowering="sparse")
    theirs = make(other.parameters())
    other.load_optimizer_state(theirs, net.optimizer_state(optimizer))
    for _ in range(100):
        stepped(other, theirs, apart, rng)
    apart.assert_equals(other)


def test_parameters_of_different_counts_are_merged_as_they_were():
    """Biases are frozen for a while, so that numbers of one Parameter have taken different steps."""
    make, graph, rng = SCHEMAS["adam"], mlp(), np.random.default_rng(0)
    net = compiler.compile(graph, dtype=torch.float64, lowering="dense")
    optimizer, apart = make(net.parameters()), {}
    for step in range(60):
        set_gradients(net, rng)
        if step < 20:
            next(iter(net.parameters())).grad = None
        optimizer.step()
    before = {name: values(net, lambda p, name=name: optimizer.state[p][name]) for name in ("exp_avg", "exp_avg_sq")}
    saved = net.optimizer_state(optimizer)
    apart = {float(state["step"]) for state in optimizer.state.values()}
    assert apart == {40.0, 60.0}
    other = compiler.compile(graph, dtype=torch.float64, lowering="sparse")
    theirs = make(other.parameters())
    other.load_optimizer_state(theirs, saved)
    assert len(before) == 2
    for seed in range(50):
        for n, o in ((net, optimizer), (other, theirs)):
            set_gradients(n, np.random.default_rng(seed))
            o.step()
    for quantity in net.slots.quantities:
        torch.testing.assert_close(net.slots.gather(quantity), other.slots.gather(quantity), rtol=1e-13, atol=1e-13)


def test_what_stands_in_for_one_number_goes_on_with_its_state():
    graph, rng = mlp(), np.random.default_rng(0)
    net = compiler.compile(graph, dtype=torch.float64)
    optimizer = SCHEMAS["adam"](net.parameters())
    for _ in range(10):
        set_gradients(net, rng)
        optimizer.step()
    u, v = list(graph.edges)[5]
    old = graph.table.id[graph.table.find(graph.table.index[u], graph.table.index[v])]
    held = {name: values(net, lambda p, name=name: optimizer.state[p][name]) for name in ("exp_avg", "exp_avg_sq")}
    (new,) = graph.apply(SplitEdge(u, v)).born
    ids = {end: graph.table.id[graph.table.find(*map(graph.table.index.get, end))] for end in ((u, new), (new, v))}
    net.refresh(optimizer)
    found = {name: values(net, lambda p, name=name: optimizer.state.get(p, {}).get(name)) for name in held}
    for name, before in held.items():
        assert found[name]["weight", ids[new, v]] == before["weight", old]
        assert found[name]["weight", ids[u, new]] == 0.0


def test_kernels_are_young_as_a_whole():
    graph = channels()
    net = compiler.compile(graph, dtype=torch.float64)
    optimizer = SCHEMAS["adam"](net.parameters())
    reference = {}
    for step in range(120):
        if step == 40:
            graph.apply(Proliferate("a", 2, outgoing="zero", seed=0))
            net.refresh(optimizer)
        for quantity in net.slots.quantities:
            ids = net.slots.numbers(quantity, True)
            if not len(ids):
                continue
            drawn = {n: np.random.default_rng([step, n]).normal(size=quantity[1]) for n in ids.tolist()}
            for parameter in net.parameters():
                parameter.grad = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
            held = net.slots.gather(quantity, trained=True)
            for n, value in zip(ids.tolist(), held, strict=True):
                if (quantity, n) not in reference:
                    alone = torch.nn.Parameter(value.clone())
                    reference[quantity, n] = alone, SCHEMAS["adam"]([alone])
                alone, its = reference[quantity, n]
                alone.grad = torch.as_tensor(drawn[n])
                its.step()
            net.slots.scatter(
                quantity, torch.from_numpy(np.stack(list(drawn.values()))), lambda p: p.grad, trained=True
            )
        optimizer.step()
    for quantity in net.slots.quantities:
        ids = net.slots.numbers(quantity, True).tolist()
        for n, value in zip(ids, net.slots.gather(quantity, trained=True), strict=True):
            torch.testing.assert_close(value, reference[quantity, n][0].detach(), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("kind", ["adam", "adamax", "nadam", "radam"])
def test_the_young_grow_up(kind):
    make = {
        "adam": lambda p: optim.Adam(p, lr=0.01, betas=(0.5, 0.6)),
        "adamax": lambda p: optim.Adamax(p, lr=0.01, betas=(0.5, 0.6)),
        "nadam": lambda p: optim.NAdam(p, lr=0.01, betas=(0.5, 0.6), momentum_decay=5.0),
        "radam": lambda p: optim.RAdam(p, lr=0.01, betas=(0.5, 0.6)),
    }[kind]
    graph, rng = mlp(), np.random.default_rng(0)
    net = compiler.compile(graph, dtype=torch.float64)
    optimizer, apart = grown(make, net, graph, rng)
    assert any(NEWBORNS in state for state in optimizer.state.values())
    for _ in range(250):
        stepped(net, optimizer, apart, rng)
    assert not any(NEWBORNS in state for state in optimizer.state.values())
    apart.assert_equals(net)


def test_a_hook_that_changes_gradients_comes_first():
    make, graph, rng = SCHEMAS["adam"], mlp(), np.random.default_rng(0)
    net = compiler.compile(graph, dtype=torch.float64)
    optimizer, apart = make(net.parameters()), Apart(make)
    apart.born(net)

    def halve(*_):
        for parameter in net.parameters():
            parameter.grad *= 0.5

    optimizer.register_step_pre_hook(halve)
    for step in range(120):
        if step == 30:
            grow(graph)
            net.refresh(optimizer)
            apart.born(net)
        set_gradients(net, rng)
        gradients = values(net, lambda p: p.grad)
        optimizer.step()
        apart.step({n: g / 2 for n, g in gradients.items()})
    apart.assert_equals(net)
    assert len(optimizer._optimizer_step_pre_hooks) == 1


def test_a_closure_is_refused_while_there_are_young_ones():
    graph, rng = mlp(), np.random.default_rng(0)
    net = compiler.compile(graph, dtype=torch.float64)
    optimizer, _ = grown(SCHEMAS["adam"], net, graph, rng)
    before = values(net)
    with pytest.raises(CompileError, match=r"Adam\.step\(closure\).*loss\.backward\(\)"):
        optimizer.step(lambda: 0.0)
    with pytest.raises(CompileError, match="closure"):
        optimizer.step(closure=lambda: 0.0)
    assert values(net) == before
    optimizer.step(None)
    graph.apply(Proliferate("h1", 1, seed=0))
    other = compiler.compile(mlp(), dtype=torch.float64)
    plain = SCHEMAS["adam"](other.parameters())
    set_gradients(other, rng)
    plain.step(lambda: torch.zeros(()))  # nobody is young there


def test_the_inherited_form_is_still_to_be_had():
    graph, rng = mlp(), np.random.default_rng(0)
    net = compiler.compile(graph, dtype=torch.float64)
    optimizer = OPTIMIZERS["adam"](net.parameters())
    for _ in range(4):
        set_gradients(net, rng)
        optimizer.step()
    graph.apply(Proliferate("h1", 2, seed=0))
    net.refresh(optimizer, newborns="inherited")
    assert not any(NEWBORNS in state for state in optimizer.state.values())
    assert all((optimizer.state[p]["exp_avg_sq"] > 0).all() for p in net.parameters())
    with pytest.raises(CompileError, match="newborns must be .*, not 'old'"):
        graph.apply(Proliferate("h1", 2, seed=0))
        net.refresh(optimizer, newborns="old")
    assert net.slots.numbers(WEIGHT).size < graph.number_of_edges()


@pytest.mark.parametrize("spoilt", [False, True])
def test_factors_worked_out_on_a_device_are_those_worked_out_on_the_host(spoilt):
    births = np.array([3.0, 10.0, 49.0, 50.0])
    for beta, then in ((0.9, 0.9), (0.999, 0.99), (0.0, 0.0)):
        wanted = factors.on_host(50.0, 50.0 - births, beta, then, spoilt)
        given = torch.tensor(float(spoilt)), torch.tensor(50.0)
        for b, was in ((beta, then), [torch.tensor(each, dtype=torch.float64) for each in (beta, then)]):
            if beta or not isinstance(b, torch.Tensor):
                found = factors.on_device(given[1], torch.from_numpy(births), b, was, given[0])
                for a, c in zip(wanted, found, strict=True):
                    np.testing.assert_allclose(c.numpy(), a, rtol=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 6), st.integers(1, 7), st.data())
def test_rectangles_are_the_slots(rows, width, data):
    slots = np.array(sorted(data.draw(st.sets(st.integers(0, rows * width - 1)))), np.int64)
    found = rectangles(slots, width)
    if found is not None:
        matrix = torch.arange(rows * width)
        parts = [matrix.as_strided(*piece).reshape(-1) for piece in found]
        covered = torch.cat([torch.zeros(0, dtype=torch.long), *parts])
        assert len(found) <= 3 and sorted(covered.tolist()) == slots.tolist()


def test_newborn_rows_and_columns_are_two_rectangles():
    old = np.ones((6, 8), bool)
    old[4:], old[:, 5:] = False, False
    assert rectangles(np.flatnonzero(~old), 8) == (((2, 8), (8, 1), 32), ((4, 3), (8, 1), 5))
    assert rectangles(np.array([0, 2, 11, 21, 30]), 8) is None


def test_many_cohorts_are_trained_alike():
    make, graph, rng = SCHEMAS["amsgrad"], mlp(), np.random.default_rng(0)
    net = compiler.compile(graph, dtype=torch.float64, lowering="dense")
    optimizer, apart = make(net.parameters()), Apart(make)
    apart.born(net)
    for step in range(60):
        stepped(net, optimizer, apart, rng)
        if step < 40 and step % 3 == 0:
            graph.apply(Proliferate("h1", 1, outgoing="zero", seed=step))
            net.refresh(optimizer)
            apart.born(net)
    assert max(len(state.get(NEWBORNS, {}).get("births", ())) for state in optimizer.state.values()) > 10
    apart.assert_equals(net)


def test_a_count_on_a_device_is_read_only_where_a_cohort_could_have_grown_up():
    """A meta tensor stands for the device: reading it raises."""
    cohorts = Cohorts(torch.tensor([1.0, 2.0]), np.array([0.0, 90.0]), 100.0, 2)
    far = {"step": torch.zeros((), device="meta")}
    assert [cohorts.at_most(far, 105.0) for _ in range(5)] == [100.0, 101.0, 102.0, 103.0, 104.0]
    with pytest.raises(RuntimeError, match="meta"):
        cohorts.at_most(far, 105.0)
