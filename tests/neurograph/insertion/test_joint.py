"""The joint fit: exact where it can be, never worse than its start, and as few neurons as a share needs."""

from dataclasses import replace

import numpy as np
import pytest

from neurograph.builders import mlp
from neurograph.edits import InsertLayer
from neurograph.errors import EditError, OptionError
from neurograph.insertion import ALGORITHMS, NewLayer, Problem, find_pair, least_squares
from neurograph.insertion.start import directions, straightest
from neurograph.schema.activations import ACTIVATIONS
from neurograph.schema.derivatives import activated
from tests.neurograph.insertion.recorded import Dense

STRAIGHT = 0.01  # what a bent activation may cost


def graph_and_values(outputs: int = 3, sources: int = 8, rows: int = 400):
    graph = mlp([4, sources, outputs], seed=1)
    rng = np.random.default_rng(0)
    values = np.maximum(rng.standard_normal((rows, 6)) @ rng.standard_normal((6, sources)), 0.0)
    return graph, values


def problem(neurons: int, activation: str = "relu", **options) -> Problem:
    graph, values = graph_and_values()
    weights = np.random.default_rng(5).standard_normal((8, neurons, 1, 1))
    layer = NewLayer(weights, np.full(neurons, np.nan), activation)
    return Problem(find_pair(graph, ("hidden1", "output")), layer, Dense(values, graph.version), **options)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_as_many_neurons_as_the_targets_have_ranks_lose_nothing(activation):
    found = ALGORITHMS["joint"](problem(3, activation))
    assert found.details["reconstruction_error"] < STRAIGHT
    assert found.details["neurons"] == 3 and found.layer.weights.shape == (8, 3, 1, 1)
    assert np.isfinite(found.layer.bias).all()


def test_fewer_are_the_best_rank_there_is():
    """What two straight neurons miss is what two principal components of what the targets take in miss."""
    asked = problem(2, "identity", iterations=0)
    graph, values = graph_and_values()
    wanted = values @ find_pair(graph, ("hidden1", "output")).dense()[:, :, 0, 0]
    spread = np.linalg.svd(wanted - wanted.mean(0), compute_uv=False) ** 2
    found = ALGORITHMS["joint"](asked).details["reconstruction_error"]
    assert found == pytest.approx(spread[2] / spread.sum(), rel=1e-6)


def test_beating_the_lasso_and_chance_at_equal_width():
    graph, values = graph_and_values(outputs=6)
    missed = {}
    for algorithm in ("joint", 1, 3, "random"):
        edit = InsertLayer(
            ("hidden1", "output"), 12, algorithm=algorithm, target=4, observations=Dense(values, graph.version)
        )
        missed[algorithm] = graph.copy().apply(edit).details["reconstruction_error"]
    assert missed["joint"] < 0.5 * min(missed[algorithm] for algorithm in (1, 3, "random"))


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "gauss"])
def test_steps_never_cost_anything(activation):
    graph, values = graph_and_values(outputs=6)
    seen = Dense(values, graph.version)
    given = {"algorithm": "joint", "target": 3, "activation": activation, "observations": seen}
    start = graph.copy().apply(InsertLayer(("hidden1", "output"), **given, iterations=0)).details
    more = graph.copy().apply(InsertLayer(("hidden1", "output"), **given)).details
    assert start["start_error"] == start["reconstruction_error"] == pytest.approx(more["start_error"])
    assert more["reconstruction_error"] <= start["reconstruction_error"]
    wild = graph.copy().apply(InsertLayer(("hidden1", "output"), **given, iterations=2)).details
    assert wild["reconstruction_error"] <= start["reconstruction_error"]


@pytest.mark.parametrize("share", [0.3, 0.1, 0.02])
def test_a_share_is_met_by_as_few_neurons_as_tried(share):
    asked = replace(problem(8), target=share)
    found = ALGORITHMS["joint"](asked).details
    assert found["reconstruction_error"] <= share
    tried = {int(count): error for count, error in found["tried"].items()}
    assert min(count for count, error in tried.items() if error <= share) == found["neurons"]
    assert found["neurons"] == 1 or tried[found["neurons"] - 1] > share


def test_a_share_out_of_reach_says_what_is_missed():
    with pytest.raises(EditError, match=r"2 neurons fitted together miss a share of 0\.\d+ .* target=0\.0001"):
        ALGORITHMS["joint"](replace(problem(2), target=1e-4))


def test_dead_and_doubled_sources_do_not_disturb():
    graph, values = graph_and_values()
    values[:, 2], values[:, 3] = 0.0, values[:, 4]
    values[:, 5] = 1e-9 * values[:, 6]
    seen = Dense(values, graph.version)
    details = graph.apply(InsertLayer(("hidden1", "output"), target=6, observations=seen)).details
    assert details["reconstruction_error"] < 1e-6
    silent, nothing = mlp([4, 8, 3], seed=1), np.zeros((50, 8))
    seen = Dense(nothing, silent.version)
    assert silent.apply(InsertLayer(("hidden1", "output"), target=2, observations=seen)).details["neurons"] == 2


def test_directions_are_those_that_are_read():
    graph, values = graph_and_values()
    graph.remove_edges_from([(7, v) for v in graph.population("output")])  # a source that nobody reads
    pair = find_pair(graph, ("hidden1", "output"))
    rows = values[:, [key - 4 for key in pair.sources]]
    found = directions(pair, rows)
    assert found.shape == (7, 3)  # as many as there are outputs
    np.testing.assert_allclose((rows @ found).std(0), 1.0)
    taken = rows @ pair.dense()[:, :, 0, 0]
    fitted = np.linalg.lstsq(np.column_stack([rows @ found, np.ones(len(rows))]), taken, rcond=None)[0]
    np.testing.assert_allclose(np.column_stack([rows @ found, np.ones(len(rows))]) @ fitted, taken, atol=1e-9)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("mean", [0.0, 3.0])
def test_an_activation_is_taken_where_it_is_straight(name, mean):
    taken = np.random.default_rng(0).gamma(2.0, 1 / np.sqrt(2), 500) + mean
    scale, shift = straightest(name, (taken - taken.mean()) / taken.std() + mean)
    x = (taken - taken.mean()) / taken.std() + mean
    assert np.corrcoef(x, activated(name, scale * x + shift)[0])[0, 1] ** 2 > 1 - STRAIGHT


def pruned(share: float = 0.5):
    """A trained pair of which half the synapses are gone, and what it takes in."""
    graph, values = graph_and_values(outputs=5)
    rng = np.random.default_rng(3)
    ends = [(u, v) for u in graph.population("hidden1") for v in graph.population("output")]
    gone = [ends[at] for at in rng.choice(len(ends), int(share * len(ends)), replace=False)]
    graph.remove_edges_from(gone)
    return graph, values, set(ends) - set(gone)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_a_sparse_layer_keeps_what_is_sparse(activation):
    graph, values, before = pruned()
    sources = [key for key in graph.population("hidden1") if any(u == key for u, _ in before)]
    seen = Dense(values[:, [key - 4 for key in sources]], graph.version)
    edit = InsertLayer(
        ("hidden1", "output"), target=len(sources), sparse=True, activation=activation, observations=seen
    )
    result = graph.apply(edit)
    assert result.details["reconstruction_error"] < 1e-3
    new = set(result.born)
    reads = {v: list(graph.predecessors(v)) for v in new}
    assert all(len(them) == 1 for them in reads.values())
    assert {(reads[u][0], v) for u in new for v in graph.successors(u)} == before


def test_steps_leave_a_sparse_layer_sparse_and_help():
    graph, values, before = pruned(0.3)
    seen = Dense(values, graph.version)
    missed = {}
    for steps in (0, 400):
        copy = graph.copy()
        edit = InsertLayer(("hidden1", "output"), target=4, sparse=True, iterations=steps, observations=seen)
        result = copy.apply(edit)
        missed[steps] = result.details["reconstruction_error"]
        assert all(copy.in_degree(v) == 1 for v in result.born)
        old = {(next(iter(copy.predecessors(u))), v) for u in result.born for v in copy.successors(u)}
        assert old <= before and len({u for u, _ in old}) == 4
    assert missed[400] <= missed[0] < 1


def test_weights_that_are_wired_are_those_of_least_squares_on_their_own_neurons():
    asked = problem(5, target=None)
    regression = asked.regression(replace(asked.layer, bias=np.zeros(5)))
    wired = np.random.default_rng(1).random((5, 3)) < 0.6
    wired[:, 0] = wired[:, 2]
    fit = least_squares(regression, wired=wired)
    assert not fit.weights[~wired].any()
    for target in range(3):
        own = np.flatnonzero(wired[:, target])
        alone = least_squares(regression.of(own).towards(np.array([target])))
        np.testing.assert_allclose(fit.weights[own, target], alone.weights[:, 0])
        assert fit.intercept[target] == pytest.approx(alone.intercept[0])


def test_a_residual_layer_changes_nothing_and_learns():
    graph, _values = graph_and_values()
    before = {edge: graph.edges[edge]["weight"] for edge in graph.edges}
    result = graph.apply(InsertLayer(("hidden1", "output"), 6, algorithm="residual", seed=2))
    assert {edge: graph.edges[edge]["weight"] for edge in before} == before
    assert len(result.born) == 6 and not len(result.entry.synapse_heirs) and not len(result.entry.synapses_died)
    assert {graph.edges[u, v]["weight"] for u in result.born for v in graph.successors(u)} == {0.0}
    assert all(graph.in_degree(v) == 8 and graph.out_degree(v) == 3 for v in result.born)
    assert len({graph.edges[u, v]["weight"] for v in result.born for u in graph.predecessors(v)}) == 48
    graph.undo()
    assert {edge: graph.edges[edge]["weight"] for edge in graph.edges} == before


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"sparse": True, "target": 9}, OptionError, "sparse neurons read one source each, and there are 8 of these"),
        ({"sparse": True, "algorithm": 1, "width": 4}, OptionError, "sparse= is for algorithm 'joint', and not for 1"),
        ({"algorithm": "residual"}, OptionError, "width= is needed"),
        ({"algorithm": "residual", "width": 4, "target": 2}, OptionError, "'residual' keeps every neuron"),
    ],
)
def test_what_sparse_and_residual_layers_cannot_be(options, error, message):
    graph, values = graph_and_values()
    with pytest.raises(error, match=message):
        graph.apply(InsertLayer(("hidden1", "output"), observations=Dense(values, graph.version), **options))
