"""Programs that are kept: graphs that are wired alike get equal programs, which are those that planning makes."""

import contextlib

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import compiler
from compiler.planning import kept, planner
from compiler.snapshot import snapshot
from compiler.sync.columns import columns_of
from neurograph.builders import mlp
from neurograph.errors import NeuroGraphError
from tests.compiler.graphs import assert_equals_reference, build, recipes
from tests.compiler.planning.test_replan import assert_same, edit


@pytest.fixture(autouse=True)
def nothing_kept():
    kept.forget()
    yield
    kept.forget()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(recipe=recipes(), seeds=st.lists(st.integers(0, 2**32 - 1), max_size=3), pin=st.sampled_from([None, "field"]))
def test_a_kept_program_is_the_one_that_planning_makes(recipe, seeds, pin):
    edited = build(recipe)
    graphs = [build(recipe), edited]
    for seed in seeds:
        with contextlib.suppress(NeuroGraphError):
            edit(edited, np.random.default_rng(seed))
        graphs.append(edited.copy())
    graphs += [graph.copy() for graph in graphs]
    for graph in graphs[len(graphs) // 2 :]:
        graph.compact()
    for graph in graphs:
        try:
            net = compiler.compile(graph, lowering=pin, cut_off=True, dtype=torch.float64)
        except NeuroGraphError:
            continue
        found = snapshot(graph, True)
        assert_same(net.program, planner.plan(found, net.options))
        assert net.columns == columns_of(found)
    with contextlib.suppress(NeuroGraphError):
        if graphs[0].number_of_edges():
            net = compiler.compile(graphs[0], lowering=pin, dtype=torch.float64)
            assert_equals_reference(net, graphs[0])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(recipe=recipes(), seeds=st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=4))
def test_a_refresh_of_a_small_graph_is_planned_as_compiling_it_is(recipe, seeds):
    graph = build(recipe)
    try:
        net = compiler.compile(graph, cut_off=True, dtype=torch.float64)
    except NeuroGraphError:
        return
    for seed in seeds:
        with contextlib.suppress(NeuroGraphError):
            edit(graph, np.random.default_rng(seed))
        for _ in range(2):  # there and back: the second time by what was kept
            try:
                found = snapshot(graph, True)
            except NeuroGraphError:
                break
            net.refresh()
            assert_same(net.program, planner.plan(found, net.options))
            assert net.columns == columns_of(found) and net._size == found.size
            if graph.number_of_edges() and not net.memory:
                assert_equals_reference(net, graph)
            with contextlib.suppress(NeuroGraphError):
                graph.undo()


def test_equal_genomes_are_planned_once(monkeypatch):
    planned, plan = [], planner.plan
    monkeypatch.setattr(kept, "plan", lambda *args: planned.append(args) or plan(*args))
    graph = mlp([4, 6, 3], seed=0)
    nets = [compiler.compile(graph), compiler.compile(graph.copy()), compiler.compile(mlp([4, 6, 3], seed=1))]
    assert len(planned) == 1 and nets[0].program is nets[1].program
    parameters = [id(p) for net in nets for p in net.parameters()]
    assert len(set(parameters)) == len(parameters)
    compiler.compile(graph.copy(), batch_size=8)
    compiler.compile(mlp([4, 7, 3], seed=1))
    assert len(planned) == 3


def test_other_numbers_are_put_in_the_places_of_those_that_a_program_was_made_for(monkeypatch):
    compiler.compile(mlp([4, 6, 3], activation="tanh"), dtype=torch.float64)
    graph = mlp([4, 6, 3], activation="tanh", seed=5)
    hidden, last = graph.population("hidden1"), graph.population("output")
    for source, target in [(u, v) for u in hidden for v in last]:  # born anew, all of them, in the old order
        weight = graph[source][target]["weight"]
        graph.remove_edge(source, target)
        graph.add_edge(source, target, weight=weight)
    with monkeypatch.context() as patch:
        patch.setattr(kept, "plan", None)
        net = compiler.compile(graph, dtype=torch.float64)
    assert_same(net.program, planner.plan(snapshot(graph), net.options))
    assert_equals_reference(net, graph)


def test_only_so_many_are_kept_and_none_of_a_large_graph(monkeypatch):
    monkeypatch.setattr(kept, "MOST", 2)
    for hidden in (2, 3, 4):
        compiler.compile(mlp([3, hidden, 2]))
    assert len(kept._kept) == 2
    monkeypatch.setattr(kept, "LARGEST", 5)
    compiler.compile(mlp([3, 9, 2]))
    assert len(kept._kept) == 2
