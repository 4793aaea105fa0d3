import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.edits import SplitEdge
from neurograph.errors import EditError, MissingError, NeuronError, OptionError
from tests.neurograph.networks import batch, dump, outputs, random_network, values, weights

PRESERVING = [{}, {"signed_pair": True}, {"activation": "identity"}, {"activation": "prelu", "slope": 1.0}]


@pytest.mark.parametrize("options", PRESERVING, ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_the_function_is_kept_for_values_of_both_signs(options, seed):
    g = random_network(seed)
    data = batch(g)
    before = outputs(g, data)
    edges = [(u, v) for u, v, w in g.edges(data="weight") if w is not None]
    for u, v in edges[:6]:
        assert g.apply(SplitEdge(u, v, **options)).details["function_preserving"]
    np.testing.assert_allclose(outputs(g, data), before, rtol=1e-9)


def test_one_prelu_of_slope_one_takes_the_place_of_the_synapse():
    g = mlp([1, 1, 1])
    old = g.table.id[g.table.find(0, 1)]
    weight, others, before = g[0][1]["weight"], weights(g), values(g)
    result = g.apply(SplitEdge(0, 1))
    (n,) = result.born
    assert result.died == []
    assert not g.has_edge(0, 1)
    assert (g[0][n]["weight"], g[n][1]["weight"]) == (1.0, weight)
    assert (g.nodes[n]["activation"], g.nodes[n]["slope"], g.nodes[n]["bias"]) == ("prelu", 1.0, None)
    new = g.table.id[g.table.find(g.table.index[n], 1)]
    assert result.entry.synapse_heirs.tolist() == [[new, old]]
    assert not len(result.entry.neuron_heirs)
    assert values(g).items() >= before.items()
    del others[old]
    assert weights(g).items() >= others.items()


def test_a_signed_pair_is_two_relus_and_both_synapses_out_are_heirs():
    g = mlp([1, 1])
    g[0][1]["weight"] = 0.5
    result = g.apply(SplitEdge(0, 1, signed_pair=True, names=["up", "down"]))
    assert result.born == ["up", "down"]
    assert [g.nodes[n]["activation"] for n in result.born] == ["relu", "relu"]
    assert [g[0][n]["weight"] for n in result.born] == [1.0, -1.0]
    assert [g[n][1]["weight"] for n in result.born] == [0.5, -0.5]
    assert result.entry.synapse_heirs[:, 1].tolist() == [0, 0]


def test_the_authors_form_keeps_the_function_where_the_source_is_not_negative():
    g = mlp([1, 1])
    result = g.apply(SplitEdge(0, 1, activation="relu"))
    assert not result.details["function_preserving"]
    g2 = mlp([1, 1])
    np.testing.assert_allclose(outputs(g, np.array([[2.0]])), outputs(g2, np.array([[2.0]])), rtol=1e-12)
    assert outputs(g, np.array([[-2.0]])) == 0.0 != outputs(g2, np.array([[-2.0]]))


def test_another_slope_bends_the_function_and_says_so():
    g = mlp([1, 1])
    result = g.apply(SplitEdge(0, 1, slope=0.25))
    assert g.nodes[result.born[0]]["slope"] == 0.25
    assert not result.details["function_preserving"]


def test_form_and_own_attributes_go_with_the_weight():
    g = NeuronGraph()
    g.add_neuron("x", role="input")
    g.add_neuron("y", is_output=True)
    g.add_edge("x", "y", weight=2.0, trainable=False, why="because")
    (n,) = g.apply(SplitEdge("x", "y")).born
    assert dict(g[n]["y"]) == {"weight": 2.0, "trainable": False, "why": "because"}
    assert dict(g["x"][n]) == {"weight": 1.0}


def test_splits_between_two_populations_make_one_layer_unless_told_otherwise():
    g = mlp([2, 2])
    born = [g.apply(SplitEdge(u, v)).born[0] for u, v in list(g.edges)]
    assert g.populations["input-output"] == born
    g.apply(SplitEdge(born[0], 2, population="extra", names=["new"]))
    assert g.populations["extra"] == ["new"]


@pytest.mark.parametrize("options", [{}, {"signed_pair": True}], ids=str)
def test_kernels_move_whole(options):
    rng = np.random.default_rng(0)
    g = NeuronGraph()
    g.add_neuron("image", role="input", shape=(6, 6))
    g.add_neuron("map", shape=(3, 3), activation="tanh")
    g.add_neuron("y", is_output=True)
    kernel = rng.normal(size=(3, 3))
    g.add_edge("image", "map", weight=kernel, stride=2, padding=1)
    g.add_edge("map", "y", weight=rng.normal(size=(3, 3)))
    data = rng.normal(size=(2, 1, 6, 6))
    before = outputs(g, data)
    born = g.apply(SplitEdge("image", "map", **options)).born
    born += g.apply(SplitEdge("map", "y", **options)).born
    assert [g.nodes[n]["shape"] for n in born] == [(6, 6)] * (len(born) // 2) + [(3, 3)] * (len(born) // 2)
    assert (g[born[0]]["map"]["weight"] == kernel).all()
    assert g[born[0]]["map"]["stride"] == (2, 2)
    np.testing.assert_allclose(outputs(g, data), before, rtol=1e-9)


def test_undo_brings_the_synapse_back_with_its_id():
    g = mlp([2, 2, 1])
    before = dump(g)
    g.apply(SplitEdge(0, 2))
    g.undo()
    after = dump(g)
    assert after.pop("undone") == 1
    assert {**after, "version": before["version"]} == {k: v for k, v in before.items() if k != "undone"}


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"activation": "rellu"}, NeuronError, "'rellu'.*relu"),
        ({"signed_pair": True, "activation": "tanh"}, OptionError, "'tanh'"),
        ({"activation": "tanh", "slope": 1.0}, OptionError, "'tanh' has no slope"),
        ({"slope": float("nan")}, NeuronError, "slope must be a finite number"),
        ({"names": ["a", "b"]}, OptionError, "1 new name"),
        ({"names": "a"}, OptionError, "1 new name"),
        ({"names": ["a"], "signed_pair": True}, OptionError, "2 new name"),
    ],
)
def test_options_that_make_no_sense_are_refused_at_once(options, error, match):
    with pytest.raises(error, match=match):
        SplitEdge(0, 1, **options)


@pytest.mark.parametrize(
    ("edit", "error", "match"),
    [
        (SplitEdge(0, 99), MissingError, "99"),
        (SplitEdge("a", 2), MissingError, "'a'"),
        (SplitEdge(2, 0), MissingError, "2 -> 0"),
        (SplitEdge(0, 4), EditError, "0 -> 4.*'identity'.*no weight"),
        (SplitEdge(1, 4), EditError, "1 -> 4.*no weight"),
        (SplitEdge(0, 2, names=[1]), NeuronError, "1"),
        (SplitEdge(0, 2, population=""), NeuronError, "population"),
        (SplitEdge(0, 5, signed_pair=True), EditError, "5 takes the max"),
    ],
    ids=str,
)
def test_what_cannot_be_split_is_refused_and_changes_nothing(edit, error, match):
    g = mlp([2, 2, 1])
    g.add_edge(0, 4, op="identity")
    g.add_edge(1, 4)
    g.add_neuron(5, aggregation="max")
    g.add_edge(0, 5, weight=1.0)
    before = dump(g)
    with pytest.raises(error, match=match):
        g.apply(edit)
    assert dump(g) == before
