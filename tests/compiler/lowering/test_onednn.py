"""oneDNN's product: what `dense` computes, in float32, whatever is asked of it."""

import pytest
import torch

import compiler
from compiler.lowering.onednn import LEAST, available
from neurograph import builders
from tests.compiler.graphs import Recipe, batch, build, loss_of, mlp

pytestmark = pytest.mark.skipif(not available(), reason="this build of PyTorch does not carry oneDNN")


def pin(bundle):
    return "dense" if bundle.aggregation != "sum" else "onednn"


def gradients(net, graph, rows):
    outputs = net(*batch(graph, rows=rows, dtype=torch.float32))
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    loss_of(*outputs).backward()
    return [*outputs, *(torch.from_numpy(net.gradients(name)[1]) for name in ("weight", "bias"))]


@pytest.mark.parametrize("rows", [1, LEAST - 1, LEAST, 100])
@pytest.mark.parametrize("recipe", [Recipe(1, (5, 7, 7, 3), density=1.0), Recipe(3, (4, 6, 6, 3), density=0.5)])
def test_it_computes_what_dense_computes(recipe, rows):
    graph = build(recipe)
    ours = gradients(compiler.compile(graph, lowering=lambda b: None if b.identity else pin(b)), graph, rows)
    dense = gradients(compiler.compile(graph, lowering=lambda b: None if b.identity else "dense"), graph, rows)
    for a, b in zip(ours, dense, strict=True):
        assert (a - b).abs().max() <= 1e-5 * max(1.0, b.abs().max())


def test_it_is_chosen_for_large_layers_and_batches_only():
    graph = builders.mlp([784, 256, 10], seed=0)
    chosen = {rows: names(compiler.compile(graph, batch_size=rows)) for rows in (8, 256)}
    assert chosen == {8: {"dense"}, 256: {"onednn", "dense"}}
    assert names(compiler.compile(graph, batch_size=256, dtype=torch.float64)) == {"dense"}


def test_gradients_of_gradients():
    graph = mlp()
    found = []
    for lowering in ("onednn", "dense"):
        net = compiler.compile(graph, lowering=lowering)
        (x,) = batch(graph, rows=LEAST, dtype=torch.float32)
        x.requires_grad_()
        (slope,) = torch.autograd.grad(net(x).square().sum(), x, create_graph=True)
        slope.square().sum().backward()
        found.append([p.grad for p in net.parameters() if p.grad is not None])
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_many_gradients_at_once():
    graph = mlp()
    found = []
    for lowering in ("onednn", "dense"):
        net = compiler.compile(graph, lowering=lowering)
        (x,) = batch(graph, rows=LEAST, dtype=torch.float32)
        found.append(torch.autograd.functional.jacobian(lambda x, net=net: net(x).sum(0), x, vectorize=True))
    torch.testing.assert_close(*found, rtol=1e-4, atol=1e-5)


def test_strided_and_expanded_batches():
    graph = mlp()
    net = compiler.compile(graph, lowering="onednn")
    (x,) = batch(graph, rows=2 * LEAST, dtype=torch.float32)
    torch.testing.assert_close(net(x[::2]), net(x[::2].clone()))
    torch.testing.assert_close(net(x[:1].expand(LEAST, -1)), net(x[:1].repeat(LEAST, 1)))


def names(net):
    return {product.lowering for stage in net.program.stages for product in stage.products}
