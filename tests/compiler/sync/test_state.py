import io

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import compiler
from compiler.testing.lowerings import where_legal
from neurograph.errors import CompileError, WiringError
from tests.compiler.graphs import batch, build, mlp, recipes
from tests.compiler.sync.test_refresh import OPTIMIZERS, train

PINS = st.sampled_from(["dense", "sparse"])


@settings(max_examples=30, deadline=None)
@given(recipe=recipes(), first=PINS, second=PINS)
def test_state_goes_over_lowerings(recipe, first, second):
    graph = build(recipe)
    a = compiler.compile(graph, dtype=torch.float64, lowering=where_legal(first))
    b = compiler.compile(build(recipe), dtype=torch.float64, lowering=where_legal(second))
    with torch.no_grad():
        for quantity in b.slots.quantities:
            b.slots.scatter(quantity, torch.full((len(b.slots.numbers(quantity)),), 0.5, dtype=torch.float64))
    b.load_state_dict(a.state_dict())
    for name, held in a.state_dict().items():
        assert torch.equal(held, b.state_dict()[name])
    x = batch(graph)
    for y, z in zip(_tuple(a(*x)), _tuple(b(*x)), strict=True):
        torch.testing.assert_close(y, z, rtol=1e-9, atol=1e-9)


def _tuple(outputs):
    return outputs if isinstance(outputs, tuple) else (outputs,)


def test_state_goes_over_dtypes_and_into_a_module_around_it():
    a = compiler.compile(mlp(), dtype=torch.float64)
    b = torch.nn.Sequential(compiler.compile(mlp(seed=3)))
    b[0].load_state_dict(a.state_dict())
    around = torch.nn.Sequential(compiler.compile(mlp(seed=4)))
    around.load_state_dict(b.state_dict())
    assert set(around.state_dict()) == {"0.wiring", "0.weight", "0.bias"}
    x = batch(a.graph)[0]
    torch.testing.assert_close(around(x.float()).double(), a(x), rtol=1e-5, atol=1e-5)


def test_another_wiring_is_refused_in_words_and_changes_nothing():
    net, other = compiler.compile(mlp()), compiler.compile(mlp((4, 7, 5, 3), seed=1))
    before = net.state_dict()
    with pytest.raises(WiringError, match=r"18 neurons, 69 synapses|19 neurons, 78 synapses.*18 neurons"):
        net.load_state_dict(other.state_dict())
    assert all(torch.equal(v, net.state_dict()[k]) for k, v in before.items())


def test_missing_and_foreign_entries_are_refused_and_change_nothing():
    net = compiler.compile(mlp())
    for spoil in (lambda s: s.pop("bias"), lambda s: s.update(more=torch.zeros(1))):
        state = {k: v + 1 if v.is_floating_point() else v for k, v in net.state_dict().items()}
        before = net.state_dict()
        spoil(state)
        with pytest.raises(RuntimeError, match=r"bias|more"):
            net.load_state_dict(state)
        assert all(torch.equal(v, net.state_dict()[k]) for k, v in before.items())
    with pytest.raises(WiringError, match=r"\(3,\) and must be \(69,\)"):
        net.load_state_dict({**net.state_dict(), "weight": torch.zeros(3)})


@pytest.mark.parametrize("kind", OPTIMIZERS)
@pytest.mark.parametrize("name", ["dense", "sparse"])
def test_training_resumes_bit_for_bit(kind, name):
    graph = mlp()
    net = compiler.compile(graph, lowering=name)
    optimizer = OPTIMIZERS[kind](net.parameters())
    train(net, graph, optimizer)
    file = io.BytesIO()
    torch.save([net.state_dict(), net.optimizer_state(optimizer)], file)
    file.seek(0)
    weights, state = torch.load(file, weights_only=True)
    train(net, graph, optimizer, seed=9)
    again = compiler.compile(mlp(seed=5), lowering=name)
    resumed = OPTIMIZERS[kind](again.parameters())
    resumed.param_groups[0]["lr"] = 123.0
    again.load_state_dict(weights)
    again.load_optimizer_state(resumed, state)
    train(again, again.graph, resumed, seed=9)
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), again.parameters(), strict=True))


@settings(max_examples=20, deadline=None)
@given(recipe=recipes(), kind=st.sampled_from(["momentum", "amsgrad"]))
def test_optimizer_state_goes_over_lowerings(recipe, kind):
    nets = [compiler.compile(build(recipe), dtype=torch.float64, lowering=where_legal(n)) for n in ("dense", "sparse")]
    if not list(nets[0].parameters()):
        return
    optimizers = [OPTIMIZERS[kind](net.parameters()) for net in nets]
    train(nets[0], nets[0].graph, optimizers[0])
    nets[1].load_state_dict(nets[0].state_dict())
    nets[1].load_optimizer_state(optimizers[1], nets[0].optimizer_state(optimizers[0]))
    a, b = (net.optimizer_state(o) for net, o in zip(nets, optimizers, strict=True))
    assert a["groups"] == b["groups"] and set(a["spaces"]) == set(b["spaces"])
    for quantity, held in a["spaces"].items():
        assert all(torch.equal(v, b["spaces"][quantity][k]) for k, v in held.items())
    for net, optimizer in zip(nets, optimizers, strict=True):
        train(net, net.graph, optimizer, seed=7)
    for quantity in nets[0].slots.quantities:
        torch.testing.assert_close(*(net.slots.gather(quantity) for net in nets), rtol=1e-6, atol=1e-8)


def test_optimizer_state_of_another_sort_is_refused_and_changes_nothing():
    net = compiler.compile(mlp())
    adam, sgd = OPTIMIZERS["adam"](net.parameters()), OPTIMIZERS["momentum"](net.parameters())
    train(net, net.graph, adam)
    state = net.optimizer_state(adam)
    with pytest.raises(CompileError, match="of Adam, and the optimizer is SGD"):
        net.load_optimizer_state(sgd, state)
    with pytest.raises(CompileError, match="1 parameter groups, and the optimizer 2"):
        two = torch.optim.Adam([{"params": [p]} for p in list(net.parameters())[:2]])
        net.load_optimizer_state(two, state)
    with pytest.raises(WiringError, match="another wiring"):
        other = compiler.compile(mlp((4, 3)))
        other.load_optimizer_state(OPTIMIZERS["adam"](other.parameters()), state)
    with pytest.raises(CompileError, match="not this network's"):
        net.optimizer_state(torch.optim.Adam([torch.nn.Parameter(torch.zeros(2))]))
    assert not sgd.state
