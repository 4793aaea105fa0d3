"""Planning again after an edit makes the very program that planning from scratch makes."""

import contextlib
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import compiler
from compiler.lowering.rates import Calibration
from compiler.planning import planner, replan
from compiler.planning.program import Program
from compiler.planning.replan import Replanned
from compiler.snapshot import snapshot
from compiler.sync import refresh
from neurograph.builders import mlp
from neurograph.edits import Proliferate, SplitEdge
from neurograph.errors import NeuroGraphError
from tests.compiler.graphs import build, recipes


def alike(a: np.ndarray | None, b: np.ndarray | None) -> bool:
    return (a is None) == (b is None) and (a is None or b is None or np.array_equal(a, b))


def assert_same(made: Program, wanted: Program) -> None:
    """Everything, what programs are not compared by as well."""
    assert made == wanted and str(made) == str(wanted) and made.calibration == wanted.calibration
    assert (made.draft is None) == (wanted.draft is None)
    assert all(map(alike, made.blocks, wanted.blocks)) and len(made.blocks) == len(wanted.blocks)
    for stage, other in zip(made.stages, wanted.stages, strict=True):
        assert stage.makes == other.makes
        for a, b in zip(stage.products, other.products, strict=True):
            assert (a.seconds, a.why, a.sources) == (b.seconds, b.why, b.sources) and alike(a.rows, b.rows)
            assert [v for v, _ in a.pieces] == [v for v, _ in b.pieces]
            assert all(alike(p, q) for (_, p), (_, q) in zip(a.pieces, b.pieces, strict=True))
    for port, other in zip((*made.inputs, *made.outputs), (*wanted.inputs, *wanted.outputs), strict=True):
        assert alike(port.order, other.order) and [v for v, _ in port.pieces] == [v for v, _ in other.pieces]
        assert all(alike(p, q) for (_, p), (_, q) in zip(port.pieces, other.pieces, strict=True))
    if made.draft is not None and wanted.draft is not None:
        assert_same(made.draft, wanted.draft)


@pytest.fixture(autouse=True)
def as_large(monkeypatch):
    """Let small graphs be followed as large ones are: small ones are planned from scratch, which is faster there."""
    monkeypatch.setattr(refresh, "LARGEST", 0)


def again(net) -> Replanned | None:
    return replan.replan(net.graph, net.program, net.mark, net.options, net.cut_off)


def edit(graph, rng: np.random.Generator) -> None:
    """Anything that an edit may do to the wiring, by names; what the graph refuses is left out."""
    hidden = [v for v, d in graph.nodes(data=True) if d["role"] == "hidden"]
    edges = list(graph.edges)
    if not hidden or not edges:  # edits before have left none
        return
    v = hidden[int(rng.integers(len(hidden)))]
    u, w = edges[int(rng.integers(len(edges)))]
    u2 = list(graph)[int(rng.integers(len(graph)))]
    population = str(rng.choice([*graph.populations, "new"]))
    what = int(rng.integers(14))
    if what == 0 and graph[u][w].get("weight") is not None:
        graph.apply(SplitEdge(u, w))
    elif what == 1:
        name = graph.add_neuron(population=population, activation="tanh", bias=0.5)
        graph.add_edge(u2, name, weight=0.3)
        graph.add_edge(name, v, weight=0.2)
    elif what == 2 and len(edges) > 4:
        graph.remove_edge(u, w)
    elif what == 3 and len(hidden) > 2:
        graph.remove_neurons([v])
    elif what == 4 and not graph.has_edge(u2, v):
        graph.add_edge(u2, v, weight=0.1)
    elif what == 5 and not graph.has_edge(u2, v):
        graph.add_edge(u2, v, op="identity")
    elif what == 6:
        graph[u][w]["trainable"] = not graph[u][w].get("trainable", True)
    elif what == 7:
        graph.nodes[v]["trainable"] = not graph.nodes[v]["trainable"]
    elif what == 8:
        graph.nodes[v]["activation"] = str(rng.choice(["tanh", "prelu"]))
    elif what == 9:
        graph.nodes[v]["is_output"] = not graph.nodes[v]["is_output"]
    elif what == 10 and len(graph.journal):
        graph.undo()
    elif what == 11 and graph.journal.undone:
        graph.redo()
    elif what == 12:
        graph.apply(Proliferate(graph.nodes[v]["population"], 2, seed=int(rng.integers(99))))
    elif what == 13 and rng.random() < 0.2 and not graph.has_edge(u2, v):
        graph.add_edge(u2, v, weight=0.1, delay=1)


PINS = [None, None, None, "sparse", "blocks", "dense", lambda bundle: "sparse" if bundle.synapses % 2 else None]


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(
    recipe=recipes(tangled=False),
    seeds=st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=6),
    batch=st.sampled_from([1, 256, 1 << 16]),
    pin=st.sampled_from(PINS),
)
def test_it_is_the_program_that_planning_from_scratch_makes(recipe, seeds, batch, pin):
    graph = build(recipe)
    try:
        net = compiler.compile(graph, batch_size=batch, lowering=pin, cut_off=True)
    except NeuroGraphError:
        return
    for seed in seeds:
        rng = np.random.default_rng(seed)
        for _ in range(int(rng.integers(1, 4))):
            with contextlib.suppress(NeuroGraphError):
                edit(graph, rng)
        found = again(net)
        try:
            wanted = planner.plan(snapshot(graph, True), net.options)
        except NeuroGraphError:
            assert found is None
            return
        if found is not None:
            assert_same(found.program, wanted)
            assert found.snapshot.count == graph.number_of_edges()
        net.refresh()
        assert_same(net.program, wanted)


@pytest.mark.parametrize("batch", [256, 1 << 15])
def test_ordinary_edits_are_planned_again(batch, monkeypatch):
    graph = mlp([6, 9, 8, 4])
    net = compiler.compile(graph, batch_size=batch)
    monkeypatch.setattr(planner, "find_bundles", None)  # from here on planning from scratch would fail
    hidden = graph.population("hidden1")
    for change in (
        lambda: graph.apply(SplitEdge(hidden[0], graph.population("hidden2")[3])),
        lambda: graph.apply(SplitEdge(hidden[0], graph.population("hidden2")[4])),
        graph.undo,
        graph.redo,
        lambda: graph.apply(Proliferate("hidden1", 2, seed=0)),
        lambda: graph.remove_synapses([(hidden[1], graph.population("hidden2")[0])]),
        lambda: graph.remove_neurons([hidden[4]]),
        lambda: graph.add_edge(graph.population("input")[0], graph.population("output")[1], weight=0.5),
        lambda: list(graph.edges),  # brings the rows into order
        lambda: graph.remove_synapses([(hidden[1], graph.population("hidden2")[1])]),
    ):
        change()
        net.refresh()
    monkeypatch.undo()
    assert_same(net.program, planner.plan(snapshot(graph), net.options))


def test_rates_that_were_measured_are_gone_by_again(monkeypatch):
    measured = Calibration("measured", {"dense_call": 1e-6})
    for module in (planner, replan):
        monkeypatch.setattr(module, "current", lambda device: measured)
        monkeypatch.setattr(module, "SHORT", 40e-6)
    graph, used = mlp([5, 6, 4]), []
    net = compiler.compile(graph)
    for split in range(6):  # each makes a product more
        graph.apply(SplitEdge(graph.population("hidden1")[split], graph.population("output")[split % 4]))
        found = again(net)
        used.append(found is not None)
        net.refresh()
        assert_same(net.program, planner.plan(snapshot(graph), net.options))
    assert net.program.draft is not None and used[0] is False and all(used[1:])  # the first passes the threshold
    measured = replace(measured, name="measured anew")
    graph.undo()
    assert again(net) is None


def test_what_no_edit_of_wiring_is_leaves_every_product(monkeypatch):
    graph = mlp([6, 9, 8, 4])
    net = compiler.compile(graph)
    before = net.program
    graph.nodes[graph.population("hidden1")[0]]["trainable"] = False
    found = again(net)
    assert found is not None and found.program != before
    for stage, old in zip(found.program.stages, before.stages, strict=True):
        assert all(new.layout is product.layout for new, product in zip(stage.products, old.products, strict=True))


def test_a_network_that_follows_step_by_step_is_one_that_was_compiled_at_the_end():
    graph = mlp([6, 12, 8, 4], activation="tanh")
    net = compiler.compile(graph, dtype=torch.float64)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    x = torch.randn(16, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for step in range(4):
        optimizer.zero_grad()
        net(x).square().sum().backward()
        optimizer.step()
        u, v = graph.population("hidden1")[step], graph.population("hidden2")[step]
        graph.apply(SplitEdge(u, v))
        net.refresh(optimizer)
    other = compiler.compile(graph.copy(), dtype=torch.float64)
    assert_same(net.program, other.program)
    for network in (net, other):
        network.zero_grad()
        network(x).square().sum().backward()
    assert torch.equal(net(x), other(x))
    for mine, theirs in zip(net.parameters(), other.parameters(), strict=True):
        assert torch.equal(mine, theirs) and torch.equal(mine.grad, theirs.grad)
