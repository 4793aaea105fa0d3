import numpy as np
import pytest
import torch
from hypothesis import given, settings

import compiler
from compiler.testing.lowerings import where_legal
from neurograph.edits import Proliferate
from tests.compiler.graphs import assert_equals_reference, batch, build, mlp, recipes
from tests.compiler.sync.optimizers.apart import Apart, set_gradients, values
from tests.compiler.sync.test_refresh import OPTIMIZERS
from tests.compiler.test_lowerings import LOWERINGS

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")]


@pytest.mark.parametrize("name", LOWERINGS)
@settings(max_examples=15, deadline=None)
@given(recipe=recipes())
def test_each_lowering_equals_the_reference_on_the_device(name, recipe):
    graph = build(recipe)
    net = compiler.compile(graph, dtype=torch.float64, device="cuda", lowering=where_legal(name))
    assert_equals_reference(net, graph)


@settings(max_examples=15, deadline=None)
@given(recipe=recipes(aggregations=False))
def test_a_field_equals_the_reference_on_the_device(recipe):
    graph = build(recipe)
    net = compiler.compile(graph, dtype=torch.float64, device="cuda", lowering="field")
    assert_equals_reference(net, graph)


def test_a_field_moves_between_devices_and_is_traced_there():
    graph = mlp()
    net = compiler.compile(graph, lowering="field")
    x = batch(graph, dtype=torch.float32)[0]
    here = net(x).detach()
    net.to("cuda")
    near = {"rtol": 1e-4, "atol": 1e-4}
    torch.testing.assert_close(net(x.cuda()).detach().cpu(), here, **near)
    traced = torch.compile(net, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(traced(x.cuda()).detach().cpu(), here, **near)
    traced(x.cuda()).sum().backward()
    assert all(p.grad is not None and p.grad.is_cuda for p in net.parameters())
    torch.testing.assert_close(net.cpu()(x).detach(), here, **near)


@pytest.mark.parametrize("lowering", [None, "field", "blocks"])
def test_a_population_is_trained_on_the_device_as_here(lowering):
    graphs = [mlp((4, 6, 5, 3), seed=0), mlp((4, 6, 5, 3), seed=1), mlp((4, 3, 3), seed=2), mlp((4, 7, 2, 3), seed=3)]
    copies = [graph.copy() for graph in graphs]
    x, pair = batch(graphs[0])[0], []
    for members, device in ((graphs, "cuda"), (copies, "cpu")):
        net = compiler.compile_population(members, dtype=torch.float64, device=device, lowering=lowering)
        optimizer = torch.optim.Adam(net.parameters(), lr=0.05)
        for order in ([0, 1, 2, 3], [3, 1, 0]):
            net.refresh(optimizer, graphs=[members[at] for at in order])
            optimizer.zero_grad()
            net(x.to(device)).square().mean((1, 2)).sum().backward()
            optimizer.step()
        pair.append(net(x.to(device)).detach().cpu())
    torch.testing.assert_close(pair[0], pair[1], rtol=1e-9, atol=1e-9)
    for graph, other in zip(graphs, copies, strict=True):
        np.testing.assert_allclose(graph.arrays().weight, other.arrays().weight, rtol=1e-8, atol=1e-10)


def test_state_goes_between_devices():
    here, there = compiler.compile(mlp()), compiler.compile(mlp(seed=2), device="cuda", lowering="sparse")
    there.load_state_dict(here.state_dict())
    x = batch(here.graph, dtype=torch.float32)[0]
    torch.testing.assert_close(there(x.cuda()).cpu(), here(x), rtol=1e-4, atol=1e-4)
    there.cpu()
    torch.testing.assert_close(there(x), here(x), rtol=1e-4, atol=1e-4)


NOT_ON_CUDA = {"fused adagrad"}  # torch has no such kernel


@pytest.mark.parametrize("kind", sorted(set(OPTIMIZERS) - NOT_ON_CUDA))
def test_training_and_refresh_on_the_device(kind):
    graph = mlp()
    net = compiler.compile(graph, device="cuda")
    optimizer = OPTIMIZERS[kind](net.parameters())

    def step():
        optimizer.zero_grad()
        net(batch(graph, dtype=torch.float32)[0].cuda()).sum().backward()
        optimizer.step()

    step()
    graph.add_neuron(population="h1", activation="tanh", bias=0.0)
    net.refresh(optimizer)
    step()
    assert all(p.is_cuda for p in net.parameters())
    assert net.write_back() > 0


ON_DEVICE = {
    "foreach": lambda p: torch.optim.Adam(p, lr=0.01, amsgrad=True, weight_decay=0.1),
    "fused": lambda p: torch.optim.Adam(p, lr=0.01, fused=True),
    "fused, decay": lambda p: torch.optim.Adam(p, lr=0.01, fused=True, amsgrad=True, weight_decay=0.1, maximize=True),
    "capturable": lambda p: torch.optim.AdamW(p, lr=0.01, capturable=True),
    "adamax": lambda p: torch.optim.Adamax(p, lr=0.01, capturable=True),
    "nadam": lambda p: torch.optim.NAdam(p, lr=0.01, capturable=True),
    "radam": lambda p: torch.optim.RAdam(p, lr=0.01),
}


@pytest.mark.parametrize("spoil", [False, True])
@pytest.mark.parametrize("kind", ON_DEVICE)
def test_newborns_on_the_device_are_trained_as_in_parameters_of_their_own(kind, spoil):
    graph, rng = mlp(), np.random.default_rng(0)
    net = compiler.compile(graph, dtype=torch.float64, device="cuda")
    optimizer, apart = ON_DEVICE[kind](net.parameters()), Apart(ON_DEVICE[kind], "cuda")
    scaler = torch.amp.GradScaler("cuda", init_scale=256.0, growth_interval=7, enabled=spoil)
    apart.born(net)
    for step in range(120):
        if step in (20, 21, 60):
            graph.apply(Proliferate("h1", 2, outgoing="zero", seed=step))
            net.refresh(optimizer)
            apart.born(net)
        set_gradients(net, rng)
        gradients, scale = values(net, lambda p: p.grad), float(scaler.scale(torch.ones((), device="cuda")))
        spoilt = spoil and step in (20, 40, 61)
        for parameter in net.parameters():
            parameter.grad *= float("inf") if spoilt else scale
        scaler.step(optimizer)
        scaler.update()
        if not spoilt:
            apart.step(gradients)
    apart.assert_equals(net, 1e-6 if kind in ("capturable", "adamax", "nadam") else 1e-11)  # counts in float32


@pytest.mark.parametrize("kind", ["fused", "capturable"])
def test_a_step_with_newborns_does_not_wait_for_the_device(kind):
    graph = mlp()
    net = compiler.compile(graph, device="cuda")
    optimizer = ON_DEVICE[kind](net.parameters())
    for step in range(3):
        set_gradients(net, np.random.default_rng(step))
        optimizer.step()
        graph.apply(Proliferate("h1", 2, outgoing="zero", seed=step))
        net.refresh(optimizer)
    set_gradients(net, np.random.default_rng(3))
    optimizer.step()  # finds the newborns, once
    torch.cuda.set_sync_debug_mode("error")
    try:
        optimizer.step()
    finally:
        torch.cuda.set_sync_debug_mode("default")
