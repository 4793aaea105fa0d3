"""SetValues: written as one entry, undone, done again, replayed; what is written past an edit is not in the journal."""

import networkx as nx
import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.builders import enas_macro, mlp
from neurograph.core.journal import Journal
from neurograph.edits import AddNeuron, RemoveNeurons, SetValues
from neurograph.errors import EditError, FileError, JournalError, MissingError, NeuronError, OptionError, SynapseError
from tests.neurograph.networks import dump, structure


def net():
    g = mlp([2, 3, 1], seed=0)
    g.nodes[2]["old"] = [1, 2]
    return g


EDIT = SetValues(
    {2: {"bias": 1.0, "old": 3, "new": {"a": np.zeros(2)}}, 3: {"bias": None}}, {(0, 2): {"weight": 2.0, "why": "x"}}
)


def plain_values(g):
    return {n: dict(d) for n, d in g.nodes(data=True)}, {(u, v): dict(d) for u, v, d in g.edges(data=True)}


def test_undone_done_again_and_replayed(tmp_path):
    g, start = net(), net()
    before = repr(plain_values(g))
    entry = g.apply(EDIT).entry
    after = repr(plain_values(g))
    assert after != before
    assert len(g.journal) == 1
    for text in ("bias of 2 neurons set", "old of 1 neuron set", "new of 1 neuron set", "weight of 1 synapse set"):
        assert text in str(entry)
    g.undo()
    assert repr(plain_values(g)) == before
    g.redo()
    assert repr(plain_values(g)) == after
    g.save(tmp_path / "net.safetensors")
    back = NeuronGraph.load(tmp_path / "net.safetensors")
    back.undo()
    assert repr(plain_values(back)) == before
    start.replay(g.journal)
    assert repr(plain_values(start)) == after


def test_what_was_written_since_stays():
    g = net()
    g.apply(EDIT)
    g.nodes[2]["old"], g.nodes[2]["bias"], g[0][2]["weight"] = 9, 8.0, 7.0
    g.undo()
    assert (g.nodes[2]["old"], g.nodes[2]["bias"], g[0][2]["weight"]) == (9, 8.0, 7.0)
    assert "new" not in g.nodes[2]


def test_replay_sets_journaled_values_whatever_lies_there():
    start, g = net(), net()
    g[0][2]["weight"] = 5.0  # raw: the journal does not know
    g.apply(EDIT)
    start.replay(g.journal)
    assert start[0][2]["weight"] == 2.0
    start.undo()
    assert start[0][2]["weight"] == net()[0][2]["weight"]


def test_raw_writes_are_not_journaled():
    g = net()
    g[0][2]["weight"] = 5.0
    g.write_weights(g.table.id[g.table.live()][:1], np.ones(1))
    nx.set_edge_attributes(g, {(0, 2): {"mine": 1}})
    g.nodes[2]["mine"] = 1
    assert len(g.journal) == 0


@pytest.mark.parametrize(
    ("make", "error", "what"),
    [
        (lambda: SetValues(), OptionError, "nothing to set"),
        (lambda: SetValues({1: 5}), OptionError, "dictionary"),
        (lambda: SetValues(synapses={3: {"weight": 1.0}}), OptionError, "source, target"),
        (lambda: SetValues({99: {"bias": 1.0}}), MissingError, "99"),
        (lambda: SetValues(synapses={(0, 5): {"weight": 1.0}}), MissingError, "no synapse"),
        (lambda: SetValues({2: {"activation": "relu"}}), EditError, "structure"),
        (lambda: SetValues(synapses={(0, 2): {"op": "identity"}}), EditError, "structure"),
        (lambda: SetValues({2: {"bias": float("nan")}}), NeuronError, "finite"),
        (lambda: SetValues({0: {"bias": 1.0}}), NeuronError, "no bias"),
        (
            lambda: SetValues({2: {"bias": 4.0, "new": 1}}, {(0, 2): {"weight": np.ones((2, 2))}}),
            SynapseError,
            "scalar",
        ),
    ],
)
def test_refused_whole(make, error, what):
    g = net()
    before = dump(g)
    with pytest.raises(error, match=what):
        g.apply(make())
    assert dump(g) == before


def test_kernels():
    g = enas_macro([["conv3"]], channels=2, segments=1, size=6, seed=0)
    u, v, kernel = next((u, v, w) for u, v, w in g.edges(data="weight") if np.ndim(w))
    was = kernel.copy()
    g.apply(SetValues(synapses={(u, v): {"weight": was + 1}}))
    assert (g[u][v]["weight"] == was + 1).all()
    g.undo()
    assert (g[u][v]["weight"] == was).all()


def test_structural_changes_say_what_they_changed():
    g = net()
    g.nodes[2]["activation"] = "tanh"
    g.edges[0, 2]["trainable"] = False
    g.nodes[3]["population"] = "other"
    text = str(g.journal[-1])
    for words in ("activation of 1 neuron set", "trainable of 1 synapse set", "population of 1 neuron set"):
        assert words in text
    assert "nothing" not in text


def test_a_neuron_that_came_and_went_replays():
    g = net()
    start = g.copy()
    (n,) = g.apply(AddNeuron(incoming={0: 0.5}, outgoing={5: 1.0})).born
    g.apply(RemoveNeurons([n]))
    start.replay(g.journal)
    assert structure(start) == structure(g)


def test_a_journal_that_is_none_is_refused(tmp_path):
    g, path = net(), tmp_path / "history"
    g.apply(EDIT)
    g.journal.save(path)
    whole = path.read_bytes()
    for spoiled in (b"", b"{}", b"\xff\xfe", whole[:-9], whole.replace(b"SetValues", b"SetValuez")):
        path.write_bytes(spoiled)
        with pytest.raises(FileError, match="history"):
            Journal.load(path)
    with pytest.raises(FileError, match="No such file"):
        Journal.load(tmp_path / "none")
    path.write_bytes(whole)
    other = mlp([1, 1])
    before = dump(other)
    with pytest.raises(JournalError, match="does not fit"):
        other.replay(Journal.load(path))
    assert dump(other) == before
