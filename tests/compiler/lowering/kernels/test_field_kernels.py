"""The field's walk: every build of the kernel, and PyTorch's way, against a plain walk neuron by neuron in float64."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from compiler.activations import activate
from compiler.lowering.kernels import library
from compiler.lowering.kernels.field import CODES, FieldWiring, run_field
from compiler.lowering.kernels.walk import walk
from tests.compiler.lowering.kernels.builds import build, skip_without

__all__ = ["build"]  # a fixture
NAMES = tuple(CODES)
TAME = tuple(name for name in NAMES if name != "square")  # squares of squares leave no digit that can be compared
SMOOTH_NAMES = (
    "identity",
    "elu",
    "gelu",
    "gelu_tanh",
    "silu",
    "mish",
    "softplus",
    "softsign",
    "tanh",
    "sigmoid",
    "gauss",
)
TOLERANCE = {torch.float32: 3e-4, torch.float64: 1e-11}


def plain(name: str, x: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
    """The activation; PyTorch's gradient of hard_sigmoid in float64 has a sixth of float32's accuracy."""
    return (x + 3).clamp(0, 6) / 6 if name == "hard_sigmoid" else activate(name, x, slope)


@dataclass(frozen=True)
class Case:
    """A random field and a batch: any fan-in from none on, synapses between any levels, twice between one pair too."""

    seed: int
    inputs: int
    neurons: int
    fan_in: int
    rows: int
    activations: tuple[str, ...] = TAME

    def wiring(self) -> FieldWiring:
        rng = np.random.default_rng(self.seed)
        count = rng.integers(0, self.fan_in + 1, self.neurons)
        source = [rng.integers(0, self.inputs + i, n) for i, n in enumerate(count)]
        codes = rng.choice([CODES[name] for name in self.activations], self.neurons)
        outputs = rng.integers(0, self.inputs + self.neurons, 5)  # inputs too, and some twice
        return FieldWiring(
            self.inputs,
            torch.from_numpy(np.concatenate([[0], np.cumsum(count)]).astype(np.int32)),
            torch.from_numpy(np.concatenate([[], *source]).astype(np.int32)),
            torch.from_numpy(codes.astype(np.uint8)),
            torch.from_numpy(outputs.astype(np.int32)),
        ).check()

    def tensors(self, wiring: FieldWiring, dtype: torch.dtype, by_feature: bool = False) -> list[torch.Tensor]:
        generator = torch.Generator().manual_seed(self.seed)

        def draw(*shape: int) -> torch.Tensor:
            return torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype)

        x = draw(self.inputs, self.rows).t() if by_feature else draw(self.rows, self.inputs)
        weight = draw(len(wiring.source)) / max(1, self.fan_in) ** 0.5
        return [t.requires_grad_() for t in (x, weight, draw(self.neurons) * 0.3, draw(self.neurons).abs())]


def by_hand(x, weight, bias, slope, wiring: FieldWiring) -> torch.Tensor:
    """Neuron by neuron."""
    values = list(x.t())
    for i in range(wiring.neurons):
        total = bias[i].expand(x.shape[0])
        for e in range(int(wiring.start[i]), int(wiring.start[i + 1])):
            total = total + weight[e] * values[int(wiring.source[e])]
        values.append(plain(NAMES[int(wiring.activation[i])], total, slope[i]))
    return torch.stack([values[place] for place in wiring.outputs.tolist()], 1)


def cases() -> st.SearchStrategy[Case]:
    return st.builds(
        Case, st.integers(0, 9999), st.integers(1, 20), st.integers(0, 40), st.integers(0, 9), st.integers(0, 140)
    )


def close(found, wanted, tolerance: float) -> None:
    if wanted.numel():
        scale = max(1.0, float(wanted.detach().abs().max()))
        torch.testing.assert_close(found.double(), wanted, rtol=0, atol=tolerance * scale)


def test_each_build_equals_a_walk_by_hand(build):
    skip_without(build)

    @settings(max_examples=25, deadline=None)
    @given(cases(), st.sampled_from([torch.float32, torch.float64]), st.booleans())
    @example(Case(1, 3, 30, 9, 129), torch.float64, True)
    @example(Case(2, 3, 40, 4, 64, ("relu",)), torch.float64, False)
    @example(Case(3, 3, 90, 9, 1), torch.float64, True)
    def check(case, dtype, by_feature):
        if dtype == torch.float32:  # at a kink it may fall to the other side
            case = replace(case, activations=SMOOTH_NAMES)
        wiring = case.wiring()
        ours = case.tensors(wiring, dtype, by_feature)
        exact = [t.detach().double().requires_grad_() for t in ours]
        found, wanted = run_field(*ours, wiring), by_hand(*exact, wiring)
        tolerance = max(TOLERANCE[dtype], 1e-6 if build == "none" else 0.0)  # PyTorch's hard_sigmoid, see `plain`
        close(found, wanted, tolerance)
        with torch.no_grad():
            assert torch.equal(run_field(*ours, wiring), found)
        gradient = torch.linspace(-1, 1, found.numel(), dtype=dtype).view_as(found)
        by = torch.autograd.grad(found, ours, gradient, allow_unused=True, materialize_grads=True)
        exactly = torch.autograd.grad(wanted, exact, gradient.double(), allow_unused=True, materialize_grads=True)
        for a, b in zip(by, exactly, strict=True):
            close(a, b, tolerance)

    check()


@pytest.mark.parametrize("name", NAMES)
def test_each_activation_over_its_whole_range(name):
    """Far out, near zero and at every kink: one neuron that copies its input through the activation."""
    x = torch.cat([torch.linspace(-40, 40, 161), torch.linspace(-1e-3, 1e-3, 11)]).double()
    kinks = torch.tensor([0, 0.5, 1, 3, 6, 20], dtype=torch.float64)  # there the derivative is a convention
    x = x[((x.abs()[:, None] - kinks).abs() > 1e-9).all(1)].view(-1, 1).requires_grad_()
    wiring = FieldWiring(
        1,
        torch.tensor([0, 1], dtype=torch.int32),
        torch.tensor([0], dtype=torch.int32),
        torch.tensor([CODES[name]], dtype=torch.uint8),
        torch.tensor([1], dtype=torch.int32),
    ).check()
    one, slope = torch.ones(1, dtype=torch.float64), torch.full((1,), 0.3, dtype=torch.float64)
    found, wanted = run_field(x, one, one * 0, slope, wiring), plain(name, x, slope)
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-14)
    ours, theirs = (torch.autograd.grad(y.sum(), x)[0] for y in (found, wanted))
    rtol = 1e-9 if library.instruction_set() else 1e-7  # PyTorch computes where nothing was built; see `plain`
    torch.testing.assert_close(ours, theirs, rtol=rtol, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_number_stays_none(name):
    wiring = FieldWiring(
        1,
        torch.tensor([0, 1], dtype=torch.int32),
        torch.tensor([0], dtype=torch.int32),
        torch.tensor([CODES[name]], dtype=torch.uint8),
        torch.tensor([1], dtype=torch.int32),
    )
    x = torch.tensor([[1.0], [torch.nan], [-1.0]])
    y = run_field(x, torch.ones(1), torch.zeros(1), torch.ones(1), wiring.check())
    assert y.isnan().view(-1).tolist() == [False, True, False]


SMOOTH = Case(4, 3, 9, 4, 6, ("tanh", "sigmoid", "gelu", "prelu", "square"))


def test_gradients_of_gradients():
    wiring = SMOOTH.wiring()
    tensors = SMOOTH.tensors(wiring, torch.float64)
    assert torch.autograd.gradgradcheck(lambda *t: run_field(*t, wiring), tensors)


def test_transforms_and_derivatives_forwards():
    wiring = SMOOTH.wiring()
    x, weight, bias, slope = (t.detach() for t in SMOOTH.tensors(wiring, torch.float64))

    def loss(weight, x):
        return run_field(x.view(1, -1), weight, bias, slope, wiring).sin().sum()

    each = torch.func.vmap(torch.func.grad(loss), (None, 0))(weight, x)
    for row, found in zip(x, each, strict=True):
        torch.testing.assert_close(found, torch.func.grad(loss)(weight, row))
    _, along = torch.func.jvp(lambda w: loss(w, x[0]), (weight,), (torch.ones_like(weight),))
    torch.testing.assert_close(along, each[0].sum())


def test_half_precisions_are_computed_in_float32():
    wiring = SMOOTH.wiring()
    tensors = SMOOTH.tensors(wiring, torch.float32)
    exact = run_field(*tensors, wiring)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(run_field(*tensors, wiring), exact)
        y = run_field(tensors[0].bfloat16(), *tensors[1:], wiring)
    assert y.dtype == torch.float32
    torch.testing.assert_close(y, exact, rtol=0.05, atol=0.05)
    halves = [t.detach().bfloat16().requires_grad_() for t in tensors]
    y = run_field(*halves, wiring)
    y.sum().backward()
    assert y.dtype == torch.bfloat16 and all(t.grad.dtype == torch.bfloat16 for t in halves)


def test_it_traces_as_one_graph(build):
    skip_without(build)
    wiring = SMOOTH.wiring()
    tensors = SMOOTH.tensors(wiring, torch.float64)
    torch.library.opcheck(
        torch.ops.neurograph.field,
        (*tensors, *wiring, True),
        test_utils=("test_schema", "test_faketensor", "test_autograd_registration"),
    )
    fast = torch.compile(lambda *t: run_field(*t, wiring) * 2, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(fast(*tensors), run_field(*tensors, wiring) * 2)
    ours = torch.autograd.grad(fast(*tensors).sum(), tensors)
    for a, b in zip(ours, torch.autograd.grad(2 * run_field(*tensors, wiring).sum(), tensors), strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_repeats_are_equal_to_the_bit(threads, monkeypatch):
    monkeypatch.setattr("compiler.lowering.kernels.field_calls.thread_count", lambda: threads)
    case = Case(7, 20, 300, 12, 200, ("relu", "tanh", "prelu"))
    wiring = case.wiring()
    tensors = case.tensors(wiring, torch.float32)
    seen = []
    for _ in range(5):
        y = run_field(*tensors, wiring)
        seen.append([y, *torch.autograd.grad(y.square().sum(), tensors)])
    for other in seen[1:]:
        assert all(torch.equal(a, b) for a, b in zip(seen[0], other, strict=True))


def test_rows_that_pad_a_block_reach_nothing():
    """Squares of squares overflow where rows of nothing but a bias would be walked along."""
    case = Case(1, 2, 30, 2, 3, ("square",))
    wiring = case.wiring()
    x, weight, bias, slope = case.tensors(wiring, torch.float32)
    big = (bias * 0 + 4).detach().requires_grad_()
    small = (x * 0).detach()
    y = run_field(small, weight, big, slope, wiring)
    exact = walk(small, weight, big, slope, *wiring.arrays)
    assert torch.equal(y.isfinite(), exact.isfinite())
    ours, theirs = (torch.autograd.grad(t.nan_to_num(0, 0, 0).sum(), (weight, big)) for t in (y, exact))
    for a, b in zip(ours, theirs, strict=True):
        assert torch.equal(a.isfinite(), b.isfinite())


@pytest.mark.parametrize(
    ("which", "at", "value", "message"),
    [
        (0, 1, 99, "start must rise"),
        (0, -1, 0, "start must rise"),
        (1, 0, 3, "place 3 to 3: a neuron reads only places before"),
        (1, 0, -1, "place -1 to"),
        (2, 0, 200, "activation 200 is none"),
        (3, 0, 13, "outputs must hold places from 0 to 12"),
        (3, 0, -1, "outputs must hold"),
    ],
)
def test_wirings_that_lead_outside_are_refused(which, at, value, message):
    wiring = FieldWiring(
        3,
        torch.arange(11, dtype=torch.int32),
        torch.zeros(10, dtype=torch.int32),
        torch.zeros(10, dtype=torch.uint8),
        torch.zeros(2, dtype=torch.int32),
    ).check()
    list(wiring)[which][at] = value
    with pytest.raises(ValueError, match=message):
        wiring.check()


@pytest.mark.skipif(library.instruction_set() is None, reason="no native kernels are built here")
def test_tensors_that_do_not_fit_are_refused():
    wiring = SMOOTH.wiring()
    x, weight, bias, slope = SMOOTH.tensors(wiring, torch.float64)
    with pytest.raises(ValueError, match=r"weight must be \(\d+,\)"):
        run_field(x, weight[1:], bias, slope, wiring)
    with pytest.raises(ValueError, match=r"bias must be \(9,\) of torch.float64"):
        run_field(x, weight, bias.float(), slope, wiring)
    with pytest.raises(ValueError, match=r"reads \(batch, 3\)"):
        run_field(x[:, 1:], weight, bias, slope, wiring)
