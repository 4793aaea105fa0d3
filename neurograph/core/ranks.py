"""Acyclic always: each neuron has a rank, rank[u] < rank[v] for every synapse u -> v.

A synapse that goes up in rank costs O(1). One that does not starts two searches that grow in turn, back from its source
and forward from its target, inside the ranks between them (after Bender, Fineman, Gilbert and Tarjan, "A new approach
to incremental cycle detection", 2016). If they meet there is a cycle; when the smaller is exhausted, its neurons alone
move.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from neurograph.errors import CycleError
from neurograph.schema.synapse import DELAY
from neurograph.storage.pools import items, ranges
from neurograph.storage.sorting import stable_order
from neurograph.storage.sparse import SparseColumn, by_key, gappy, kept, places, roomier
from neurograph.storage.table import EdgeTable

THIN = 32  # edges that leave a level, up to which they are followed one by one

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
                        raise CycleError(_cycle(table, y, back, fore))
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
        sources, targets = np.unique(u[bad]), np.unique(v[bad])
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
            raise CycleError(_some_cycle(table, u, v, stuck if keys is None else keys[stuck], len(rows)))
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


def levels(count: int, source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The number of edges on the longest path that ends in each node (Kahn, a whole level at a time).

    Parameters
    ----------
    count
        Number of nodes.
    source, target
        (E,) ends of the edges.

    Returns
    -------
    level : numpy.ndarray
        (count,) int32; -1 on a cycle or behind one.
    """
    degree = np.bincount(source, minlength=count)
    start = np.cumsum(degree) - degree
    if not (source[1:] >= source[:-1]).all():
        target = target[stable_order(source, count)]
    need = np.bincount(target, minlength=count)
    level = np.full(count, -1, np.int32)
    front, depth = np.flatnonzero(need == 0), 0
    while len(front):
        if len(front) <= THIN:
            front, depth = _thin_levels(front, depth, start, degree, target, need, level)
            if not len(front):
                break
        level[front] = depth
        ends = target[ranges(start[front], degree[front])]
        if len(ends) * 8 > count:
            hits = np.bincount(ends, minlength=count)
            need -= hits
            front = np.flatnonzero((need == 0) & (hits > 0))
        else:
            ends.sort()
            first = np.flatnonzero(np.diff(ends, prepend=-1))
            hit = ends[first]
            need[hit] -= np.diff(first, append=len(ends))
            front = hit[need[hit] == 0]
        depth += 1
    return level


def _thin_levels(front: np.ndarray, depth: int, *columns: np.ndarray) -> tuple[np.ndarray, int]:
    """Goes on as `levels` does, edge by edge while few leave the front: long chains take no array pass a level.

    Takes the front, its level, and the columns that `levels` keeps; returns the front and level to go on from.
    """
    start, degree, target, need, level = map(items, columns)
    nodes = front.tolist()
    while nodes and sum(degree[node] for node in nodes) <= THIN:
        following = []
        for node in nodes:
            level[node] = depth
            for at in range(start[node], start[node] + degree[node]):
                end = target[at]
                need[end] -= 1
                if not need[end]:
                    following.append(end)
        nodes, depth = following, depth + 1
    return np.array(nodes, np.int64), depth


def _cycle(table: EdgeTable, meet: int, back: dict, fore: dict) -> str:
    """The cycle that two searches found: from the new synapse's target through `meet` to its source and back."""
    to_target, x = [], meet
    while x is not None:
        to_target.append(x)
        x = fore[x]
    to_source, x = [], back[meet]
    while x is not None:
        to_source.append(x)
        x = back[x]
    return _cycle_text(table, to_target[::-1] + to_source)


def _cycle_text(table: EdgeTable, path: list[int]) -> str:
    named = [repr(table.names[key]) for key in path]
    shown = named if len(named) < 9 else [*named[:4], "...", *named[-4:]]
    return f"synapse {named[-1]} -> {named[0]} would close a cycle: {' -> '.join([*shown, named[0]])}"


def _some_cycle(table: EdgeTable, u: np.ndarray, v: np.ndarray, stuck: np.ndarray, present: int) -> str:
    """One of the cycles that a batch of new synapses, those after the first `present`, would close."""
    inside = by_key(stuck, True, len(table.names))
    keep = np.flatnonzero(inside[u] & inside[v])
    step = dict(zip(v[keep].tolist(), keep.tolist(), strict=True))  # each stuck node has a stuck source
    seen: dict[int, int] = {}
    x = int(v[keep[0]])
    while x not in seen:
        seen[x] = len(seen)
        x = int(u[step[x]])
    path = list(seen)[seen[x] :][::-1]
    new = next(at for at, key in enumerate(path) if step[key] >= present)  # the new synapse goes last
    return _cycle_text(table, path[new:] + path[:new])
