"""The graphs of a population, asked as one: what a compiled network asks its graph."""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

import numpy as np

from neurograph.core.graph import EditableGraph
from neurograph.core.merging import SHIFT
from neurograph.errors import CompileError
from neurograph.storage.sets import each_once

from ..slots import Quantity
from .merged import own_numbers


class Individuals:
    """The graphs of a population.

    Parameters
    ----------
    graphs
        One per individual.

    Raises
    ------
    CompileError
        None at all, something that is no graph, or one that is there twice; naming the individuals.
    """

    def __init__(self, graphs: Iterable[Any]) -> None:
        if isinstance(graphs, EditableGraph):
            raise CompileError("give the individuals as a list: compile_population([graph]) takes one")
        self.graphs = tuple(graphs)
        if not self.graphs:
            raise CompileError("a population needs at least one individual, and the list is empty")
        seen: dict[int, int] = {}
        for at, graph in enumerate(self.graphs):
            if not isinstance(graph, EditableGraph) or not graph.has_table():
                raise CompileError(f"individual {at} must be a NeuronGraph of its own, not {_article(graph)}")
            if id(graph) in seen:
                raise CompileError(
                    f"individuals {seen[id(graph)]} and {at} are the same graph: give a graph.copy() in one place"
                )
            seen[id(graph)] = at

    def refuse_owned(self, but: Any = None) -> None:
        """Refuse graphs whose values belong to a network that is in use, be it not this one."""
        for at, graph in enumerate(self.graphs):
            owner = graph.owner
            if owner is not None and owner is not but:
                raise CompileError(
                    f"individual {at}: the values of this graph belong to a {type(owner).__name__}, which trains "
                    "them: graph.release() takes them back, graph.copy() is a graph of its own"
                )

    @property
    def owner(self) -> Any:
        """The network that holds the values of all of them, or None."""
        first = self.graphs[0].owner
        return first if all(graph.owner is first for graph in self.graphs) else None

    def own(self, network: Any) -> None:
        """Let a population hold the values of all of them from now on."""
        for graph, individual in zip(self.graphs, network.individuals, strict=True):
            if graph.owner is not network:
                graph.own(individual)

    def write_back(self) -> int:
        """Write what was learned into all graphs; returns how many numbers."""
        return sum(graph.write_back() for graph in self.graphs)

    def wiring_digest(self) -> str:
        """A hexadecimal digest of all their wirings, one after the other."""
        digest = blake2b(digest_size=16)
        for graph in self.graphs:
            digest.update(graph.wiring_digest().encode())
        return digest.hexdigest()

    def survivors(self, quantity: Quantity, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Which of a network's numbers (rising) the graphs have still, their values, and places among these."""
        there, values = np.zeros(len(numbers), bool), np.zeros((len(numbers), *quantity[1]))
        for at in each_once(numbers >> SHIFT).tolist():
            where, own = own_numbers(numbers, at)
            there[where], column, places = self.graphs[at].survivors(quantity, own)
            values[where][there[where]] = column[places]
        return there, values[there], np.arange(int(there.sum()))

    def __getattr__(self, name: str) -> Any:
        """Refused: whatever else works on a graph cannot work on many."""
        if not name.startswith("_") and hasattr(EditableGraph, name):
            raise CompileError(
                "a population is many graphs, and this takes the network of one: compile one of population.graphs alone"
            )
        raise AttributeError(f"Individuals have no attribute {name!r}")


def _article(thing: Any) -> str:
    name = type(thing).__name__
    return f"{'an' if name[:1] in 'AEIOUaeiou' else 'a'} {name}" if not isinstance(thing, EditableGraph) else "a view"
