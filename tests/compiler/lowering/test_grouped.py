"""Equal disjoint blocks in any order of neurons, held against the reference and the other lowerings."""

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

import compiler
from compiler.lowering.grouped import Grouped
from compiler.slots import WEIGHT
from compiler.testing.lowerings import where_legal
from neurograph import NeuronGraph
from neurograph.edits import SplitEdge
from neurograph.errors import CompileError
from tests.compiler.graphs import assert_equals_reference, batch, loss_of, mlp
from tests.compiler.sync.optimizers.table import OPTIMIZERS
from tests.compiler.sync.test_refresh import by_number, train


def blocks(many=3, sizes=(2, 3, 2), seed=0, frozen=0.0, spare=1) -> NeuronGraph:
    """Layers of disjoint blocks, each layer's neurons shuffled; some neurons are in no block but read by the output."""
    rng = np.random.default_rng(seed)
    graph = NeuronGraph()
    names = [graph.add_population("x", many * sizes[0] + spare, role="input")]
    for index, size in enumerate(sizes[1:], 1):
        bias = rng.normal(size=many * size + spare)
        names.append(graph.add_population(f"h{index}", many * size + spare, activation="tanh", bias=bias))
    for before, after, a, b in zip(names, names[1:], sizes, sizes[1:], strict=False):
        left = rng.permutation(np.array(before))[: many * a].reshape(many, a)
        right = rng.permutation(np.array(after))[: many * b].reshape(many, b)
        for group in range(many):
            for u in left[group].tolist():
                for v in right[group].tolist():
                    graph.add_edge(u, v, weight=float(rng.normal()), trainable=bool(rng.random() >= frozen))
    graph.add_population("y", 2, is_output=True, bias=np.zeros(2))
    graph.connect(f"h{len(sizes) - 1}", "y", weight=rng.normal(size=(len(names[-1]), 2)))
    graph.add_edge(names[0][0], graph.population("y")[0], weight=1.0)  # some output is reached from some input
    graph.restart_journal()
    return graph


def lowerings(net) -> list[str]:
    return [product.lowering for stage in net.program.stages for product in stage.products]


@settings(max_examples=40)
@example(many=2, sizes=(1, 1, 1), seed=0, frozen=0.0, spare=0)
@given(
    many=st.integers(2, 5),
    sizes=st.lists(st.integers(1, 4), min_size=2, max_size=4).map(tuple),
    seed=st.integers(0, 99),
    frozen=st.sampled_from([0.0, 0.5, 1.0]),
    spare=st.integers(0, 2),
)
def test_it_equals_the_reference(many, sizes, seed, frozen, spare):
    graph = blocks(many, sizes, seed, frozen, spare)
    net = compiler.compile(graph, dtype=torch.float64, lowering=where_legal("grouped"))
    assert lowerings(net).count("grouped") == len(sizes) - 1
    assert_equals_reference(net, graph)


def test_neurons_in_the_blocks_order_are_not_moved():
    graph = NeuronGraph()
    graph.add_population("x", 4, role="input")
    graph.add_population("y", 6, is_output=True)
    for u in range(4):
        for v in range(3):
            graph.add_edge(u, 4 + 3 * (u // 2) + v, weight=1.0 + u + v)
    net = compiler.compile(graph, dtype=torch.float64, lowering="grouped")
    (unit,) = net.stages[0].units
    assert isinstance(unit, Grouped) and unit.columns is None and unit.rows is None
    assert_equals_reference(net, graph)


def test_the_cost_model_takes_it_for_large_blocks_and_reports_it():
    graph = NeuronGraph()
    x, y = graph.add_population("x", 1024, role="input"), graph.add_population("y", 1024, is_output=True)
    u, v = np.arange(1024).repeat(128), (np.arange(1024)[:, None] // 128 * 128 + np.arange(128)).ravel()
    order = np.random.default_rng(0).permutation(1024)
    graph.add_edges_from_arrays(np.array(x)[u], np.array(y)[order[v]], weight=np.ones(len(u)))
    net = compiler.compile(graph, batch_size=256)
    assert lowerings(net) == ["grouped"] and "grouped" in net.report()
    values = torch.randn(3, 1024)
    dense = compiler.compile(graph, lowering="dense")
    torch.testing.assert_close(net(values), dense(values), rtol=1e-4, atol=1e-4)


def test_what_is_no_blocks_is_refused_in_words():
    with pytest.raises(CompileError, match="'grouped' cannot run it: its synapses are not equal disjoint blocks"):
        compiler.compile(mlp(), lowering="grouped")


@pytest.mark.parametrize("kind", ["momentum", "adam"])
def test_an_edit_takes_values_and_moments_over_to_what_runs_then(kind):
    graph = blocks()
    net = compiler.compile(graph, dtype=torch.float64, lowering=where_legal("grouped"))
    optimizer = OPTIMIZERS[kind](net.parameters())
    train(net, graph, optimizer)
    name = "exp_avg" if kind == "adam" else "momentum_buffer"
    old = by_number(net, optimizer, WEIGHT, name)
    u, v = next(iter(graph.edges))
    graph.apply(SplitEdge(u, v))
    net.refresh(optimizer)
    assert lowerings(net).count("grouped") == 1
    new = by_number(net, optimizer, WEIGHT, name)
    assert {i: held for i, held in new.items() if i in old} == {i: held for i, held in old.items() if i in new}
    assert_equals_reference(net, graph)
    train(net, graph, optimizer)
    graph.undo()
    net.refresh(optimizer)
    assert lowerings(net).count("grouped") == 2
    assert_equals_reference(net, graph)


def test_state_goes_over_to_another_lowering_and_back():
    a = compiler.compile(blocks(), dtype=torch.float64, lowering=where_legal("grouped"))
    b = compiler.compile(blocks(), dtype=torch.float64, lowering="dense")
    with torch.no_grad():
        for parameter in b.parameters():
            parameter.zero_()
    b.load_state_dict(a.state_dict())
    x = batch(a.graph)[0]
    torch.testing.assert_close(a(x), b(x), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("rows", [0, 1])
def test_an_empty_batch_and_a_single_row_run(rows):
    graph = blocks()
    net = compiler.compile(graph, dtype=torch.float64, lowering=where_legal("grouped"))
    y = net(batch(graph, rows=rows)[0])
    y.sum().backward()
    assert y.shape == (rows, 2)


def test_half_precision_and_autocast_run_and_train():
    graph = blocks()
    exact = compiler.compile(graph, dtype=torch.float64)(batch(graph)[0])
    half = compiler.compile(graph, dtype=torch.bfloat16, lowering=where_legal("grouped"))
    y = half(batch(graph, dtype=torch.bfloat16)[0])
    loss_of(y).backward()
    torch.testing.assert_close(y.double(), exact, rtol=0.1, atol=0.1)
    single = compiler.compile(graph, lowering=where_legal("grouped"))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        z = single(batch(graph, dtype=torch.float32)[0])
    torch.testing.assert_close(z.double(), exact, rtol=0.1, atol=0.1)
    loss_of(z.float()).backward()
    assert all(p.grad is not None and p.grad.dtype == p.dtype for net in (half, single) for p in net.parameters())
