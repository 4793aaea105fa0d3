"""The graph's own verbs given what they cannot take: an error that names the thing, and a graph that is as it was."""

import networkx as nx
import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.core.journal import from_line, to_line
from neurograph.edits import SplitEdge
from neurograph.edits.base import Outcome
from neurograph.errors import CycleError, JournalError, MissingError, NeuronError, OptionError, SynapseError
from tests.neurograph.networks import dump, random_network, structure


def network():
    """0, 1 -> 2, 3, 4 -> 5, and three maps apart: "image" -> "map", "head" alone."""
    g = mlp([2, 3, 1], seed=0)
    g.add_neuron("image", role="input", shape=(8, 8), population="images")
    g.add_neuron("map", shape=(6, 6), population="maps")
    g.add_neuron("head", population="heads")
    g.add_edge("image", "map", weight=np.ones((3, 3)))
    g.restart_journal()
    return g


CYCLES = {
    "add_edge": lambda g: g.add_edge(5, 2, weight=1.0),
    "itself": lambda g: g.add_edge(5, 5),
    "add_edges_from": lambda g: g.add_edges_from([(0, 5), (5, 2)]),
    "add_weighted_edges_from": lambda g: g.add_weighted_edges_from([("head", 2, 1.0), (5, "head", 1.0)]),
    "connect": lambda g: g.connect([5], "hidden1", weight=np.ones((1, 3))),
    "add_edges_from_arrays": lambda g: g.add_edges_from_arrays([0, 5], ["head", 3], weight=[1.0, 2.0]),
    "update": lambda g: g.update(edges=[(5, 2)]),
    "new neurons": lambda g: g.add_edges_from([(5, "new"), ("new", 2)]),
}


@pytest.mark.parametrize("verb", CYCLES)
def test_a_cycle_is_refused_and_spelled_out(verb):
    g = network()
    before = dump(g)
    with pytest.raises(CycleError) as caught:
        CYCLES[verb](g)
    assert isinstance(caught.value, nx.NetworkXUnfeasible)
    message = str(caught.value)
    assert "to itself" in message if verb == "itself" else "would close a cycle: " in message
    if verb != "itself":
        path = message.split(": ")[1].split(" -> ")
        assert path[0] == path[-1]
        assert len(path) >= 3
    assert dump(g) == before


REFUSED = {
    # synapses
    "a kernel between scalars": (
        lambda g: g.add_edge(0, "head", weight=np.ones((3, 3))), SynapseError, "0 -> 'head'.*one number.*kernel",
    ),
    "a kernel between scalars in bulk": (
        lambda g: g.connect([0], ["head"], weight=np.ones((1, 1, 3, 3))), SynapseError, "0 -> 'head'.*not a kernel",
    ),
    "a number between maps": (lambda g: g.add_edge("image", "map", weight=1.0), SynapseError, "'image' -> 'map'"),
    "a kernel that does not fit": (
        lambda g: g.add_edge("image", "map", weight=np.ones((5, 5))), SynapseError, "5 x 5.*padding=1 would fit",
    ),
    "matrix of the wrong shape": (
        lambda g: g.connect("input", ["head"], weight=np.ones((1, 2))), SynapseError, r"\(1, 2\); 2 sources",
    ),
    "a number for a matrix": (lambda g: g.connect("input", ["head"], weight=0.5), SynapseError, r"shape \(\)"),
    "text for a matrix": (lambda g: g.connect([0], ["head"], weight=[["a"]]), SynapseError, "0 -> 'head'|weight"),
    "a ragged matrix": (lambda g: g.connect([0, 1], ["head"], weight=[[1.0], [1.0, 2.0]]), SynapseError, "weight"),
    "an initializer of the wrong shape": (
        lambda g: g.connect("input", ["head"], weight=lambda shape, name: np.ones(3)), SynapseError, "2 sources",
    ),
    "too few weights": (
        lambda g: g.add_edges_from_arrays([0, 1], ["head", "head"], weight=[1.0]), SynapseError, r"\(1,\).* 2 edges",
    ),
    "sources and targets of unequal length": (
        lambda g: g.add_edges_from_arrays([0, 1], ["head"]), SynapseError, "2 and 1",
    ),
    "NaN": (lambda g: g.add_edge(0, "head", weight=float("nan")), SynapseError, "0 -> 'head'.*finite.*nan"),
    "infinity": (lambda g: g.add_edge(0, "head", weight=-np.inf), SynapseError, "0 -> 'head'.*finite.*inf"),
    "NaN in a kernel": (lambda g: g.add_edge("image", "map", weight=np.full((3, 3), np.nan)), SynapseError, "NaN"),
    "NaN in bulk": (
        lambda g: g.connect("input", ["head"], weight=[[1.0], [np.nan]]), SynapseError, "1 -> 'head'.*finite",
    ),
    "NaN written": (lambda g: g[0][2].update(weight=np.nan), SynapseError, "0 -> 2.*finite"),
    "NaN written in bulk": (lambda g: g.write_weights([0, 1], [1.0, np.nan]), SynapseError, "finite"),
    "weights of a synapse that is not there": (lambda g: g.write_weights([0, 999], [1.0, 1.0]), SynapseError, "999"),
    "weights of another length": (lambda g: g.write_weights([0, 1], [1.0]), SynapseError, r"2 weights.*\(1,\)"),
    "a duplicate in bulk": (lambda g: g.connect("input", [2, "head"]), SynapseError, r"already.*\(0, 2\), \(1, 2\)"),
    "a pair given twice": (
        lambda g: g.add_edges_from_arrays([0, 1, 0], ["head"] * 3), SynapseError, r"twice.*\(0, 'head'\)",
    ),
    "a target that reads data": (lambda g: g.add_edge("head", 0, weight=1.0), SynapseError, "'head' -> 0.*input"),
    "a target that reads data, in bulk": (lambda g: g.connect(["head"], "input"), SynapseError, "'head' -> 0.*input"),
    "an unknown op": (lambda g: g.connect([0], ["head"], op="conv"), SynapseError, "'conv'"),
    "an unknown attribute in bulk": (lambda g: g.connect([0], ["head"], strides=2), SynapseError, "'strides'"),
    "a weight on an identity": (lambda g: g.add_edge(0, "head", op="identity", weight=1.0), SynapseError, "no weight"),
    # neurons
    "an unknown activation": (lambda g: g.add_neuron(activation="rellu"), NeuronError, "'rellu'; did you mean relu"),
    "an unknown activation in bulk": (lambda g: g.add_population("p", 3, activation="x"), NeuronError, "'x'"),
    "an unknown activation written": (lambda g: g.nodes[2].update(activation="x"), NeuronError, "neuron 2: .*'x'"),
    "a bias that is NaN": (lambda g: g.add_population("p", 2, bias=[0.0, np.nan]), NeuronError, "bias.*2 finite"),
    "biases of another number": (lambda g: g.add_population("p", 2, bias=[0.0] * 3), NeuronError, "bias.*2.*not 3"),
    "a bias for an input": (lambda g: g.add_population("p", 2, role="input", bias=0.0), NeuronError, "no bias"),
    "a population that is there": (lambda g: g.add_population("hidden1", 2), NeuronError, "'hidden1' is there already"),
    "no neurons": (lambda g: g.add_population("p", 0), OptionError, "count.*at least 1, not 0"),
    "a name that is taken": (lambda g: g.add_neuron("head"), NeuronError, "'head'"),
    "a name given twice": (lambda g: g.add_population("p", 2, names=["a", "a"]), NeuronError, "'a'"),
    "a neuron called None": (lambda g: g.add_population("p", 2, names=["a", None]), NeuronError, "None"),
    "an input with synapses into it": (lambda g: g.nodes["map"].update(role="input"), NeuronError, "'map'.*incoming"),
    # what is not there
    "a neuron that is not there": (lambda g: g.connect([0, 99], ["head"]), MissingError, "99"),
    "a population that is not there": (lambda g: g.connect("pixels", "hidden1"), MissingError, "'pixels'.*'input'"),
    "a neuron that is not there, in arrays": (lambda g: g.add_edges_from_arrays([0], ["x"]), MissingError, "'x'"),
    "neurons to remove": (lambda g: g.remove_neurons([2, 98, 99]), MissingError, "98, 99"),
    "synapses to remove": (lambda g: g.remove_synapses([(0, 2), (0, 5)]), MissingError, r"\(0, 5\)"),
    "a population to read": (lambda g: g.population("pixels"), MissingError, "'pixels'.*'input', 'hidden1'"),
    "values of a neuron that has none": (lambda g: g.write_values("bias", [0], [1.0]), NeuronError, "bias"),
    "no targets": (lambda g: g.connect("input", [], weight=lambda shape, name: np.ones(shape)), SynapseError, "no"),
    "a number for neurons": (lambda g: g.connect(0, ["head"]), MissingError, "0"),
    # the journal
    "nothing to undo": (lambda g: g.undo(), JournalError, "nothing to undo"),
    "nothing to redo": (lambda g: g.redo(), JournalError, "nothing to redo"),
    "not a line": (lambda g: g.replay([from_line("{}")]), JournalError, "not a line"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_refused_by_name_and_nothing_changes(what):
    act, error, match = REFUSED[what]
    g = network()
    before = dump(g)
    with pytest.raises(error, match=match):
        act(g)
    assert dump(g) == before


def test_add_edge_on_a_synapse_that_is_there_updates_it():
    g = network()
    g.add_edge(0, 2, weight=7.0, note="kept")
    assert dict(g[0][2]) == {"weight": 7.0, "note": "kept"}
    assert g.number_of_edges() == 10


def test_networkx_bulk_mutators_keep_nothing_of_what_they_refuse():
    g = network()
    before = dump(g)
    with pytest.raises(SynapseError):
        g.add_weighted_edges_from([(0, "new", 1.0), ("new", 5, 2.0), (0, "head", np.nan)])
    with pytest.raises(NeuronError):
        g.add_nodes_from([("a", {}), ("b", {"activation": "x"})])
    with pytest.raises(SynapseError):
        g.add_edge("fresh", "head", weight="heavy")
    assert dump(g) == before


def test_what_a_failed_edit_read_is_forgotten():
    """Arrays taken in the middle of an edit that fails must not be given out for another edit's graph."""

    class Peeps:
        def apply(self, graph):
            graph.remove_synapses([(0, 2)])
            graph.arrays()
            raise ValueError

    g = mlp([2, 3, 1], seed=0)
    with pytest.raises(ValueError):
        g.apply(Peeps())
    g.remove_synapses([(1, 3)])
    table = g.table
    assert sorted(g.arrays().ids.tolist()) == sorted(table.id[table.live()].tolist())


@pytest.mark.parametrize("ids", [[0], [-1], [10**6]])
def test_synapses_that_never_were_are_named(ids):
    for g in (NeuronGraph(), mlp([1, 1])):
        g.remove_synapses(list(g.edges))
        with pytest.raises(SynapseError, match=str(ids[0])):
            g.read_weights(np.array(ids))


def test_a_journal_of_another_graph_is_refused_whole():
    g = random_network(3)
    g.remove_synapses(list(g.edges)[:2])
    line = to_line(g, g.journal[-1])
    other = mlp([1, 1])
    before = dump(other)
    with pytest.raises(JournalError, match="entry 0"):
        other.replay([from_line(line)])
    assert dump(other) == before


@pytest.mark.parametrize("seed", range(4))
def test_no_entry_can_be_carried_out_twice(seed):
    """Every sort of effect is looked at before it is carried out."""
    g = random_network(seed, hidden=6)
    start = g.copy()
    a, b = g.population("in")[0], g.population("out")[0]
    acts = [
        lambda: g.add_neuron("born", population="new"),
        lambda: g.add_edge(a, "born", weight=1.0),
        lambda: g.add_edge("born", b),
        lambda: g["born"][b].update(weight=2.0),
        lambda: g.remove_edge(a, "born"),
        lambda: g.remove_node("born"),
        lambda: g.apply(SplitEdge(*next((u, v) for u, v, w in g.edges(data="weight") if w is not None))),
    ]
    for act in acts:
        act()
        line = to_line(g, g.journal[-1])
        start.replay([from_line(line)])
        before = dump(start)
        if act is not acts[3]:  # a weight that appears appears again
            with pytest.raises(JournalError, match="entry 1"):
                start.replay([from_line(lines_of_nothing()), from_line(line)])
            assert dump(start) == before
    assert structure(start) == structure(g)


def lines_of_nothing():
    g = mlp([1, 1])
    g.apply(_Nothing())
    return to_line(g, g.journal[-1])


class _Nothing:
    def apply(self, graph):
        return Outcome()


def test_half_of_a_replay_is_rolled_back():
    g = mlp([2, 3, 1], seed=0)
    start = g.copy()
    lines = []
    for edge in [(0, 2), (1, 2)]:
        g.remove_synapses([edge])
        lines.append(to_line(g, g.journal[-1]))
    before = dump(start)
    with pytest.raises(JournalError, match="entry 1"):
        start.replay(from_line(line) for line in [lines[0], lines[0]])
    assert dump(start) == before
