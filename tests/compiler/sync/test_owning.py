"""Whatever writes a number and whatever reads it: what is read is what it is."""

import copy
import gc
import pickle
import warnings
import weakref

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

import compiler
from compiler.sync.digests import digests
from neurograph import NeuronGraph
from neurograph.edits import SplitEdge
from neurograph.errors import CompileError, StaleError, WiringError
from tests.compiler.graphs import Recipe, batch, build, loss_of, mlp, recipes
from tests.compiler.map_graphs import MapRecipe, build_maps, map_recipes
from tests.compiler.sync.owning import ACTS, DOORS, Tracked, graphs_alike

DTYPES = (torch.float32, torch.float64, torch.bfloat16)
SEQUENCES = st.lists(st.one_of(st.sampled_from(ACTS), st.sampled_from(tuple(DOORS))), min_size=3, max_size=14)


def play(graph: NeuronGraph, dtype: torch.dtype, acts: list[str], seed: int) -> None:
    graph.restart_journal()
    try:
        pair = Tracked(graph, dtype, seed)
    except CompileError:
        return
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "(?s).*not finite")
        for act in acts:
            if act in DOORS:
                pair.check(act)
            else:
                pair.act(act)
        pair.check("edges")
        pair.check("node data")


@settings(max_examples=60, deadline=None)
@given(recipe=recipes(), dtype=st.sampled_from(DTYPES), acts=SEQUENCES, seed=st.integers(0, 999))
@example(Recipe(0, (1, 1), density=0.1), torch.float32, ["remove_edge", "edges", "step"], 0)  # no synapse is left
def test_what_is_read_is_right_whatever_wrote_it(recipe, dtype, acts, seed):
    play(build(recipe), dtype, acts, seed)


@settings(max_examples=25, deadline=None)
@given(recipe=map_recipes(), dtype=st.sampled_from(DTYPES), acts=SEQUENCES, seed=st.integers(0, 999))
@example(MapRecipe(0, (1, 1), side=4), torch.float32, ["no_bias", "recompile", "no_bias", "undo"], 0)
def test_and_so_it_is_of_feature_maps(recipe, dtype, acts, seed):
    play(build_maps(recipe), dtype, acts, seed)


@pytest.mark.parametrize("left", [0, 1])
def test_what_is_learned_comes_back_where_hardly_a_kernel_is_left(left):
    graph = build_maps(MapRecipe(1))
    net = compiler.compile(graph, dtype=torch.float64)
    kernels = [(u, v) for u, v, w in graph.edges(data="weight") if np.ndim(w)]
    before = {pair: np.array(graph[pair[0]][pair[1]]["weight"]) for pair in kernels}
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.25)
    graph.remove_edges_from(kernels[left:])
    found = {(u, v): w for u, v, w in graph.edges(data="weight") if np.ndim(w)}
    assert list(found) == kernels[:left]
    assert all(np.allclose(w, before[pair] + 0.25) for pair, w in found.items())


# ------------------------------------------------------------------------------------------ one thing at a time


def trained(graph: NeuronGraph, **options):
    """A network after one step."""
    net = compiler.compile(graph, **{"dtype": torch.float64} | options)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    loss_of(net(*batch(graph, dtype=net.dtype))).backward()
    optimizer.step()
    return net, optimizer


def test_a_fitness_function_leaves_what_was_learned_and_no_memory():
    graph = mlp()

    def evaluate():
        net, _ = trained(graph)
        return net(*batch(graph)).detach(), weakref.ref(net), [weakref.ref(p) for p in net.parameters()]

    wanted, net, parameters = evaluate()
    assert net() is None and all(p() is not None for p in parameters)
    torch.testing.assert_close(compiler.reference(graph, *batch(graph)).outputs[0], wanted)
    gc.collect()
    assert graph.table.holder is None and all(p() is None for p in parameters)


def test_a_graph_that_is_released_holds_no_tensors():
    graph = mlp()
    net, _ = trained(graph)
    wanted, parameters = net(*batch(graph)).detach(), [weakref.ref(p) for p in net.parameters()]
    graph.release()
    assert graph.owner is None and not net.owns
    del net, _
    gc.collect()
    assert all(p() is None for p in parameters)
    torch.testing.assert_close(compiler.reference(graph, *batch(graph)).outputs[0], wanted)


def test_a_users_write_wins_over_a_step_and_the_step_wins_elsewhere():
    graph = mlp()
    net, optimizer = trained(graph)
    loss_of(net(*batch(graph))).backward()
    graph[0][4]["weight"], graph.nodes[4]["bias"] = 5.0, 6.0
    assert net.stale and net.stale_by == "values"
    with pytest.raises(StaleError, match=r"values.*net.refresh\(\)"):
        net(*batch(graph))
    optimizer.step()
    wanted = net.slots.gather(("weight", ())).numpy().copy()
    wanted[net.slots.numbers(("weight", ())) == graph[0][4].id] = 5.0
    state = {id(p): held["momentum_buffer"] for p, held in optimizer.state.items() if "momentum_buffer" in held}
    parameters, versions = list(net.parameters()), [p._version for p in net.parameters()]
    net.refresh()
    assert not net.stale and all(a is b for a, b in zip(parameters, net.parameters(), strict=True))
    assert [p._version > v for p, v in zip(parameters, versions, strict=True)].count(True) == 2
    assert state == {id(p): held["momentum_buffer"] for p, held in optimizer.state.items() if "momentum_buffer" in held}
    np.testing.assert_array_equal(net.slots.gather(("weight", ())).numpy(), wanted)
    np.testing.assert_array_equal(graph.read_weights(net.slots.numbers(("weight", ()))), wanted)
    assert graph.nodes[4]["bias"] == 6.0
    optimizer.step()


def test_a_loss_from_before_a_value_write_raises_torchs_own_error():
    graph = mlp()
    net = compiler.compile(graph, dtype=torch.float64)
    loss = loss_of(net(batch(graph)[0].requires_grad_()))
    graph[4][10]["weight"] = 5.0
    net.refresh()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_a_step_between_an_edit_and_the_refresh_is_not_lost():
    graph = mlp()
    net, optimizer = trained(graph)
    loss_of(net(*batch(graph))).backward()
    graph.apply(SplitEdge(0, 4))
    assert net.stale_by == "structure"
    optimizer.step()
    ids = net.slots.numbers(("weight", ()))
    learned = dict(zip(ids.tolist(), net.slots.gather(("weight", ())).tolist(), strict=True))
    alive = set(graph.arrays().ids.tolist())
    for u, v, data in graph.edges(data=True):
        if (held := learned.get(data.id)) is not None and data.id in alive:
            assert data["weight"] == held == graph[u][v]["weight"]
    number, died = graph[1][4].id, learned[graph[1][4].id]
    optimizer.step()
    graph.remove_edge(1, 4)
    graph.undo()
    assert graph[1][4].id == number and graph[1][4]["weight"] != died


def test_a_refresh_inside_a_transaction_that_is_rolled_back_is_taken_back():
    graph = mlp()
    net = compiler.compile(graph, dtype=torch.float64)
    before = graph[0][4]["weight"]
    with pytest.raises(KeyError), graph.atomic():
        graph[0][4]["weight"] = 5.0
        net.refresh()
        raise KeyError
    assert net.stale_by == "values" and graph[0][4]["weight"] == before
    net.refresh()
    assert net.slots.gather(("weight", ()))[0].item() == before == graph[0][4]["weight"]


def test_a_network_that_was_stale_by_value_is_so_as_a_pickle_too():
    graph = mlp()
    net = compiler.compile(graph, dtype=torch.float64)
    graph[0][4]["weight"] = 5.0
    again = pickle.loads(pickle.dumps(net))
    assert again.stale_by == "values" and again.graph[0][4]["weight"] == 5.0
    again.refresh()
    assert 5.0 in again.slots.gather(("weight", ())).tolist()


@pytest.mark.parametrize("dtype", [*DTYPES, torch.float16])
def test_moving_a_network_to_another_dtype_keeps_what_it_learned(dtype):
    graph = mlp()
    net, _ = trained(graph)
    net.to(dtype)
    graphs_alike(graph, with_dtype(graph.copy(), dtype))
    weight = net.slots.gather(("weight", ())).double().numpy()
    held = torch.from_numpy(graph.read_weights(net.slots.numbers(("weight", ()))))  # finer where nothing moved
    np.testing.assert_array_equal(held.to(dtype).double().numpy(), weight)


def with_dtype(graph: NeuronGraph, dtype: torch.dtype) -> NeuronGraph:
    graph.graph["dtype"] = dtype
    return graph


def test_a_copied_state_and_ones_own_are_told_apart_by_wiring():
    graph = mlp()
    net = compiler.compile(graph)
    clone = copy.deepcopy(net)
    clone.graph.apply(SplitEdge(0, 4))
    clone.refresh()
    with pytest.raises(WiringError, match="another wiring"):
        net.load_state_dict(clone.state_dict())


@settings(max_examples=60, deadline=None)
@given(size=st.integers(0, 40_000), at=st.integers(0, 10**6), seed=st.integers(0, 99), dtype=st.sampled_from(DTYPES))
def test_a_digest_sees_every_change(size, at, seed, dtype):
    tensor = torch.randn(size, generator=torch.Generator().manual_seed(seed)).to(dtype)
    before = digests([tensor])
    assert digests([tensor.clone()]) == before
    if size:
        changed = tensor.clone()
        changed[at % size] *= -1
        assert digests([changed]) != before
    if size > 2:
        assert digests([-tensor]) != before
        assert digests([tensor.flip(0)]) != before
        assert digests([tensor.roll(at % (size - 1) + 1)]) != before
        swapped = tensor.clone()
        swapped[[0, size - 1]] = tensor[[size - 1, 0]]
        assert digests([swapped]) != before or tensor[0] == tensor[-1]


@pytest.mark.parametrize("edges", [[(0, 4)], [(0, 4), (1, 4)]])
def test_what_an_undo_brings_back_has_what_it_died_with(edges):
    graph = mlp()
    net, optimizer = trained(graph)
    died = {edge: graph.edges[edge]["weight"] for edge in edges}
    graph.remove_edges_from(edges) if len(edges) > 1 else graph.remove_edge(*edges[0])
    for p in net.parameters():
        p.grad = torch.ones_like(p)
    optimizer.step()
    graph.undo()
    assert {edge: graph.edges[edge]["weight"] for edge in edges} == died
    net.refresh(optimizer)
    assert {(u, v): w for u, v, w in graph.edges(data="weight") if (u, v) in died} == died
