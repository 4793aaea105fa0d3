"""Edges as columns: a COO table with a sorted base, indexed both ways, and a small tail indexed by dictionaries.

Rows [0, base) are sorted by (source, target) and indexed as CSR (out) and CSC (in); rows [base, size) are the tail.
Removing an edge clears its `alive` bit. When tail plus dead rows pass a share of the table, `reindex` sorts the live
rows into a new base, so an edit costs amortised O(log E) and a query O(log degree). Rows move at a reindex; an edge's
`id` never changes and is never given to another.

The columns and `names` say by themselves what is there, and `repair` makes the rest of them again.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from neurograph.storage.columns import EdgeColumns
from neurograph.storage.pools import moved_pools, roomy
from neurograph.storage.runs import runs, taken
from neurograph.storage.sides import Side, pointers
from neurograph.storage.sorting import pairs_rise, sorted_pairs, stable_order
from neurograph.storage.sparse import gappy
from neurograph.storage.values import ABSENT

SLACK = 8  # reindex once tail + dead > base / SLACK
MIN_TAIL = 4096
FEW = (
    512  # rows in the tail and dead ones, up to which a copy takes the dictionaries along: more are sooner indexed anew
)
DENSE = 32  # synapses of one neuron from which on it is worth a guess that their far ends stand without a gap
NO_NEIGHBOURS: dict = {}


class EdgeTable(EdgeColumns):
    """The edges of a directed graph: found, added and removed."""

    # ------------------------------------------------------------------------------------------------ queries
    def bring_up_to_date(self) -> None:
        """Before values are read as a whole: let whoever has newer numbers write them into the columns."""
        graph = self.holder and self.guard and self.guard()
        if graph is not None:
            graph.synchronise()

    def __len__(self) -> int:
        return self.size - self.dead

    def find(self, u: int, v: int) -> int:
        """The row of edge u -> v, or -1."""
        tail = self.out.tail.get(u)
        if tail and v in tail:
            return tail[v]
        if u < self.indexed and v < self.indexed:
            ptr, far = self.out.item, self._dst
            low, high = ptr[u], ptr[u + 1]
            row = low
            if high - low > DENSE:  # between two whole populations keys rise one by one
                row = low + v - far[low]
                if not low <= row < high or far[row] != v:
                    row = low
            if row == low:
                row = bisect_left(far, v, low, high)
            if row < high and far[row] == v and self._alive[row]:
                return row
        return -1

    def degree(self, key: int, side: Side) -> int:
        count = side.item[key + 1] - side.item[key] if key < self.indexed else 0
        return count - side.dead.get(key, 0) + len(side.tail.get(key, NO_NEIGHBOURS))

    def rows(self, key: int, side: Side) -> np.ndarray:
        """The rows of a node's edges on one side, by the key of the far node."""
        rows = np.empty(0, np.int64)
        if key < self.indexed:
            a, b = side.item[key], side.item[key + 1]
            rows = np.arange(a, b) if side.perm is None else side.perm[a:b]
            if key in side.dead:
                rows = rows[self.alive[rows]]
        tail = side.tail.get(key)
        if tail:
            rows = np.concatenate([rows, np.fromiter(tail.values(), np.int64, len(tail))])
            rows = rows[np.argsort(getattr(self, side.far)[rows], kind="stable")]
        return rows

    def far(self, key: int, side: Side) -> np.ndarray:
        """The keys of a node's neighbours on one side."""
        return getattr(self, side.far)[self.rows(key, side)]

    def find_many(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """The rows of edges u[k] -> v[k], -1 where there is none."""
        u, v = u.astype(np.int64), v.astype(np.int64)
        if len(u) * 32 < self.base:
            pairs = zip(u.tolist(), v.tolist(), strict=True)
            return np.fromiter((self.find(a, b) for a, b in pairs), np.int64, len(u))
        found = np.full(len(u), -1)
        if self.base:
            have = (self.src[: self.base].astype(np.int64) << 32) | self.dst[: self.base]
            want = (u << 32) | v
            near = np.minimum(np.searchsorted(have, want), self.base - 1)
            found = np.where((have[near] == want) & self.alive[near], near, -1)
        if self.out.tail:
            tails = np.fromiter(self.out.tail, np.int64, len(self.out.tail))
            for k in np.flatnonzero((found < 0) & np.isin(u, tails)).tolist():
                found[k] = self.find(int(u[k]), int(v[k]))
        return found

    def live(self) -> np.ndarray:
        """All live rows."""
        return np.flatnonzero(self.alive[: self.size]) if self.dead else np.arange(self.size)

    def rows_of(self, ids: np.ndarray) -> np.ndarray:
        """The rows of edges known by id, -1 where there is none alive; read-only."""
        return self._by_id.rows(self, ids)

    # ------------------------------------------------------------------------------------------------ edits
    def append(self, u: int, v: int, form: int = 0, edge_id: int = -1) -> int:
        """Add one edge known to be new; returns its row. Call `settle` after the edit."""
        at = self.size
        if at == len(self.src):
            self._reserve(at + 1)
        self.torn = True
        src, dst, alive, pool, _, forms, ids = self._m
        src[at], dst[at], alive[at], pool[at], forms[at] = u, v, True, ABSENT, form
        if edge_id < 0:
            edge_id = self.next_id
            self.next_id = edge_id + 1
        ids[at] = edge_id
        self.size = at + 1
        tail = self.out.tail
        if u in tail:
            tail[u][v] = at
        else:
            tail[u] = {v: at}
        tail = self.inn.tail
        if v in tail:
            tail[v][u] = at
        else:
            tail[v] = {u: at}
        self.torn = False
        return at

    def settle(self) -> None:
        """Reindex if the tail and the dead rows have grown past their share; call after an edit."""
        if self.size - self.base + self.dead > MIN_TAIL + self.base // SLACK:
            self.reindex()

    def extend(
        self,
        u: np.ndarray,
        v: np.ndarray,
        weight: np.ndarray | None = None,
        form: int | np.ndarray = 0,
        ids: np.ndarray | None = None,
    ) -> np.ndarray:
        """Append edges known to be new and distinct; returns their ids. Rows may move."""
        count, at = len(u), self.size
        self._reserve(at + count)
        self.torn = True
        new = slice(at, at + count)
        self.src[new], self.dst[new], self.alive[new], self.form[new] = u, v, True, form
        self.pool[new] = ABSENT
        if ids is None:
            ids = np.arange(self.next_id, self.next_id + count)
        self.id[new] = ids
        if count:
            self.next_id = max(self.next_id, int(ids.max()) + 1)
        if weight is not None and count:
            pool = self.values.pool_for(weight.shape[1:])
            self.pool[new] = pool + 1
            first = self.pools[pool].extend(weight)
            self.row[new] = np.arange(first, first + count)
        self.size += count
        if count + at - self.base + self.dead > MIN_TAIL + self.base // SLACK:
            self.reindex()
        else:
            self._index_tail(u.tolist(), v.tolist(), at)
        self.torn = False
        return ids

    def _index_tail(self, u: list[int], v: list[int], at: int) -> None:
        out, inn = self.out.tail, self.inn.tail
        for row, (a, b) in enumerate(zip(u, v, strict=True), at):
            out.setdefault(a, {})[b] = row
            inn.setdefault(b, {})[a] = row

    def kill_one(self, row: int, u: int, v: int) -> None:
        """Remove one edge; call `settle` after the edit."""
        self.torn = True
        self._alive[row] = False
        self.dead += 1
        if row < self.base:
            dead = self.out.dead
            dead[u] = dead.get(u, 0) + 1
            dead = self.inn.dead
            dead[v] = dead.get(v, 0) + 1
        else:
            del self.out.tail[u][v], self.inn.tail[v][u]
        self.torn = False

    def kill(self, rows: np.ndarray) -> None:
        """Remove distinct live edges by row; call `settle` after the edit."""
        self.torn = True
        self.alive[rows] = False
        self.dead += len(rows)
        base = rows[rows < self.base]
        for side, ends in ((self.out, self.src[base]), (self.inn, self.dst[base])):
            for key, count in self._counted(ends):
                side.dead[key] = side.dead.get(key, 0) + count
        late = rows[rows >= self.base]
        for u, v in zip(self.src[late].tolist(), self.dst[late].tolist(), strict=True):
            del self.out.tail[u][v], self.inn.tail[v][u]
        self.torn = False

    def _counted(self, keys: np.ndarray) -> Iterable[tuple[int, int]]:
        """How often each of some keys comes up."""
        if len(keys) * 4 < len(self.names):
            return Counter(keys.tolist()).items()
        counts = np.bincount(keys)
        found = np.flatnonzero(counts)
        return zip(found.tolist(), counts[found].tolist(), strict=True)

    def repair(self) -> None:
        """Make the indexes again from the columns and `names`, after a write that has stopped on its way."""
        self.index = self._ordered()
        self.dead = self.size - int(np.count_nonzero(self.alive[: self.size]))
        self.reindex()
        self.torn = False

    def compact(self) -> None:
        """Make every row a live, sorted and indexed one."""
        if self.size != self.base or self.dead:
            self.reindex()
        elif self.indexed < len(self.names):  # only nodes are new: they have no edges
            for side in (self.out, self.inn):
                side.reach(len(self.names))
            self.indexed = len(self.names)

    def reindex(self) -> None:
        """Drop the dead rows, sort the rest by (source, target), rebuild both indexes."""
        self.keep(self.live() if self.dead else None)

    def keep(self, keep: np.ndarray | None) -> None:
        """Keep these rows alone, all where None, in columns made anew."""
        size = self.size if keep is None else len(keep)
        slack, nodes, rows = _slack(size), len(self.names), slice(size) if keep is None else keep
        if not pairs_rise(self.src[rows], self.dst[rows]):
            order = sorted_pairs(self.src[rows], self.dst[rows], nodes)
            keep = order if keep is None else keep[order]
        new: dict[str, Any] = {}
        known = None if keep is None else runs(keep)
        for column, dtype in self.COLUMNS.items():
            new[column], old = np.empty(size + slack, dtype), getattr(self, column)
            new[column][:size] = old[:size] if keep is None else taken(old, keep, known)
        pools = moved_pools(self.pools, new["pool"][:size], new["row"][:size], _slack)
        src, dst = new["src"][:size], new["dst"][:size]
        sparse, perm = gappy(len(self.index), nodes), stable_order(dst, nodes).astype(np.int32, copy=False)
        out = Side("dst", pointers(src, nodes, sparse))
        inn = Side("src", pointers(dst[perm] if sparse else dst, nodes, sparse), perm)
        new |= {"moves": self.moves + 1, "extra": self._moved_extra(keep), "names": self._fitting_names()}
        self.install(**new, size=size, base=size, dead=0, pools=pools, out=out, inn=inn)

    def _moved_extra(self, keep: np.ndarray | None) -> dict[int, dict]:
        if not self.extra or keep is None:
            return dict(self.extra)  # a new one: the old belongs to the old Values
        place = np.full(self.size, -1)
        place[keep] = np.arange(len(keep))
        return {place.item(row): d for row, d in self.extra.items() if place[row] >= 0}

    def copy(self) -> "EdgeTable":
        """An independent copy; user attributes are copied one level deep, as networkx does."""
        new = object.__new__(EdgeTable)
        state, anew = self.__getstate__(), self.size - self.base + self.dead > FEW
        for column in self.COLUMNS:
            state[column] = roomy(getattr(self, column), self.size, _slack(self.size))
        state |= {
            "index": self.index.copy(),
            "names": self._fitting_names().copy(),
            "pools": [pool.copy(_slack(pool.size)) for pool in self.pools],
            "forms": self.forms.copy(),
            "extra": {row: d.copy() for row, d in self.extra.items()},
            "out": Side("dst") if anew else self.out.copy(),
            "inn": Side("src", perm=np.zeros(0, np.int32)) if anew else self.inn.copy(),
        }
        new.__setstate__(state)
        if anew:
            new.reindex()
        return new


def _slack(size: int) -> int:
    """Room for the tail that a table of that size may grow before it is reindexed."""
    return min(size, MIN_TAIL + size // SLACK)
