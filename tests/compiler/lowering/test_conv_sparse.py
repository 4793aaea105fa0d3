"""The lowering of convolutions with few pairs of channels: when it is taken, and what is said where it is not there."""

import warnings

import numpy as np
import pytest
import torch

import compiler
from compiler.lowering.kernels import library
from compiler.planning.cost import CPU, FIRST
from neurograph import NeuronGraph
from tests.compiler.extras import needs_kernels


def layer(density: float, channels: int = 16, side: int = 16) -> NeuronGraph:
    rng, graph = np.random.default_rng(0), NeuronGraph()
    x = graph.add_population("x", channels, role="input", shape=(side, side))
    y = graph.add_population("y", channels, shape=(side, side), is_output=True, bias=0.1)
    for source, target in zip(*np.nonzero(rng.random((channels, channels)) < density), strict=True):
        graph.add_edge(x[source], y[target], weight=rng.normal(size=(3, 3)), padding=(1, 1))
    return graph


def chosen(graph: NeuronGraph, figures=CPU) -> str:
    net = compiler.compile(graph, batch_size=64, calibration=figures)
    return net.program.stages[-1].products[0].lowering


@needs_kernels
def test_few_pairs_of_channels_run_sparsely_and_many_do_not():
    assert chosen(layer(0.15)) == "conv_sparse" and chosen(layer(1.0)) == "conv"


def test_figures_of_before_know_nothing_of_it():
    assert chosen(layer(0.15), FIRST) == "conv"


@needs_kernels
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_it_trains_as_the_masked_one_does_in_both_memory_formats(layout):
    nets = [compiler.compile(layer(0.2), lowering=name).to(memory_format=layout) for name in ("conv", "conv_sparse")]
    x, found = torch.randn(5, 16, 16, 16).contiguous(memory_format=layout), []
    for net in nets:
        optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
        for _ in range(3):
            optimizer.zero_grad()
            net(x).square().mean().backward()
            optimizer.step()
        found.append(net(x))
        assert found[-1].is_contiguous(memory_format=layout)
    torch.testing.assert_close(*found, rtol=1e-4, atol=1e-4)


@needs_kernels
def test_half_precision_and_autocast_are_computed_in_float32():
    net, half = (
        compiler.compile(layer(0.2), dtype=kind, lowering="conv_sparse") for kind in (torch.float32, torch.bfloat16)
    )
    x = torch.randn(3, 16, 16, 16)
    y = half(x.bfloat16())
    y.float().sum().backward()
    assert y.dtype == torch.bfloat16 and all(p.grad.dtype == torch.bfloat16 for p in half.parameters())
    torch.testing.assert_close(y.float(), net(x), rtol=0.05, atol=0.1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(net(x), net(x), rtol=0, atol=0)


def test_planning_says_nothing_where_no_kernel_is_built(monkeypatch):
    monkeypatch.setattr(library, "_open", lambda name: None)
    library.forget()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert chosen(layer(0.15)) == "conv"
        with pytest.warns(RuntimeWarning, match="native kernels are not built"):
            library.kernel("sparse_product", torch.float32)
    finally:
        monkeypatch.undo()
        library.forget()
