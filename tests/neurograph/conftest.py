"""Every graph that a test of this folder makes can be saved and loaded again, as the test leaves it."""

import pytest

from neurograph import NeuronGraph
from tests.neurograph.networks import check_saved_and_loaded

MOST, LARGEST = 6, 2000  # graphs of a test, the latest; synapses of one


@pytest.fixture(autouse=True)
def graphs_come_back(monkeypatch):
    made, begin = [], NeuronGraph.__init__

    def remember(self, *args, **attr):
        begin(self, *args, **attr)
        made.append(self)
        del made[:-MOST]

    monkeypatch.setattr(NeuronGraph, "__init__", remember)
    yield
    monkeypatch.undo()
    for graph in made:
        if graph.has_table() and len(graph.table) + len(graph.journal) <= LARGEST:
            check_saved_and_loaded(graph)
