"""Ways to make several blocks at once on random networks, beside their contract: pins, refusals, traces, halves."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import compiler
from compiler.lowering import REGIONS
from compiler.testing.regions import trained
from neurograph import NeuronGraph
from neurograph.errors import CompileError
from tests.compiler.graphs import Recipe, assert_equals_reference, batch, build, mlp, recipes
from tests.compiler.lowering.toy_region import TOY
from tests.compiler.sync.test_refresh import edit

every = pytest.mark.parametrize("name", ["field", "toy"])


def known(name: str):
    """The lowering in the registry: the toy beside the house's own."""
    return REGIONS.lending({TOY.name: TOY} if name == TOY.name else {})


def whole(graph: NeuronGraph, name: str, **options) -> compiler.CompiledNetwork:
    return compiler.compile(graph, **({"dtype": torch.float64, "lowering": name} | options))


def apart(graph: NeuronGraph, **options) -> compiler.CompiledNetwork:
    return compiler.compile(graph, **({"dtype": torch.float64, "lowering": "blocks"} | options))


def momentum(net) -> torch.optim.Optimizer:
    """Its state does not say how old a Parameter is, so it is the same however numbers are spread over Parameters."""
    return torch.optim.SGD(net.parameters(), 1e-3, momentum=0.9)


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
                    trained(one, optimizer, seed)
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
