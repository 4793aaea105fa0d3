"""The contract every lowering keeps: whatever it accepts, it computes as the reference does, and owns its slots."""

import pytest
import torch
from hypothesis import example, given, settings

import compiler
from compiler.lowering import REGISTRY
from compiler.lowering.spec import BundleSpec
from compiler.planning.cost import CPU
from compiler.testing.lowerings import where_legal
from neurograph.errors import CompileError
from tests.compiler.extras import NEEDS, needs_torch_sparse
from tests.compiler.graphs import Recipe, assert_equals_reference, batch, build, loss_of, mlp, recipes
from tests.compiler.map_graphs import MapRecipe, build_maps, map_recipes

PRODUCTS = ["dense", "sparse", pytest.param("torch_sparse", marks=needs_torch_sparse)]  # what takes any weights
LOWERINGS = [pytest.param(name, marks=NEEDS.get(name, ())) for name in sorted(REGISTRY)]


@pytest.mark.parametrize("name", LOWERINGS)
@settings(max_examples=30, deadline=None)
@given(recipe=recipes())
@example(recipe=Recipe(1, (3, 5, 5, 2), density=1.0))
def test_each_lowering_equals_the_reference(name, recipe):
    graph = build(recipe)
    net = compiler.compile(graph, dtype=torch.float64, lowering=where_legal(name))
    assert_equals_reference(net, graph)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", LOWERINGS)
@settings(max_examples=25, deadline=None)
@given(recipe=map_recipes())
@example(recipe=MapRecipe(1, (4, 4, 4), wiring="grouped"))
@example(recipe=MapRecipe(2, (4, 4, 4), wiring="depthwise"))
def test_each_lowering_equals_the_reference_on_feature_maps(name, training, recipe):
    graph = build_maps(recipe)
    net = compiler.compile(graph, dtype=torch.float64, lowering=where_legal(name))
    assert_equals_reference(net, graph, training)


@pytest.mark.parametrize("batch_size", [1, 4096])
@settings(max_examples=40, deadline=None)
@given(recipe=recipes())
def test_what_the_cost_model_chooses_equals_the_reference(batch_size, recipe):
    graph = build(recipe)
    assert_equals_reference(compiler.compile(graph, dtype=torch.float64, batch_size=batch_size), graph)


@pytest.mark.parametrize("name", PRODUCTS)
@settings(max_examples=30, deadline=None)
@given(recipe=recipes(aggregations=False))
def test_a_merged_remainder_equals_the_reference(name, recipe):
    graph = build(recipe)  # a name pins without keeping bundles apart, so thin ones are merged
    assert_equals_reference(compiler.compile(graph, dtype=torch.float64, lowering=name), graph)


@pytest.mark.parametrize("name", PRODUCTS)
def test_each_is_used_where_it_is_pinned(name):
    net = compiler.compile(mlp(), lowering=name)
    assert {product.lowering for stage in net.program.stages for product in stage.products} == {name}
    assert name in net.report()


@pytest.mark.parametrize("pin", ["copy", "aggregate"])
def test_an_impossible_pin_names_the_bundle_and_the_reason(pin):
    with pytest.raises(CompileError, match=r"bundle 'x' -> 'h1'.*" + pin + r".*cannot run it: .*dense.*, sparse.* can"):
        compiler.compile(mlp(), lowering=pin)


def test_pins_that_mean_nothing_are_refused():
    with pytest.raises(CompileError, match="no lowering is called 'densee'"):
        compiler.compile(mlp(), lowering="densee")
    with pytest.raises(CompileError, match="'h9'.*names no bundle"):
        compiler.compile(mlp(), lowering={"h9": "dense"})
    with pytest.raises(CompileError, match="lowering=3"):
        compiler.compile(mlp(), lowering=3)


def test_a_dict_pins_single_bundles():
    net = compiler.compile(mlp(), lowering={("x", "h1"): "sparse", "y": "sparse"})
    assert [stage.products[0].lowering for stage in net.program.stages] == ["sparse", "dense", "sparse"]


@pytest.mark.parametrize("name", PRODUCTS)
def test_half_precision_runs_and_trains(name):
    graph = mlp()
    half = compiler.compile(graph, dtype=torch.bfloat16, lowering=name)
    y = half(batch(graph, dtype=torch.bfloat16)[0])
    loss_of(y).backward()
    assert y.dtype == torch.bfloat16 and all(p.grad.dtype == torch.bfloat16 for p in half.parameters())
    whole = compiler.compile(graph, dtype=torch.float64)
    torch.testing.assert_close(y.double(), whole(batch(graph)[0]), rtol=0.05, atol=0.05)


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.Adam])
def test_empty_slots_and_frozen_synapses_never_move(kind, decay):
    graph = build(Recipe(3, (4, 6, 6, 3), density=0.5))
    net = compiler.compile(graph, dtype=torch.float64, lowering=where_legal("dense"))
    frozen = [(m, m.frozen.clone()) for m in net.modules() if getattr(m, "frozen", None) is not None]
    masks = [m for m in net.modules() if getattr(m, "mask", None) is not None]
    assert frozen and masks
    optimizer = kind(net.parameters(), lr=0.1, weight_decay=decay)
    for step in range(5):
        optimizer.zero_grad()
        outputs = net(*batch(graph, seed=step))
        loss_of(*((outputs,) if isinstance(outputs, torch.Tensor) else outputs)).backward()
        optimizer.step()
    assert all((m.weight[~m.mask] == 0).all() for m in masks)
    assert all(torch.equal(m.frozen, before) for m, before in frozen)


@pytest.mark.parametrize("name", PRODUCTS)
def test_autocast_runs_every_lowering(name):
    graph = build(Recipe(5, (4, 6, 6, 3), density=0.7))
    net = compiler.compile(graph, lowering=where_legal(name))
    x = batch(graph, dtype=torch.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = net(*x)
    whole = net(*x)
    half, whole = (h if isinstance(h, tuple) else (h,) for h in (half, whole))
    for a, b in zip(half, whole, strict=True):
        torch.testing.assert_close(a.float(), b, rtol=0.1, atol=0.1)
    loss_of(*[h.float() for h in half]).backward()
    assert all(p.grad is not None and p.grad.dtype == torch.float32 for p in net.parameters())


def test_density_and_batch_decide_between_dense_and_sparse():
    def chosen(synapses: int, rows: int) -> str:
        spec = BundleSpec(1024, 1024, synapses, rows, False, "sum", "float32", "cpu")
        return min(("dense", "sparse"), key=lambda n: REGISTRY[n].cost(spec, CPU))

    assert chosen(1024 * 10, 256) == "sparse"
    assert chosen(1024 * 1024, 256) == "dense"
