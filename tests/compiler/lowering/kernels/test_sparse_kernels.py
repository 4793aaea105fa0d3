"""The sparse products: every build of the kernels, and PyTorch's way, against a dense matrix."""

import copy

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

import compiler
from compiler.lowering.kernels.products import by_feature
from compiler.lowering.kernels.sparse import multiply
from tests.compiler.graphs import batch, loss_of, mlp
from tests.compiler.lowering.kernels.builds import build, skip_without
from tests.compiler.lowering.kernels.wirings import Case, cases

__all__ = ["build"]  # a fixture

TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-13}
SMALL = Case(3, 5, 7, 0.5, 4)
product, sampled = torch.ops.neurograph.sparse_product, torch.ops.neurograph.sampled_product


def close(found: torch.Tensor, wanted: torch.Tensor) -> None:
    scale = max(1.0, float(wanted.detach().abs().max())) if wanted.numel() else 1.0
    assert found.shape == wanted.shape
    torch.testing.assert_close(found, wanted, rtol=0, atol=TOLERANCE[wanted.dtype] * scale)


def test_each_build_equals_a_dense_product(build):
    skip_without(build)

    @settings(max_examples=60, deadline=None)
    @given(cases(), st.sampled_from([torch.float32, torch.float64]), st.booleans(), st.booleans())
    @example(Case(1, 70, 200, 0.4, 256), torch.float32, True, True)
    @example(Case(1, 200, 70, 0.4, 257), torch.float64, False, True)
    def check(case, dtype, layout, gradient_layout):
        x = case.draw(case.rows, case.inputs, dtype=dtype, by_feature=layout).requires_grad_()
        values = case.draw(len(case.places()[0]), dtype=dtype).requires_grad_()
        gradient = case.draw(case.rows, case.outputs, dtype=dtype, by_feature=gradient_layout)
        found = multiply(x, values, case.wiring())
        wanted = x @ case.dense(values).t()
        close(found, wanted)
        ours = torch.autograd.grad(found, (x, values), gradient)
        theirs = torch.autograd.grad(wanted, (x, values), gradient)
        for a, b in zip(ours, theirs, strict=True):
            close(a, b)
        assert by_feature(ours[0]) == by_feature(x)  # what comes next meets like with like

    check()


@settings(max_examples=25, deadline=None)
@given(cases(12, 6), st.booleans())
def test_the_operators_are_each_others_derivatives(case, transposed):
    wiring, count = case.wiring(), len(case.places()[0])
    ends = (case.outputs, case.inputs) if transposed else (case.inputs, case.outputs)
    x, other = (case.draw(case.rows, size).requires_grad_() for size in ends)
    values = case.draw(count).requires_grad_()

    def run(x, values):
        return product(x, values, *wiring, transposed, False)

    def sample(one, two):
        return sampled(*((one, two) if transposed else (two, one)), *wiring)

    if count and case.rows:
        assert torch.autograd.gradcheck(run, (x, values)) and torch.autograd.gradgradcheck(run, (x, values))
        assert torch.autograd.gradcheck(sample, (x, other)) and torch.autograd.gradgradcheck(sample, (x, other))


def second(x: torch.Tensor, values: torch.Tensor, call) -> list[torch.Tensor]:
    first = torch.autograd.grad(call(x, values).sin().sum(), (x, values), create_graph=True)
    return list(torch.autograd.grad(sum(g.square().sum() for g in first), (x, values)))


def test_gradients_of_gradients_in_eager_mode():
    wiring = SMALL.wiring()
    x = SMALL.draw(4, 7).requires_grad_()
    values = SMALL.draw(len(wiring.column)).requires_grad_()
    ours = second(x, values, lambda x, v: multiply(x, v, wiring))
    theirs = second(x, values, lambda x, v: x @ SMALL.dense(v).t())
    for a, b in zip(ours, theirs, strict=True):
        close(a, b)


def test_derivatives_forwards():
    wiring, values = SMALL.wiring(), SMALL.draw(len(SMALL.places()[0]))
    x, way = SMALL.draw(4, 7), SMALL.draw(4, 7)
    ours = torch.func.jvp(lambda x: multiply(x, values, wiring).sin(), (x,), (way,))
    for a, b in zip(ours, torch.func.jvp(lambda x: (x @ SMALL.dense(values).t()).sin(), (x,), (way,)), strict=True):
        close(a, b)


def test_vmap_over_batches_and_over_weights():
    wiring = SMALL.wiring()
    x, values = SMALL.draw(3, 4, 7), SMALL.draw(3, len(wiring.column))
    run = torch.func.vmap(lambda x, v: multiply(x, v, wiring), (0, None))
    close(run(x, values[0]), x @ SMALL.dense(values[0]).t())
    each = torch.stack([x[i] @ SMALL.dense(values[i]).t() for i in range(3)])
    close(torch.func.vmap(lambda x, v: multiply(x, v, wiring))(x, values), each)
    close(torch.func.vmap(lambda x, v: multiply(x, v, wiring), (1, 1))(x.transpose(0, 1), values.t()), each)
    per_sample = torch.func.vmap(torch.func.grad(lambda v, x: multiply(x, v, wiring).sin().sum()), (None, 0))
    wanted = torch.func.vmap(torch.func.grad(lambda v, x: (x @ SMALL.dense(v).t()).sin().sum()), (None, 0))
    close(per_sample(values[0], x), wanted(values[0], x))


def test_a_jacobian_of_all_rows_at_once():
    wiring, values = SMALL.wiring(), SMALL.draw(len(SMALL.places()[0]))
    x = SMALL.draw(4, 7)
    ours = torch.autograd.functional.jacobian(lambda x: multiply(x, values, wiring), x, vectorize=True)
    close(ours, torch.autograd.functional.jacobian(lambda x: x @ SMALL.dense(values).t(), x))


@pytest.mark.parametrize("by_features", [False, True])
def test_pytorch_is_told_the_truth_about_the_operators(by_features):
    wiring = SMALL.wiring()
    x = SMALL.draw(4, 7, by_feature=by_features).requires_grad_()
    y = SMALL.draw(4, 5, by_feature=by_features).requires_grad_()
    values = SMALL.draw(len(wiring.column)).requires_grad_()
    for transposed, source in ((False, x), (True, y)):
        torch.library.opcheck(product, (source, values, *wiring, transposed, by_features))
    torch.library.opcheck(sampled, (y, x, *wiring))


def test_a_compiled_network_traces_in_one_graph():
    graph = mlp()
    net = compiler.compile(graph, lowering="sparse")
    (x,) = batch(graph, dtype=torch.float32)
    fast = torch.compile(net, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(fast(x), net(x))
    loss_of(fast(x)).backward()
    found = [p.grad.clone() for p in net.parameters()]
    net.zero_grad()
    loss_of(net(x)).backward()
    for a, p in zip(found, net.parameters(), strict=True):
        torch.testing.assert_close(a, p.grad)
    clone = copy.deepcopy(net)
    torch.testing.assert_close(clone.double()(x.double()).float(), net(x))


def test_strided_and_expanded_batches():
    wiring, values = SMALL.wiring(), SMALL.draw(len(SMALL.places()[0]))
    x = SMALL.draw(8, 14)
    for view in (x[::2, ::2], x[:1, :7].expand(4, 7), x[:, :7].flip(0)):
        close(multiply(view, values, wiring), view @ SMALL.dense(values).t())


@pytest.mark.parametrize("rows", [1, 40, 300])
def test_threads_change_no_bit(rows, monkeypatch):
    case = Case(5, 300, 400, 0.2, rows)
    wiring, values = case.wiring(), case.draw(len(case.places()[0]), dtype=torch.float32).requires_grad_()
    x = case.draw(rows, 400, dtype=torch.float32).requires_grad_()
    gradient, seen = case.draw(rows, 300, dtype=torch.float32), []
    for threads in (1, 2, 3, 2, 3):
        monkeypatch.setattr("compiler.lowering.kernels.products.thread_count", lambda threads=threads: threads)
        y = multiply(x, values, wiring)
        seen.append([y, *torch.autograd.grad(y, (x, values), gradient)])
    for other in seen[1:]:
        assert all(torch.equal(a, b) for a, b in zip(seen[0], other, strict=True))


@pytest.mark.parametrize(
    ("which", "value", "message"),
    [
        (0, -1, "row_start"),
        (1, 7, "column"),
        (1, -1, "column"),
        (2, 99, "column_start"),
        (3, 5, "row"),
        (4, 99, "order"),
    ],
)
def test_integers_that_lead_outside_are_refused(which, value, message):
    wiring = SMALL.wiring()
    list(wiring)[which][-1 if which in (0, 2) else 1] = value
    with pytest.raises(ValueError, match=message):
        wiring.check()


def test_batches_and_weights_that_do_not_fit_are_refused():
    wiring = SMALL.wiring()
    values = SMALL.draw(len(wiring.column))
    with pytest.raises(ValueError, match=r"reads \(batch, 7\).*\(4, 6\)"):
        multiply(SMALL.draw(4, 6), values, wiring)
    with pytest.raises(ValueError, match="synapses and got values"):
        multiply(SMALL.draw(4, 7), values[1:], wiring)
    with pytest.raises(ValueError, match="one batch, and got 3 and 4"):
        sampled(SMALL.draw(3, 5), SMALL.draw(4, 7), *wiring)
