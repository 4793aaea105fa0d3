"""Edges looked up by id."""

from typing import Any, Protocol

import numpy as np


class _Table(Protocol):
    id: np.ndarray
    size: int
    dead: int
    next_id: int

    def __len__(self) -> int: ...

    def live(self) -> np.ndarray: ...


class RowsById:
    """Rows of edges by id, remembered for as long as no edge comes, goes or moves; new columns get a new one."""

    __slots__ = ("asked", "asked_at", "place")

    def __init__(self) -> None:
        self.asked: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self.asked_at: Any = None
        self.place: Any = None

    def rows(self, table: _Table, ids: np.ndarray) -> np.ndarray:
        """The rows of edges known by id, -1 where there is none alive; read-only."""
        ids = np.asarray(ids, np.int64)
        state = (table.size, table.dead)
        if self.asked_at != state:
            self.asked, self.asked_at, self.place = {}, state, None
        known = self.asked.get(id(ids))
        if known is None:
            known = ids, self.look_up(table, ids)
            known[1].flags.writeable = False
            if len(ids) > 1024 and not ids.flags.writeable:  # the same frozen ids are asked for again and again
                self.asked[id(ids)] = known
        return known[1]

    def look_up(self, table: _Table, ids: np.ndarray) -> np.ndarray:
        """The same from scratch, by a pass over all edges where none was made since the last change."""
        if table.next_id < 4 * (len(table) + 1024):
            if self.place is None:
                place = np.full(table.next_id + 1, -1, np.int32)  # the last place is for ids that were never given
                live = table.live()
                place[table.id[live]] = live
                self.place = place
            known = np.minimum(ids.view(np.uint64), np.uint64(table.next_id))  # what is negative is beyond all ids
            return self.place[known].astype(np.int64)
        live = table.live()
        have = table.id[live]
        mine = np.flatnonzero(np.isin(have, ids))
        order = mine[np.argsort(have[mine], kind="stable")]
        if not len(order):
            return np.full(len(ids), -1)
        near = np.minimum(np.searchsorted(have[order], ids), len(order) - 1)
        return np.where(have[order[near]] == ids, live[order[near]], -1)
