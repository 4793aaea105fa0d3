"""What stands in for a compiled network where there is no torch: some of a graph's weights have moved in it."""

from weakref import ref

import numpy as np

from neurograph import NeuronGraph


class Network:
    """A network in which these weights, by synapse id, are other than the graph's."""

    def __init__(self, graph: NeuronGraph, weights: dict[int, float]) -> None:
        self.graph = graph
        self.holding = Holding(self, weights)


class Holding:
    """Its numbers, which the graph holds on to."""

    def __init__(self, network: Network, weights: dict[int, float]) -> None:
        self.network, self.weights, self.fresh = ref(network), weights, False
        network.graph.changes.subscribe(self)

    def moved(self) -> bool:
        return not self.fresh

    def write_back(self, graph: NeuronGraph) -> int:
        self.fresh = True
        numbers = np.array(list(self.weights), np.int64)
        there, column, at = graph.survivors(("weight", ()), numbers)
        theirs = np.isin(numbers[there], graph.changes.since(self).synapses)
        column[at[~theirs]] = np.array(list(self.weights.values()))[there][~theirs]
        return int((~theirs).sum())

    def value(self, name: str, number: int, stored, sure: bool = False):
        found = self.weights.get(number, stored) if name == "weight" else stored
        return stored if self.fresh or self.graph_wrote(number) else found

    def graph_wrote(self, number: int) -> bool:
        network = self.network()
        return network is not None and network.graph.changes.written_since(self, "weight", number)
