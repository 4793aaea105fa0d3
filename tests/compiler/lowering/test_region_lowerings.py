"""The contract of every way to make several blocks at once: whoever reads a block finds the reference's numbers."""

import copy
from contextlib import contextmanager
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.func import grad, jacrev, vmap

import compiler
from compiler.lowering import REGIONS
from compiler.testing.derivatives import function_of, gradients, inputs_of, numbers_of
from neurograph import NeuronGraph
from neurograph.builders import mlp as builder_mlp
from neurograph.edits import InsertLayer
from neurograph.errors import CompileError
from tests.compiler.graphs import Recipe, assert_equals_reference, batch, build, loss_of, mlp, recipes
from tests.compiler.lowering.toy_region import TOY
from tests.compiler.sync.test_refresh import edit, train

every = pytest.mark.parametrize("name", ["field", "toy"])


@contextmanager
def known(name: str):
    """The lowering in the registry: the toy beside the house's own."""
    with pytest.MonkeyPatch.context() as patch:
        if name == TOY.name:
            patch.setitem(REGIONS._own, name, TOY)
        yield


def whole(graph: NeuronGraph, name: str, **options) -> compiler.CompiledNetwork:
    return compiler.compile(graph, **({"dtype": torch.float64, "lowering": name} | options))


def apart(graph: NeuronGraph, **options) -> compiler.CompiledNetwork:
    return compiler.compile(graph, **({"dtype": torch.float64, "lowering": "blocks"} | options))


def momentum(net) -> torch.optim.Optimizer:
    """Its state does not say how old a Parameter is, so it is the same however numbers are spread over Parameters."""
    return torch.optim.SGD(net.parameters(), 1e-3, momentum=0.9)


def train_all(net, graph: NeuronGraph, optimizer: torch.optim.Optimizer, seed: int) -> None:
    """Steps in which what leads to no output has a gradient of zero, whichever Parameter it is in."""
    for step in range(3):
        optimizer.zero_grad()
        outputs = net(*batch(graph, seed=seed + step))
        loss_of(*(outputs if isinstance(outputs, tuple) else (outputs,))).backward()
        for parameter in net.parameters():
            parameter.grad = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        optimizer.step()


def made_together(net) -> list[int]:
    return [len(stage.makes) for stage in net.program.stages if stage.is_region]


def same(a, b) -> None:
    torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)


@every
@settings(max_examples=40, deadline=None)
@given(recipe=recipes(aggregations=False))
def test_it_equals_the_reference(name, recipe):
    with known(name):
        graph = build(recipe)
        net = whole(graph, name)
        assert {product.lowering for stage in net.program.stages for product in stage.products} == {name}
        assert_equals_reference(net, graph)
        blocks, theirs = net.run(batch(graph)), apart(graph.copy()).run(batch(graph))
        found = {key: column for keys, block in zip(net.program.blocks, blocks, strict=True)
                 for key, column in zip(keys.tolist(), block.unbind(1), strict=True)}  # fmt: skip
        assert sorted(found) == sorted(graph.keys_of(graph))
        for keys, block in zip(apart(graph.copy()).program.blocks, theirs, strict=True):
            for key, column in zip(keys.tolist(), block.unbind(1), strict=True):
                same(found[key], column)


@every
@settings(max_examples=40, deadline=None)
@given(recipe=recipes(tangled=True, aggregations=True))
def test_what_the_cost_model_makes_of_tangles_equals_the_reference(name, recipe):
    with known(name):  # neurons that multiply, or take the largest, keep the region they are in from being made whole
        graph = build(recipe)
        assert_equals_reference(compiler.compile(graph, dtype=torch.float64), graph)


@every
def test_means_are_means(name):
    graph = build(Recipe(7, (4, 6, 6, 3), density=0.8, tangled=True))
    for v in list(graph)[5:12]:
        graph.nodes[v]["aggregation"] = "mean"
    with known(name):
        net = whole(graph, name)
        assert made_together(net)
        assert_equals_reference(net, graph)


@every
@settings(max_examples=15, deadline=None)
@given(recipe=recipes(aggregations=False), seeds=st.lists(st.integers(0, 999), min_size=1, max_size=4))
def test_edits_and_refreshes_give_what_a_fresh_compile_gives(name, recipe, seeds):
    with known(name):
        graph = build(recipe)
        net, clone = whole(graph, name), apart(other := graph.copy())
        optimizers = [momentum(n) if list(n.parameters()) else None for n in (net, clone)]
        for seed in seeds:
            for one, own, optimizer in zip((net, clone), (graph, other), optimizers, strict=True):
                if optimizer is not None:
                    train_all(one, own, optimizer, seed)
                edit(own, seed)
                one.refresh(optimizer)
            assert_equals_reference(net, graph)
            fresh = whole(graph.copy(), name)
            assert fresh.program == net.program and fresh.report() == net.report()
            assert {n: p.tolist() for n, p in net.named_parameters()} == {
                n: p.tolist() for n, p in fresh.named_parameters()
            }
            for quantity in net.slots.quantities if all(optimizers) else ():
                vectors = [
                    n.slots.gather(quantity, lambda p, o=o: o.state.get(p, {}).get("momentum_buffer"), trained=True)
                    for n, o in zip((net, clone), optimizers, strict=True)
                ]
                mine, theirs = (vector.double() for vector in vectors)
                torch.testing.assert_close(mine, theirs, rtol=1e-6, atol=1e-7)  # training multiplies what was rounded


@every
def test_statistics_by_neuron_and_synapse_are_those_of_blocks(name):
    graph = build(Recipe(4, (3, 6, 6, 2), density=0.7, mixed=True, tangled=True))
    with known(name):
        net, other = whole(graph, name), apart(graph.copy())
        assert max(made_together(net)) > 1
        batches = [(*batch(graph, 7, seed), torch.ones(1)) for seed in range(3)]
        loss = lambda outputs, _: loss_of(*(outputs if isinstance(outputs, tuple) else (outputs,)))  # noqa: E731
        mine, theirs = (n.observe(batches, loss=loss, activations=True) for n in (net, other))
    for field in ("keys", "activation_mean", "activation_variance", "recorded", "ids", "gradient_mean_absolute"):
        np.testing.assert_allclose(getattr(mine, field), getattr(theirs, field), rtol=1e-9, atol=1e-12)


@every
def test_a_recording_within_a_region_grows_the_layer_that_one_of_blocks_grows(name):
    grown = []
    for make in (whole, apart):
        graph = builder_mlp([4, 8, 6, 3], seed=1)
        with known(name):
            net = make(graph, name) if make is whole else make(graph)
            seen = compiler.record(net, [torch.randn(60, 4, generator=torch.Generator().manual_seed(0)).double()])
            graph.apply(InsertLayer(("hidden1", "hidden2"), width=12, target=5, observations=seen, seed=0))
        grown.append(graph.arrays())
    assert bool(made_together(whole(builder_mlp([4, 8, 6, 3], seed=1), "field")))
    np.testing.assert_allclose(grown[0].weight, grown[1].weight, rtol=1e-7, atol=1e-9)


@every
@settings(max_examples=25, deadline=None)
@given(recipe=recipes(aggregations=False))
def test_the_portable_form_is_the_same_function(name, recipe):
    graph = build(recipe)
    with known(name):
        net = whole(graph, name)
        inputs, module = batch(graph), net.portable()
        outputs, portable = net(*inputs), module(*inputs)
    for a, b in zip(*((y if isinstance(y, tuple) else (y,)) for y in (outputs, portable)), strict=True):
        same(a, b)


@every
def test_optimizer_state_and_parameters_go_from_one_program_to_the_other(name):
    graph = build(Recipe(9, (3, 6, 6, 2), density=0.7, mixed=True))
    with known(name):
        net, other = whole(graph, name), apart(graph.copy())
        optimizers = [torch.optim.Adam(n.parameters(), 0.01) for n in (net, other)]
        train(net, graph, optimizers[0])
        train(other, other.graph, optimizers[1], seed=50)
        other.load_state_dict(net.state_dict())
        other.load_optimizer_state(optimizers[1], net.optimizer_state(optimizers[0]))
        for n, optimizer in zip((net, other), optimizers, strict=True):
            train(n, n.graph, optimizer, seed=9)
        mine, theirs = net.state_dict(), other.state_dict()
    assert mine.keys() == theirs.keys()
    for key, value in mine.items():
        if isinstance(value, torch.Tensor) and value.is_floating_point():
            same(value, theirs[key])


@every
def test_copies_compute_and_learn_on_their_own(name):
    graph = build(Recipe(5, (3, 5, 5, 2), density=0.8))
    with known(name):
        net = whole(graph, name)
        clone, before = copy.deepcopy(net), net(*batch(graph))
        train(clone, clone.graph, torch.optim.SGD(clone.parameters(), 0.1))
        same(net(*batch(graph)), before)
        assert_equals_reference(clone, clone.graph)
        assert clone.to(torch.float32).dtype == torch.float32
        small = net.to(torch.float32)(*batch(graph, dtype=torch.float32))
        torch.testing.assert_close(small, before.float(), rtol=1e-4, atol=1e-4)


@every
def test_it_has_second_derivatives_and_transforms(name):
    graph = build(Recipe(3, (3, 4, 4, 2), density=0.8, tangled=True, mixed=True))
    with known(name):
        net = whole(graph, name).eval()
        loss, numbers, xs = function_of(net), numbers_of(net), inputs_of(net, 2)
        given = tuple(value.requires_grad_() for value in (*numbers.values(), *xs))
        flat = partial(_flat, loss, tuple(numbers))
        assert torch.autograd.gradcheck(flat, given, check_forward_ad=True, fast_mode=True, atol=1e-4)
        assert torch.autograd.gradgradcheck(flat, given, fast_mode=True, atol=1e-4)
        each = vmap(grad(lambda n, x: loss(n, x[None])), (None, 0))(numbers, xs[0])
        total = {key: held.sum(0) for key, held in each.items()}
        rows = [gradients(loss, numbers, x[None]) for x in xs[0]]
        for key, held in total.items():
            same(held, torch.stack([row[key] for row in rows]).sum(0))
        for key, held in jacrev(loss)(numbers, *xs).items():
            same(held, gradients(loss, numbers, *xs)[key])


def _flat(loss, names, *given):
    return loss(dict(zip(names, given, strict=False)), *given[len(names) :])


def chain(count: int = 40) -> NeuronGraph:
    graph = NeuronGraph()
    graph.add_population("x", 3, role="input")
    names = graph.add_population("c", count, activation="tanh", bias=0.1)
    graph.add_population("y", 2, is_output=True)
    graph.connect("x", names[:1], weight=np.full((3, 1), 0.5))
    for u, v in pairwise(names):
        graph.add_edge(u, v, weight=0.9)
    graph.connect(names[-1:], "y", weight=np.full((1, 2), 0.7))
    return graph


def test_a_deep_population_is_one_stage_where_that_is_predicted_to_be_faster():
    net = compiler.compile(chain())
    assert made_together(net) == [2] and len(net.program.stages) == 2  # what comes out, and what does not
    assert "on 40 levels" in net.report() and "block by block would take" in net.report()
    assert not made_together(compiler.compile(chain(), lowering="blocks"))
    assert not made_together(compiler.compile(chain(), lowering="dense"))


def test_a_dict_pins_populations():
    graph = mlp((4, 6, 5, 3))
    net = compiler.compile(graph, lowering={"h2": "field", "y": "dense"}, dtype=torch.float64)
    assert [stage.products[0].lowering for stage in net.program.stages][1:] == ["field", "dense"]
    assert_equals_reference(net, graph)
    assert not made_together(compiler.compile(chain(), lowering={"c": "blocks"}))
    assert not made_together(compiler.compile(chain(), lowering={("c", "c"): "sparse"}))
    with pytest.raises(CompileError, match="'field' makes whole populations; name the population"):
        compiler.compile(graph, lowering={("h1", "h2"): "field"})


def test_a_function_pins_regions():
    seen, answers = [], []

    def pin(bundle):
        if bundle.levels:
            seen.append((bundle.target, bundle.levels, str(bundle)))
            return answers[-1]
        return None

    for name, expected in (("field", [2]), ("blocks", [])):
        answers.append(name)
        assert made_together(compiler.compile(chain(), lowering=pin)) == expected
    assert seen[0] == ("c", 40, "the region of 'c'")


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"norm": "batch"}, "the batch norm of these neurons looks at all of it"),
        ({"dropout": 0.5}, "these neurons drop out"),
        ({"aggregation": "max"}, "these neurons aggregate by max"),
    ],
)
def test_what_it_cannot_run_is_refused_with_a_sentence(attributes, reason):
    graph = chain()
    graph.add_population("odd", 2, **attributes)
    graph.connect("x", "odd", weight=np.ones((3, 2)))
    graph.connect("odd", "c", weight=np.ones((2, 40)))
    with pytest.raises(CompileError, match=f"population 'odd': lowering 'field' cannot run it: .*{reason}"):
        compiler.compile(graph, lowering="field")
    assert made_together(compiler.compile(graph)) == [2]  # left to itself the compiler keeps them out
    with pytest.raises(CompileError, match=f"populations 'odd': lowering 'field' cannot run them: .*{reason}"):
        compiler.compile(graph, lowering={"odd": "field"})


def test_several_fields_stand_in_one_program():
    graph = NeuronGraph()
    graph.add_population("x", 3, role="input")
    before = "x"
    for name in ("a", "b"):
        names = graph.add_population(name, 12, activation="tanh", bias=0.1)
        graph.connect(before, names[:2], weight=np.full((len(graph.population(before)), 2), 0.3))
        for u, v in pairwise(names):
            graph.add_edge(u, v, weight=0.8)
        norm = f"{name}_norm"
        graph.add_population(norm, 4, norm="batch", gamma=1.0, is_output=name == "b")
        graph.connect(name, norm, weight=np.random.default_rng(0).normal(size=(12, 4)))
        before = norm
    net = compiler.compile(graph, dtype=torch.float64).eval()
    assert len(made_together(net)) == 2
    x = batch(graph)
    same(net(*x).detach(), compiler.reference(graph, *x).outputs[0])


@pytest.mark.parametrize("rows", [0, 1, 33])
def test_a_traced_field_is_the_field(rows):
    net = compiler.compile(chain())
    x = torch.randn(rows, 3)
    traced = torch.compile(net, fullgraph=True, backend="aot_eager")
    found, wanted = [], []
    for run, kept in ((traced, found), (net, wanted)):
        net.zero_grad()
        run(x).sum().backward()
        kept += [run(x).detach(), *(p.grad.clone() for p in net.parameters())]
    torch.testing.assert_close(found, wanted)


def test_halves_and_autocast_run_a_field():
    graph = chain()
    x, net = torch.randn(8, 3), compiler.compile(graph)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(net(x).float(), net(x).float())
        half = net(x)
    torch.testing.assert_close(half.float(), net(x), rtol=0.1, atol=0.1)
    small = compiler.compile(graph.copy(), dtype=torch.bfloat16)
    small(x.bfloat16()).float().sum().backward()
    assert all(p.grad.dtype == torch.bfloat16 for p in small.parameters())


def test_without_a_kernel_a_field_computes_the_same(monkeypatch):
    from compiler.lowering.kernels import library

    graph = build(Recipe(3, (4, 6, 6, 3), density=0.6, mixed=True, tangled=True))
    monkeypatch.setenv(library.SWITCH, "none")
    library.forget()
    try:
        assert_equals_reference(whole(graph, "field"), graph)
        assert not made_together(compiler.compile(chain()))  # nothing is gained without it
    finally:
        monkeypatch.undo()
        library.forget()
