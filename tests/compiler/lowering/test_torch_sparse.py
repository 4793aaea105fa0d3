"""torch-sparse as a backend: what holds where it is installed, where it is not, and where it is broken."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.autograd.function import once_differentiable

import compiler
from compiler.lowering import REGISTRY, sparse, torch_sparse
from compiler.lowering.kernels.sparse import gradients, multiply
from compiler.lowering.spec import BundleSpec
from compiler.planning.cost import CPU
from compiler.slots import WEIGHT
from neurograph.edits import SplitEdge
from neurograph.errors import CompileError
from tests.compiler.extras import needs_torch_sparse
from tests.compiler.graphs import Recipe, assert_equals_reference, batch, build, mlp
from tests.compiler.sync.optimizers.table import OPTIMIZERS
from tests.compiler.sync.test_refresh import train

CHEAP = CPU.with_rates(torch_sparse_call=0.0, torch_sparse_product=0.0, torch_sparse_weight=0.0, torch_sparse_value=0.0)
EXTENT = BundleSpec(10, 10, 50, 8, False, "sum", "float32", "cpu")


def lowerings(net) -> set[str]:
    return {product.lowering for stage in net.program.stages for product in stage.products}


@needs_torch_sparse
def test_its_products_are_its_own(monkeypatch):
    calls = []
    product = torch.ops.torch_sparse.spmm_sum if torch_sparse._broken() is None else None
    monkeypatch.setattr(torch.ops.torch_sparse, "spmm_sum", lambda *a: calls.append(1) or product(*a))
    graph = build(Recipe(3, (4, 6, 6, 3), density=0.5))
    net = compiler.compile(graph, dtype=torch.float64, lowering="torch_sparse")
    assert_equals_reference(net, graph)
    assert len(calls) == len(net.program.stages)


@needs_torch_sparse
def test_it_is_taken_where_it_is_cheapest_and_the_report_says_so():
    net = compiler.compile(mlp(), calibration=CHEAP)
    assert lowerings(net) == {"torch_sparse"} and "torch_sparse" in net.report()
    assert lowerings(compiler.compile(mlp())) == {"dense"}


class _Once(torch.autograd.Function):
    """A product that has no second derivative, as the package's has none."""

    @staticmethod
    def forward(ctx, x, values, wiring):
        ctx.save_for_backward(x, values)
        ctx.wiring = wiring
        return multiply(x, values, wiring)

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        return *gradients(*ctx.saved_tensors, ctx.wiring, gradient, True, True), None


def test_the_second_derivative_goes_around_the_package():
    graph = build(Recipe(3, (4, 6, 6, 3), density=0.5))
    net = compiler.compile(graph, dtype=torch.float64, lowering="sparse")
    unit = next(module for module in net.modules() if isinstance(module, sparse.Sparse))
    wiring, values = unit.wiring(), torch.linspace(-1, 1, len(unit.column), dtype=torch.float64, requires_grad=True)
    x = torch.linspace(-2, 1, 3 * wiring.shape[1], dtype=torch.float64).view(3, -1).requires_grad_()

    def product(x, values):
        return torch_sparse.Twice.apply(_Once.apply(x, values, wiring), x, values, wiring)

    assert torch.autograd.gradcheck(product, (x, values)) and torch.autograd.gradgradcheck(product, (x, values))


@needs_torch_sparse
def test_training_and_edits_agree_with_the_pure_backend():
    nets = [compiler.compile(mlp(), dtype=torch.float64, lowering=name) for name in ("sparse", "torch_sparse")]
    for net in nets:
        optimizer = OPTIMIZERS["adam"](net.parameters())
        train(net, net.graph, optimizer)
        net.graph.apply(SplitEdge(*next(iter(net.graph.edges))))
        net.refresh(optimizer)
        train(net, net.graph, optimizer)
    torch.testing.assert_close(*(net.slots.gather(WEIGHT) for net in nets), rtol=1e-9, atol=1e-9)


@needs_torch_sparse
def test_an_empty_batch_runs():
    graph = mlp()
    net = compiler.compile(graph, dtype=torch.float64, lowering="torch_sparse")
    assert net(batch(graph, rows=0)[0]).shape == (0, 3)


@needs_torch_sparse
def test_a_package_built_for_another_torch_is_never_chosen_and_a_pin_says_why(monkeypatch):
    monkeypatch.setattr(torch_sparse, "_broken", lambda: "it does not load (undefined symbol): build it again")
    assert lowerings(compiler.compile(mlp(), calibration=CHEAP)) == {"dense"}
    with pytest.raises(CompileError, match="'torch_sparse' cannot run: it does not load.*build it again"):
        compiler.compile(mlp(), lowering="torch_sparse")


def test_where_it_is_absent_a_pin_says_how_to_install_it_and_nothing_else_changes(monkeypatch):
    monkeypatch.setattr(torch_sparse, "_missing", lambda: True)
    with pytest.raises(CompileError, match=r"--no-build-isolation 'neurograph-compiler\[torch-sparse\]'.*dense.* can"):
        compiler.compile(mlp(), lowering="torch_sparse")
    assert lowerings(compiler.compile(mlp(), calibration=CHEAP)) == {"dense"}


def test_it_refuses_what_is_no_sum_and_other_devices(monkeypatch):
    monkeypatch.setattr(torch_sparse, "_missing", lambda: False)
    refuses = REGISTRY["torch_sparse"].refuses
    assert refuses(EXTENT) is None
    assert "aggregate by max" in refuses(replace(EXTENT, aggregation="max"))
    assert "CPU" in refuses(replace(EXTENT, device="cuda"))


def test_the_price_is_infinite_where_it_would_win_and_cannot(monkeypatch):
    monkeypatch.setattr(torch_sparse, "_missing", lambda: False)
    monkeypatch.setattr(torch_sparse, "_broken", lambda: "no")
    sizes = np.array([10, 1000])
    spec = EXTENT.sized(sizes, sizes, sizes * 10)
    assert np.isinf(REGISTRY["torch_sparse"].cost(spec, CHEAP)).all()
    assert np.isfinite(REGISTRY["torch_sparse"].cost(spec, CPU.with_rates(torch_sparse_call=1.0))).all()


def test_it_is_not_imported_unless_it_is_pinned_or_cheapest():
    code = (
        "import sys, torch, compiler\n"
        "from neurograph.builders import mlp\n"
        "compiler.compile(mlp([4, 3, 2], seed=0))(torch.zeros(1, 4))\n"
        "assert 'torch_sparse' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
