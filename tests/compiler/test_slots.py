import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import compiler
from compiler.regions.order import Order, rising
from compiler.slots import BIAS, SLOPE, WEIGHT
from compiler.testing.lowerings import where_legal
from tests.compiler.graphs import build, mlp, recipes


@settings(max_examples=60, deadline=None)
@given(recipe=recipes(), name=st.sampled_from(["dense", "sparse"]))
def test_every_number_has_exactly_one_slot(recipe, name):
    graph = build(recipe)
    net = compiler.compile(graph, dtype=torch.float64, lowering=where_legal(name))
    arrays = graph.arrays()
    frozen = ~arrays.each_form("trainable").astype(bool)
    weighted = arrays.each_form("op") == "weight"
    _assert_partition(net, WEIGHT, arrays.ids[weighted & ~frozen], arrays.ids[weighted & frozen])
    trainable = arrays.each_kind("trainable").astype(bool)
    for quantity in (BIAS, SLOPE):
        there = ~np.isnan(arrays.values[quantity[0]])
        _assert_partition(net, quantity, arrays.keys[there & trainable], arrays.keys[there & ~trainable])
    seen = {}
    for entry in net.slots.slots:  # no slot is shared
        flat = np.arange(len(entry.numbers)) if entry.flat is None else entry.flat
        assert len(set(flat.tolist())) == len(flat) and not set(flat.tolist()) & seen.setdefault(
            id(entry.tensor), set()
        )
        seen[id(entry.tensor)] |= set(flat.tolist())
    assert {id(p) for p in net.parameters()} == {id(e.tensor) for e in net.slots.slots if e.trained}
    trained = sum(len(net.slots.numbers(quantity, True)) for quantity in net.slots.quantities)
    assert net.parameter_count() == trained


def _assert_partition(net, quantity, trained, frozen):
    for wanted, kind in ((trained, True), (frozen, False)):
        entries = [e for e in net.slots.of(quantity) if e.trained is kind]
        found = np.concatenate([e.numbers for e in entries]) if entries else np.zeros(0, np.int64)
        assert sorted(found.tolist()) == sorted(wanted.tolist())


@settings(max_examples=40, deadline=None)
@given(recipe=recipes(), name=st.sampled_from(["dense", "sparse"]))
def test_gather_gives_back_what_was_scattered_and_what_the_graph_holds(recipe, name):
    graph = build(recipe)
    net = compiler.compile(graph, dtype=torch.float64, lowering=where_legal(name))
    for quantity in net.slots.quantities:
        numbers = net.slots.numbers(quantity)
        held = graph.read_weights(numbers) if quantity == WEIGHT else graph.read_values(quantity[0], numbers)
        np.testing.assert_array_equal(net.slots.gather(quantity).numpy(), held)
        vector = torch.arange(len(numbers), dtype=torch.float64) + 1
        net.slots.scatter(quantity, vector)
        assert torch.equal(net.slots.gather(quantity), vector)
        with torch.no_grad():
            trained = net.slots.gather(quantity, trained=True)
        assert len(trained) == len(net.slots.numbers(quantity, True))


def test_index_memory_of_a_full_layer_is_its_ids_and_little_more():
    net = compiler.compile(mlp((20, 30, 5)))
    for stage in net.program.stages:
        for product in stage.products:
            assert product.layout.row is None and product.layout.column is None and product.layout.status is None
    assert all(entry.flat is None for entry in net.slots.slots)


@given(st.sets(st.integers(0, 10**6), min_size=1), st.lists(st.integers(0, 10**6)))
def test_rising_and_places(numbers, wanted):
    order = rising(np.array(list(numbers), np.int64))
    assert order.tolist() == sorted(numbers)
    found = Order(order).places(np.array(wanted, np.int64))
    assert found.tolist() == [sorted(numbers).index(w) if w in numbers else -1 for w in wanted]
