"""A network whose graph was compacted has written back what it learned, and says what is to be done."""

import pytest
import torch

import compiler
from neurograph.builders import mlp
from neurograph.edits import RemoveNeurons
from neurograph.errors import CompileError, StaleError


def trained(graph):
    net = compiler.compile(graph, dtype=torch.float64)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
    net(torch.ones(4, 3, dtype=torch.float64)).square().sum().backward()
    optimizer.step()
    return net, optimizer


def edited():
    graph = mlp([3, 4, 2], activation="tanh", seed=0)
    graph.apply(RemoveNeurons([3]))
    return graph


def test_it_is_written_back_and_cannot_follow():
    graph = edited()
    net, _ = trained(graph)
    x = torch.rand(5, 3, dtype=torch.float64)
    wanted = net(x).detach()
    graph.compact()
    for what in (lambda: net(x), lambda: net.refresh(), net.write_back, lambda: graph.own(net)):
        with pytest.raises(CompileError):
            what()
    torch.testing.assert_close(compiler.compile(graph, dtype=torch.float64)(x), wanted)


def test_what_an_optimizer_knows_goes_along_by_order():
    graph = edited()
    net, optimizer = trained(graph)
    state, numbers = net.optimizer_state(optimizer), net.state_dict()
    twin = graph.copy()
    graph.compact()
    nets = [compiler.compile(one, dtype=torch.float64) for one in (graph, twin)]
    for new in nets:
        new.load_state_dict(numbers)
        after = torch.optim.Adam(new.parameters(), lr=0.1)
        new.load_optimizer_state(after, state)
        new(torch.ones(4, 3, dtype=torch.float64)).square().sum().backward()
        after.step()
    x = torch.rand(5, 3, dtype=torch.float64)
    torch.testing.assert_close(nets[0](x), nets[1](x), rtol=0, atol=0)


def test_a_population_says_so_too():
    graphs = [edited(), edited()]
    population = compiler.compile_population(graphs, dtype=torch.float64)
    graphs[1].compact()
    with pytest.raises(StaleError):
        population(torch.ones(1, 3, dtype=torch.float64))
    with pytest.raises(StaleError, match="compact"):
        population.refresh()
