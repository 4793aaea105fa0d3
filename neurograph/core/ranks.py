"""Acyclic always: each neuron has a rank, rank[u] < rank[v] for every synapse u -> v.

A synapse that goes up in rank costs O(1). One that does not starts two searches that grow in turn, back from its source
and forward from its target, inside the ranks between them (after Bender, Fineman, Gilbert and Tarjan, "A new approach
to incremental cycle detection", 2016). If they meet there is a cycle; when the smaller is exhausted, its neurons alone
move.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from neurograph.core.cycles import cycle_in_words, some_cycle_in_words
from neurograph.core.levels import levels
from neurograph.errors import CycleError
from neurograph.schema.synapse import DELAY
from neurograph.storage.pools import items
from neurograph.storage.sets import each_once
from neurograph.storage.sparse import SparseColumn, gappy, kept, places, roomier
from neurograph.storage.table import EdgeTable

Note = Callable[[Any, Any], None]  # is called with keys (one, (n,) or a slice) and their ranks before these move


class Ranks:
    """The ranks of a graph's neurons, by key."""

    __slots__ = ("item", "rank", "top")

    def __init__(self, rank: Any = None, top: float = 0.0) -> None:
        self._hold(np.zeros(16) if rank is None else rank)
        self.top = top

    def _hold(self, rank: Any) -> None:
        item = items(rank)
        self.rank, self.item = rank, item  # in one step: an exception finds both old or both new

    def __getstate__(self):
        return self.rank, self.top

    def __setstate__(self, state) -> None:
        self.__init__(*state)

    def copy(self, keys: np.ndarray) -> "Ranks":
        """A copy for a graph whose neurons have these keys, (n,) int64."""
        return Ranks(kept(self.rank, keys, 0), self.top)

    def reserve(self, keys: int, written: int | None = None) -> None:
        """Make room for keys below `keys`, of which so many are going to be written; None: all of them."""
        if keys > len(self.rank):
            self._hold(roomier(self.rank, keys, 2 * len(self.rank), written))

    def _all(self, table: EdgeTable) -> np.ndarray | None:
        """The keys of all neurons; None where those that are gone are so few that all ranks are gone through sooner."""
        sparse = isinstance(self.rank, SparseColumn) or gappy(len(table.index), len(table.names))
        return table.keys() if sparse else None

    def add(self, key: int) -> None:
        """Rank a new neuron above all others."""
        if key >= len(self.item):
            self.reserve(key + 1)
        self.top += 1.0
        self.item[key] = self.top

    def add_many(self, keys: np.ndarray) -> None:
        """Rank new neurons above all others, all alike: they have no synapses yet."""
        self.reserve(int(keys.max()) + 1 if len(keys) else 0)
        self.top += 1.0
        self.rank[keys] = self.top

    def admit(self, table: EdgeTable, u: int, v: int, note: Note) -> None:
        """Make room for a synapse u -> v, or raise `CycleError` and change nothing; moves are recorded first."""
        item = self.item
        if item[u] < item[v]:
            return
        if u == v:
            raise CycleError(f"a synapse from {table.names[u]!r} to itself is a cycle")
        if not self._lift_leaf(table, u, v, note):
            self._search(table, u, v, note)

    def _lift_leaf(self, table: EdgeTable, u: int, v: int, note: Note) -> bool:
        """The common case: u is young and all its few sources rank below v, so u moves in between."""
        sources = table.inn.tail.get(u)
        if u < table.indexed and table.inn.item[u + 1] - table.inn.item[u] - table.inn.dead.get(u, 0):
            return False
        item, high = self.item, self.item[v]
        low = -np.inf
        for far in sources or ():
            if item[far] > low:
                low = item[far]
        if low == -np.inf:
            low = high - 2.0
        middle = (low + high) / 2
        if not low < middle < high:
            return False
        note(u, item[u])
        item[u] = middle
        return True

    def _search(self, table: EdgeTable, u: int, v: int, note: Note) -> None:
        rank = self.rank
        low, high = rank[v], rank[u]
        back: dict[int, int | None] = {u: None}  # key -> the key it was reached from
        fore: dict[int, int | None] = {v: None}
        todo_back, todo_fore, cost_back, cost_fore = [u], [v], 0, 0
        below, above = -np.inf, np.inf  # nearest rank outside each search
        while todo_back and todo_fore:
            if cost_back <= cost_fore:
                x = todo_back.pop()
                far = _near(table, x, table.inn)
                cost_back += len(far) + 1
                inside = rank[far] >= low
                if not inside.all():
                    below = max(below, rank[far][~inside].max())
                mine, other, todo = back, fore, todo_back
            else:
                x = todo_fore.pop()
                far = _near(table, x, table.out)
                cost_fore += len(far) + 1
                inside = rank[far] <= high
                if not inside.all():
                    above = min(above, rank[far][~inside].min())
                mine, other, todo = fore, back, todo_fore
            for y in far[inside].tolist():
                if y not in mine:
                    mine[y] = x
                    todo.append(y)
                    if y in other:
                        raise CycleError(cycle_in_words(table, y, back, fore))
        if not todo_back:
            span = (low - 1.0 - len(back) if below == -np.inf else below, low)
            moved = back
        else:
            span = (high, high + 1.0 + len(fore) if above == np.inf else above)
            moved = fore
        self._move(moved, span, note, table, lambda: self.admit(table, u, v, note))

    def _move(self, moved: dict, span: tuple[float, float], note: Note, table: EdgeTable, again: Callable) -> None:
        keys = np.fromiter(moved, np.int64, len(moved))
        old, place = np.unique(self.rank[keys], return_inverse=True)
        new = np.linspace(*span, len(old) + 2)
        if (np.diff(new) <= 0).any():  # the gap is used up: spread all ranks to whole numbers
            everyone = self._all(table)
            everyone = slice(len(self.rank)) if everyone is None else everyone
            before = self.rank[everyone].copy()
            after = np.unique(before, return_inverse=True)[1]
            note(everyone, before)
            self.rank[everyone] = after
            self.top = float(after.max())
            again()
            return
        note(keys, self.rank[keys])
        self.rank[keys] = new[1:-1][place]
        self.top = max(self.top, float(new[-2]))

    def admit_many(self, table: EdgeTable, u: np.ndarray, v: np.ndarray, note: Note) -> None:
        """Make room for many new synapses at once, or raise `CycleError` and change nothing; moves are recorded."""
        bad = self.rank[u] >= self.rank[v]
        if not bad.any():
            return
        sources, targets = each_once(u[bad]), each_once(v[bad])
        if not self._lift_targets(table, u, sources, targets, note):
            self._rank_all(table, u, v, note)

    def _lift_targets(self, table: EdgeTable, u, sources, targets, note: Note) -> bool:
        """Fresh targets with nothing behind them, the common case of a bulk connect, move above their sources."""
        if np.isin(targets, u).any():
            return False
        if any(table.degree(int(t), table.out) for t in targets):
            return False
        note(targets, self.rank[targets])
        self.top += 1.0
        self.top = max(self.top, float(self.rank[sources].max()) + 1.0)
        self.rank[targets] = self.top
        return True

    def _rank_all(self, table: EdgeTable, u: np.ndarray, v: np.ndarray, note: Note) -> None:
        """Rank = level, over the present synapses and the new ones."""
        rows = immediate(table, table.live())
        u = np.concatenate([table.src[rows], u]).astype(np.int64)
        v = np.concatenate([table.dst[rows], v]).astype(np.int64)
        keys = self._all(table)
        if keys is None:
            level = levels(len(table.names), u, v)
            self.reserve(len(level))
        else:
            place = places(keys, len(table.names))
            level = levels(len(keys), place[u], place[v])
        stuck = np.flatnonzero(level < 0)
        if len(stuck):
            raise CycleError(some_cycle_in_words(table, u, v, stuck if keys is None else keys[stuck], len(rows)))
        everyone = slice(len(level)) if keys is None else keys
        note(everyone, self.rank[everyone].copy())
        self.rank[everyone] = level
        self.top = float(level.max(initial=0))


def immediate(table: EdgeTable, rows: np.ndarray) -> np.ndarray:
    """Those of some rows of a table whose synapses read values of the same step."""
    late = table.forms.having(DELAY)
    return rows[~np.isin(table.form[rows], late)] if late else rows


def _near(table: EdgeTable, key: int, side: Any) -> np.ndarray:
    """The keys of a neuron's neighbours on one side, by immediate synapses."""
    return getattr(table, side.far)[immediate(table, table.rows(key, side))]
