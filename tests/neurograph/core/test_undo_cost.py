"""Undo and redo touch what the edit touched: nothing in them goes through all synapses or all neurons."""

import pytest

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.edits import AddNeuron, Connect, Proliferate, RemoveSynapses, SplitEdge
from neurograph.storage.by_id import RowsById
from neurograph.storage.table import EdgeTable

WHOLE = ("live", "keys", "reindex", "_ordered")  # each of these is proportional to the graph
EDITS = [
    SplitEdge(0, 100),
    AddNeuron("n", incoming={0: 0.5}, outgoing={200: 0.5}),
    RemoveSynapses([(0, 100)], stranded="leave"),
    Connect([0], ["alone"], weight=[[1.0]]),
    Proliferate("hidden1", 1, seed=1),
]


def through_all(self, *_args):
    raise AssertionError("went through the whole graph")


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: type(edit).__name__)
def test_undo_and_redo_never_go_through_the_whole_graph(edit, monkeypatch):
    g: NeuronGraph = mlp([100, 100, 10])
    g.add_node("alone")
    g.apply(edit)
    with monkeypatch.context() as patched:
        for name in WHOLE:
            patched.setattr(EdgeTable, name, through_all)
        patched.setattr(RowsById, "look_up", through_all)
        for _ in range(2):
            g.undo()
            g.redo()
        g.undo()
