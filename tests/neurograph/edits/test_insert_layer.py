"""InsertLayer on graphs of scalars, with recorded activations in plain numpy; maps are in tests/compiler."""

import json

import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.core.journal import from_line, to_line
from neurograph.edits import InsertLayer
from neurograph.errors import CycleError, EditError, NeuronError, OptionError
from tests.neurograph.insertion.recorded import Dense

RNG = np.random.default_rng(4)
VALUES = np.maximum(RNG.standard_normal((300, 4)) @ RNG.standard_normal((4, 6)), 0.0)


def network() -> NeuronGraph:
    graph = mlp([5, 6, 3], seed=2)
    graph.add_edge(0, 11, weight=0.7)  # a skip connection past the pair
    graph.restart_journal()
    return graph


def edit(graph: NeuronGraph, **options) -> InsertLayer:
    given = {"algorithm": 1, "width": 12, "target": 5, "observations": Dense(VALUES, graph.version)} | options
    return InsertLayer(("hidden1", "output"), **given)


def taken_in(graph: NeuronGraph, behind: str) -> np.ndarray:
    """What the outputs take in from a layer behind "hidden1", or from it."""
    values = VALUES
    if behind != "hidden1":
        weights = np.array([[graph[u][v]["weight"] for v in graph.population(behind)] for u in range(5, 11)])
        values = np.maximum(VALUES @ weights + [graph.nodes[n]["bias"] for n in graph.population(behind)], 0.0)
    weights = np.array([[graph[u][v]["weight"] for v in range(11, 14)] for u in graph.population(behind)])
    return values @ weights + [graph.nodes[v]["bias"] for v in range(11, 14)]


@pytest.mark.parametrize("algorithm", ["joint", 1, 2, 3, "random", "redundant", "identity"])
def test_it_says_what_was_said_before_as_nearly_as_it_tells(algorithm):
    graph = network()
    before = taken_in(graph, "hidden1")
    options = {"redundant": {"target": None}, "identity": {"target": None, "width": None}}.get(algorithm, {})
    result = graph.apply(edit(graph, algorithm=algorithm, **options))
    after = taken_in(graph, "inserted")
    missed = ((after - before) ** 2).sum() / ((before - before.mean(0)) ** 2).sum()
    assert missed == pytest.approx(result.details.get("reconstruction_error", 0.0), abs=1e-9)
    assert missed < 0.2
    assert result.born == graph.population("inserted")
    assert len(result.born) == result.details["neurons"] == len(result.details["kept"])
    assert not [1 for u in range(5, 11) for v in range(11, 14) if graph.has_edge(u, v)]
    assert graph[0][11]["weight"] == 0.7
    assert result.entry.synapse_heirs.shape == (3 * len(result.born), 2)
    died = set(result.entry.synapses_died.tolist())
    assert set(result.entry.synapse_heirs[:, 1].tolist()) <= died


def test_undo_redo_and_replay():
    graph = network()
    start, values = graph.copy(), taken_in(graph, "hidden1")
    graph.apply(edit(graph, algorithm=2))
    inserted, written = dict(graph.edges), graph.journal[0]
    biases = [graph.nodes[v]["bias"] for v in range(11, 14)]
    assert any(biases)
    line = json.loads(json.dumps(json.loads(to_line(graph, written))))
    graph.undo()
    assert dict(graph.edges) == dict(start.edges)
    np.testing.assert_array_equal(taken_in(graph, "hidden1"), values)
    assert graph.wiring_digest() == start.wiring_digest()
    graph.redo()
    assert dict(graph.edges) == inserted
    assert [graph.nodes[v]["bias"] for v in range(11, 14)] == biases
    start.replay([from_line(json.dumps(line))])
    assert dict(start.edges) == inserted
    assert start.journal[0].details == written.details
    assert "observations" not in written.options


def test_the_seed_decides():
    drawn = [dict(graph.edges) for seed in (0, 0, 1) for graph in [network()] if graph.apply(edit(graph, seed=seed))]
    assert drawn[0] == drawn[1] != drawn[2]


def test_what_may_be_chosen_of_the_new_neurons():
    graph = network()
    graph.apply(edit(graph, bias=None, activation="tanh", population="between", target=None, algorithm="redundant"))
    node = graph.nodes[graph.population("between")[0]]
    assert node["bias"] is None and node["activation"] == "tanh"
    graph = network()
    drawn = np.random.default_rng(8).standard_normal((6, 12, 1, 1))
    result = graph.apply(edit(graph, initializer=lambda shape, activation: drawn))
    read = [[graph[u][v]["weight"] for v in result.born] for u in range(5, 11)]
    np.testing.assert_array_equal(read, drawn[:, result.details["kept"], 0, 0])


@pytest.mark.parametrize("algorithm", [1, 2, 3, "random"])
def test_a_bias_for_each_neuron_goes_with_it(algorithm):
    biases = np.linspace(-0.5, 0.5, 12)
    graph = network()
    result = graph.apply(edit(graph, algorithm=algorithm, bias=biases))
    found = [graph.nodes[v]["bias"] for v in result.born]
    if algorithm != 2:  # whose neurons take over what others said
        assert found == biases[result.details["kept"]].tolist()
    assert len(set(found)) == 5 and graph.journal[0].options["bias"] == tuple(biases)


def test_joint_neurons_may_have_no_bias_or_a_given_one():
    graph = network()
    result = graph.apply(edit(graph, algorithm="joint", bias=None))
    assert [graph.nodes[v]["bias"] for v in result.born] == [None] * 5
    graph = network()
    result = graph.apply(edit(graph, algorithm="joint", bias=[1.0, 2.0, 3.0, 4.0, 5.0], iterations=0))
    assert [graph.nodes[v]["bias"] for v in result.born] == [1.0, 2.0, 3.0, 4.0, 5.0]


@pytest.mark.parametrize("algorithm", [1, 3])
def test_restarts_take_the_best_descent_and_tell_how_far_the_worst_was(algorithm):
    free = "alpha" if algorithm == 1 else "penalty"
    strong = {"algorithm": algorithm, "target": None, "penalty": 0.3, "alpha": 40.0, "width": 40}
    once, often = network(), network()
    alone = once.apply(edit(once, **strong)).details
    best = often.apply(edit(often, restarts=20, **strong)).details
    assert "objective_spread" not in alone and 0 <= best["objective_spread"] < 1
    assert algorithm == 3 or best["objective_spread"] > 0
    again = network()
    assert again.apply(edit(again, restarts=20, **strong)).details == best
    assert free in best and best["converged"]


def test_targets_without_a_bias_stay_without_one():
    graph = network()
    for v in range(11, 14):
        graph.nodes[v]["bias"] = None
    weights = np.array([[graph[u][v]["weight"] for v in range(11, 14)] for u in range(5, 11)])
    result = graph.apply(edit(graph))
    new = result.born
    read = np.array([[graph[u][v]["weight"] for v in new] for u in range(5, 11)])
    activity = np.maximum(VALUES @ read, 0.0)
    theirs = np.linalg.lstsq(activity, VALUES @ weights, rcond=None)[0]
    np.testing.assert_allclose([[graph[u][v]["weight"] for v in range(11, 14)] for u in new], theirs, atol=1e-8)
    assert all(graph.nodes[v]["bias"] is None for v in range(11, 14))


def test_entangled_populations_would_close_a_cycle():
    graph = NeuronGraph()
    graph.add_population("x", 1, role="input")
    a = graph.add_population("a", 2)
    b = graph.add_population("b", 2)
    graph.connect("x", [a[0]], [[1.0]])
    for u, v in ((a[0], b[0]), (b[0], a[1]), (a[1], b[1])):
        graph.add_edge(u, v, weight=1.0)
    before = dict(graph.edges)
    with pytest.raises(CycleError):
        graph.apply(InsertLayer(("a", "b"), 4, algorithm="redundant", observations=Dense(VALUES[:, :2], graph.version)))
    assert dict(graph.edges) == before and "inserted" not in graph.populations


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"algorithm": 4}, OptionError, "algorithm must be one of 'joint', 1, 2, 3, 'redundant'"),
        ({"algorithm": True}, OptionError, "algorithm must be one of"),
        ({"width": None}, OptionError, "width= is needed"),
        ({"width": 0}, OptionError, "width must be a whole number"),
        ({"target": 13}, OptionError, "target=13 neurons cannot stay of width=12"),
        ({"target": 1.5}, OptionError, "target must be a number of neurons or a share above 0 and below 1"),
        ({"target": "few"}, OptionError, "target must be a whole number"),
        ({"penalty": 0.1, "alpha": 0.1}, OptionError, "leave one of them out"),
        ({"penalty": -1.0}, OptionError, "penalty must be a finite number"),
        ({"algorithm": "joint", "penalty": 0.1}, OptionError, r"'joint' has no penalty \(lambda\) and alpha"),
        ({"algorithm": "joint", "width": None, "target": None}, OptionError, "width= or target= is needed"),
        (
            {"algorithm": "joint", "target": 1e-9, "width": 2},
            EditError,
            "2 neurons fitted together miss a share of 0.0",
        ),
        ({"algorithm": 2, "restarts": 3}, OptionError, "restarts= are for algorithms 1 and 3, and not for 2"),
        ({"restarts": -1}, OptionError, "restarts must be a whole number"),
        ({"bias": [0.1] * 11}, OptionError, "bias has 11 numbers, and there are 12 new neurons"),
        ({"bias": [[0.1] * 12]}, OptionError, "bias must be one number, or a list of one for each neuron"),
        ({"bias": [float("nan")] * 12}, OptionError, "bias must be a finite number"),
        ({"bias": "zero"}, OptionError, "bias must be one of auto"),
        ({"algorithm": "joint", "width": None, "bias": [0.1] * 4}, OptionError, "has 4 numbers, and there are 5 new"),
        ({"activation": "rellu"}, NeuronError, "did you mean relu"),
        ({"place": "behind"}, OptionError, "place must be one of after, before"),
        ({"initializer": "big"}, OptionError, "initializer must be one of"),
        ({"padding": "valid"}, OptionError, "padding must be one of same"),
        ({"ridge": float("nan")}, OptionError, "ridge"),
        ({"population": "hidden1"}, EditError, "population 'hidden1' is there already"),
        ({"kernel": 3}, EditError, "'hidden1' are scalars, which no kernel reads"),
        ({"observations": None}, EditError, r"needs recorded activations: .*compiler.record"),
        ({"observations": Dense(VALUES, 1)}, EditError, "recorded at version 1 of the graph, which is at"),
        ({"observations": Dense(VALUES[:4], 42)}, EditError, "cannot tell 6 weights of each target apart"),
        ({"target": None, "penalty": 3.0}, EditError, "leaves no neuron; the largest that leaves one"),
    ],
)
def test_bad_input_changes_nothing(options, error, message):
    graph = network()
    if getattr(options.get("observations"), "version", 0) == 42:
        options["observations"].version = graph.version
    before, version = dict(graph.edges), graph.version
    with pytest.raises(error, match=message):
        graph.apply(edit(graph, **options))
    assert dict(graph.edges) == before and graph.version == version and not len(graph.journal)


def test_between_must_be_two():
    with pytest.raises(OptionError, match="between must be two populations"):
        InsertLayer("hidden1", 3)
    with pytest.raises(OptionError, match="between must be two populations"):
        InsertLayer(("hidden1",), 3)
