"""Convolutions in which some pairs of maps are joined: every build, and PyTorch's way, against a masked one."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import example, given, settings
from hypothesis import strategies as st

from compiler.lowering.kernels.conv import Slide, convolve
from tests.compiler.lowering.kernels.builds import build, skip_without
from tests.compiler.lowering.kernels.test_sparse_kernels import close, second
from tests.compiler.lowering.kernels.wirings import Case

__all__ = ["build"]  # a fixture

SMALL, PLAIN = Case(3, 3, 4, 0.6, 3), Slide((1, 1), (1, 1), (1, 1))
PAIRS = st.tuples(st.integers(1, 3), st.integers(1, 3))
LAYOUTS = (torch.contiguous_format, torch.channels_last)


def masked(x: torch.Tensor, values: torch.Tensor, bias, case: Case, slide: Slide) -> torch.Tensor:
    row, column = (torch.from_numpy(place) for place in case.places())
    weight = values.new_zeros(case.outputs, case.inputs, *values.shape[1:]).index_put((row, column), values)
    return F.conv2d(x, weight, bias, slide.stride, slide.padding, slide.dilation)


def tensors(case: Case, size, kernel, dtype=torch.float64, layout=torch.contiguous_format) -> list[torch.Tensor]:
    x = case.draw(case.rows, case.inputs, *size, dtype=dtype).contiguous(memory_format=layout)
    values, bias = case.draw(len(case.places()[0]), *kernel, dtype=dtype), case.draw(case.outputs, dtype=dtype)
    return [tensor.requires_grad_() for tensor in (x, values, bias)]


def cases() -> st.SearchStrategy[Case]:
    sizes, rows = st.integers(1, 20), st.sampled_from([0, 1, 2, 5, 16, 33])
    return st.builds(Case, st.integers(0, 999), sizes, sizes, st.sampled_from([0.0, 0.2, 0.5, 1.0]), rows)


def test_each_build_equals_a_masked_convolution(build):
    skip_without(build)

    @settings(max_examples=40, deadline=None)
    @given(
        cases(),
        PAIRS,
        st.builds(Slide, PAIRS, st.tuples(st.integers(0, 3), st.integers(0, 3)), PAIRS),
        st.tuples(st.integers(0, 6), st.integers(0, 6)),
        st.sampled_from([torch.float32, torch.float64]),
        st.sampled_from(LAYOUTS),
    )
    @example(Case(1, 70, 9, 0.4, 40), (3, 3), PLAIN, (5, 5), torch.float32, torch.contiguous_format)
    @example(Case(1, 9, 66, 0.4, 3), (3, 3), PLAIN, (30, 30), torch.float32, torch.channels_last)
    @example(
        Case(2, 5, 6, 0.5, 16), (1, 3), Slide((2, 1), (0, 1), (1, 2)), (4, 9), torch.float64, torch.contiguous_format
    )
    def check(case, kernel, slide, more, dtype, layout):
        covers = [(k - 1) * d + 1 - 2 * p for k, d, p in zip(kernel, slide.dilation, slide.padding, strict=True)]
        size = [max(c, 1) + m for c, m in zip(covers, more, strict=True)]
        x, values, bias = tensors(case, size, kernel, dtype, layout)
        found, wanted = convolve(x, values, bias, case.wiring(), slide), masked(x, values, bias, case, slide)
        close(found, wanted)
        if not case.rows:
            return
        assert found.is_contiguous(memory_format=torch.contiguous_format if x.is_contiguous() else layout)
        gradient = case.draw(*wanted.shape, dtype=dtype)
        ours = torch.autograd.grad(found, (x, values, bias), gradient)
        theirs = torch.autograd.grad(wanted, (x, values, bias), gradient)
        for a, b in zip(ours, theirs, strict=True):
            close(a, b)

    check()


def test_gradients_of_gradients():
    x, values, bias = tensors(SMALL, (5, 4), (3, 3))
    ours = second(x, values, lambda x, v: convolve(x, v, bias, SMALL.wiring(), PLAIN))
    theirs = second(x, values, lambda x, v: masked(x, v, bias, SMALL, PLAIN))
    for a, b in zip(ours, theirs, strict=True):
        close(a, b)


def test_gradients_that_repeat_one_number_and_maps_cut_out_of_others():
    x, values, _ = tensors(SMALL, (6, 7), (3, 3))
    cut = x[:, :, 1:, ::2]
    ours = torch.autograd.grad(convolve(cut, values, None, SMALL.wiring(), PLAIN).sum(), (x, values))
    theirs = torch.autograd.grad(masked(cut, values, None, SMALL, PLAIN).sum(), (x, values))
    for a, b in zip(ours, theirs, strict=True):
        close(a, b)


def test_pytorch_is_told_the_truth_about_the_operators():
    x, values, bias = tensors(SMALL, (5, 4), (3, 3))
    operator = torch.ops.neurograph.sparse_conv
    for shift in (bias, None):
        for layout in LAYOUTS:
            maps = x.detach().contiguous(memory_format=layout).requires_grad_()
            torch.library.opcheck(operator, (maps, values, shift, PLAIN.flat(), *SMALL.wiring()))


def test_transforms_of_torch_func():
    x, values, bias = (t.detach() for t in tensors(SMALL, (5, 4), (3, 3)))

    def ours(v, x):
        return convolve(x, v, bias, SMALL.wiring(), PLAIN).sin().sum()

    def theirs(v, x):
        return masked(x, v, bias, SMALL, PLAIN).sin().sum()

    each = x[:, None]
    for a, b in zip(
        (
            torch.func.vmap(torch.func.grad(ours), (None, 0))(values, each),
            torch.func.jvp(ours, (values, x), (values, x))[1],
        ),
        (
            torch.func.vmap(torch.func.grad(theirs), (None, 0))(values, each),
            torch.func.jvp(theirs, (values, x), (values, x))[1],
        ),
        strict=True,
    ):
        close(a, b)


@pytest.mark.parametrize("rows", [1, 5, 40])
def test_equal_threads_give_equal_bits(rows, monkeypatch):
    case = Case(5, 30, 20, 0.4, rows)
    x, values, bias = tensors(case, (12, 12), (3, 3), torch.float32)
    for threads in (1, 2, 3):
        monkeypatch.setattr("compiler.lowering.kernels.conv_calls.thread_count", lambda threads=threads: threads)
        seen = []
        for _ in range(4):
            y = convolve(x, values, bias, case.wiring(), PLAIN)
            seen.append([y, *torch.autograd.grad(y.square().sum(), (x, values, bias))])
        for other in seen[1:]:
            assert all(torch.equal(a, b) for a, b in zip(seen[0], other, strict=True))


def test_tensors_that_do_not_fit_are_refused():
    x, values, bias = tensors(SMALL, (5, 4), (3, 3))
    with pytest.raises(ValueError, match=r"reads \(batch, 4, height, width\).*\(3, 3, 5, 4\)"):
        convolve(x[:, 1:], values, bias, SMALL.wiring(), PLAIN)
    with pytest.raises(ValueError, match="kernels, and got values"):
        convolve(x, values[1:], bias, SMALL.wiring(), PLAIN)
    with pytest.raises(ValueError, match=r"bias must be \(3,\)"):
        convolve(x, values, bias[1:], SMALL.wiring(), PLAIN)
