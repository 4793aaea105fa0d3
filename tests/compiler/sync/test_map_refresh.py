"""Refresh, write-back, state and copies of networks with feature maps, batch norm and dropout."""

import copy
import pickle

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

import compiler
from compiler.testing.reference import assert_equals_reference, batch, loss_of
from neurograph import NeuronGraph
from tests.compiler.map_graphs import MapRecipe, build_maps, map_recipes

RICH = MapRecipe(3, (3, 4, 4), wiring="sparse", norms=True, dropout=True, frozen=True, mixed=True)
RUNNING = (("running_mean", ()), ("running_var", ()))


def outputs_of(net, *inputs) -> tuple:
    found = net(*inputs)
    return found if isinstance(found, tuple) else (found,)


def train(net, graph: NeuronGraph, optimizer, steps: int = 2, seed: int = 0) -> None:
    for step in range(steps):
        torch.manual_seed(seed + step)
        optimizer.zero_grad()
        loss_of(*outputs_of(net, *batch(graph, seed=seed + step, dtype=net.dtype))).backward()
        optimizer.step()


def edit(graph: NeuronGraph, seed: int) -> None:
    """A few random changes of structure and values, on maps and on scalars."""
    rng = np.random.default_rng(seed)
    for _ in range(int(rng.integers(1, 4))):
        hidden = [v for v, d in graph.nodes(data=True) if d["role"] == "hidden"]
        v, what = hidden[int(rng.integers(len(hidden)))], rng.integers(6)
        edges = [(u, w) for u, w, d in graph.edges(data=True) if d.get("op", "weight") == "weight"]
        u, w = edges[int(rng.integers(len(edges)))]
        shape = np.shape(graph[u][w]["weight"])
        if what == 0:  # a twin of w, wired as w is
            kept = ("activation", "bias", "norm", "dropout", "dropout_kind", "population", "is_output", "shape")
            clone = graph.add_neuron(**{k: graph.nodes[w][k] for k in kept if k in graph.nodes[w]})
            for a in list(graph.predecessors(w)):
                graph.add_edge(a, clone, **dict(graph[a][w]))
        elif what == 1 and graph.in_degree(w) > 1 and graph.out_degree(u) > 1:
            graph.remove_synapses([(u, w)])
        elif what == 2:
            graph[u][w]["weight"] = rng.normal(size=shape) if shape else float(rng.normal())
        elif what == 3:
            graph[u][w]["trainable"] = bool(rng.random() < 0.5)
        elif what == 4 and graph.nodes[v]["norm"] == "batch":
            graph.nodes[v][str(rng.choice(["gamma", "running_mean"]))] = float(rng.normal())
        elif what == 5:
            norm = str(rng.choice(["none", "batch"]))
            graph.nodes[v].update({"norm": norm} | ({"beta": 0.3} if norm == "batch" else {}))


@settings(max_examples=50, deadline=None)
@given(recipe=map_recipes(dropout=False), seeds=st.lists(st.integers(0, 999), min_size=1, max_size=3))
def test_a_refresh_is_a_fresh_compile(recipe, seeds):
    graph = build_maps(recipe)
    net = compiler.compile(graph, dtype=torch.float64)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.002)
    for seed in seeds:
        train(net, graph, optimizer, seed=seed)
        edit(graph, seed)
        net.refresh(optimizer)
        fresh = compiler.compile(graph.copy(), dtype=torch.float64)
        assert fresh.program == net.program and fresh.report() == net.report()
        theirs = dict(fresh.named_parameters())
        assert {n: p.tolist() for n, p in net.named_parameters()} == {n: p.tolist() for n, p in theirs.items()}
        for quantity in RUNNING:
            assert torch.equal(net.slots.gather(quantity), fresh.slots.gather(quantity))
        for training in (True, False):
            net.train(training), fresh.train(training)
            for a, b in zip(outputs_of(net, *batch(graph)), outputs_of(fresh, *batch(graph)), strict=True):
                assert torch.equal(a, b)
        net.train()
    assert_equals_reference(net, graph, training=True)


@settings(max_examples=20, deadline=None)
@example(  # every kernel goes, and then somebody reads
    recipe=MapRecipe(50477, (1, 1), side=4, wiring="full", norms=False, dropout=False, frozen=False), seed=0
)
@given(recipe=map_recipes(dropout=False), seed=st.integers(0, 999))
def test_moments_of_every_surviving_kernel_are_the_same_numbers(recipe, seed):
    graph = build_maps(recipe)
    net = compiler.compile(graph, dtype=torch.float64)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.002)
    train(net, graph, optimizer)

    def moments() -> dict:
        pick = lambda p: optimizer.state.get(p, {}).get("exp_avg")  # noqa: E731
        found = {}
        for quantity in net.slots.quantities:
            vector = net.slots.gather(quantity, pick, trained=True)
            found |= {
                (quantity, n): vector[i].tolist() for i, n in enumerate(net.slots.numbers(quantity, True).tolist())
            }
        return found

    before = moments()
    graph.remove_synapses([next((u, v) for u, v in graph.edges if graph.in_degree(v) > 1)])
    edit(graph, seed)
    net.refresh(optimizer)
    after = moments()
    assert all(after[key] == held for key, held in before.items() if key in after)
    assert len(after.keys() & before.keys()) > 0


def test_running_statistics_are_written_back_and_survive_an_edit():
    graph = build_maps(MapRecipe(0, (2, 3), relays=False))
    norm = graph.add_population("n", 3, norm="batch", is_output=True)
    graph.connect("p1", "n", weight=np.ones((3, 3, *shape_of(graph, "p1"))))
    net = compiler.compile(graph, dtype=torch.float64)
    net.write_back()  # nothing has moved since
    with torch.no_grad():  # no gradient, no optimizer: running statistics move all the same
        net(*batch(graph))
    graph.add_neuron(population="other", bias=0.0)
    wanted = compiler.reference(graph, *batch(graph)).running
    assert graph.nodes[norm[0]]["running_mean"] != 0.0
    held = graph.nodes[norm[1]]["running_var"]
    graph.remove_neurons([norm[0]])
    net.refresh()
    keys = net.slots.numbers(RUNNING[0])
    place = keys.tolist().index(int(graph.keys_of([norm[1]])[0]))
    assert float(net.slots.gather(RUNNING[1])[place]) == held == wanted[norm[1], "running_var"]


def test_a_norm_that_is_frozen_moves_into_buffers_at_the_refresh():
    graph = NeuronGraph()
    graph.add_population("x", 2, role="input", shape=(4, 4))
    y = graph.add_population("y", 2, shape=(4, 4), norm="batch", activation="prelu", is_output=True)
    graph.connect("x", "y", weight=np.ones((2, 2, 1, 1)))
    net = compiler.compile(graph)
    graph.nodes[y[0]]["trainable"] = False
    net.refresh()
    for name in ("gamma", "beta", "slope"):
        assert net.slots.numbers((name, ()), trained=True).tolist() == graph.keys_of(y[1:]).tolist()
        assert net.slots.numbers((name, ())).tolist() == graph.keys_of(y).tolist()


def shape_of(graph: NeuronGraph, population: str) -> tuple:
    return graph.nodes[graph.population(population)[0]]["shape"]


def test_an_untrained_float32_network_writes_nothing_back():
    graph = build_maps(RICH)
    net = compiler.compile(graph)
    assert net.write_back() == 0


def test_what_training_moved_is_written_back_number_by_number():
    graph = build_maps(RICH)
    net = compiler.compile(graph, dtype=torch.float64)
    train(net, graph, torch.optim.SGD(net.parameters(), lr=0.1, weight_decay=0.1))
    net.write_back()
    for quantity in net.slots.quantities:
        numbers, vector = net.slots.numbers(quantity), net.slots.gather(quantity).numpy()
        held = graph.read_weights(numbers) if quantity[0] == "weight" else graph.read_values(quantity[0], numbers)
        np.testing.assert_array_equal(held, vector)


def test_state_dict_is_the_same_whatever_the_lowering_and_loads_into_another():
    graph = build_maps(MapRecipe(5, (4, 4, 4), wiring="depthwise", norms=True))
    one, two = compiler.compile(graph), compiler.compile(graph.copy(), lowering="conv")
    assert {p.lowering for s in one.program.stages for p in s.products} != {
        p.lowering for s in two.program.stages for p in s.products
    }
    train(one, graph, torch.optim.SGD(one.parameters(), lr=0.1))
    saved = one.state_dict()
    kernels = {name: vector for name, vector in saved.items() if name.startswith("weight[")}
    assert kernels and all(vector.dim() == 3 for vector in kernels.values())
    assert {"running_mean", "running_var", "gamma", "beta"} <= set(saved)
    two.load_state_dict(saved)
    x = batch(graph, dtype=torch.float32)
    for a, b in zip(outputs_of(one.eval(), *x), outputs_of(two.eval(), *x), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_optimizer_state_goes_through_a_file_and_to_another_lowering():
    graph = build_maps(MapRecipe(5, (4, 4, 4), wiring="depthwise", norms=True))
    nets = [compiler.compile(graph, dtype=torch.float64)]
    nets.append(compiler.compile(graph.copy(), dtype=torch.float64, lowering="conv"))
    optimizers = [torch.optim.Adam(net.parameters(), lr=0.01) for net in nets]
    train(nets[0], graph, optimizers[0])
    nets[1].load_state_dict(nets[0].state_dict())
    nets[1].load_optimizer_state(optimizers[1], nets[0].optimizer_state(optimizers[0]))
    for net, optimizer in zip(nets, optimizers, strict=True):
        train(net, graph, optimizer, seed=5)
    for quantity in nets[0].slots.quantities:
        torch.testing.assert_close(nets[0].slots.gather(quantity), nets[1].slots.gather(quantity), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("how", ["deepcopy", "pickle"])
def test_copies_run_alike_and_train_apart(how):
    graph = build_maps(RICH)
    net = compiler.compile(graph, dtype=torch.float64)
    clone = copy.deepcopy(net) if how == "deepcopy" else pickle.loads(pickle.dumps(net))
    torch.manual_seed(0)
    wanted = outputs_of(net, *batch(graph))
    torch.manual_seed(0)
    for a, b in zip(outputs_of(clone, *batch(graph)), wanted, strict=True):
        assert torch.equal(a, b)
    train(clone, clone.graph, torch.optim.SGD(clone.parameters(), lr=0.1))
    assert any(not torch.equal(net.slots.gather(s), clone.slots.gather(s)) for s in net.slots.quantities)
    assert_equals_reference(clone if how == "pickle" else net, (clone if how == "pickle" else net).graph, True)


def test_a_saved_graph_compiles_to_the_same_network(tmp_path):
    graph = build_maps(RICH)
    net = compiler.compile(graph, dtype=torch.float64)
    train(net, graph, torch.optim.SGD(net.parameters(), lr=0.1))
    graph.save(tmp_path / "net.safetensors")
    again = compiler.compile(NeuronGraph.load(tmp_path / "net.safetensors"), dtype=torch.float64)
    for a, b in zip(outputs_of(net.eval(), *batch(graph)), outputs_of(again.eval(), *batch(graph)), strict=True):
        assert torch.equal(a, b)
