"""Neurons died and others were born in their places, under their keys and ids."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from neurograph.core.effects.base import NONE, Effect
from neurograph.core.effects.checks import neurons_are_there, synapses_are_there
from neurograph.errors import JournalError

if TYPE_CHECKING:
    from neurograph.core.effects.past import Past
    from neurograph.core.state import GraphState


@dataclass(frozen=True, eq=False, slots=True)
class NeuronsRenewed(Effect):
    """Neurons died and others took their places; toggling it lets those that were there before live again.

    Whatever training did to the newborns goes with them, as with any neuron that dies.

    Parameters
    ----------
    keys
        (n,) int64 of the neurons, each once.
    values
        name -> (keys, their values before), of what those neurons have that training moves.
    weights
        (ids, their weights before) for each shape of weights; each id once.
    """

    tag: ClassVar[str] = "renewed"
    fields: ClassVar[tuple[str, ...]] = ("keys", "values", "weights")
    keys: np.ndarray
    values: dict[str, tuple[np.ndarray, np.ndarray]]
    weights: list[tuple[np.ndarray, np.ndarray]]

    def toggle(self, graph: "GraphState") -> Effect:
        inverse = self._as_now(graph)
        graph.effects.append(inverse)
        graph.changes.renewed(self.keys, self.synapses_born, {name: keys for name, (keys, _) in self.values.items()})
        self.roll_back(graph)
        return inverse

    def _as_now(self, graph: "GraphState") -> "NeuronsRenewed":
        columns = graph.neurons.values
        values = {name: (keys, columns[name][keys]) for name, (keys, _) in self.values.items()}
        return NeuronsRenewed(self.keys, values, [(ids, graph._stored_weights(ids)) for ids, _ in self.weights])

    def roll_back(self, graph: "GraphState") -> None:
        for name, (keys, before) in self.values.items():
            graph.neurons.values[name][keys] = before
        for ids, before in self.weights:
            rows, pool = graph._weight_rows(ids)
            graph.table.pools[pool].data[graph.table.row[rows]] = before

    def check(self, graph: "GraphState") -> None:
        neurons_are_there(graph, self.keys)
        for name, (keys, _) in self.values.items():
            neurons_are_there(graph, keys)
            if np.isnan(graph.neurons.values[name][keys]).any():
                raise JournalError(f"some of its neurons have no {name}")
        for ids, before in self.weights:
            synapses_are_there(graph, ids)
            if graph._stored_weights(ids).shape != before.shape:
                raise JournalError("some of its synapses have weights of another shape")

    def forward(self, past: "Past") -> list[Effect]:
        return [self._as_now(past.graph)]

    @property
    def neurons_born(self) -> np.ndarray:
        return self.keys

    @property
    def neurons_died(self) -> np.ndarray:
        return self.keys

    @property
    def synapses_born(self) -> np.ndarray:
        return np.concatenate([NONE, *(ids for ids, _ in self.weights)])

    @property
    def synapses_died(self) -> np.ndarray:
        return self.synapses_born
