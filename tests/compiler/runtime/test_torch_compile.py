"""`torch.compile(net)`: what is traced, how often, and that nothing is lost by it."""

import copy
import gc
import weakref

import pytest
import torch

import compiler
from neurograph.builders import mlp
from neurograph.edits import SplitEdge
from neurograph.errors import StaleError


class Backend:
    """One that runs what was traced as it is, and counts."""

    def __init__(self) -> None:
        self.traced = 0

    def __call__(self, module, example_inputs):
        self.traced += 1
        return module.forward


@pytest.fixture(params=[True, False], ids=["fullgraph", "graph breaks"])
def compiled(request):
    """What compiles a module, and what counts."""

    def compile_it(module):
        backend = Backend()
        return torch.compile(module, backend=backend, fullgraph=request.param), backend

    return compile_it


def some_edge(graph):
    return next((u, v) for u, v in graph.edges if graph.out_degree(u) > 1 and graph.in_degree(v) > 1)


def x(rows=4):
    return torch.linspace(-1, 1, rows * 5).view(rows, 5)


def test_refreshes_that_keep_the_program_trace_nothing(compiled):
    graph = mlp([5, 6, 3], seed=0)
    net = compiler.compile(graph)
    fast, backend = compiled(net)
    fast(x())
    with torch._dynamo.config.patch(error_on_recompile=True):
        for round in range(3):
            graph.edges[some_edge(graph)]["weight"] = float(round)
            net.refresh()
            assert torch.equal(fast(x()), net(x()))
            graph.apply(SplitEdge(*some_edge(graph)))
            graph.undo()
            net.refresh()
            assert torch.equal(fast(x()), net(x()))
    assert backend.traced == 1


def test_each_program_is_traced_once_however_many_there_are(compiled):
    graph = mlp([5, 8, 8, 3], seed=0)
    net = compiler.compile(graph)
    fast, backend = compiled(net)
    for round in range(20):
        assert torch.equal(fast(x()), net(x()))
        assert torch.equal(fast(x()), net(x()))
        assert backend.traced == round + 1
        graph.apply(SplitEdge(*some_edge(graph)))
        net.refresh()


def test_many_networks_are_traced_once_each(compiled):
    for seed in range(10):
        net = compiler.compile(mlp([5, 4 + seed, 3], seed=seed))
        fast, backend = compiled(net)
        assert torch.equal(fast(x()), net(x())) and torch.equal(fast(x()), net(x()))
        assert backend.traced == 1


def test_a_stale_network_raises_and_is_traced_for_that_only_once(compiled):
    graph = mlp([5, 6, 3], seed=0)
    net = compiler.compile(graph)
    fast, backend = compiled(net)
    for round in range(10):
        fast(x())
        graph.edges[some_edge(graph)]["weight"] = float(round)
        with pytest.raises(StaleError, match="values of the graph have been written"):
            fast(x())
        graph.apply(SplitEdge(*some_edge(graph)))
        for _ in range(2):
            with pytest.raises(StaleError, match=r"edited \(version \d+, compiled at \d+\)"):
                fast(x())
        net.refresh()
    assert backend.traced == 10 + 1


def test_a_network_inside_a_compiled_function_raises_when_it_is_stale(compiled):
    graph = mlp([5, 6, 3], seed=0)
    net = compiler.compile(graph)
    fast, _ = compiled(lambda x: net(x) * 2)
    for _ in range(2):
        assert torch.equal(fast(x()), net(x()) * 2)
        graph.remove_edge(*some_edge(graph))
        with pytest.raises(StaleError, match="edited"):
            fast(x())
        net.refresh()


def test_a_rolled_back_edit_leaves_it_fresh(compiled):
    graph = mlp([5, 6, 3], seed=0)
    net = compiler.compile(graph)
    fast, backend = compiled(net)
    before = fast(x())
    with torch._dynamo.config.patch(error_on_recompile=True), pytest.raises(KeyError), graph.atomic():
        graph.remove_edge(*some_edge(graph))
        with pytest.raises(StaleError):
            fast(x())
        raise KeyError
    assert torch.equal(fast(x()), before) and backend.traced == 2


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("norm", ["none", "batch"])
def test_training_is_the_same_and_the_graph_gets_it(compiled, dtype, norm):
    graphs = [mlp([5, 6, 3], seed=0, norm=norm) for _ in range(2)]
    for graph in graphs:
        for name in graph.populations["hidden1"]:
            graph.nodes[name]["dropout"] = 0.25
    nets = [compiler.compile(graph, dtype=dtype) for graph in graphs]
    runs = [nets[0], compiled(nets[1])[0]]
    for net, run in zip(nets, runs, strict=True):
        optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
        with torch.random.fork_rng():
            torch.manual_seed(3)
            for _ in range(4):
                optimizer.zero_grad()
                run(x().to(dtype)).pow(2).sum().backward()
                optimizer.step()
    edge = some_edge(graphs[0])
    untrained = mlp([5, 6, 3], seed=0, norm=norm).edges[edge]["weight"]
    assert graphs[1].edges[edge]["weight"] == graphs[0].edges[edge]["weight"] != untrained
    values = [[dict(d) for _, d in graph.nodes(data=True)] for graph in graphs]
    assert values[0] == values[1]
    assert [d for _, _, d in graphs[0].edges(data=True)] == [d for _, _, d in graphs[1].edges(data=True)]
    for net in nets:
        net.eval()
    assert torch.equal(runs[0](x().to(dtype)), runs[1](x().to(dtype)))
    assert torch.equal(runs[1](x().to(dtype)), compiler.compile(graphs[1].copy(), dtype=dtype).eval()(x().to(dtype)))


def test_copies_run_what_is_theirs(compiled):
    net = compiler.compile(mlp([5, 6, 3], seed=0))
    clone = copy.deepcopy(net)
    with torch.no_grad():
        next(clone.parameters()).add_(1.0)
    fast, _ = compiled(clone)
    assert torch.equal(fast(x()), clone(x())) and not torch.equal(fast(x()), net(x()))
    clone.graph.remove_edge(*some_edge(clone.graph))
    assert net(x()) is not None
    with pytest.raises(StaleError):
        clone(x())


def test_a_forward_that_a_user_put_there_stays():
    graph = mlp([5, 6, 3], seed=0)
    net = compiler.compile(graph)
    net.forward = lambda *inputs: inputs[0]
    graph.remove_edge(*some_edge(graph))
    net.refresh()
    assert net(7) == 7 and copy.deepcopy(net)(7) == 7


def test_a_network_that_nobody_holds_is_gone_at_once():
    gc.disable()
    try:
        net = compiler.compile(mlp([5, 6, 3], seed=0))
        net(x())
        held = weakref.ref(net)
        del net
        assert held() is None
    finally:
        gc.enable()
