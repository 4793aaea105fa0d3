"""A population computes, and learns, what each of its individuals would alone."""

import copy
import gc
import pickle
from weakref import ref

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import compiler
from neurograph import NeuronGraph
from neurograph.core.merging import joined
from neurograph.errors import WiringError
from tests.compiler.graphs import mlp
from tests.compiler.population.genomes import (
    INPUTS,
    OUTPUTS,
    assert_same_numbers,
    data,
    genome,
    losses,
    numbers,
    populations,
    regular,
    split,
    train,
    trained_alone,
)  # fmt: skip

WAYS = ({}, {"lowering": "blocks"}, {"batch_size": 1}, {"batch_size": 10**5})


def compiled(graphs, **options) -> compiler.CompiledPopulation:
    return compiler.compile_population(graphs, dtype=torch.float64, cut_off=True, **options)


@settings(max_examples=15)
@given(graphs=populations(), how=st.sampled_from(WAYS))
def test_outputs_and_gradients_are_those_of_the_reference_and_of_networks_alone(graphs, how):
    copies = [graph.copy() for graph in graphs]
    population = compiled(graphs, **how)
    x, target = data()
    x.requires_grad_()
    y = population(x)
    assert y.shape == (len(graphs), len(x), OUTPUTS)
    if y.requires_grad:
        losses(y, target).sum().backward()
    ids, weights = population.gradients()
    total = torch.zeros_like(x)
    for at, graph in enumerate(copies):
        alone = compiler.compile(graph, dtype=torch.float64, cut_off=True)
        wanted = compiler.reference(graph, x.detach(), loss=lambda y: (y - target).square().mean())
        torch.testing.assert_close(y[at], wanted.outputs[0], rtol=1e-12, atol=1e-12)
        own = x.detach().requires_grad_()
        mine = alone(own)
        torch.testing.assert_close(y[at], mine, rtol=1e-12, atol=1e-12)
        if mine.requires_grad:
            losses(mine, target).backward()
        total += torch.zeros_like(own) if own.grad is None else own.grad
        expected, gradients = alone.gradients()
        place = np.searchsorted(ids, joined(at, expected))
        np.testing.assert_array_equal(ids[place], joined(at, expected))
        np.testing.assert_allclose(weights[place], gradients, rtol=1e-12, atol=1e-12)
    found = torch.zeros_like(x) if x.grad is None else x.grad
    torch.testing.assert_close(found, total, rtol=1e-12, atol=1e-12)
    assert len(ids) == sum(len(compiler.compile(g, cut_off=True).gradients()[0]) for g in copies)


@settings(max_examples=10)
@given(graphs=populations(), optimizer=st.sampled_from([torch.optim.Adam, torch.optim.SGD, torch.optim.RMSprop]))
def test_one_optimizer_trains_each_as_it_would_alone_and_graphs_read_what_was_learned(graphs, optimizer):
    wanted = [trained_alone(graph, 4, optimizer) for graph in graphs]
    population = compiled(graphs)
    train(population, population.parameters(), 4, optimizer)
    assert_same_numbers(graphs, wanted)


@settings(max_examples=15)
@given(graphs=populations())
def test_inputs_of_their_own(graphs):
    copies = [graph.copy() for graph in graphs]
    population = compiled(graphs, inputs="own")
    xs = torch.stack([data(seed=at)[0] for at in range(len(graphs))])
    y = population(xs)
    for at, graph in enumerate(copies):
        wanted = compiler.reference(graph, xs[at]).outputs[0]
        torch.testing.assert_close(y[at], wanted, rtol=1e-12, atol=1e-12)
    rows = 3
    assert population(xs[:, :rows]).shape == (len(graphs), rows, OUTPUTS)


def test_who_is_wired_alike_runs_in_batched_products_and_the_others_in_one_field():
    graphs = [mlp((INPUTS, 256, 256, OUTPUTS), seed=seed) for seed in range(3)] + [genome(seed) for seed in range(40)]
    population = compiled(graphs)
    text = population.report()
    assert "43 individuals" in text and "3 in products by wiring (1 of them)" in text
    assert "40 of irregular wiring together" in text
    lowerings = {part.lowering for stage in population.program.stages for part in stage.products}
    assert lowerings >= {"field", "grouped"}
    assert sum(stage.is_region for stage in population.program.stages) == 1


def test_wired_alike_is_who_has_equal_kinds_and_synapses_whatever_the_numbers():
    graphs = [regular(0), regular(1), regular(2), regular(3), genome(3), genome(3)]
    graphs[1].nodes[graphs[1].population("h1")[0]]["activation"] = "sigmoid"
    graphs[2].remove_edge(*next(iter(graphs[2].edges)))
    graphs[3].nodes[graphs[3].population("h1")[0]]["bias"] = None
    split(graphs[5])
    more = [regular(4), genome(3)]
    assert compiled(graphs + more).arrangement.like.tolist() == [0, 1, 2, 3, 4, 5, 0, 4]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_other_dtypes_run_and_train(dtype):
    graphs = [genome(seed) for seed in range(5)]
    population = compiler.compile_population(graphs, dtype=dtype, cut_off=True)
    optimizer = torch.optim.Adam(population.parameters(), lr=0.01)
    x, target = (t.to(dtype) for t in data())
    before = [numbers(graph) for graph in graphs]
    losses(population(x), target).sum().backward()
    optimizer.step()
    assert any(not np.array_equal(numbers(g), b, equal_nan=True) for g, b in zip(graphs, before, strict=True))


def conv(seed: int) -> NeuronGraph:
    """A small network over feature maps, with a batch norm, and with a map and numbers as outputs."""
    rng = np.random.default_rng(seed)
    graph = NeuronGraph()
    graph.add_population("image", 1, role="input", shape=(6, 6))
    graph.add_population("maps", 2, shape=(4, 4), activation="tanh", norm="batch")
    graph.add_population("seen", 1, shape=(4, 4), is_output=True)
    graph.add_population("label", 3, is_output=True, bias=0.1)
    graph.connect("image", "maps", weight=rng.normal(size=(1, 2, 3, 3)))
    graph.connect("maps", "seen", weight=rng.normal(size=(2, 1, 3, 3)), padding=1)
    graph.connect("maps", "label", weight=rng.normal(size=(2, 3, 4, 4)))
    return graph


def test_feature_maps_norms_and_several_outputs():
    graphs = [conv(seed) for seed in range(3)]
    copies = [graph.copy() for graph in graphs]
    population = compiled(graphs)
    x = torch.randn(5, 1, 6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    maps, labels = population(x)
    assert maps.shape == (3, 5, 1, 4, 4) and labels.shape == (3, 5, 3)
    for at, graph in enumerate(copies):
        wanted = compiler.reference(graph, x, training=True).outputs
        torch.testing.assert_close(maps[at], wanted[0], rtol=1e-10, atol=1e-10)
        torch.testing.assert_close(labels[at], wanted[1], rtol=1e-10, atol=1e-10)
    population.eval()
    alone = [compiler.compile(graph, dtype=torch.float64) for graph in copies]
    for one in alone:
        one(x)
        one.eval()
    for at, one in enumerate(alone):  # running statistics moved alike
        torch.testing.assert_close(population(x)[1][at], one(x)[1], rtol=1e-10, atol=1e-10)


def test_a_population_that_is_dropped_leaves_what_was_learned():
    graphs = [genome(seed) for seed in range(4)]
    wanted = [trained_alone(graph, 3) for graph in graphs]
    population = compiled(graphs)
    train(population, population.parameters(), 3)
    del population
    gc.collect()
    assert_same_numbers(graphs[::-1], wanted[::-1])
    assert [graph.owner for graph in graphs] == [None] * 4


def test_nothing_of_a_population_is_held_by_a_circle_of_references():
    gc.collect()
    gc.disable()
    try:
        graphs = [genome(seed) for seed in range(3)]
        population = compiled(graphs)
        there, weights = ref(population), ref(next(iter(population.parameters())))
        del population
        assert there() is None
        for graph in graphs:
            graph.arrays()
        assert weights() is None
    finally:
        gc.enable()


def test_single_numbers_are_read_where_they_are():
    graphs = [regular(seed) for seed in range(3)] + [genome(7)]
    wanted = [trained_alone(graph, 3) for graph in graphs]
    population = compiled(graphs)
    train(population, population.parameters(), 3)
    for graph, other in zip(graphs, wanted, strict=True):
        for u, v, weight in other.edges(data="weight"):
            assert graph[u][v].get("weight") == pytest.approx(weight, abs=1e-12)
        for name, bias in other.nodes(data="bias"):
            assert graph.nodes[name]["bias"] == pytest.approx(bias, abs=1e-12) or bias is None


def test_state_goes_into_a_population_of_the_same_wirings():
    make = lambda first: [regular(first), genome(3), regular(first + 1), genome(5)]  # noqa: E731
    population, other = compiled(make(0)), compiled(make(10))
    assert set(population.state_dict()) == set(compiler.compile(genome(3), cut_off=True).state_dict())
    other.load_state_dict(population.state_dict())
    x, _ = data()
    assert torch.equal(population(x), other(x))
    with pytest.raises(WiringError, match="another wiring"):
        compiled([genome(3), regular(0), regular(1), genome(5)]).load_state_dict(population.state_dict())


def test_copies_and_pickles_are_populations_of_graphs_of_their_own():
    graphs = [genome(seed) for seed in range(3)]
    population = compiled(graphs)
    train(population, population.parameters(), 2)
    x, _ = data()
    for made in (copy.deepcopy(population), pickle.loads(pickle.dumps(population))):
        assert torch.equal(made(x), population(x))
        assert made.graphs[0] is not graphs[0] and made.owns and population.owns
        split(made.graphs[0])
        assert made.stale and not population.stale
        made.refresh()
        torch.testing.assert_close(made(x), population(x), rtol=1e-9, atol=1e-9)


def test_an_average_follows_the_population():
    graphs = [genome(seed) for seed in range(3)]
    population = compiled(graphs)
    ema = compiler.EMA(population, decay=0.5)
    x, _ = data()
    before = population(x).detach()
    train(population, population.parameters(), 1)
    ema.update()
    split(graphs[1])
    population.refresh()
    average = ema.network()(x)
    assert average.shape == before.shape
    assert not torch.equal(average[0], before[0]) and not torch.equal(average[0], population(x)[0])


def test_modes_devices_and_dtypes():
    population = compiled([genome(seed) for seed in range(3)])
    assert population.eval().training is False and population.train().training
    x, _ = data()
    y = population(x)
    half = population.to(torch.float32)
    torch.testing.assert_close(half(x.float()).double(), y, rtol=1e-4, atol=1e-4)
    half.refresh()
    torch.testing.assert_close(half(x.float()).double(), y, rtol=1e-4, atol=1e-4)
    assert len(population) == 3 and population.parameter_count() == sum(
        compiler.compile(g.copy(), cut_off=True).parameter_count() for g in population.graphs
    )


def test_torch_compile_takes_it():
    population = compiled([genome(seed) for seed in range(3)])
    x, _ = data()
    traced = torch.compile(population, backend="eager")
    torch.testing.assert_close(traced(x), population(x), rtol=1e-12, atol=1e-12)
