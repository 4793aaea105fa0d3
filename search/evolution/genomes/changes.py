"""What mutation does to a genome, as plain data: carried out on a graph, and in the words of a graph's journal."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurograph.edits import AddNeuron, Connect, RemoveNeurons, RemoveSynapses, SplitEdge
from neurograph.options import as_plain

from .innovations import INNOVATION


@dataclass(frozen=True)
class Joined:
    """A synapse more, from `source` to `target`, of a form such as {"delay": 1}."""

    source: Hashable
    target: Hashable
    weight: float
    form: dict[str, Any] = field(default_factory=dict)

    def apply(self, graph: Any) -> None:
        """Do it to a graph."""
        graph.apply(self._edit)

    @property
    def _edit(self) -> Connect:
        return Connect([self.source], [self.target], weight=np.array([[self.weight]]), form=self.form)

    def note(self, journal: "Words") -> None:
        """Say it as a journal does."""
        journal.edit(self._edit, "1 synapse born")


@dataclass(frozen=True)
class Split:
    """A neuron in the middle of a synapse, with an innovation and a bias of its own or None."""

    source: Hashable
    target: Hashable
    activation: str
    population: str
    innovation: str
    bias: float | None

    def apply(self, graph: Any) -> None:
        """Do it to a graph."""
        (name,) = graph.apply(self._edit).born
        graph.nodes[name][INNOVATION] = self.innovation
        if self.bias is not None:
            graph.nodes[name]["bias"] = self.bias

    @property
    def _edit(self) -> SplitEdge:
        return SplitEdge(self.source, self.target, activation=self.activation, population=self.population)

    def note(self, journal: "Words") -> None:
        """Say it as a journal does."""
        journal.edit(self._edit, "1 neuron born, 2 synapses born, 1 synapse died")
        if self.bias is not None:
            journal.set("bias", (self.source, self.target, self.innovation))


@dataclass(frozen=True)
class Cut:
    """A synapse less."""

    source: Hashable
    target: Hashable

    def apply(self, graph: Any) -> None:
        """Do it to a graph."""
        graph.apply(RemoveSynapses([(self.source, self.target)]))

    def note(self, journal: "Words") -> None:
        """Say it as a journal does."""
        journal.edit(RemoveSynapses([(self.source, self.target)]), "1 synapse died")


@dataclass(frozen=True)
class Added:
    """A neuron more, that reads one neuron and is read by another."""

    source: Hashable
    target: Hashable
    weights: tuple[float, float]
    activation: str
    population: str
    innovation: str
    bias: float | None

    def apply(self, graph: Any) -> None:
        """Do it to a graph."""
        graph.apply(self._edit)

    @property
    def _edit(self) -> AddNeuron:
        return AddNeuron(
            population=self.population,
            activation=self.activation,
            bias=self.bias,
            incoming={self.source: self.weights[0]},
            outgoing={self.target: self.weights[1]},
            attributes={INNOVATION: self.innovation},
        )

    def note(self, journal: "Words") -> None:
        """Say it as a journal does."""
        journal.edit(self._edit, "1 neuron born, 2 synapses born")


@dataclass(frozen=True)
class Removed:
    """A hidden neuron less; `synapses` says how many it had."""

    name: Hashable
    synapses: int = 0

    def apply(self, graph: Any) -> None:
        """Do it to a graph."""
        graph.apply(RemoveNeurons([self.name]))

    def note(self, journal: "Words") -> None:
        """Say it as a journal does."""
        many = self.synapses
        died = f", {many} synapse{'s' * (many != 1)} died" if many else ""
        journal.edit(RemoveNeurons([self.name]), f"1 neuron died{died}")


@dataclass(frozen=True)
class Turned:
    """Another activation or aggregation of a neuron; `along` names the values that come or go with it."""

    name: Hashable
    what: str
    value: str
    along: tuple[str, ...] = ()

    def apply(self, graph: Any) -> None:
        """Do it to a graph."""
        graph.nodes[self.name][self.what] = self.value

    def note(self, journal: "Words") -> None:
        """Say it as a journal does."""
        for what in (self.what, *self.along):
            journal.set(what, self.name)


Change = Joined | Split | Cut | Added | Removed | Turned


class Words:
    """The entries of a journal in words: an edit is one, and so is what is set between two edits."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._set: dict[str, set[Hashable]] = {}

    def edit(self, edit: Any, done: str) -> None:
        """Add an edit, and what came of it."""
        self.close()
        options = ", ".join(f"{name}={value!r}" for name, value in as_plain(edit).items())
        self.lines.append(f"{type(edit).__name__}({options}): {done}")

    def set(self, what: str, neuron: Hashable) -> None:
        """Add that an attribute of a neuron was set."""
        self._set.setdefault(what, set()).add(neuron)

    def close(self) -> None:
        """End what was set since the last edit."""
        if self._set:
            each = [f"{what} of {len(some)} neuron{'s' * (len(some) != 1)} set" for what, some in self._set.items()]
            self.lines.append(f"raw(): {', '.join(each)}")
            self._set = {}


def in_words(changes: Iterable[Change]) -> list[str]:
    """Changes as the journal of the graph that they are carried out on has them."""
    words = Words()
    for change in changes:
        change.note(words)
    words.close()
    return words.lines


def carry_out(graph: Any, changes: Sequence[Change]) -> None:
    """Do changes to a graph, in turn."""
    for change in changes:
        change.apply(graph)
