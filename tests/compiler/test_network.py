import copy
import io
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings

import compiler
from neurograph import NeuronGraph
from neurograph.errors import CompileError, NeuroGraphError, StaleError
from tests.compiler.graphs import assert_equals_reference, batch, build, loss_of, mlp, recipes

# ------------------------------------------------------------------------------------------ what cannot be compiled


def two(**out) -> NeuronGraph:
    graph = NeuronGraph()
    graph.add_neuron("u", role="input", population="x")
    graph.add_neuron("v", population="y", **{"is_output": True, **out})
    return graph


def test_an_empty_graph_is_refused():
    with pytest.raises(CompileError, match="empty"):
        compiler.compile(NeuronGraph())


def test_no_output_and_no_input_are_refused():
    graph = two(is_output=False)
    graph.add_edge("u", "v", weight=1.0)
    with pytest.raises(CompileError, match="no output"):
        compiler.compile(graph)
    alone = NeuronGraph()
    alone.add_neuron("v", is_output=True)
    with pytest.raises(CompileError, match="no input"):
        compiler.compile(alone)


def test_an_unreachable_output_is_refused_by_name():
    with pytest.raises(CompileError, match="no output can be reached.*'v'"):
        compiler.compile(two())


def test_a_synapse_without_a_weight_is_refused_by_name():
    graph = two()
    graph.add_edge("u", "v")
    with pytest.raises(CompileError, match="synapse 'u' -> 'v': has no weight"):
        compiler.compile(graph)


@pytest.mark.parametrize(
    "options", [{"dtype": torch.int64}, {"dtype": "float32"}, {"batch_size": 0}, {"batch_size": 2.5}]
)
def test_impossible_options_are_refused(options):
    with pytest.raises(CompileError, match=next(iter(options))):
        compiler.compile(mlp(), **options)


def test_a_refused_compile_leaves_the_owner_in_place():
    graph = mlp()
    net = compiler.compile(graph)
    with pytest.raises(CompileError):
        compiler.compile(graph, lowering="copy")
    assert graph.owner is net


# ------------------------------------------------------------------------------------------ what goes in


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (lambda: torch.randn(5, 3), r"\(5, 3\).*\(batch, 4\)"),
        (lambda: torch.randn(4), r"\(4,\).*\(batch, 4\)"),
        (lambda: torch.randn(5, 2, 2), r"\(5, 2, 2\).*x.flatten\(1\) would fit"),
        (lambda: torch.zeros(5, 4, dtype=torch.int64), r"int64.*must be floating"),
        (lambda: torch.zeros(5, 4, dtype=torch.float64), r"float64, the network torch.float32.*x.to\(torch.float32\)"),
        (lambda: np.zeros((5, 4)), "must be a tensor.*ndarray"),
    ],
)
def test_a_batch_that_does_not_fit_is_refused_with_both_shapes(x, message):
    with pytest.raises(CompileError, match=message):
        compiler.compile(mlp())(x())


def test_the_number_of_inputs_and_their_batches_must_agree():
    net = compiler.compile(mlp())
    with pytest.raises(CompileError, match=r"takes 1 tensor\(s\), 'x' \(batch, 4\), and was given 2"):
        net(torch.randn(2, 4), torch.randn(2, 4))
    graph = NeuronGraph()
    graph.add_population("a", 1, role="input")
    graph.add_population("b", 2, role="input")
    graph.add_population("y", 1, is_output=True)
    graph.connect("a", "y", weight=[[1.0]])
    with pytest.raises(CompileError, match="differ in batch size"):
        compiler.compile(graph)(torch.randn(2, 1), torch.randn(3, 2))


def test_ports_follow_the_order_of_populations_and_neurons():
    graph = NeuronGraph()
    (y2,) = graph.add_population("y2", 1, is_output=True)
    a = graph.add_population("a", 2, role="input")
    y1 = graph.add_population("y1", 2, is_output=True)
    b = graph.add_population("b", 1, role="input", is_output=True)
    for u, v, w in ((b[0], y2, 1.0), (a[0], y1[0], 10.0), (a[1], y1[1], 100.0)):
        graph.add_edge(u, v, weight=w)
    one, two_, three = compiler.compile(graph)(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0]]))
    assert (one.tolist(), two_.tolist(), three.tolist()) == ([[3.0]], [[10.0, 200.0]], [[3.0]])


def test_outputs_of_one_population_at_different_depths_come_in_key_order():
    graph = NeuronGraph()
    graph.add_population("x", 1, role="input")
    y = graph.add_population("y", 3, is_output=True)
    graph.add_edge(0, y[2], weight=2.0)
    graph.add_edge(y[2], y[0], weight=3.0)
    graph.add_edge(y[0], y[1], weight=5.0)
    assert compiler.compile(graph)(torch.ones(1, 1)).tolist() == [[6.0, 30.0, 2.0]]


def test_a_single_neuron_is_its_own_output():
    graph = NeuronGraph()
    graph.add_neuron("only", role="input", is_output=True)
    x = torch.randn(3, 1)
    assert torch.equal(compiler.compile(graph)(x), x)


def test_an_empty_batch_and_a_single_row_run():
    for name in ("dense", "sparse"):
        net = compiler.compile(mlp(), lowering=name)
        assert net(torch.zeros(0, 4)).shape == (0, 3)
        torch.testing.assert_close(net(torch.ones(1, 4)), net(torch.ones(2, 4))[:1])


def test_a_dense_network_is_bit_for_bit_the_sequential_one():
    net = compiler.compile(mlp(activation="relu"))
    layers = []
    for stage in net.stages:
        linear = torch.nn.Linear(stage.units[0].weight.shape[1], stage.units[0].weight.shape[0])
        linear.weight, linear.bias = stage.units[0].weight, stage.neurons.bias
        layers += [linear, torch.nn.ReLU()]
    x = torch.randn(7, 4, generator=torch.Generator().manual_seed(1))
    assert torch.equal(net(x), torch.nn.Sequential(*layers[:-1])(x))


# ------------------------------------------------------------------------------------------ staleness and words


def test_an_edited_graph_makes_the_network_stale():
    graph = mlp()
    net = compiler.compile(graph)
    graph.remove_synapses([next(iter(graph.edges))])
    with pytest.raises(StaleError, match=r"net.refresh\(optimizer\)"):
        net(torch.randn(2, 4))
    with pytest.raises(StaleError):
        net.write_back()
    net.refresh()
    net(torch.randn(2, 4))


def test_report_says_what_runs_and_why():
    report = compiler.compile(mlp()).report()
    for words in (
        "3 stages",
        "'h1': 6 neurons, tanh",
        "24 synapses in 6 x 4 (density 1)",
        "sparse would take",
        "out  'y': 3",
    ):
        assert words in report


def test_parameter_count_is_the_graphs_not_the_layouts():
    graph = mlp((4, 6, 5, 3))
    before = compiler.compile(graph).parameter_count()
    assert before == 4 * 6 + 6 * 5 + 5 * 3 + 6 + 5 + 3
    graph.remove_synapses(list(graph.edges)[:7])
    net = compiler.compile(graph, lowering="dense")
    assert net.parameter_count() == before - 7 < sum(p.numel() for p in net.parameters())
    u, v = next(iter(graph.edges))
    graph.add_edge(u, v, trainable=False)
    net.refresh()
    assert (net.parameter_count(), net.parameter_count(frozen=True)) == (before - 8, before - 7)


# ------------------------------------------------------------------------------------------ write-back


def test_training_flows_into_the_graph_at_the_first_edit():
    graph = mlp()
    net = compiler.compile(graph, dtype=torch.float64)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    loss_of(net(*batch(graph))).backward()
    optimizer.step()
    moved = net.slots.gather(("weight", ())).numpy().copy()
    ids = net.slots.numbers(("weight", ()))
    assert not np.array_equal(graph._stored_weights(ids), moved)
    graph.add_neuron()
    np.testing.assert_array_equal(graph.read_weights(ids), moved)


def test_an_untrained_network_rounds_nothing():
    graph = mlp()
    before = graph.read_weights(graph.arrays().ids).copy()
    net = compiler.compile(graph, dtype=torch.bfloat16)
    assert net.write_back() == 0
    graph.add_neuron()
    np.testing.assert_array_equal(graph.read_weights(graph.arrays().ids), before)
    net.refresh()
    with torch.no_grad():
        net.stages[-1].units[0].weight[2, 1] += 1.0
    assert net.write_back() == 1
    assert np.count_nonzero(graph.read_weights(graph.arrays().ids) != before) == 1


@pytest.mark.parametrize("how", ["data", "fused", "load"])
def test_what_version_counters_miss_is_written_back_too(how):
    graph = mlp()
    net = compiler.compile(graph)
    weight = net.stages[0].units[0].weight
    if how == "data":
        weight.data.add_(1.0)
    elif how == "fused":
        graph.add_neuron()
        net.refresh()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1, fused=True)
        net(*batch(graph, dtype=torch.float32)).sum().backward()
        net.synchronise()
        optimizer.step()
    else:
        state = net.state_dict()
        state["weight"] += 1.0
        net.load_state_dict(state)
    graph.add_neuron()
    held = graph.read_weights(net.slots.numbers(("weight", ())))
    np.testing.assert_array_equal(held.astype(np.float32), net.slots.gather(("weight", ())).numpy())


def test_a_synchronised_network_that_did_not_move_writes_nothing(monkeypatch):
    graph = mlp()
    net = compiler.compile(graph)
    net.write_back()
    refuse = lambda *a, **k: pytest.fail("gathered although nothing had moved")  # noqa: E731
    monkeypatch.setattr(net.slots, "gather", refuse)
    monkeypatch.setattr("compiler.sync.write_back.write_back", refuse)
    net(*batch(graph, dtype=torch.float32)).sum().backward()
    net.synchronise()
    graph.arrays()


def test_diverged_values_stay_out_of_the_graph_and_are_told():
    graph = mlp()
    net = compiler.compile(graph)
    with torch.no_grad():
        net.stages[0].units[0].weight[0, 0] = float("nan")
    with pytest.warns(UserWarning, match="not finite"):
        net.write_back()
    assert np.isfinite(graph.arrays().weight).all()


def test_a_new_compile_takes_over_what_the_old_network_learned():
    graph = mlp()
    first = compiler.compile(graph, dtype=torch.float64)
    with torch.no_grad():
        first.stages[0].units[0].weight.mul_(2.0)
    second = compiler.compile(graph, dtype=torch.float64, lowering="sparse")
    assert graph.owner is second and not first.owns
    torch.testing.assert_close(second(*batch(graph)), first(*batch(graph)))


# ------------------------------------------------------------------------------------------ copies


@settings(max_examples=15, deadline=None)
@given(recipe=recipes())
def test_a_deep_copy_runs_alike_and_has_a_graph_of_its_own(recipe):
    graph = build(recipe)
    net = compiler.compile(graph, dtype=torch.float64)
    clone = copy.deepcopy(net)
    assert clone.graph is not graph and graph.owner is net and clone.graph.owner is clone
    assert not {id(p) for p in net.parameters()} & {id(p) for p in clone.parameters()}
    assert_equals_reference(clone, graph)
    for quantity in clone.slots.quantities:
        clone.slots.scatter(quantity, clone.slots.gather(quantity) + 1.0)
    clone.graph.add_neuron()
    assert clone.stale and not net.stale
    assert_equals_reference(net, graph)
    clone.refresh()
    assert_equals_reference(clone, clone.graph)


def test_a_graph_that_is_copied_along_is_the_copys_graph():
    graph = mlp()
    first, second = compiler.compile(graph), compiler.compile(graph)
    again, one, two = copy.deepcopy([graph, first, second])
    assert one.graph is again is two.graph is not graph
    assert again.owner is two and not one.owns and graph.owner is second


def test_a_stale_network_is_not_copied():
    graph = mlp()
    net = compiler.compile(graph)
    graph[0][4]["weight"] = 1.0
    with pytest.raises(StaleError, match=r"net.refresh\(\)"):
        copy.deepcopy(net)


def test_who_does_not_own_writes_nothing_until_the_graph_says_so():
    graph = mlp()
    first = compiler.compile(graph, dtype=torch.float64)
    second = compiler.compile(graph, dtype=torch.float64)
    with torch.no_grad():
        first.stages[0].units[0].weight.add_(1.0)
        second.stages[0].units[0].weight.add_(2.0)
    with pytest.raises(CompileError, match=r"graph.own\(net\)"):
        first.write_back()
    torch.testing.assert_close(compiler.reference(graph, *batch(graph)).outputs[0], second(*batch(graph)))
    graph.own(first)
    assert graph.owner is first and first.write_back() == 24
    torch.testing.assert_close(compiler.reference(graph, *batch(graph)).outputs[0], first(*batch(graph)))
    with pytest.raises(CompileError, match=r"graph.own\(net\)"):
        second.write_back()
    graph.release()
    with pytest.raises(CompileError, match=r"belong to no network.*graph.own\(net\)"):
        first.write_back()
    with pytest.raises(NeuroGraphError, match="another graph"):
        mlp().own(first)


def test_a_copy_that_shares_the_graph_refreshes_from_its_own_values():
    graph = mlp()
    net = compiler.compile(graph, dtype=torch.float64)
    clone = compiler.EMA(net, 0.0).network()
    with torch.no_grad():
        clone.stages[0].units[0].weight.add_(1.0)
    graph.add_neuron(population="h1", activation="tanh", bias=0.0)
    clone.refresh()
    learned = clone.stages[0].units[0].weight.detach()
    net.refresh()
    assert torch.equal(
        learned, net.stages[0].units[0].weight.detach() + (learned != net.stages[0].units[0].weight) * 1.0
    )
    assert not torch.equal(learned, net.stages[0].units[0].weight)


@settings(max_examples=15, deadline=None)
@given(recipe=recipes())
def test_pickles_run_alike(recipe):
    graph = build(recipe)
    net = compiler.compile(graph, dtype=torch.float64)
    again = pickle.loads(pickle.dumps(net))
    assert again.graph is not graph
    x = batch(graph)
    for a, b in zip(_tuple(net(*x)), _tuple(again(*x)), strict=True):
        assert torch.equal(a, b)
    again.graph.add_neuron()
    again.refresh()
    assert_equals_reference(again, again.graph)


def test_an_unpickled_network_owns_its_own_graph_if_it_did_before():
    net = compiler.compile(mlp())
    clone = compiler.EMA(net).network()
    again, other = (pickle.loads(pickle.dumps(n)) for n in (net, clone))
    assert again.owns and other.graph.owner is None
    with torch.no_grad():
        again.stages[0].units[0].weight.fill_(2.0)
    again.graph.add_neuron()
    assert again.graph[0][4]["weight"] == 2.0 != net.graph[0][4]["weight"]


def _tuple(outputs):
    return outputs if isinstance(outputs, tuple) else (outputs,)


def test_torch_save_takes_the_state(tmp_path):
    net = compiler.compile(mlp())
    file = io.BytesIO()
    torch.save(net.state_dict(), file)
    file.seek(0)
    net.load_state_dict(torch.load(file, weights_only=True))


def test_to_moves_the_dtype_and_keeps_the_parameters():
    net = compiler.compile(mlp(), lowering="sparse")
    before = list(net.parameters())
    net.double()
    assert net.dtype == torch.float64 and all(a is b for a, b in zip(before, net.parameters(), strict=True))
    assert net(torch.randn(2, 4, dtype=torch.float64)).dtype == torch.float64
