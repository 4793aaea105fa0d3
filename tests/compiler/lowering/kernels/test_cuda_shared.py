"""The walk in shared memory against torch in float64: on a CUDA device, or on the processor by a harness."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("triton")

import compiler
from compiler.activations import CODES, activate
from compiler.lowering.kernels import field_calls
from compiler.lowering.kernels.cuda import parts as cut_into_parts
from compiler.lowering.kernels.cuda import region, runtime, schedule, shared
from compiler.lowering.kernels.cuda.activations import bits
from compiler.lowering.kernels.cuda.shared import SharedWalk
from compiler.lowering.kernels.field import FieldWiring
from compiler.lowering.kernels.walk import walk as plain_walk
from tests.compiler.graphs import Recipe, assert_equals_reference, batch, build
from tests.compiler.lowering.kernels.on_host import on_host  # noqa: F401, a fixture
from tests.compiler.lowering.kernels.test_cuda import DEVICE, FLOAT_IN_TORCH, MIXED, field

put = partial(torch.tensor, dtype=torch.float64, device=DEVICE)
ONE_FIXTURE = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]  # nothing of it changes between examples


def several(rng: np.random.Generator, inputs: int, many: int, fan_in: int):
    """Fields side by side that share their inputs: starts, sources (in topological order) and the number of neurons."""
    fields = [field(rng, inputs, rng.integers(1, 7, rng.integers(1, 5)).tolist(), fan_in) for _ in range(many)]
    neurons = [(number, at) for number, (levels, _, _) in enumerate(fields) for at in range(int(levels[-1]))]
    neurons.sort(key=lambda n: int(np.searchsorted(fields[n[0]][0], n[1], "right")))  # as a graph's arrays: by level
    place = {neuron: inputs + at for at, neuron in enumerate(neurons)}
    lists = []
    for number, at in neurons:
        _, targets, sources = fields[number]
        mine = sources[targets == at].tolist()
        lists.append(sorted(s if s < inputs else place[number, s - inputs] for s in mine))
    start = np.cumsum([0, *map(len, lists)])
    return start.astype(np.int32), np.array([s for mine in lists for s in mine], np.int32), len(neurons)


@pytest.mark.parametrize(("columns", "lanes"), [(1, 4), (2, 1), (2, 2), (2, 8), (1, 32)])
@settings(max_examples=8, deadline=None, suppress_health_check=ONE_FIXTURE)
@given(
    inputs=st.integers(1, 6),
    many=st.integers(1, 4),
    rows=st.integers(1, 7),
    fan_in=st.integers(1, 40),
    sloped=st.booleans(),
    threads=st.sampled_from([32, 96, 256]),
    size=st.sampled_from([1, 8, 3000]),
    seed=st.integers(0, 2**31),
)
def test_a_field_in_shared_memory_has_the_values_and_gradients_of_torch(
    on_host, columns, lanes, inputs, many, rows, fan_in, sloped, threads, size, seed  # noqa: F811
):  # fmt: skip
    rng = np.random.default_rng(seed)
    start, source, neurons = several(rng, inputs, many, fan_in)
    codes = rng.choice([CODES[name] for name in (MIXED if sloped else ("relu", "tanh"))], neurons)
    wanted = rng.permutation(inputs + neurons)[: 1 + neurons // 2]
    arrays = start, source, codes.astype(np.uint8), wanted.astype(np.int32)
    wiring = FieldWiring(inputs, *(torch.from_numpy(array).to(DEVICE) for array in arrays))
    numbers = (rng.normal(size=size) for size in ((rows, inputs), len(source), neurons, neurons))
    tensors = [put(number).requires_grad_() for number in numbers][: 4 if sloped else 3]
    x, weight, bias, slope = tensors if sloped else (*tensors, None)
    expected = plain_walk(x, weight, bias, slope, *wiring.arrays)
    gradient = put(rng.normal(size=expected.shape))
    parts = torch.autograd.grad(expected, tensors, gradient, allow_unused=True)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(cut_into_parts, "NEURONS", size)
        patched.setattr(schedule, "_shape", lambda width, fan: (lanes, threads))
        found = region.laid_out(inputs, wiring.start, wiring.source, wiring.activation)
    laid, cut = found.wiring, found.parts
    assert cut is not None and (size > 1 or cut.count >= many)
    laid = SharedWalk(replace(laid, used=bits(set(MIXED))), cut, columns)
    bare = [tensor.detach() for tensor in tensors] + [None] * (not sloped)
    values, sums = shared.forward(*bare, laid, True)
    torch.testing.assert_close(values.t()[:, wanted], expected.detach())
    incoming = torch.zeros_like(values).index_add_(0, wiring.outputs.long(), gradient.t())
    for to_x in (torch.empty_like(bare[0]), torch.empty_like(bare[0].t().contiguous()).t()):
        found = shared.backward(incoming, values, sums, bare[1], bare[3], laid, to_x)
        for mine, theirs, tensor in zip((to_x, *found), parts, tensors, strict=False):
            torch.testing.assert_close(mine, torch.zeros_like(tensor) if theirs is None else theirs)


@pytest.mark.parametrize("name", sorted(set(CODES) - FLOAT_IN_TORCH))
def test_each_activation_and_its_derivative_in_shared_memory(on_host, name):  # noqa: F811
    z = torch.linspace(-25, 25, 201, dtype=torch.float64, device=DEVICE)[:, None]
    slope = put([0.3])
    here = z.detach().cpu().requires_grad_()  # on a device torch's own constants of hard_swish are float32's
    expected = activate(name, here, slope.cpu())
    (wanted,) = torch.autograd.grad(expected.sum(), here)
    arrays = np.array([0, 1], np.int32), np.array([0], np.int32), np.array([CODES[name]], np.uint8)
    found = region.laid_out(1, *(torch.from_numpy(array).to(DEVICE) for array in arrays))
    assert found.parts is not None
    walk = SharedWalk(replace(found.wiring, used=bits(set(CODES))), found.parts, 2)
    one, none, to_x = torch.ones_like(slope), torch.zeros_like(slope), torch.empty_like(z)
    values, sums = shared.forward(z, one, none, slope, walk, True)
    torch.testing.assert_close(values[1].cpu(), expected.detach()[:, 0], rtol=1e-12, atol=1e-14)
    incoming = torch.zeros_like(values)
    incoming[1] = 1
    shared.backward(incoming, values, sums, one, slope, walk, to_x)
    torch.testing.assert_close(to_x.cpu(), wanted, rtol=1e-12, atol=1e-14)


def test_rows_of_a_block_leave_no_multiprocessor_idle_and_fit_its_memory():
    parts = region.parts_of(
        2,
        np.array([0, 1, 2], np.int32),
        np.array([0, 1], np.int32),
        np.array([1, 1]),
        np.array([0, 2]),
        torch.device("cpu"),
    )
    assert parts is not None and parts.places == 5
    columns = partial(shared.columns_for, parts)
    assert [columns(rows, 4, 4, 1000) for rows in (1, 4, 5, 8, 9, 1000)] == [1, 1, 2, 2, 4, 4]
    assert columns(1000, 8, 4, 1000) == 2 and columns(1000, 4, 4, 79) == 2 and columns(1000, 8, 4, 39) == 0


@pytest.mark.parametrize("walks", ["shared", "triton"])
def test_the_faster_walk_is_chosen(on_host, monkeypatch, walks):  # noqa: F811
    monkeypatch.setattr(shared, "seconds", lambda *_: float(walks == "triton"))
    monkeypatch.setattr(region.walk, "seconds", lambda *_: 0.5)
    arrays = np.array([0, 1], np.int32), np.array([0], np.int32), np.array([CODES["relu"]], np.uint8)
    laid = region.laid_out(1, *(torch.from_numpy(array).to(DEVICE) for array in arrays))
    for rows in range(1, 200):
        assert (laid.shared(put(np.zeros((rows, 1)))) is not None) == (walks == "shared")
    assert len(laid.walks) <= region.MOST


@pytest.mark.parametrize("seed", range(2))
def test_a_network_whose_field_runs_in_shared_memory_equals_the_reference(on_host, monkeypatch, seed):  # noqa: F811
    monkeypatch.setattr(field_calls, "on_device", lambda x: True)
    monkeypatch.setattr(region.walk, "seconds", lambda *_: 1e9)
    monkeypatch.setattr(region, "forward", None)  # Triton's
    graph = build(Recipe(seed, (2, 3, 3, 2), density=0.7, mixed=False, tangled=seed == 1))
    net = compiler.compile(graph, dtype=torch.float64, lowering="field", device=DEVICE)
    assert_equals_reference(net, graph)
    none = net(*(x[:0].to(DEVICE) for x in batch(graph)))
    assert all(len(y) == 0 for y in (none if isinstance(none, tuple) else (none,)))


def test_where_nvrtc_compiles_nothing_one_warning_says_so_and_triton_walks(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)

    def refuse(*_):
        raise OSError("libnvrtc.so.13: cannot open shared object file")

    monkeypatch.setattr(runtime, "_function", refuse)
    monkeypatch.setattr(runtime, "_enter", lambda index: None)
    runtime.usable.cache_clear()
    try:
        with pytest.warns(RuntimeWarning, match=r"Triton's kernels.*cannot open shared object") as seen:
            assert not runtime.usable() and not runtime.usable()
        assert len(seen) == 1
    finally:
        monkeypatch.undo()
        runtime.usable.cache_clear()
