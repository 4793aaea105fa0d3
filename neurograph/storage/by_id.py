"""Edges looked up by id."""

from typing import Any, Protocol

import numpy as np


class _Table(Protocol):
    id: np.ndarray
    alive: np.ndarray
    size: int
    dead: int
    next_id: int

    def __len__(self) -> int: ...

    def live(self) -> np.ndarray: ...


class RowsById:
    """Rows of edges by id, remembered for as long as no edge moves; new columns get a new one."""

    __slots__ = ("asked", "asked_at", "place", "placed")

    def __init__(self) -> None:
        self.asked: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self.asked_at: Any = None
        self.place: Any = None  # id -> the last row that got it
        self.placed = 0  # rows that are in there

    def rows(self, table: _Table, ids: np.ndarray) -> np.ndarray:
        """The rows of edges known by id, -1 where there is none alive; read-only."""
        ids = np.asarray(ids, np.int64)
        state = (table.size, table.dead)
        if self.asked_at != state:
            self.asked, self.asked_at = {}, state
        known = self.asked.get(id(ids))
        if known is None:
            known = ids, self.look_up(table, ids)
            known[1].flags.writeable = False
            if len(ids) > 1024 and not ids.flags.writeable:  # the same frozen ids are asked for again and again
                self.asked[id(ids)] = known
        return known[1]

    def look_up(self, table: _Table, ids: np.ndarray) -> np.ndarray:
        """The same from scratch, by a table in which only rows that came since are entered."""
        if table.next_id < 4 * (len(table) + 1024):
            self._enter(table)
            last = len(self.place) - 1
            if len(ids) and int(ids.min()) >= 0 and int(ids.max()) < last:  # without a copy of all of them
                rows = self.place[ids]
            else:
                rows = self.place[np.minimum(ids.view(np.uint64), np.uint64(last))]  # negative: beyond all ids
            if table.dead:
                rows[~table.alive[rows]] = -1
            return rows
        live = table.live()
        have = table.id[live]
        mine = np.flatnonzero(np.isin(have, ids))
        order = mine[np.argsort(have[mine], kind="stable")]
        if not len(order):
            return np.full(len(ids), -1)
        near = np.minimum(np.searchsorted(have[order], ids), len(order) - 1)
        return np.where(have[order[near]] == ids, live[order[near]], -1)

    def _enter(self, table: _Table) -> None:
        new = slice(self.placed, table.size)
        top = max(table.next_id, int(table.id[new].max(initial=-1)) + 1)  # dead rows keep ids that were taken back
        if self.place is None or len(self.place) <= top:  # the last place is for ids that were never given
            roomier = np.full(top + 1 + (top // 8 if self.placed else 0), -1, np.int32)
            if self.place is not None:
                roomier[: len(self.place)] = self.place
            self.place = roomier
        self.place[table.id[new]] = np.arange(self.placed, table.size, dtype=np.int32)
        self.placed = table.size
