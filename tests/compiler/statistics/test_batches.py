"""What is no batch of a network is refused, naming batch and row, by whatever looks at the network over data."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import compiler
from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.edits import InsertLayer
from neurograph.errors import CompileError, DataError, StaleError

GRAPH = mlp([4, 8, 3], seed=0)
X = torch.rand(6, 4, generator=torch.Generator().manual_seed(0))


def squares(output, y):
    return ((output - y) ** 2).mean()


def observe(batches, **options):
    return compiler.compile(GRAPH).observe(batches, **options)


def record(batches):
    graph = GRAPH.copy()
    seen = compiler.record(compiler.compile(graph), batches)
    before = dict(graph.edges), len(graph.journal)
    try:
        graph.apply(InsertLayer(("hidden1", "output"), width=8, target=2, observations=seen))
    except Exception:
        assert (dict(graph.edges), len(graph.journal)) == before
        raise


BOTH = pytest.mark.parametrize("use", [observe, record])
NOT_FINITE = st.sampled_from([float("nan"), float("inf"), -float("inf")])


def changed(x, place, value):
    x = x.clone()
    x[place] = value
    return x


@BOTH
@given(batch=st.integers(0, 3), row=st.integers(0, 5), column=st.integers(0, 3), value=NOT_FINITE)
def test_a_number_that_is_not_finite_is_named_by_batch_and_row(use, batch, row, column, value):
    batches = [X, (X, X), X, X]
    batches[batch] = changed(X, (row, column), value)
    words = rf"batch {batch}: input 'input'\[{row}, {column}\] is -?(nan|inf), which is not finite"
    with pytest.raises(DataError, match=words):
        use(batches)


def test_a_target_that_is_not_finite_is_named_by_batch_and_row():
    y = torch.zeros(6, 3)
    with pytest.raises(DataError, match=r"batch 1: y\[4, 2\] is nan"):
        observe([(X, y), (X, changed(y, (4, 2), torch.nan))], loss=squares)


OTHERS = {
    "features": (X[:, :3], r"has shape \(6, 3\)"),
    "one row alone": (X[0], r"has shape \(4,\)"),
    "whole numbers": ((X * 9).int(), "is torch.int32; values must be floating"),
    "truth": (X > 0.5, "values must be floating"),
    "an array": ((X.numpy(), X), "must be a tensor of shape .*, not a ndarray"),
    "two populations": (((X, X), X), r"takes 1 tensor\(s\)"),
    "a number": (3, "is a int: each must be a tensor x"),
    "rows of an array": (np.zeros((6, 4)), "is a ndarray: each must be a tensor x"),
    "nothing": ((), "is an empty tuple"),
    "names": ({"x": X}, "is a dict"),
}


@BOTH
@pytest.mark.parametrize("case", OTHERS)
def test_what_is_no_batch_of_the_network_is_refused_by_its_number(use, case):
    batch, words = OTHERS[case]
    with pytest.raises(CompileError, match=f"batch 2.*{words}"):
        use([X, X, batch])


def test_the_population_is_named_where_there_are_several():
    graph = NeuronGraph()
    for name in ("a", "b"):
        graph.add_population(name, 2, role="input")
    graph.add_population("out", 1, is_output=True, activation="identity")
    for name in ("a", "b"):
        graph.connect(name, "out", np.ones((2, 1)))
    net, x = compiler.compile(graph), torch.ones(3, 2)
    with pytest.raises(DataError, match=r"batch 1: input 'b'\[2, 0\] is inf"):
        net.observe([((x, x),), ((x, changed(x, (2, 0), torch.inf)),)])


def test_batches_without_rows_are_none():
    assert observe([X[:0], X]).samples == 6
    with pytest.raises(CompileError, match="the 2 batches to observe have no rows"):
        observe([X[:0], X[:0]])


def test_large_numbers_that_are_finite_are_taken():
    large = torch.full((600, 4), 1e36)
    assert large.sum().isinf() and observe([large]).samples == 600


def test_a_recording_takes_floating_numbers_of_any_type():
    record([X.double(), X.half()])


def test_a_stale_network_says_so_whatever_the_batch():
    graph = GRAPH.copy()
    net = compiler.compile(graph)
    graph.add_population("more", 1, role="input")
    with pytest.raises(StaleError, match="^(?!batch)"):
        net.observe([X[:, :2]])
