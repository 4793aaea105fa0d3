"""Numbers that training moves were written."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from neurograph.core.effects.base import Effect
from neurograph.core.effects.checks import neurons_are_there, synapses_are_there
from neurograph.core.effects.synapses import Ends, rows_at
from neurograph.errors import JournalError, listed
from neurograph.storage.edge_data import EdgeData

if TYPE_CHECKING:
    from neurograph.core.effects.past import Past
    from neurograph.core.state import GraphState
    from neurograph.storage.table import EdgeTable


@dataclass(frozen=True, eq=False, slots=True)
class ValuesWritten(Effect):
    """One value of some neurons; toggling it sets back what is untouched since, and whether there is a value.

    Parameters
    ----------
    name
        "bias", "slope", ...
    keys
        (n,) int64.
    before, after
        (n,) float64, NaN for none.
    """

    tag: ClassVar[str] = "value"
    fields: ClassVar[tuple[str, ...]] = ("name", "keys", "before", "after")
    name: str
    keys: np.ndarray
    before: np.ndarray
    after: np.ndarray

    @property
    def structural(self) -> bool:
        return bool((np.isnan(self.before) != np.isnan(self.after)).any())

    def toggle(self, graph: "GraphState") -> Effect:
        column = graph.neurons.values[self.name]
        now = column[self.keys]
        back = (now == self.after) | (np.isnan(self.before) != np.isnan(now))
        keys = self.keys[back]
        inverse = ValuesWritten(self.name, keys, now[back], self.before[back])
        graph.effects.append(inverse)
        column[keys] = self.before[back]
        graph.changes.neurons_written(self.name, keys)
        return inverse

    def today(self, graph: "GraphState") -> Effect:
        return ValuesWritten(self.name, self.keys, self.before, graph.neurons.values[self.name][self.keys])

    def roll_back(self, graph: "GraphState") -> None:
        graph.neurons.values[self.name][self.keys] = self.before

    def check(self, graph: "GraphState") -> None:
        if self.name not in graph.neurons.values:
            raise JournalError(f"neurons have no value {self.name!r}")
        neurons_are_there(graph, self.keys)

    def forward(self, past: "Past") -> list[Effect]:
        return [ValuesWritten(self.name, self.keys, self.after, self.before)]


@dataclass(frozen=True, eq=False, slots=True)
class WeightsWritten(Effect):
    """The weights of some synapses; toggling it sets back those that are untouched since.

    Parameters
    ----------
    ids
        (n,) int64.
    before, after
        (n,) or (n, height, width) float64.
    ends
        Keys of sources and targets, where they are known.
    """

    tag: ClassVar[str] = "weight"
    fields: ClassVar[tuple[str, ...]] = ("ids", "before", "after")
    ids: np.ndarray
    before: np.ndarray
    after: np.ndarray
    ends: Ends = None

    @property
    def structural(self) -> bool:
        return False

    def toggle(self, graph: "GraphState") -> Effect:
        if not len(self.ids):  # all of them had been written since, when this was toggled last
            inverse = WeightsWritten(self.ids, self.after, self.before)
            graph.effects.append(inverse)
            return inverse
        rows, pool = graph._one_pool(self.ids, rows_at(graph.table, self.ids, self.ends))
        data, at = graph.table.pools[pool].data, graph.table.row[rows]
        now = data[at]
        back = (now == self.after).reshape(len(self.ids), -1).all(axis=1)
        ends = None if self.ends is None else (self.ends[0][back], self.ends[1][back])
        inverse = WeightsWritten(self.ids[back], now[back], self.before[back], ends)
        graph.effects.append(inverse)
        data[at[back]] = self.before[back]
        graph.changes.synapses_written(self.ids[back])
        return inverse

    def today(self, graph: "GraphState") -> Effect:
        if not len(self.ids):
            return self
        return WeightsWritten(self.ids, self.before, graph._stored_weights(np.asarray(self.ids, np.int64)), self.ends)

    def roll_back(self, graph: "GraphState") -> None:
        if len(self.ids):
            rows, pool = graph._one_pool(self.ids, rows_at(graph.table, self.ids, self.ends))
            graph.table.pools[pool].data[graph.table.row[rows]] = self.before

    def check(self, graph: "GraphState") -> None:
        synapses_are_there(graph, self.ids)
        if len(self.ids) and graph._stored_weights(self.ids).shape != self.before.shape:
            raise JournalError(f"synapses {listed(np.asarray(self.ids).tolist())} have weights of another shape")

    def forward(self, past: "Past") -> list[Effect]:
        return [WeightsWritten(self.ids, self.after, self.before, self.ends)]


@dataclass(frozen=True, eq=False, slots=True)
class WeightReplaced(Effect):
    """The weight of one synapse appeared, went or changed shape; toggling it sets the old one.

    Parameters
    ----------
    number
        The synapse's id.
    before, after
        A number, a (height, width) array, or None.
    ends
        Keys of its source and its target, where they are known.
    """

    tag: ClassVar[str] = "reweigh"
    fields: ClassVar[tuple[str, ...]] = ("number", "before", "after")
    number: int
    before: Any
    after: Any
    ends: tuple[int, int] | None = None

    def _view(self, table: "EdgeTable") -> EdgeData:
        if self.ends is None:
            row = int(table.rows_of(np.array([self.number]))[0])
            return EdgeData(table, int(table.src[row]), int(table.dst[row]), row, table.values)
        return EdgeData(table, *self.ends, table.find(*self.ends), table.values)

    def toggle(self, graph: "GraphState") -> Effect:
        view = self._view(graph.table)
        now = view.get("weight")
        now = now if now is None or np.ndim(now) == 0 else np.array(now)
        inverse = WeightReplaced(self.number, now, self.before, self.ends)
        graph.effects.append(inverse)
        self.roll_back(graph)
        graph.changes.synapses_written(np.array([self.number]))
        return inverse

    def roll_back(self, graph: "GraphState") -> None:
        view = self._view(graph.table)
        if self.before is not None:
            view.write({"weight": self.before})
        elif "weight" in view:
            view.erase("weight")

    def check(self, graph: "GraphState") -> None:
        synapses_are_there(graph, np.array([self.number]))

    def forward(self, past: "Past") -> list[Effect]:
        return [WeightReplaced(self.number, self.after, self.before, self.ends)]
