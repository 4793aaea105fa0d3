import pytest
import torch
from hypothesis import given, settings

import compiler
from tests.compiler.graphs import assert_equals_reference, batch, build, mlp, recipes
from tests.compiler.test_lowerings import LOWERINGS, where_legal
from tests.compiler.test_refresh import OPTIMIZERS

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")]


@pytest.mark.parametrize("name", LOWERINGS)
@settings(max_examples=15, deadline=None)
@given(recipe=recipes())
def test_each_lowering_equals_the_reference_on_the_device(name, recipe):
    graph = build(recipe)
    net = compiler.compile(graph, dtype=torch.float64, device="cuda", lowering=where_legal(name, "cuda"))
    assert_equals_reference(net, graph, 1e-8)


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
