import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.analysis.observations import Observations
from neurograph.builders import lenet5, mlp
from neurograph.edits import Prune
from neurograph.edits.prune import weight_sizes
from neurograph.edits.support.paths import has_path
from neurograph.errors import EditError, MissingError, OptionError
from tests.neurograph.networks import dump, structure, values


def network():
    return mlp([6, 8, 5, 3], seed=4)


def weights(g):
    ids, _ = weight_sizes(g)
    return dict(zip(ids.tolist(), g.read_weights(ids).tolist(), strict=True))


def largest(g, count):
    """Ids of the synapses of the largest weights."""
    found = sorted(weights(g).items(), key=lambda item: -abs(item[1]))
    return {number for number, _ in found[:count]}


@pytest.mark.parametrize(
    ("options", "count"), [({"left": 40}, 40), ({"left": 200}, 103), ({"share": 0.4}, 41), ({"share": 1}, 103)]
)
def test_the_largest_weights_are_left(options, count):
    g = network()
    expected = largest(g, count)
    before = weights(g)
    result = g.apply(Prune(**options, stranded="leave"))
    assert set(weights(g)) == expected
    assert weights(g) == {number: before[number] for number in expected}
    assert result.details["pruned"] == 103 - len(expected)
    assert result.details["left"] == len(expected)
    assert len(g) == 22


def test_layers_keep_the_same_share():
    g = network()
    g.apply(Prune(share=0.5, scope="layer", stranded="leave"))
    ends = [(g.nodes[u]["population"], g.nodes[v]["population"]) for u, v in g.edges]
    assert {pair: ends.count(pair) for pair in set(ends)} == {
        ("input", "hidden1"): 24,
        ("hidden1", "hidden2"): 20,
        ("hidden2", "output"): 8,  # half of 15, to the even number
    }
    whole = network().in_edges(g.population("hidden1"), data="weight")
    best = sorted((abs(w) for *_, w in whole), reverse=True)[:24]
    assert sorted((abs(w) for *_, w in g.in_edges(g.population("hidden1"), data="weight")), reverse=True) == best


def test_scores_say_who_goes_and_who_may_go():
    g = network()
    ids, _ = weight_sizes(g)
    some = ids[:10]
    g.apply(Prune(3, scores=(some, np.arange(10.0)), stranded="leave"))
    assert set(weights(g)) == set(ids[10:].tolist()) | set(some[-3:].tolist())


def test_kernels_count_by_the_mean_of_their_numbers():
    g = lenet5(seed=0)
    ids, sizes = weight_sizes(g)
    for number, size in list(zip(ids.tolist(), sizes, strict=True))[::997]:
        row = g.table.rows_of(np.array([number]))[0]
        weight = g[g.table.names[g.table.src[row]]][g.table.names[g.table.dst[row]]]["weight"]
        assert size == pytest.approx(np.abs(weight).mean())
    pools = sum(1 for *_, op in g.edges(data="op") if op == "avg_pool" or op == "max_pool")
    g.apply(Prune(share=0.5, stranded="leave"))
    assert g.number_of_edges() == pools + round(len(ids) / 2)


def test_outputs_keep_their_best_synapse():
    g = network()
    best = {v: max(g.in_edges(v, data="weight"), key=lambda edge: abs(edge[2])) for v in g.population("output")}
    result = g.apply(Prune(0, stranded="leave"))
    assert result.details["spared"] == 3
    assert sorted(g.edges(data="weight")) == sorted(best.values())


def test_what_is_left_without_synapses_goes_too():
    g = mlp([3, 4, 1], seed=0)
    for at, edge in enumerate(list(g.edges)):
        g.edges[edge]["weight"] = 5.0 if edge in ((0, 3), (3, 7)) else 0.01 * at
    result = g.apply(Prune(2))
    assert result.details["cleaned_up"] == [4, 5, 6]
    assert set(g.edges) == {(0, 3), (3, 7)}
    with pytest.raises(EditError, match="without inputs or outputs"):
        network().apply(Prune(0, stranded="refuse"))


def test_biases_take_over_means():
    """A neuron whose inputs do not vary goes without moving the function."""
    g = NeuronGraph()
    g.add_population("in", 3, role="input")
    g.add_population("hidden", 2, activation="relu", bias=[0.5, 0.25])
    g.add_population("out", 1, is_output=True, bias=1.0)
    g.connect("in", "hidden", weight=np.array([[0.1, 0.2], [1.0, 1.0], [2.0, 3.0]]))
    g.connect("hidden", "out", weight=np.array([[1.0], [1.0]]))
    seen = Observations(g.table.keys(), np.array([4.0, 0.0, 0.0, 2.0, 3.0, 0.0]), np.zeros(6))
    g.apply(Prune(6, observations=seen))
    assert sorted(g.edges) == [(1, 3), (1, 4), (2, 3), (2, 4), (3, 5), (4, 5)]
    assert [g.nodes[n]["bias"] for n in (3, 4, 5)] == pytest.approx([0.9, 1.05, 1.0])
    g.undo()
    assert [g.nodes[n]["bias"] for n in (3, 4, 5)] == [0.5, 0.25, 1.0]
    with pytest.raises(MissingError, match="not observed"):
        g.apply(Prune(6, observations=Observations(np.array([5]), np.zeros(1), np.zeros(1))))


def test_neurons_without_a_bias_or_a_sum_stay_as_they_are():
    g = NeuronGraph()
    g.add_population("in", 2, role="input")
    g.add_population("bare", 1)
    g.add_population("most", 1, aggregation="max", bias=0.5, is_output=True)
    g.connect("in", "bare", weight=np.array([[0.1], [1.0]]))
    g.connect("in", "most", weight=np.array([[0.1], [1.0]]))
    g.connect("bare", "most", weight=np.ones((1, 1)))
    g.apply(Prune(3, observations=Observations(g.table.keys(), np.ones(4), np.zeros(4))))
    assert g.number_of_edges() == 3
    assert g.nodes[2]["bias"] is None
    assert g.nodes[3]["bias"] == 0.5


def test_undo_brings_all_of_it_back():
    g = network()
    before = structure(g), weights(g), values(g)
    g.apply(Prune(share=0.4))
    assert structure(g) != before[0]
    g.undo()
    assert (structure(g), weights(g), values(g)) == before


def lopsided():
    """A network whose middle layer weighs a hundredth of the others, as the dense layer of a trained LeNet does."""
    g = mlp([6, 8, 8, 3], seed=4)
    for u, v in list(g.in_edges(g.population("hidden2"))):
        g.edges[u, v]["weight"] *= 0.01
    return g


def test_no_path_to_any_output_is_refused_and_a_floor_is_the_way_out():
    g = lopsided()
    before = dump(g)
    with pytest.raises(EditError, match=r"no path from the inputs to any output.*floor_share=0.1 keeps a tenth"):
        g.apply(Prune(share=0.3))
    assert dump(g) == before
    result = g.apply(Prune(share=0.3, floor_share=0.2))
    assert result.details["floored"] == 13
    assert len(list(g.in_edges(g.population("hidden2")))) <= 13 and has_path(g)
    lopsided().apply(Prune(share=0.3, floor=5))
    lopsided().apply(Prune(share=0.3, stranded="leave"))
    bare = NeuronGraph()  # what had no path is not asked for one
    bare.add_population("in", 1, role="input")
    bare.add_population("off", 2)
    bare.add_population("out", 1, is_output=True)
    bare.connect("off", "out", weight=np.ones((2, 1)))
    bare.apply(Prune(1))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, OptionError, "give one of left=None, a count, and share=None"),
        ({"left": 3, "share": 0.5}, OptionError, "give one of left=3"),
        ({"left": 0.5}, OptionError, "left must be a whole number, not 0.5; share=0.5 is a share"),
        ({"share": 1.5}, OptionError, "share must be a finite number between 0 and 1"),
        ({"left": -1}, OptionError, "left must be a whole number"),
        ({"left": 3, "scope": "world"}, OptionError, "scope must be one of network, layer"),
        ({"left": 3, "floor": 1.5}, OptionError, "floor must be a whole number"),
        ({"left": 3, "floor": 1, "floor_share": 0.5}, OptionError, "give one of the two"),
        ({"left": 3, "floor_share": 1.5}, OptionError, "floor_share must be a finite number"),
        ({"left": 3, "floor": -1}, OptionError, "floor must be a whole number"),
        ({"left": 3, "stranded": "eat"}, OptionError, "stranded"),
        ({"left": 3, "scores": (np.arange(3), np.arange(4.0))}, OptionError, r"shapes \(3,\) and \(4,\)"),
        ({"left": 3, "scores": (np.arange(3), np.array([0, 1, np.nan]))}, OptionError, "finite"),
        ({"left": 3, "scores": (np.array([1, 1]), np.zeros(2))}, OptionError, "each synapse once"),
        ({"left": 3, "scores": (np.array([1, 999]), np.zeros(2))}, MissingError, "no synapse 999"),
        ({"left": 3, "scores": (np.zeros(0, int), np.zeros(0))}, MissingError, "no synapse to prune"),
    ],
)
def test_bad_options(options, error, message):
    g = network()
    before = dump(g)
    with pytest.raises(error, match=message):
        g.apply(Prune(**options))
    assert dump(g) == before
