"""Neurons and populations were born, died, or became of another kind."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from neurograph.core.effects.base import Effect
from neurograph.core.effects.checks import alive, neurons_are_there, refuse
from neurograph.core.records import NeuronRecords, take_neurons
from neurograph.errors import JournalError, listed
from neurograph.schema.neuron import NeuronKind
from neurograph.storage.sets import distinct

if TYPE_CHECKING:
    from neurograph.core.effects.past import Past
    from neurograph.core.state import GraphState


@dataclass(frozen=True, eq=False, slots=True)
class NeuronsBorn(Effect):
    """Neurons came; toggling it removes them.

    Parameters
    ----------
    keys
        (n,) int64.
    """

    tag: ClassVar[str] = "N+"
    fields: ClassVar[tuple[str, ...]] = ("keys",)
    keys: np.ndarray

    def toggle(self, graph: "GraphState") -> Effect:
        keys = np.asarray(self.keys, np.int64)
        died = NeuronsDied(take_neurons(graph.table, graph.neurons, graph.ranks, keys))
        graph.effects.append(died)
        _forget(graph, keys)
        return died

    def roll_back(self, graph: "GraphState") -> None:
        _forget(graph, self.keys)
        for key in self.keys[self.keys < len(graph.neurons.kind)].tolist():
            graph.neurons.clear(key)

    def check(self, graph: "GraphState") -> None:
        neurons_are_there(graph, self.keys)
        table = graph.table
        wired = [key for key in self.keys.tolist() if table.degree(key, table.inn) or table.degree(key, table.out)]
        refuse(np.array(wired), "have synapses left")

    def forward(self, past: "Past") -> list[Effect]:
        return [NeuronsDied(rows) for rows in past.neurons(np.atleast_1d(np.asarray(self.keys, np.int64)))]

    @property
    def neurons_born(self) -> np.ndarray:
        return self.keys


class _NeuronBorn(NamedTuple):
    key: int


class NeuronBorn(_NeuronBorn, Effect):
    """One neuron came, as `add_node` notes it; entries keep runs of them as `NeuronsBorn`."""

    __slots__ = ()
    tag: ClassVar[str] = "n+"
    fields: ClassVar[tuple[str, ...]] = ("key",)

    def toggle(self, graph: "GraphState") -> Effect:
        return NeuronsBorn(np.array([self.key])).toggle(graph)

    def roll_back(self, graph: "GraphState") -> None:
        NeuronsBorn(np.array([self.key])).roll_back(graph)

    def check(self, graph: "GraphState") -> None:
        NeuronsBorn(np.array([self.key])).check(graph)

    def forward(self, past: "Past") -> list[Effect]:
        return NeuronsBorn(np.array([self.key])).forward(past)

    @property
    def neurons_born(self) -> np.ndarray:
        return np.array([self.key])


@dataclass(frozen=True, eq=False, slots=True)
class NeuronsDied(Effect):
    """Neurons went; toggling it puts them back.

    Parameters
    ----------
    rows
        The neurons with everything they carried.
    """

    tag: ClassVar[str] = "N-"
    fields: ClassVar[tuple[str, ...]] = ("rows",)
    rows: NeuronRecords

    def toggle(self, graph: "GraphState") -> Effect:
        born = NeuronsBorn(self.rows.keys)
        graph.effects.append(born)
        self.roll_back(graph)
        for name, values in self.rows.values.items():  # they have what they died with, whatever a network has for them
            graph.changes.neurons_written(name, self.rows.keys[~np.isnan(values)])
        return born

    def roll_back(self, graph: "GraphState") -> None:
        self.rows.put_back(graph.table, graph.neurons, graph.ranks)

    def check(self, graph: "GraphState") -> None:
        rows = self.rows
        refuse(rows.keys[alive(graph, rows.keys)], "are neurons of it already")
        taken = [name for name in rows.names if name in graph.table.index]
        if taken or not distinct(rows.keys) or len(set(rows.names)) < len(rows.names):
            raise JournalError(f"neurons with the names {listed(taken or rows.names)} are there already")

    def forward(self, past: "Past") -> list[Effect]:
        past.add_dead_neurons(self.rows)
        return [NeuronsBorn(self.rows.keys)]

    def dead_neurons(self) -> NeuronRecords:
        return self.rows


@dataclass(frozen=True, eq=False, slots=True)
class KindsChanged(Effect):
    """Neurons became of other kinds; toggling it gives the old ones back.

    Parameters
    ----------
    keys
        (n,) int64.
    before, after
        (n,) numbers into `kinds`.
    kinds
        The kinds.
    held
        (n,) numbers before, as the graph has them; None: those of `before`.
    """

    tag: ClassVar[str] = "kind"
    fields: ClassVar[tuple[str, ...]] = ("keys", "before", "after", "kinds")
    keys: np.ndarray
    before: np.ndarray
    after: np.ndarray
    kinds: list[NeuronKind]
    held: np.ndarray | None = None

    def toggle(self, graph: "GraphState") -> Effect:
        columns = graph.neurons
        code = np.array([columns.number(kind) for kind in self.kinds], np.int32)
        back = KindsChanged(self.keys, self.after, self.before, self.kinds, columns.kind[self.keys])
        graph.effects.append(back)
        columns.kind[self.keys] = code[self.before]
        return back

    def roll_back(self, graph: "GraphState") -> None:
        graph.neurons.kind[self.keys] = self.before if self.held is None else self.held

    def check(self, graph: "GraphState") -> None:
        neurons_are_there(graph, self.keys)
        pairs = zip(self.keys.tolist(), self.after, strict=True)
        refuse(np.array([key for key, at in pairs if graph.neurons.of(key) != self.kinds[at]]), "are of another kind")

    def forward(self, past: "Past") -> list[Effect]:
        return [KindsChanged(self.keys, self.after, self.before, self.kinds)]


@dataclass(frozen=True, eq=False, slots=True)
class NeuronsRenamed(Effect):
    """Neurons got other names; toggling it gives the old ones back.

    Parameters
    ----------
    keys
        (n,) int64.
    before, after
        Their networkx nodes.
    """

    tag: ClassVar[str] = "rename"
    fields: ClassVar[tuple[str, ...]] = ("keys", "before", "after")
    keys: np.ndarray
    before: list
    after: list

    def toggle(self, graph: "GraphState") -> Effect:
        back = NeuronsRenamed(self.keys, self.after, self.before)
        graph.effects.append(back)
        self.roll_back(graph)
        return back

    def roll_back(self, graph: "GraphState") -> None:
        graph._set_names(self.keys, self.before)

    def check(self, graph: "GraphState") -> None:
        neurons_are_there(graph, self.keys)
        names, index = graph.table.names, graph.table.index
        other = [old for key, old in zip(self.keys.tolist(), self.after, strict=True) if names[key] != old]
        taken = [new for new in self.before if new in index and new not in self.after]
        if other or taken or len(set(self.before)) < len(self.keys):
            raise JournalError(f"neurons {listed(other or taken or self.before)} cannot be renamed")

    def forward(self, past: "Past") -> list[Effect]:
        past.rename(self.keys, self.before)
        return [NeuronsRenamed(self.keys, self.after, self.before)]


@dataclass(frozen=True, eq=False, slots=True)
class PopulationAdded(Effect):
    """A population was registered; toggling it forgets it."""

    tag: ClassVar[str] = "population+"
    fields: ClassVar[tuple[str, ...]] = ("name",)
    name: str

    def toggle(self, graph: "GraphState") -> Effect:
        back = PopulationRemoved(self.name)
        graph.effects.append(back)
        graph.population_names = {name: None for name in graph.population_names if name != self.name}
        return back

    def roll_back(self, graph: "GraphState") -> None:
        """Nothing: the names there were are part of what a transaction starts from."""

    def check(self, graph: "GraphState") -> None:
        if self.name not in graph.population_names:
            raise JournalError(f"it has no population {self.name!r}")

    def forward(self, past: "Past") -> list[Effect]:
        return [PopulationRemoved(self.name)]


@dataclass(frozen=True, eq=False, slots=True)
class PopulationRemoved(Effect):
    """A population was forgotten; toggling it registers it."""

    tag: ClassVar[str] = "population-"
    fields: ClassVar[tuple[str, ...]] = ("name",)
    name: str

    def toggle(self, graph: "GraphState") -> Effect:
        back = PopulationAdded(self.name)
        graph.effects.append(back)
        graph.population_names = {**graph.population_names, self.name: None}
        return back

    def roll_back(self, graph: "GraphState") -> None:
        """Nothing: the names there were are part of what a transaction starts from."""

    def check(self, graph: "GraphState") -> None:
        if self.name in graph.population_names:
            raise JournalError(f"population {self.name!r} is there already")

    def forward(self, past: "Past") -> list[Effect]:
        return [PopulationAdded(self.name)]


def _forget(graph: "GraphState", keys: np.ndarray) -> None:
    """Drop neurons that have no synapses left, whether or not they came to have a name, or room for values."""
    table, columns = graph.table, graph.neurons
    table.forget_names(keys[keys < len(table.names)].tolist())
    for key in keys[keys < len(columns.kind)].tolist():
        columns.forget(key)
