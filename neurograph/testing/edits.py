"""The contract of an edit: one entry of the journal, which goes back and forth and survives files."""

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np

from neurograph.edits import Edit
from neurograph.network import NeuronGraph


def state_of(graph: NeuronGraph) -> str:
    """Neurons and synapses with all their attributes, and the populations, as text that can be compared."""
    nodes = [(name, _plain(data)) for name, data in graph.nodes.items()]
    edges = [(u, v, _plain(data)) for u, v, data in graph.edges(data=True)]
    return repr((nodes, sorted(edges, key=repr), graph.populations))


def _plain(data: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Attributes by name, every digit of them: an array would show eight."""
    return sorted((name, value.tolist() if isinstance(value, np.ndarray) else value) for name, value in data.items())


class EditContract:
    """What every edit keeps; a subclass says which edit it is, and on which network."""

    def edit(self) -> Edit:
        """An edit that changes `graph()`."""
        raise NotImplementedError

    def graph(self) -> NeuronGraph:
        """A network that the edit can be applied to, always the same, with an empty journal."""
        raise NotImplementedError

    def edited(self) -> tuple[NeuronGraph, Any]:
        """The network after the edit, and its result."""
        graph = self.graph()
        return graph, graph.apply(self.edit())

    def test_it_changes_the_network_and_is_one_entry(self) -> None:
        graph, _ = self.edited()
        assert state_of(graph) != state_of(self.graph())
        assert [entry.verb for entry in graph.journal] == [type(self.edit()).__name__]

    def test_undo_and_redo_give_what_was_there(self) -> None:
        graph, _ = self.edited()
        after = state_of(graph)
        graph.undo()
        assert state_of(graph) == state_of(self.graph())
        graph.redo()
        assert state_of(graph) == after

    def test_the_same_edit_of_the_same_network_gives_the_same(self) -> None:
        assert state_of(self.edited()[0]) == state_of(self.edited()[0])

    def test_its_options_and_journal_survive_a_file(self, tmp_path: Path) -> None:
        graph, _ = self.edited()
        graph.save(tmp_path / "edited.safetensors")
        back = NeuronGraph.load(tmp_path / "edited.safetensors")
        assert state_of(back) == state_of(graph)
        assert repr(back.journal[0].options) == repr(graph.journal[0].options)
        back.undo()
        assert state_of(back) == state_of(self.graph())

    def test_a_copy_keeps_nothing_of_the_original(self) -> None:
        graph, _ = self.edited()
        copied, before = deepcopy(graph), state_of(graph)
        copied.undo()
        assert state_of(graph) == before
