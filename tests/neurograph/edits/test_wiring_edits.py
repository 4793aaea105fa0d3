"""Connect, AddNeuron, RemoveNeurons and RemoveSynapses."""

import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.edits import AddNeuron, Connect, RemoveNeurons, RemoveSynapses
from neurograph.errors import CycleError, EditError, MissingError, NeuronError, OptionError, SynapseError
from neurograph.initializers import from_name
from tests.neurograph.networks import batch, dump, outputs, structure, values, weights


def apart():
    """Two inputs, three hidden, one output, and nothing between them."""
    g = NeuronGraph()
    g.add_population("x", 2, role="input")
    g.add_population("h", 3, activation="relu")
    g.add_population("y", 1, is_output=True)
    return g


def matrix(g, sources, targets):
    return [[g[u][v]["weight"] for v in targets] for u in sources]


# ---------------------------------------------------------------------------------------- Connect
@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        (np.arange(6.0).reshape(2, 3), [[0, 1, 2], [3, 4, 5]]),
        (0.5, [[0.5] * 3] * 2),
        (lambda shape, activation: np.full(shape, len(activation)), [[4.0] * 3] * 2),
        ("he_uniform", from_name("he_uniform", 7)((2, 3), "relu").tolist()),
    ],
    ids=["array", "number", "callable", "name"],
)
def test_connect_takes_every_sort_of_weight(weight, expected):
    g = apart()
    result = g.apply(Connect("x", "h", weight, seed=7))
    assert matrix(g, g.population("x"), g.population("h")) == expected
    assert (result.born, len(result.entry.synapses_born)) == ([], 6)


def test_connect_leaves_what_is_there():
    g = mlp([2, 3, 1])
    before = weights(g), values(g)
    g.apply(Connect("input", "output", "xavier_normal", form={"trainable": False}))
    assert weights(g).items() > before[0].items()
    assert values(g) == before[1]
    assert g[0][5]["trainable"] is False


def test_connect_pairwise_joins_each_to_its_own():
    g = apart()
    g.apply(Connect([0, 1, 0], "h", pairwise=True, form={"op": "identity"}))
    assert sorted(g.edges) == [(0, 2), (0, 4), (1, 3)]
    g.apply(Connect([2, 3], [5, 5], [1.0, 2.0], pairwise=True))
    g.apply(Connect(4, 5, 3.0, pairwise=True))
    assert matrix(g, [2, 3, 4], [5]) == [[1.0], [2.0], [3.0]]


@pytest.mark.parametrize(
    ("edit", "error", "match"),
    [
        (Connect("x", "z"), MissingError, "'z'.*'x'"),
        (Connect([0, 77], "h"), MissingError, "77"),
        (Connect("h", "x"), SynapseError, "input neuron"),
        (Connect("h", "h", 1.0), CycleError, "cycle"),
        (Connect([0, 0], "h"), SynapseError, "twice"),
        (Connect("x", "y", 1.0), SynapseError, "already"),
        (Connect("x", "h", np.ones((3, 2))), SynapseError, r"\(3, 2\).*2 sources and 3 targets"),
        (Connect("x", "h", np.full((2, 3), np.nan)), SynapseError, "finite"),
        (Connect("x", "h", np.ones((2, 3, 3, 3))), SynapseError, "not a kernel"),
        (Connect("x", "h", float("inf")), SynapseError, "finite"),
        (Connect("x", "h", form={"op": "conv"}), SynapseError, "'conv'"),
        (Connect("x", "h", pairwise=True), OptionError, "2 and 3"),
        (Connect([0, 1, 1], "h", [1.0, 2.0], pairwise=True), SynapseError, r"\(2,\).*3"),
    ],
    ids=lambda x: "" if isinstance(x, str | type) else None,
)
def test_what_cannot_be_connected_changes_nothing(edit, error, match):
    g = apart()
    g.connect("x", "y", weight=np.ones((2, 1)))
    before = dump(g)
    with pytest.raises(error, match=match):
        g.apply(edit)
    assert dump(g) == before


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"weight": "he"}, "'he'"),
        ({"sources": []}, "sources names no neuron"),
        ({"targets": None}, "targets"),
        ({"form": {"strides": 2}}, "'strides'"),
        ({"weight": "zeros", "pairwise": True}, "pairwise"),
    ],
    ids=str,
)
def test_options_of_connect_that_make_no_sense(options, match):
    with pytest.raises(OptionError, match=match):
        Connect(**{"sources": "x", "targets": "h"} | options)


# ---------------------------------------------------------------------------------------- AddNeuron
def test_add_neuron_with_its_synapses():
    g = mlp([2, 2, 1], seed=0)
    before = weights(g), values(g)
    edit = AddNeuron(
        "new", "extra", "prelu", 0.5, incoming={0: 1.0, 1: None}, outgoing={4: {"weight": 2.0, "trainable": False}},
        attributes={"slope": 0.1, "note": "own"},
    )  # fmt: skip
    assert g.apply(edit).born == ["new"]
    d = g.nodes["new"]
    assert (d["population"], d["activation"], d["bias"], d["slope"], d["note"]) == ("extra", "prelu", 0.5, 0.1, "own")
    assert {u: dict(e) for u, e in g.pred["new"].items()} == {0: {"weight": 1.0}, 1: {}}
    assert dict(g["new"][4]) == {"weight": 2.0, "trainable": False}
    assert weights(g).items() >= before[0].items()
    assert values(g).items() >= before[1].items()


def test_a_list_of_neurons_makes_synapses_without_a_weight():
    g = mlp([2, 1])
    (n,) = g.apply(AddNeuron(incoming=[0, 1], outgoing=iter([2]))).born
    assert (list(g.pred[n]), list(g[n]), dict(g[n][2])) == ([0, 1], [2], {})


@pytest.mark.parametrize(
    ("edit", "error", "match"),
    [
        (AddNeuron(0), NeuronError, "0"),
        (AddNeuron(incoming=[9]), MissingError, "9"),
        (AddNeuron(incoming=[0], outgoing={"z": 1.0}), MissingError, "'z'"),
        (AddNeuron(incoming={4: 1.0}, outgoing={2: 1.0}), CycleError, "5 -> 2 would close a cycle: 2 -> 4 -> 5 -> 2"),
        (AddNeuron(outgoing={0: 1.0}), SynapseError, "input neuron"),
        (AddNeuron(incoming={0: np.ones((3, 3))}), SynapseError, "not a kernel"),
        (AddNeuron(incoming={0: float("nan")}), SynapseError, "finite"),
        (AddNeuron(activation="rellu"), NeuronError, "'rellu'"),
        (AddNeuron(bias=float("nan")), NeuronError, "bias"),
        (AddNeuron(attributes={"slope": 1.0}), NeuronError, "no slope"),
    ],
    ids=lambda x: "" if isinstance(x, str | type) else None,
)
def test_what_cannot_be_added_changes_nothing(edit, error, match):
    g = mlp([2, 2, 1])
    before = dump(g)
    with pytest.raises(error, match=match):
        g.apply(edit)
    assert dump(g) == before
    assert 9 not in g


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"attributes": {"bias": 1.0}}, "'bias'"),
        ({"incoming": "pixels"}, "incoming"),
        ({"outgoing": 4}, "outgoing"),
    ],
    ids=str,
)
def test_options_of_add_neuron_that_make_no_sense(options, match):
    with pytest.raises(OptionError, match=match):
        AddNeuron(**options)


# ---------------------------------------------------------------------------------------- removal
def test_remove_neurons_leaves_no_half_wiring():
    g = mlp([2, 3, 1], seed=0)
    before = weights(g), values(g)
    result = g.apply(RemoveNeurons([3, 2]))
    assert result.died == [2, 3]
    assert sorted(g.edges) == [(0, 4), (1, 4), (4, 5)]
    assert weights(g).items() < before[0].items()
    assert values(g).items() < before[1].items()


@pytest.mark.parametrize("names", ["hidden1", np.array([2, 3, 4]), (4, 3, 2, 2), {2, 3, 4}], ids=str)
def test_a_population_or_any_collection_can_be_removed(names):
    g = mlp([2, 3, 1])
    assert g.apply(RemoveNeurons(names)).died == [2, 3, 4]
    assert "hidden1" not in g.populations


def chain():
    """Two inputs; 2 -> 3 -> 4 -> the output 5, beside it 0 -> 6, a dead end, and 7 -> 5, which nothing feeds."""
    g = NeuronGraph()
    g.add_population("x", 2, role="input")
    g.add_population("h", 3)
    g.add_population("y", 1, is_output=True, bias=0.0)
    g.add_population("odd", 2)
    g.add_weighted_edges_from(
        [(0, 2, 1.0), (2, 3, 2.0), (3, 4, 3.0), (4, 5, 4.0), (1, 5, 5.0), (0, 6, 6.0), (7, 5, 7.0)]
    )
    g.restart_journal()
    return g


def test_the_stranded_are_left_or_removed_with_those_that_they_strand():
    g = chain()
    result = g.apply(RemoveNeurons([3]))
    assert (result.died, result.details) == ([3], {"stranded": [2, 4], "cleaned_up": []})
    g.undo()
    before = outputs(g, batch(g))
    result = g.apply(RemoveNeurons([4], stranded="remove"))
    assert sorted(result.died) == [2, 3, 4]
    assert result.details == {"stranded": [], "cleaned_up": [3, 2]}
    assert {5, 6, 7} < set(g)  # those that were stranded before, and outputs, stay
    assert (outputs(g, batch(g)) != before).all()


def test_a_synapse_removed_can_strand_too():
    g = chain()
    assert g.apply(RemoveSynapses([(3, 4)])).details["stranded"] == [3, 4]
    g.undo()
    assert sorted(g.apply(RemoveSynapses([(2, 3)], stranded="remove")).died) == [2, 3, 4]


def test_an_output_that_nothing_feeds_any_more_stays():
    g = chain()
    result = g.apply(RemoveSynapses([(4, 5), (1, 5), (7, 5)], stranded="remove"))
    assert sorted(result.died) == [2, 3, 4, 7]
    assert list(g) == [0, 1, 5, 6]


def test_remove_synapses_leaves_everything_else():
    g = mlp([2, 3, 1], seed=0)
    before = weights(g), values(g), list(g)
    entry = g.apply(RemoveSynapses([(0, 2), (4, 5), (0, 2)])).entry
    assert weights(g).items() < before[0].items()
    assert set(before[0]) - set(weights(g)) == set(entry.synapses_died.tolist())
    assert (values(g), list(g), len(entry.synapses_died)) == (before[1], before[2], 2)


@pytest.mark.parametrize("strategy", ["leave", "remove"])
def test_removal_is_undone_and_done_again(strategy):
    g = chain()
    before = structure(g), weights(g)
    g.apply(RemoveNeurons([4], stranded=strategy))
    g.apply(RemoveSynapses([(1, 5)], stranded=strategy))
    after = structure(g), weights(g)
    g.undo()
    g.undo()
    assert (structure(g), weights(g)) == before
    g.redo()
    g.redo()
    assert (structure(g), weights(g)) == after


@pytest.mark.parametrize(
    ("edit", "error", "match"),
    [
        (RemoveNeurons([2, 99]), MissingError, "99"),
        (RemoveNeurons("hiden"), MissingError, "'hiden'.*'h'"),
        (RemoveNeurons([3], stranded="refuse"), EditError, "2, 4"),
        (RemoveSynapses([(0, 2), (2, 5)]), MissingError, r"\(2, 5\)"),
        (RemoveSynapses([(0, 99)]), MissingError, "99"),
        (RemoveSynapses([(3, 4)], stranded="refuse"), EditError, "3, 4"),
    ],
    ids=str,
)
def test_what_cannot_be_removed_changes_nothing(edit, error, match):
    g = chain()
    before = dump(g)
    with pytest.raises(error, match=match):
        g.apply(edit)
    assert dump(g) == before


@pytest.mark.parametrize(
    "make",
    [
        lambda: RemoveNeurons([]),
        lambda: RemoveNeurons(None),
        lambda: RemoveNeurons([1], stranded=True),
        lambda: RemoveSynapses([]),
        lambda: RemoveSynapses([(1, 2, 3)]),
        lambda: RemoveSynapses(["ab"]),
        lambda: RemoveSynapses("ab"),
        lambda: RemoveSynapses(5),
    ],
)
def test_options_of_removal_that_make_no_sense(make):
    with pytest.raises(OptionError):
        make()
