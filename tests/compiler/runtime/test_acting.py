"""One row by plain numbers is one row of a batch, whatever the network, and with the numbers of that moment."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import compiler
from compiler.activations import activate
from compiler.runtime.scalars import SCALARS
from neurograph import NeuronGraph
from neurograph.builders import lenet4, mlp
from neurograph.edits import SplitEdge
from neurograph.errors import CompileError, StaleError
from neurograph.schema.activations import ACTIVATIONS
from tests.compiler.memories import networks, sequences

POINTS = [0.0, -0.0, 1e-8, 0.3, -0.3, 0.5, -0.5, 1.0, -1.0, 2.9, -2.9, 3.0, 6.0, 7.5, -7.5, 19.0, 21.0, 60.0, -60.0]
POINTS += [750.0, -750.0, 1e300, -1e300, float("inf"), float("-inf"), float("nan")]


def test_every_activation_has_a_scalar_that_is_it():
    assert set(SCALARS) == set(ACTIVATIONS) - {"prelu"}
    for name, scalar in SCALARS.items():
        wanted = activate(name, torch.tensor(POINTS, dtype=torch.float64)).numpy()
        found = np.array([x if scalar is None else scalar(x) for x in POINTS])
        finite = np.abs(POINTS) < 100
        np.testing.assert_allclose(found[finite], wanted[finite], rtol=1e-12, atol=1e-15, err_msg=name)
        far = ~finite & ~np.isnan(wanted)
        np.testing.assert_allclose(found[far], wanted[far], rtol=1e-12, err_msg=name)


@given(networks(), st.booleans())
@settings(deadline=None, max_examples=25)
def test_acting_is_a_row_of_a_batch(graph, few):
    net = compiler.compile(graph, dtype=torch.float64, cut_off=True)
    actor = compiler.Actor(graph)
    xs, state, states = [x[:, 0] for x in sequences(graph, 4, 1)], None, [None, None]
    for step in range(4):
        row = [x[step] for x in xs]
        y = net(*(x[None] for x in row), *([state] if net.memory else []))
        y, state = y if net.memory else (y, None)
        wanted = [one[0].detach().numpy() for one in (y if isinstance(y, tuple) else (y,))]
        for at, who in enumerate((net, actor)):
            before = [] if states[at] is None else [states[at]]
            found = who.act(*(x.tolist() if few else x.numpy() for x in row), *before)
            found, states[at] = found if net.memory else (found, None)
            for one, theirs in zip(found if isinstance(found, tuple) else (found,), wanted, strict=True):
                np.testing.assert_allclose(one, theirs, rtol=1e-9, atol=1e-9)


def test_numbers_are_those_of_the_moment():
    graph = mlp([2, 3, 1], seed=0)
    net, x = compiler.compile(graph, dtype=torch.float64), np.array([0.3, -0.7])
    before = net.act(x)
    for change in (
        lambda p: p.data.mul_(2.0),
        lambda p: p.detach().numpy().__imul__(2.0),
        lambda p: setattr(p, "data", p.data * 2.0),
    ):
        change(next(net.parameters()))
        after = net.act(x)
        assert after != before
        np.testing.assert_allclose(after, net(torch.tensor(x)[None])[0].detach())
        before = after
    graph.apply(SplitEdge(0, 2))
    with pytest.raises(StaleError):
        net.act(x)
    net.refresh()
    np.testing.assert_allclose(net.act(x), before)


def test_norms_and_slopes_as_in_eval_mode():
    graph, rng = NeuronGraph(), np.random.default_rng(0)
    graph.add_population("x", 3, role="input")
    graph.add_population("h", 4, norm="batch", activation="prelu", dropout=0.5, bias=None)
    graph.add_population("y", 2, is_output=True)
    graph.connect("x", "h", weight=rng.normal(size=(3, 4)))
    graph.connect("h", "y", weight=rng.normal(size=(4, 2)))
    net = compiler.compile(graph)
    net(torch.randn(50, 3))
    x = rng.normal(size=3)
    wanted = net.eval()(torch.tensor(x, dtype=torch.float32)[None])[0].detach()
    np.testing.assert_allclose(net.train().act(x), wanted, rtol=1e-5)
    assert net.training
    np.testing.assert_allclose(compiler.Actor(graph).act(x), wanted, rtol=1e-5)


@pytest.mark.parametrize("make", [lambda: mlp([40, 40, 3], seed=0), lambda: lenet4()])
def test_large_networks_and_feature_maps_are_called(make):
    net = compiler.compile(make()).eval()
    x = np.random.default_rng(0).normal(size=net.program.inputs[0].sizes)
    np.testing.assert_allclose(net.act(x), net(torch.tensor(x, dtype=torch.float32)[None])[0].detach(), rtol=1e-5)


def test_a_large_network_that_remembers_is_called_with_its_state():
    graph = mlp([40, 40, 3], seed=0)
    graph.connect("output", "hidden1", weight=np.full((3, 40), 0.1), delay=1)
    net = compiler.compile(graph, dtype=torch.float64)
    xs = torch.rand(3, 1, 40, dtype=torch.float64)
    wanted, state = net.unroll(xs)[0], None
    for step in range(3):
        y, state = net.act(xs[step, 0].numpy(), *([] if state is None else [state]))
        np.testing.assert_allclose(y, wanted[step, 0].detach())


def test_what_does_not_fit_is_refused():
    net = compiler.compile(mlp([2, 1], seed=0))
    for given_ in ([np.ones(3)], [], [np.ones(2), np.ones(1)]):
        with pytest.raises(CompileError, match="rows of 2"):
            net.act(*given_)
    with pytest.raises(CompileError, match="feature maps"):
        compiler.Actor(lenet4())
    with pytest.raises(CompileError, match="Actor"):
        compiler.compile_population([mlp([2, 1])]).act(np.ones(2))
