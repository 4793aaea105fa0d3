"""The Triton kernels against plain torch in float64: on a CUDA device, or in Triton's interpreter on the processor."""

from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("triton")

import compiler
from compiler.activations import CODES, activate
from compiler.lowering.kernels import field_calls
from compiler.lowering.kernels.cuda import region, walk
from compiler.lowering.kernels.cuda.activations import bits
from compiler.lowering.kernels.cuda.walk import Tiling, Wiring
from compiler.lowering.kernels.field import FieldWiring
from compiler.lowering.kernels.walk import walk as plain_walk
from tests.compiler.graphs import Recipe, assert_equals_reference, batch, build

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
CUTS = [Tiling(4), Tiling(2, neurons=4), Tiling(4, parts=3, neurons=2, by_level=True)]
if DEVICE == "cuda":  # programs that wait for one another need a device: the interpreter runs them in turn
    CUTS += [Tiling(4, parts=3, neurons=4), Tiling(8, parts=8, neurons=2)]
FLOAT_IN_TORCH = {"hard_sigmoid"}  # its derivative there is 1/6 in single precision
MIXED = ("identity", "relu", "prelu", "tanh", "gelu")  # few: a device compiles a kernel for every set of activations


def field(rng: np.random.Generator, inputs: int, sizes: list[int], fan_in: int):
    """Level starts, targets and sources of random wiring; some neurons read nothing."""
    levels = np.concatenate([[0], np.cumsum(sizes)])
    sources = [
        np.sort(rng.choice(inputs + begin, min(int(rng.integers(fan_in + 1)), inputs + begin), replace=False))
        for begin, end in pairwise(levels)
        for _ in range(begin, end)
    ]
    return levels, np.repeat(np.arange(levels[-1]), [len(s) for s in sources]), np.concatenate(sources).astype(int)


def plain(inputs, targets, sources, names, x, weights, biases, slopes):
    """Every value, neuron by neuron."""
    values = list(x)
    for neuron, name in enumerate(names):
        mine = np.flatnonzero(targets == neuron)
        total = biases[neuron] + sum((weights[e] * values[sources[e]] for e in mine), torch.zeros_like(x[0]))
        values.append(activate(name, total, slopes[neuron]))
    return torch.stack(values)


@pytest.mark.parametrize("cut", CUTS, ids=str)
@settings(max_examples=6, deadline=None)
@given(
    inputs=st.integers(1, 6),
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=5),
    batch=st.integers(1, 10),
    fan_in=st.integers(1, 25),
    seed=st.integers(0, 2**31),
)
def test_a_walk_equals_torch(cut, inputs, sizes, batch, fan_in, seed):
    rng = np.random.default_rng(seed)
    levels, targets, sources = field(rng, inputs, sizes, fan_in)
    names = rng.choice(MIXED, levels[-1]).tolist()
    wiring = replace(Wiring.of(inputs, levels, targets, sources, names, DEVICE), used=bits(set(MIXED)))
    shapes = (inputs, batch), (len(targets),), (len(names),), (len(names),)
    held = [torch.tensor(rng.normal(size=s), device=DEVICE, requires_grad=True) for s in shapes]
    x, weights, biases, slopes = held
    expected = plain(inputs, targets, sources, names, *held)
    incoming = torch.tensor(rng.normal(size=expected.shape), device=DEVICE)
    wanted = torch.autograd.grad(expected, held, incoming, allow_unused=True)

    with torch.no_grad():
        values, sums = walk.forward(wiring, x, weights, biases, slopes, cut)
        deltas, reached = walk.backward(wiring, incoming, sums, weights, slopes, cut)
        found = reached[:inputs], walk.weight_gradient(wiring, values, deltas), deltas.sum(1)
    torch.testing.assert_close(values, expected, rtol=1e-9, atol=1e-9)
    for one, other in zip(found, wanted[:3], strict=True):
        scale = 1.0 if other is None or not other.numel() else max(1.0, float(other.abs().max()))
        torch.testing.assert_close(one / scale, (torch.zeros_like(one) if other is None else other) / scale)


@pytest.mark.parametrize("name", sorted(set(CODES) - FLOAT_IN_TORCH))
def test_each_activation_and_its_derivative(name):
    here = torch.linspace(-25, 25, 401, dtype=torch.float64)[None].requires_grad_()
    z, slope = here.detach().to(DEVICE), torch.tensor([0.3], dtype=torch.float64, device=DEVICE)
    expected = activate(name, here, slope.cpu())  # on a device torch's own constants of hard_swish are float32's
    (wanted,) = torch.autograd.grad(expected.sum(), here)
    wiring = Wiring.of(1, [0, 1], [0], [0], [name], DEVICE)
    one, none = torch.ones_like(slope), torch.zeros_like(slope)
    values, sums = walk.forward(wiring, z, one, none, slope, Tiling(128))
    deltas, _ = walk.backward(wiring, torch.ones_like(values), sums, one, slope, Tiling(128))
    torch.testing.assert_close(values[1:].cpu(), expected.detach(), rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(deltas.cpu(), wanted, rtol=1e-12, atol=1e-14)


@settings(max_examples=10, deadline=None)
@given(
    inputs=st.integers(1, 5),
    sizes=st.lists(st.integers(1, 6), min_size=1, max_size=5),
    batch=st.integers(1, 6),
    sloped=st.booleans(),
    seed=st.integers(0, 2**31),
)
def test_a_field_on_the_device_has_the_values_and_gradients_of_torch(inputs, sizes, batch, sloped, seed):
    rng, put = np.random.default_rng(seed), partial(torch.tensor, dtype=torch.float64, device=DEVICE)
    levels, targets, sources = field(rng, inputs, sizes, 4)
    neurons, names = int(levels[-1]), (MIXED if sloped else ("relu", "tanh"))
    codes = rng.choice([CODES[name] for name in names], neurons)
    wanted = rng.permutation(inputs + neurons)[: 1 + neurons // 2]
    start = np.searchsorted(targets, np.arange(neurons + 1))
    arrays = start.astype(np.int32), sources.astype(np.int32), codes.astype(np.uint8), wanted.astype(np.int32)
    wiring = FieldWiring(inputs, *(torch.from_numpy(array).to(DEVICE) for array in arrays))
    numbers = (rng.normal(size=size) for size in ((batch, inputs), len(sources), neurons, neurons))
    tensors = [put(number).requires_grad_() for number in numbers][: 4 if sloped else 3]
    x, weight, bias, slope = tensors if sloped else (*tensors, None)
    expected = plain_walk(x, weight, bias, slope, *wiring.arrays)
    gradient = put(rng.normal(size=expected.shape))
    parts = torch.autograd.grad(expected, tensors, gradient, allow_unused=True)
    laid = region.laid_out(inputs, wiring.start, wiring.source, wiring.activation).wiring
    cut = Tiling(4, neurons=4)
    bare = [tensor.detach() for tensor in tensors] + [None] * (not sloped)
    y, values, sums = region.forward(*bare, laid, wiring.outputs, cut)
    torch.testing.assert_close(y, expected.detach())
    found = region.backward(gradient, values, sums, bare[1], bare[3], laid, wiring.outputs, cut)
    for mine, theirs, tensor in zip(found, parts, tensors, strict=False):
        torch.testing.assert_close(mine, torch.zeros_like(tensor) if theirs is None else theirs)
    assert region.laid_out(inputs, wiring.start, wiring.source, wiring.activation).wiring is laid


@pytest.fixture
def by_triton(monkeypatch):
    """Fields run by Triton's kernels, in its interpreter where there is no device."""
    monkeypatch.setattr(field_calls, "on_device", lambda x: True)


@pytest.mark.parametrize("seed", range(2))
def test_a_network_whose_field_runs_by_triton_equals_the_reference(by_triton, seed):
    graph = build(Recipe(seed, (2, 3, 3, 2), density=0.7, mixed=seed > 0, tangled=seed == 1))
    net = compiler.compile(graph, dtype=torch.float64, lowering="field", device=DEVICE)
    assert_equals_reference(net, graph)
    run = lambda *xs: torch.cat(y if isinstance(y := net(*xs), tuple) else (y,), 1)  # noqa: E731
    assert len(run(*(x[:0].to(DEVICE) for x in batch(graph)))) == 0
    inputs = tuple(x.to(DEVICE) for x in batch(graph))
    traced = torch.compile(run, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(traced(*inputs), run(*inputs))
