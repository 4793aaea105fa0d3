"""An individual: one graph of a population, and what that graph holds on to while the population trains it."""

from typing import Any
from weakref import ref

import numpy as np

from neurograph.core.merging import SHIFT, joined

from ..sync.write_back import write_numbers, written
from .holding import PopulationHolding
from .merged import own_numbers


class Individual:
    """One graph of a population: it watches the graph's changes, and holds its values where the graph lets it.

    The graph holds it strongly and is held weakly; it holds the tensors of the whole population, so that nothing that
    was learned is lost with the network. Its numbers are written into its graph when they are asked for.

    Parameters
    ----------
    graph
        The graph.
    index
        Its place in the population.
    shared
        The numbers of all individuals.
    """

    def __init__(self, graph: Any, index: int, shared: PopulationHolding) -> None:
        self._graph, self.index, self.shared = ref(graph), index, shared
        self.written_at: tuple[int, ...] | None = None  # the population's numbers when the graph last had its own
        self.left = False

    @property
    def graph(self) -> Any:
        """The graph, or None where it is gone."""
        return self._graph()

    @property
    def holding(self) -> "Individual":
        """What its graph holds on to: a graph asks whatever it is owned by for this."""
        return self

    def network(self) -> Any:
        """The population, or None where it is gone, or has let this individual go."""
        return None if self.left else self.shared.network()

    def turn(self, fresh: bool) -> None:
        """Be fresh or stale; the graph's clock calls this."""
        self.shared.turned(self.index, fresh)

    def moved(self) -> bool:
        """Whether any number may differ from what was last written back, whatever wrote it."""
        return not self.left and self.written_at != self.shared.moment()

    def write_back(self, graph: Any) -> int:
        """Write what moved into the graph, but for what users wrote since; returns how many numbers."""
        moment, vectors = self.shared.today()
        changes, count = graph.changes.since(self), 0
        for (quantity, dtype), (numbers, values) in vectors.items():
            where, own = own_numbers(numbers, self.index)
            count += write_numbers(graph, quantity, own, values[where], dtype, written(changes, quantity))
        self.written_at = moment
        return count

    def value(self, name: str, number: int, stored: Any, sure: bool = False) -> Any:
        """Today's value of one neuron, or weight of one synapse; `stored` where it is the same."""
        return stored if self.left else self.shared.value(name, self.index << SHIFT | number, stored, sure)

    def values(self, name: str, numbers: np.ndarray, stored: np.ndarray) -> np.ndarray:
        """Today's values of (n,) neurons, or weights of synapses of one shape; `stored` where these are the same."""
        graph = self._graph()
        if self.left or graph is None:
            return stored
        found = self.shared.held(name, joined(self.index, numbers), stored)
        theirs = np.isin(numbers, written(graph.changes.since(self), (name, stored.shape[1:])))
        found[theirs] = stored[theirs]
        return found

    def has_written(self, name: str, number: int) -> bool:
        """Whether users wrote one of its numbers since the population last looked."""
        graph = self._graph()
        return graph is not None and graph.changes.written_since(self, name, number)

    def leave(self) -> None:
        """Belong to the population no longer; what it has learned must have been written back."""
        graph, self.left = self._graph(), True
        if graph is not None and graph.table.holder is self:
            graph.release()
