import pytest
import torch

import compiler
from compiler.inspection import inspect
from compiler.runtime.devices import usable_device
from neurograph.builders import mlp
from neurograph.errors import OptionError

BAD = ["foo", "meta", "cuda:77", "cuda:x", "", 77, torch.device("meta"), 1.5]
BAD += [] if torch.cuda.is_available() else ["cuda", torch.device("cuda")]


@pytest.mark.parametrize("device", BAD, ids=repr)
def test_devices_that_are_not_there_are_refused_by_name(device):
    for use in (usable_device, lambda d: compiler.compile(mlp([3, 2]), device=d), lambda d: inspect(mlp([3, 2]), 8, d)):
        with pytest.raises(OptionError, match="device .*device=cpu always can"):
            use(device)


@pytest.mark.parametrize("device", ["cpu", "cpu:0", torch.device("cpu"), None])
def test_the_cpu_by_any_name(device):
    assert usable_device(device) == torch.device("cpu")
    net = compiler.compile(mlp([3, 2]), device=device)
    assert net(torch.zeros(2, 3)).shape == (2, 2)


def test_a_default_device_that_holds_nothing_is_refused():
    with torch.device("meta"), pytest.raises(OptionError, match="'meta' holds no numbers"):
        compiler.compile(mlp([3, 2]))


def stepped(net):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    out = net(torch.ones(4, 3))
    sum(one.sum() for one in (out if isinstance(out, tuple) else (out,))).backward()
    optimizer.step()
    return net


def test_what_was_learned_is_in_the_graph_before_the_numbers_are_let_go():
    graph = mlp([3, 2], seed=0)
    net = stepped(compiler.compile(graph))
    learned = [p.detach().clone() for p in net.parameters()]
    net.to("meta")
    assert graph.owner is None
    assert all(torch.equal(a, b) for a, b in zip(learned, compiler.compile(graph).parameters(), strict=True))


def test_a_population_lets_go_of_the_graphs_that_it_still_holds():
    graphs = [mlp([3, 2], seed=seed) for seed in range(3)]
    population = stepped(compiler.compile_population(graphs))
    wanted = [graph[0][3]["weight"] for graph in graphs]
    other = compiler.compile(graphs[1])
    population.to("meta")
    assert [graph.owner for graph in graphs] == [None, other, None]
    assert [graph[0][3]["weight"] for graph in graphs] == wanted
