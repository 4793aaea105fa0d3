"""The contract every lowering keeps: whatever it accepts, it computes as the reference does, and owns its slots."""

from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from torch.func import grad, jacrev, jvp, vmap

import compiler
from compiler.lowering import REGISTRY
from compiler.lowering.spec import BundleSpec
from compiler.planning.cost import CPU
from compiler.planning.pins import NamedBundle
from compiler.regions.windows import Window
from neurograph import NeuronGraph
from neurograph.errors import CompileError
from tests.compiler.derivatives import function_of, gradients, inputs_of, numbers_of
from tests.compiler.extras import NEEDS, needs_torch_sparse
from tests.compiler.graphs import Recipe, assert_equals_reference, batch, build, loss_of, mlp, recipes
from tests.compiler.map_graphs import MapRecipe, assert_maps_equal_reference, build_maps, map_recipes

PRODUCTS = ["dense", "sparse", pytest.param("torch_sparse", marks=needs_torch_sparse)]  # what takes any weights
LOWERINGS = [pytest.param(name, marks=NEEDS.get(name, ())) for name in sorted(REGISTRY)]


def where_legal(name: str, device: str = "cpu", dtype: str = "float64"):
    """A pin that takes this lowering wherever it accepts the bundle."""

    def pin(bundle: NamedBundle) -> str | None:
        sizes = (bundle.inputs, bundle.outputs, bundle.synapses)
        sort = (bundle.identity, bundle.aggregation, dtype, device, bundle.groups, bundle.window, bundle.padded)
        spec = BundleSpec(*sizes, 5, *sort)
        return name if REGISTRY[name].refuses(spec) is None else None

    return pin


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
    assert_maps_equal_reference(net, graph, training)


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


DERIVED = {
    "full": lambda: build(Recipe(1, (4, 20, 20, 2), density=1.0)),
    "thin": lambda: build(Recipe(3, (4, 6, 6, 3), density=0.5, aggregations=True)),
    "blocks": lambda: block_graph(),
    "maps": lambda: build_maps(MapRecipe(1, (2, 3, 2), side=4, wiring="sparse", mixed=True)),
    "grouped": lambda: build_maps(MapRecipe(1, (4, 4, 4), side=4, wiring="grouped")),
    "depthwise": lambda: build_maps(MapRecipe(2, (2, 4, 2), side=4, wiring="depthwise")),
    "uneven": lambda: build_maps(MapRecipe(3, (5, 5), side=3, wiring="uneven")),
}


def block_graph() -> NeuronGraph:
    """Two equal disjoint blocks of scalars, their neurons interleaved."""
    rng, graph = np.random.default_rng(0), NeuronGraph()
    x, y = graph.add_population("x", 4, role="input"), graph.add_population("y", 4, activation="tanh", is_output=True)
    for block in (0, 1):
        graph.connect(x[block::2], y[block::2], weight=rng.normal(size=(2, 2)))
    return graph


def derived(name: str, dtype: torch.dtype) -> list[compiler.CompiledNetwork]:
    """Networks in which a lowering runs."""
    pin = where_legal(name, dtype=str(dtype).removeprefix("torch."))
    nets = [compiler.compile(make(), dtype=dtype, lowering=pin).eval() for make in DERIVED.values()]
    found = [n for n in nets if name in {product.lowering for stage in n.program.stages for product in stage.products}]
    assert found, f"no graph of DERIVED has synapses for {name!r}: add one"
    return found[:2]


@pytest.mark.parametrize("name", [n for n in LOWERINGS if n.values[0] != "onednn"])  # differences need float64
def test_each_lowering_has_forward_batched_and_second_derivatives(name):
    for net in derived(name, torch.float64):
        loss, numbers, xs = function_of(net), numbers_of(net), inputs_of(net, 2)

        def flat(*given: torch.Tensor, loss=loss, names=tuple(numbers)) -> torch.Tensor:
            return loss(dict(zip(names, given, strict=False)), *given[len(names) :])

        given = tuple(value.requires_grad_() for value in (*numbers.values(), *xs))
        fast = {"fast_mode": True, "atol": 1e-4}
        assert torch.autograd.gradcheck(flat, given, check_forward_ad=True, check_batched_grad=True, **fast)
        assert torch.autograd.gradgradcheck(flat, given, **fast)


@pytest.mark.parametrize("name", LOWERINGS)
def test_each_lowering_under_the_transforms_of_torch_func(name):
    dtype, near = torch.float64, {"rtol": 1e-9, "atol": 1e-9}
    if name == "onednn":  # it knows no other
        dtype, near = torch.float32, {"rtol": 1e-3, "atol": 1e-3}
    for net in derived(name, dtype):
        loss, numbers, xs = function_of(net), numbers_of(net), inputs_of(net, 16)
        near_to = partial(torch.testing.assert_close, **near)
        one = [gradients(loss, numbers, *(x[at : at + 1] for x in xs)) for at in range(16)]
        each = vmap(grad(lambda n, *x, loss=loss: loss(n, *(y[None] for y in x))), (None, *[0] * len(xs)))(numbers, *xs)
        near_to(each, {key: torch.stack([found[key] for found in one]) for key in numbers})
        near_to(jacrev(loss)(numbers, *xs), gradients(loss, numbers, *xs))
        value, slope = jvp(lambda n, loss=loss, xs=xs: loss(n, *xs), (numbers,), (numbers,))
        near_to(value, loss(numbers, *xs))
        near_to(slope, sum((g * numbers[key]).sum() for key, g in gradients(loss, numbers, *xs).items()))
        pair = {key: torch.stack([held, 2 * held]) for key, held in numbers.items()}
        twice = vmap(loss, (0, *[None] * len(xs)))(pair, *xs)
        near_to(twice, torch.stack([loss({key: held[at] for key, held in pair.items()}, *xs) for at in (0, 1)]))


@pytest.mark.parametrize("name", LOWERINGS)
def test_cost_works_on_arrays_and_grows_with_the_batch(name):
    sizes = np.array([10, 100])
    window = {
        "conv": Window("weight", (8, 8), (6, 6), (3, 3)),
        "conv_grouped": Window("weight", (8, 8), (6, 6), (3, 3)),
        "conv_padded": Window("weight", (8, 8), (6, 6), (3, 3)),
        "flatten": Window("weight", (8, 8), (), (8, 8)),
        "pool": Window("max_pool", (8, 8), (4, 4), (2, 2), (2, 2)),
    }.get(name)
    small, large = (
        BundleSpec(sizes, sizes, sizes, b, True, "sum", "float32", "cpu", sizes, window, sizes) for b in (1, 1000)
    )
    assert window is None or REGISTRY[name].refuses(small) is None
    assert np.shape(REGISTRY[name].cost(small, CPU)) == (2,)
    assert (REGISTRY[name].cost(large, CPU) > REGISTRY[name].cost(small, CPU)).all()


def test_density_and_batch_decide_between_dense_and_sparse():
    def chosen(synapses: int, rows: int) -> str:
        spec = BundleSpec(1024, 1024, synapses, rows, False, "sum", "float32", "cpu")
        return min(("dense", "sparse"), key=lambda n: REGISTRY[n].cost(spec, CPU))

    assert chosen(1024 * 10, 256) == "sparse"
    assert chosen(1024 * 1024, 256) == "dense"
