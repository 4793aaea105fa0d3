"""What was born on the way to a graph, as later effects and the graph itself have it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from neurograph.core.records import NeuronRecords, SynapseRecords, take_neurons, take_synapses
from neurograph.core.state import GraphState


class Past:
    """What was born on the way to a graph: read from the graph where it lives, else from its later death.

    Parameters
    ----------
    graph
        The graph as the effects left it.
    """

    def __init__(self, graph: GraphState) -> None:
        self.graph = graph
        self._synapses: dict[int, tuple[SynapseRecords, int]] = {}
        self._neurons: dict[int, tuple[NeuronRecords, int]] = {}
        self._names: dict[int, Any] = {}  # of neurons that are renamed further on, as they are here

    def add_dead_synapses(self, rows: SynapseRecords) -> None:
        """Let synapses have died here, for a birth that is still to come."""
        self._synapses.update((int(number), (rows, at)) for at, number in enumerate(rows.ids))

    def add_dead_neurons(self, rows: NeuronRecords) -> None:
        """Let neurons have died here, for a birth that is still to come."""
        self._neurons.update((int(key), (rows, at)) for at, key in enumerate(rows.keys))

    def rename(self, keys: np.ndarray, names: list) -> None:
        """Let neurons have had these names before this place."""
        self._names.update(zip(keys.tolist(), names, strict=True))

    def _named(self, rows: NeuronRecords) -> NeuronRecords:
        pairs = zip(rows.keys.tolist(), rows.names, strict=True)
        return replace(rows, names=[self._names.get(key, name) for key, name in pairs])

    def synapses(self, ids: np.ndarray) -> Iterator[SynapseRecords]:
        """Synapses by id, those that live together and the dead one by one."""
        table = self.graph.table
        rows = table.rows_of(ids)
        if (rows >= 0).any():
            yield take_synapses(table, rows[rows >= 0])
        for number in ids[rows < 0].tolist():
            dead, at = self._synapses[number]
            yield dead.one(at)

    def neurons(self, keys: np.ndarray) -> Iterator[NeuronRecords]:
        """Neurons by key, those that live together and the dead one by one."""
        graph = self.graph
        alive = np.array([graph.table.names[key] is not None for key in keys.tolist()], bool)
        if alive.any():
            yield self._named(take_neurons(graph.table, graph.neurons, graph.ranks, keys[alive]))
        for key in keys[~alive].tolist():
            dead, at = self._neurons[key]
            yield self._named(dead.one(at))
