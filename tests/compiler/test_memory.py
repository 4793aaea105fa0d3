"""Networks whose synapses have a delay run step by step as the reference does, whatever is done to them."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import compiler
from neurograph import NeuronGraph
from neurograph.edits import SplitEdge
from neurograph.errors import CompileError
from tests.compiler.memories import check_as_reference, loss_of, networks, sequences

FEW = settings(deadline=None, max_examples=25)


def elman() -> NeuronGraph:
    graph, rng = NeuronGraph(), np.random.default_rng(0)
    graph.add_population("x", 2, role="input")
    graph.add_population("h", 3, activation="tanh", bias=0.1)
    graph.add_population("y", 1, is_output=True)
    graph.connect("x", "h", weight=rng.normal(size=(2, 3)))
    graph.connect("h", "y", weight=rng.normal(size=(3, 1)))
    graph.connect("h", "h", weight=rng.normal(size=(3, 3)), delay=1)
    return graph


def test_an_elman_network_is_torchs_rnn():
    graph = elman()
    net = compiler.compile(graph, dtype=torch.float64)
    rnn = torch.nn.RNN(2, 3, dtype=torch.float64)
    w = {(u, v): data["weight"] for u, v, data in graph.edges(data=True)}
    with torch.no_grad():
        rnn.weight_ih_l0.copy_(torch.tensor([[w[u, v] for u in (0, 1)] for v in (2, 3, 4)]))
        rnn.weight_hh_l0.copy_(torch.tensor([[w[u, v] for u in (2, 3, 4)] for v in (2, 3, 4)]))
        rnn.bias_ih_l0.fill_(0.1)
        rnn.bias_hh_l0.zero_()
    xs = torch.rand(6, 5, 2, dtype=torch.float64)
    hidden, last = rnn(xs)
    y, state = net.unroll(xs)
    torch.testing.assert_close(y[..., 0], hidden @ torch.tensor([w[u, 5] for u in (2, 3, 4)], dtype=torch.float64))
    torch.testing.assert_close(torch.stack(list(state.values()), 1), last[0])


@given(networks())
@FEW
def test_outputs_states_and_gradients_are_the_references(graph):
    sums = all(data["aggregation"] == "sum" for _, data in graph.nodes(data=True))
    for pin in (None, "sparse", "field") if sums else (None,):
        check_as_reference(compiler.compile(graph, dtype=torch.float64, lowering=pin, cut_off=True), graph)


@given(networks(), st.integers(0, 2**16))
@FEW
def test_a_refresh_runs_what_a_fresh_compile_runs(graph, seed):
    net = compiler.compile(graph, dtype=torch.float64, cut_off=True)
    optimizer = torch.optim.Adam([*net.parameters(), torch.nn.Parameter(torch.zeros(1))], lr=0.01)
    rng = np.random.default_rng(seed)
    for _ in range(4):
        edges = list(graph.edges(data=True))
        if not edges:
            break
        u, v, data = edges[int(rng.integers(len(edges)))]
        hidden = [n for n, d in graph.nodes(data=True) if d["role"] != "input" and not d["is_output"]]
        if rng.random() < 0.4 and data.get("op", "weight") == "weight":
            graph.apply(SplitEdge(u, v))
        elif rng.random() < 0.3 and hidden:
            graph.remove_node(hidden[0])
        elif rng.random() < 0.5 and len(edges) > 2:
            graph.remove_edge(u, v)
        elif len(graph.journal):
            graph.undo()
        net.refresh(optimizer)
        check_as_reference(net, graph)
        if any(p.grad is not None for p in net.parameters()):
            optimizer.step()


@given(networks(), st.integers(0, 2**16))
@FEW
def test_a_split_keeps_what_is_remembered(graph, seed):
    delayed = [(u, v) for u, v, d in graph.edges(data=True) if d.get("delay") and "weight" in d]
    net = compiler.compile(graph, dtype=torch.float64, cut_off=True)
    xs = sequences(graph, 6, 2)
    wanted, _ = net.unroll(*xs)
    _, state = net.unroll(*(x[:3] for x in xs))
    if delayed:
        u, v = delayed[seed % len(delayed)]
        graph.apply(SplitEdge(u, v))
        assert graph.undo() and graph.redo()
    net.refresh()
    found, _ = net.unroll(*(x[3:] for x in xs), state=state)
    for after, before in zip(*((y if isinstance(y, tuple) else (y,)) for y in (found, wanted)), strict=True):
        torch.testing.assert_close(after, before[3:])


def test_a_state_is_carried_over_an_edit_and_newborns_begin_at_0():
    graph = elman()
    net = compiler.compile(graph, dtype=torch.float64)
    _, state = net(torch.ones(2, 2, dtype=torch.float64))
    new = graph.add_neuron(activation="tanh", bias=0.0)
    graph.add_edge(new, 2, weight=1.0, delay=1)
    graph.remove_node(3)
    net.refresh()
    y, after = net(torch.ones(2, 2, dtype=torch.float64), state)
    plain = {name: state[name] for name in (2, 4)} | {new: torch.zeros(2, dtype=torch.float64)}
    wanted = compiler.reference(graph, torch.ones(2, 2), state=plain)
    torch.testing.assert_close(y, wanted.outputs[0])
    torch.testing.assert_close(net(torch.ones(2, 2, dtype=torch.float64), plain)[0], y)
    assert set(after) == {2, 4, new}


def test_truncation_ends_gradients_and_rows_are_reset():
    graph = elman()
    net = compiler.compile(graph, dtype=torch.float64)
    xs = torch.rand(4, 3, 2, dtype=torch.float64, requires_grad=True)
    _, state = net.unroll(xs[:2])
    loss_of(net.unroll(xs[2:], state=state.detach())[0]).backward()
    assert not xs.grad[:2].any() and xs.grad[2:].any()
    again = state.reset(torch.tensor([True, False, True]))
    assert not again[2][0].any() and torch.equal(again[2][1], state[2][1])


def test_a_network_that_remembers_nothing_is_as_ever():
    graph = elman()
    graph.remove_edges_from([(u, v) for u, v, d in graph.edges(data=True) if d.get("delay")])
    net = compiler.compile(graph)
    assert isinstance(net(torch.ones(1, 2)), torch.Tensor)
    assert not net.memory and len(net.unroll(torch.ones(3, 1, 2))[0]) == 3


def test_feature_maps_are_remembered_too():
    graph, rng = NeuronGraph(), np.random.default_rng(0)
    graph.add_population("x", 1, role="input", shape=(5, 5))
    graph.add_population("h", 2, shape=(5, 5), activation="tanh")
    graph.add_population("y", 2, is_output=True)
    graph.connect("x", "h", weight=rng.normal(size=(1, 2, 3, 3)), padding=1)
    graph.connect("h", "h", weight=rng.normal(size=(2, 2, 3, 3)) / 4, padding=1, delay=1)
    graph.connect("h", "y", weight=rng.normal(size=(2, 2, 5, 5)) / 5)
    graph.connect("y", "y", weight=rng.normal(size=(2, 2)) / 4, delay=1)
    net = compiler.compile(graph, dtype=torch.float64)
    xs = torch.rand(3, 2, 1, 5, 5, dtype=torch.float64)
    found, state = net.unroll(xs)
    wanted = compiler.reference(graph, xs, time=True)
    torch.testing.assert_close(found, wanted.outputs[0])
    assert {v: tuple(x.shape) for v, x in state.items()} == {1: (2, 5, 5), 2: (2, 5, 5), 3: (2,), 4: (2,)}


@pytest.mark.parametrize(
    ("state", "words"),
    [(3, "not a int"), ({"nobody": torch.zeros(2)}, "nobody"), ({2: torch.zeros(5)}, "shape")],
)
def test_what_is_no_state_is_refused(state, words):
    net = compiler.compile(elman())
    with pytest.raises(CompileError, match=words):
        net(torch.ones(2, 2), state)


def test_copies_and_pickles_remember():
    import copy
    import pickle

    graph = elman()
    net = compiler.compile(graph, dtype=torch.float64)
    xs = torch.rand(3, 2, 2, dtype=torch.float64)
    wanted, state = net.unroll(xs)
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        torch.testing.assert_close(other.unroll(xs)[0], wanted, rtol=0, atol=0)
        other(xs[0], dict(state))


@given(st.lists(networks(), min_size=1, max_size=4), st.booleans(), st.booleans())
@FEW
def test_a_population_remembers_as_each_of_it_alone(graphs, shared, twice):
    takes = [tuple(g.nodes[v]["population"] for v in g if g.nodes[v]["role"] == "input") for g in graphs]
    gives = [[d["population"] for _, d in g.nodes(data=True) if d["is_output"]] for g in graphs]
    graphs = [g for g, t, y in zip(graphs, takes, gives, strict=True) if (t, y) == (takes[0], gives[0])]
    both = any(d["role"] == "input" and d["is_output"] for g in graphs for _, d in g.nodes(data=True))
    if both:
        return
    graphs += [graphs[0].copy()] * twice
    time, batch = 3, 2
    population = compiler.compile_population(
        graphs, dtype=torch.float64, inputs="shared" if shared else "own", cut_off=True
    )
    data = [sequences(g, time, batch, 0 if shared else at) for at, g in enumerate(graphs)]
    state, remembers, steps = None, bool(population.memory), []
    for step in range(time):
        xs = [
            data[0][port][step] if shared else torch.stack([own[port][step] for own in data])
            for port in range(len(data[0]))
        ]
        y = population(*xs, *([state] if remembers else []))
        y, state = y if remembers else (y, None)
        steps.append(y if isinstance(y, tuple) else (y,))
    outputs = [torch.stack(side) for side in zip(*steps, strict=True)]
    losses = [loss_of(tuple(y[:, at] for y in outputs)) for at in range(len(graphs))]
    if sum(losses).requires_grad:
        sum(losses).backward()
    for at, graph in enumerate(graphs):
        wanted = compiler.reference(graph, *data[at], loss=lambda *y: loss_of(y), time=True)
        for y, theirs in zip(outputs, wanted.outputs, strict=True):
            torch.testing.assert_close(y[:, at], theirs, rtol=1e-9, atol=1e-9)
        for name, value in wanted.state.items():
            who = 0 if shared and graph.nodes[name]["role"] == "input" else at
            torch.testing.assert_close(state[who, name], value, rtol=1e-9, atol=1e-9)
        numbers, gradients = population.gradients("weight")
        table = graph.table
        for (u, v), gradient in wanted.synapses.items():
            number = int(table.id[table.find(table.index[u], table.index[v])])
            where = np.searchsorted(numbers, (at << 32) | number)
            if where < len(numbers) and numbers[where] == (at << 32) | number:
                assert abs(gradients[where] - gradient) < 1e-8 * (1 + abs(gradient)), (u, v)


def test_a_population_says_whose_state_it_was_given():
    graphs = [elman(), elman()]
    population = compiler.compile_population(graphs)
    x = torch.ones(1, 2)
    _, state = population(x)
    assert set(state) == {(at, v) for at in (0, 1) for v in (2, 3, 4)}
    graphs[1].add_edge(5, 2, weight=1.0, delay=1)
    population.refresh()
    assert len(population(x, state)[1]) == 7
    population.refresh(graphs=[graphs[1], graphs[0]])
    with pytest.raises(CompileError, match="other individuals"):
        population(x, state)
