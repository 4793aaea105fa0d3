"""Networks none of whose outputs can be reached from an input: refused, or constants where that is asked for."""

import copy

import pytest
import torch

import compiler
from neurograph.builders import lenet4, mlp
from neurograph.errors import CompileError
from search.training import evaluate


def severed(bias):
    graph = mlp([4, 3, 2], bias=bias)
    graph.remove_edges_from([(u, v) for u, v in graph.edges if graph.nodes[v]["is_output"]])
    if bias:
        graph.nodes[graph.population("output")[0]]["bias"] = 2.0
    return graph


def bare(bias):
    graph = mlp([4, 3, 2], bias=bias)
    graph.remove_edges_from(list(graph.edges))
    return graph


@pytest.mark.parametrize("make", [severed, bare])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_constant_outputs_are_scored(make, bias, dtype):
    graph = make(bias)
    with pytest.raises(CompileError, match="no output can be reached .*cut_off=True"):
        compiler.compile(graph)
    net = compiler.compile(graph, cut_off=True, dtype=dtype)
    x = torch.rand(5, 4, dtype=dtype)
    expected = torch.tensor([graph.nodes[n].get("bias") or 0.0 for n in graph.population("output")], dtype=dtype)
    assert torch.equal(net(x), expected.expand(5, 2))
    loss, error = evaluate(net, x, torch.tensor([0, 0, 0, 1, 1]))
    assert error == pytest.approx(40.0) and loss == pytest.approx(
        torch.nn.functional.cross_entropy(net(x), torch.tensor([0, 0, 0, 1, 1])).item()
    )


def test_refresh_and_copies_keep_what_was_asked_for():
    graph = mlp([4, 3, 2])
    net = compiler.compile(graph, cut_off=True)
    optimizer = torch.optim.Adam(net.parameters())
    net(torch.rand(5, 4)).sum().backward()
    optimizer.step()
    graph.remove_edges_from([(u, v) for u, v in graph.edges if graph.nodes[v]["is_output"]])
    net.refresh(optimizer)
    assert net(torch.rand(5, 4)).std(0).max() == 0
    assert copy.deepcopy(net)(torch.rand(5, 4)).shape == (5, 2)
    strict = mlp([4, 3, 2])
    other = compiler.compile(strict)
    strict.remove_edges_from(list(strict.edges))
    with pytest.raises(CompileError, match="cut_off=True"):
        other.refresh()


def test_maps():
    graph = lenet4()
    graph.remove_edges_from([(u, v) for u, v in graph.edges if graph.nodes[v]["is_output"]])
    net = compiler.compile(graph, cut_off=True).eval()
    assert net(torch.rand(3, 1, 28, 28)).std(0).max() == 0
