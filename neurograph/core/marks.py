"""Marks: what the wiring of a graph was at a moment, so that what has changed since is found without going through it.

A mark takes next to no memory: rows of the table stay where they are until it is sorted anew, so whether each is alive,
and in which form, says all. Nobody has to tell it of changes: it compares.
"""

from dataclasses import dataclass

import numpy as np

from neurograph.core.state import GraphState
from neurograph.schema.neuron import NeuronKind
from neurograph.storage.table import EdgeTable

_FEW = 1024  # rows that are sooner copied than looked at
_MOST = 4  # one of so many synapses may have changed; from there on all is looked at anew


@dataclass(frozen=True, eq=False)
class Joined:
    """Synapses and what they join.

    Parameters
    ----------
    source, target
        (n,) keys.
    ids
        (n,) int64.
    form, pool
        (n,) as the table has them.
    """

    source: np.ndarray
    target: np.ndarray
    ids: np.ndarray
    form: np.ndarray
    pool: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def columns(self) -> tuple[np.ndarray, ...]:
        """Everything but the ids."""
        return self.source, self.target, self.form, self.pool

    def at(self, rows: np.ndarray) -> "Joined":
        """Some of them."""
        ends = self.source[rows].astype(np.int64), self.target[rows].astype(np.int64)
        return Joined(*ends, self.ids[rows], self.form[rows], self.pool[rows])


@dataclass(frozen=True, eq=False)
class WiringChange:
    """The synapses that went and came; one that changed its form or the shape of its weight did both."""

    gone: Joined
    come: Joined


@dataclass(frozen=True, eq=False)
class WiringMark:
    """The wiring of a graph at a moment.

    Parameters
    ----------
    keys, kind
        (N,) int64 keys of the neurons, rising, and the numbers of their kinds.
    kinds
        What these numbers stood for.
    has
        "bias", "slope" -> (N,) bool which neurons had one.
    populations
        Their names, in the order they were added.
    """

    keys: np.ndarray
    kind: np.ndarray
    kinds: tuple[NeuronKind, ...]
    has: dict[str, np.ndarray]
    populations: tuple[str, ...]
    _table: EdgeTable
    _moves: int
    _size: int
    _forms: tuple[dict, ...]
    _rows: tuple[np.ndarray, np.ndarray, np.ndarray]  # source, target, id: they stay until rows move
    _alive: np.ndarray  # of all rows, like the following; where all are alike, one for all
    _form: np.ndarray
    _pool: np.ndarray

    @classmethod
    def of(cls, graph: GraphState) -> "WiringMark":
        """The wiring of a graph now."""
        table, columns, keys = graph.table, graph.neurons, graph.table.keys()
        return cls(
            keys,
            columns.kind[keys],
            tuple(columns.kinds),
            {name: ~np.isnan(columns.values[name][keys]) for name in ("bias", "slope")},
            tuple(graph.population_names),
            table,
            table.moves,
            table.size,
            tuple(map(dict, table.forms.bundles)),
            (table.src, table.dst, table.id),
            *(_kept(column[: table.size]) for column in (table.alive, table.form, table.pool)),
        )

    def change(self, graph: GraphState) -> WiringChange | None:
        """What has changed in a graph since; None where that is too much, or cannot be found out by a look."""
        if graph.table is not self._table or self._renumbered(graph):
            return None
        table, (source, target, ids) = self._table, self._rows
        then = Joined(source, target, ids, self._form, self._pool)
        gone, come = self._stayed() if table.moves == self._moves else self._moved(then)
        if (len(gone) + len(come)) * _MOST > self._size + 64:
            return None
        return WiringChange(then.at(gone), Joined(table.src, table.dst, table.id, table.form, table.pool).at(come))

    def _stayed(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows of what went and of what came, where rows are what they were."""
        table, old = self._table, slice(self._size)
        odd = (table.pool[old] != self._pool) | (table.form[old] != self._form)
        odd |= table.alive[old] != self._alive
        rows = np.flatnonzero(odd)
        new = self._size + np.flatnonzero(table.alive[self._size : table.size])
        return rows[self._alive[rows]], np.concatenate([rows[table.alive[rows]], new])

    def _moved(self, then: Joined) -> tuple[np.ndarray, np.ndarray]:
        """The same where edges got other rows: an edge is known by its id."""
        table, old = self._table, np.flatnonzero(self._alive)
        rows = table.rows_of(then.ids[old])
        alike = rows >= 0
        for now, before in zip((table.src, table.dst, table.form, table.pool), then.columns, strict=True):
            alike[alike] = now[rows[alike]] == before[old[alike]]
        new = table.alive[: table.size].copy()
        new[rows[alike]] = False
        return old[~alike], np.flatnonzero(new)

    def _renumbered(self, graph: GraphState) -> bool:
        """Whether numbers of kinds or forms stand for something else now: births of these were taken back."""
        kinds, forms = graph.neurons.kinds, graph.table.forms.bundles
        return tuple(kinds[: len(self.kinds)]) != self.kinds or tuple(forms[: len(self._forms)]) != self._forms


def _kept(column: np.ndarray) -> np.ndarray:
    """A copy; one item for all where all are alike."""
    alike = len(column) > _FEW and bool((column == column[0]).all())
    return np.broadcast_to(column[:1].copy()[0], len(column)) if alike else column.copy()
