"""Expressivity bottlenecks: against least squares on rows that PyTorch's own layers and autograd give."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import compiler
from compiler.statistics.deltas import columns, deltas
from neurograph import NeuronGraph
from neurograph.builders import metanet_cnn, mlp
from neurograph.errors import CompileError, MissingError, StaleError

X = torch.randn(48, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
Y = torch.randint(0, 3, (48,), generator=torch.Generator().manual_seed(1))


def missed_by(rows, wanted):
    """(n, p) and (n, t): what least squares leaves, as the mean over so many samples is taken outside."""
    fit = np.linalg.lstsq(rows, wanted, rcond=None)[0]
    return float(((wanted - rows @ fit) ** 2).sum())


def by_hand(graph):
    """Population -> (rows of what it reads, what is asked of it) of an mlp with one hidden layer, by PyTorch alone."""
    names = {name: list(members) for name, members in graph.populations.items()}

    def layer(a, b):
        w = np.array([[graph[u][v]["weight"] if graph.has_edge(u, v) else 0.0 for u in names[a]] for v in names[b]])
        return torch.tensor(w), torch.tensor([graph.nodes[v]["bias"] or 0.0 for v in names[b]])

    (w1, b1), (w2, b2) = layer("input", "hidden1"), layer("hidden1", "output")
    a1 = (X @ w1.T + b1).requires_grad_()
    h = F.relu(a1)
    a2 = h @ w2.T + b2
    deltas = torch.autograd.grad(F.cross_entropy(a2, Y), [a1, a2])
    ones = np.ones((len(X), 1))
    rows = (np.hstack([X.numpy(), ones]), np.hstack([h.detach().numpy(), ones]))
    return {name: (row, -len(X) * d.numpy()) for name, row, d in zip(("hidden1", "output"), rows, deltas, strict=True)}


def test_dense_layers_agree_with_least_squares_in_any_batches():
    graph = mlp([6, 9, 3], seed=0)
    net = compiler.compile(graph, dtype=torch.float64)
    wanted = by_hand(graph)
    found = {one.population: one for one in compiler.bottlenecks(net, [(X, Y)], F.cross_entropy)}
    assert found.keys() == wanted.keys() and found["output"].reads == ("hidden1",)
    for name, (rows, asked) in wanted.items():
        assert found[name].wanted == pytest.approx((asked**2).sum() / len(X))
        assert found[name].missed == pytest.approx(missed_by(rows, asked) / len(X))
        assert 0 < found[name].share < 1
    parts = [(X[:20], Y[:20]), (X[20:], Y[20:])]
    again = compiler.bottlenecks(net, parts, F.cross_entropy)
    assert {one.population: one.missed for one in again} == pytest.approx({n: one.missed for n, one in found.items()})
    assert [one.missed for one in again] == sorted((one.missed for one in again), reverse=True)


def test_each_neuron_has_its_own_weights_alone():
    graph = mlp([6, 9, 3], seed=0)
    rng = np.random.default_rng(0)
    for u, v in list(graph.edges):
        if rng.random() < 0.4:
            graph.remove_edge(u, v)
    net = compiler.compile(graph, dtype=torch.float64)
    wanted = by_hand(graph)
    for one in compiler.bottlenecks(net, [(X, Y)], F.cross_entropy):
        (rows, asked), names = wanted[one.population], graph.populations
        before = list(names[one.reads[0]])
        total = 0.0
        for place, neuron in enumerate(names[one.population]):
            own = [before.index(u) for u in graph.predecessors(neuron)] + [rows.shape[1] - 1]
            total += missed_by(rows[:, own], asked[:, [place]])
        assert one.missed == pytest.approx(total / len(X))


def test_maps_agree_with_least_squares_on_patches():
    graph = metanet_cnn((3, 2), seed=0, inputs=2, size=8)
    net = compiler.compile(graph, dtype=torch.float64)
    x, y = torch.randn(10, 2, 8, 8, dtype=torch.float64), torch.randint(0, 10, (10,))
    found = {one.population: one for one in compiler.bottlenecks(net, [(x, y)], F.cross_entropy)}
    name = "conv1"
    maps = graph.population(name)
    data = graph[graph.population("input")[0]][maps[0]]
    patches = F.unfold(x, 3, padding=data.get("padding", 0), stride=data.get("stride", 1))
    rows = patches.transpose(1, 2).reshape(-1, patches.shape[1]).numpy()
    ((_, by),) = list(deltas(net, [(x, y)], F.cross_entropy, graph.keys_of(list(maps))))
    asked = -10 * columns(net, by, graph.keys_of(list(maps))).reshape(10, 3, -1)
    asked = asked.transpose(1, 2).reshape(-1, 3).numpy()
    rows = np.hstack([rows, np.ones((len(rows), 1))])
    assert found[name].wanted == pytest.approx((asked**2).sum() / 10)
    assert found[name].missed == pytest.approx(missed_by(rows, asked) / 10)


def test_as_many_sources_as_samples_miss_nothing_and_a_narrow_layer_misses_most():
    net = compiler.compile(mlp([6, 60, 3], seed=0), dtype=torch.float64)
    (output,) = (one for one in compiler.bottlenecks(net, [(X, Y)], F.cross_entropy) if one.population == "output")
    assert output.share < 1e-6
    narrow = compiler.compile(mlp([6, 20, 1, 20, 3], seed=0), dtype=torch.float64)
    shares = {one.population: one.share for one in compiler.bottlenecks(narrow, [(X, Y)], F.cross_entropy)}
    assert shares["hidden3"] > shares["output"]  # it reads one neuron


def test_delayed_synapses_are_not_of_the_step_and_the_network_stays_as_it_was():
    graph = mlp([6, 5, 3], seed=0)
    hidden = graph.population("hidden1")
    for name in hidden:
        graph.add_edge(name, name, weight=0.3, delay=1)
    net = compiler.compile(graph, dtype=torch.float64).train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    (found,) = compiler.bottlenecks(net, [(X, Y)], F.cross_entropy, ["hidden1"])
    assert found.reads == ("input",) and net.training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert all(p.grad is None for p in net.parameters())


def test_what_cannot_be_asked_is_refused():
    net = compiler.compile(mlp([6, 5, 3], seed=0), dtype=torch.float64)
    for names, words in ((["none"], "no population 'none'"), (["input"], "'input' adds up nothing")):
        with pytest.raises(MissingError, match=words):
            compiler.bottlenecks(net, [(X, Y)], F.cross_entropy, names)
    with pytest.raises(CompileError, match="no batch"):
        compiler.bottlenecks(net, [], F.cross_entropy)
    net.graph.remove_neurons([net.graph.population("hidden1")[0]])
    with pytest.raises(StaleError, match="edited"):
        compiler.bottlenecks(net, [(X, Y)], F.cross_entropy)
    lone = NeuronGraph()
    lone.add_population("a", 2, role="input", is_output=True)
    with pytest.raises(CompileError, match="no neuron of the network"):
        compiler.bottlenecks(compiler.compile(lone), [torch.zeros(2, 2)], lambda out: out.sum())
