"""Gradients of synapses that are not there: those they have once they are there, at weight zero."""

from itertools import product

import numpy as np
import pytest
import torch
from torch.nn.functional import mse_loss

import compiler
from compiler.statistics.absent import absent_gradients
from neurograph.errors import CompileError, EditError, MissingError, OptionError
from tests.compiler.graphs import batch, mlp

PAIRS = [("x", "h2"), ("x", "y"), ("h1", "y"), ("h1", "h2")]  # skips, and one that is there


def examples(graph, count=3):
    y = [torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(s)) for s in range(count)]
    return [(batch(graph, seed=seed)[0], y[seed]) for seed in range(count)]


def wanted(graph, pair, data):
    """By autograd, of a network that has all these synapses, the new ones at zero."""
    graph = graph.copy()
    sources, targets = (graph.population(name) for name in pair)
    for u, v in product(sources, targets):
        if not graph.has_edge(u, v):
            graph.add_edge(u, v, weight=0.0)
    net, table = compiler.compile(graph, dtype=torch.float64).eval(), graph.table
    found = []
    for x, y in data:
        net.zero_grad()
        mse_loss(net(x), y).backward()
        found.append(dict(zip(*(part.tolist() for part in net.gradients()), strict=True)))
    ids = [[table.id[table.find(table.index[u], table.index[v])] for v in targets] for u in sources]
    return np.mean([[[held[i] for i in row] for row in ids] for held in found], 0)


@pytest.mark.parametrize("lowering", ["dense", "sparse"])
@pytest.mark.parametrize("norm", [None, "batch"])
def test_they_are_autograds_of_synapses_at_zero(lowering, norm):
    graph = mlp()
    if norm:
        graph.add_population("h3", 3, activation="relu", norm="batch", bias=np.zeros(3))
        graph.connect("h1", "h3", weight=np.full((6, 3), 0.3))
        graph.connect("h3", "y", weight=np.full((3, 3), 0.2))
    pairs = PAIRS + ([("x", "h3")] if norm else [])
    data = examples(graph)
    net = compiler.compile(graph, dtype=torch.float64, lowering=lowering)
    before = [p.detach().clone() for p in net.parameters()]
    found = list(absent_gradients(net, data, mse_loss, pairs))
    assert [(f.source, f.target) for f in found] == pairs
    for pair, held in zip(pairs, found, strict=True):
        np.testing.assert_array_equal(held.source_keys, graph.population_keys(pair[0]))
        np.testing.assert_allclose(held.gradient, wanted(graph, pair, data), rtol=1e-10, atol=1e-14)
    assert net.training and all(p.grad is None for p in net.parameters())
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))
    net(data[0][0])  # runs as it did


def test_pieces_are_the_whole():
    graph, data = mlp(), examples(mlp())
    net = compiler.compile(graph, dtype=torch.float64)
    (whole,) = absent_gradients(net, data, mse_loss, [("x", "h2")])
    pieces = list(absent_gradients(net, iter(data), mse_loss, [("x", "h2")], piece=2 * 8 * 5 + 7))
    assert [len(p.source_keys) for p in pieces] == [2, 2]
    np.testing.assert_array_equal(np.concatenate([p.gradient for p in pieces]), whole.gradient)
    with pytest.raises(OptionError, match="piece=39: the 5 synapses of one source take 40 bytes"):
        list(absent_gradients(net, data, mse_loss, [("x", "h2")], piece=39))


def test_what_has_no_such_gradient_is_refused():
    graph, data = mlp(), examples(mlp())
    graph.add_population("most", 2, activation="tanh", aggregation="max")
    graph.connect("x", "most", weight=np.ones((4, 2)))
    graph.connect("most", "y", weight=np.ones((2, 3)))
    net = compiler.compile(graph, dtype=torch.float64)
    for pair, error, match in (
        (("x", "nobody"), MissingError, "nobody"),
        (("h1", "x"), EditError, "'x' has inputs"),
        (("x", "most"), EditError, "'most' does not sum"),
    ):
        with pytest.raises(error, match=match):
            list(absent_gradients(net, data, mse_loss, [pair]))
    with pytest.raises(CompileError, match="no batch"):
        list(absent_gradients(net, [], mse_loss, [("x", "h2")]))
