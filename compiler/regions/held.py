"""Bundles as the products of a program hold them, and with some synapses taken out and others put in."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from .bundles import BundleSizes, Ends, concatenated
from .status import FIXED, TRAINED

Places = np.ndarray | None  # (old,) places in a block of what was at each place; None where all stayed where they were
_FEW = 64  # synapses that are looked for one by one


@dataclass(frozen=True, eq=False)
class HeldBundle:
    """The synapses of one bundle, sorted by (row, column).

    Parameters
    ----------
    targets, sources
        Neurons of the blocks at both ends.
    ids
        (n,) int64.
    row, column
        (n,) int32 places in the target and in the source block; None where every pair is joined.
    status
        (n,) uint8 of TRAINED, FROZEN and FIXED; None where all are trained.
    """

    targets: int
    sources: int
    ids: np.ndarray
    row: np.ndarray | None = None
    column: np.ndarray | None = None
    status: np.ndarray | None = None

    @property
    def rows(self) -> np.ndarray:
        """(n,) int32 rows, also where every pair is joined."""
        return np.repeat(np.arange(self.targets, dtype=np.int32), self.sources) if self.row is None else self.row

    @property
    def columns(self) -> np.ndarray:
        """(n,) int32 columns, also where every pair is joined."""
        return np.tile(np.arange(self.sources, dtype=np.int32), self.targets) if self.column is None else self.column

    @property
    def statuses(self) -> np.ndarray:
        """(n,) uint8 of TRAINED, FROZEN and FIXED, also where all are trained."""
        return np.full(len(self.ids), TRAINED, np.uint8) if self.status is None else self.status

    def touched(self) -> tuple[int, int]:
        """How many neurons of the source and of the target block it touches."""
        missing = self.targets * self.sources - len(self.ids)
        if self.row is None or self.column is None or missing < min(self.targets, self.sources):
            return self.sources, self.targets  # too few pairs are missing for a neuron without any
        read = np.zeros(self.sources, bool)
        read[self.column] = True
        return int(np.count_nonzero(read)), int(np.count_nonzero(self.row[1:] != self.row[:-1])) + bool(len(self.row))

    def without(self, row: np.ndarray, column: np.ndarray, ids: np.ndarray) -> "HeldBundle | None":
        """Without the synapses at some places; None where others are there than these."""
        if not len(ids):
            return self
        rows, columns = self.rows, self.columns
        at = row * self.sources + column if self.row is None else _places(rows, columns, row, column)
        if (at >= len(self.ids)).any() or (self.ids[at] != ids).any():
            return None
        if len(at) > _FEW:
            keep: Any = np.ones(len(self.ids), bool)
            keep[at] = False
        else:
            keep = None

        def left(held: np.ndarray) -> np.ndarray:
            return _but(held, at) if keep is None else held[keep]

        status = None if self.status is None else left(self.status)
        return replace(self, ids=left(self.ids), row=left(rows), column=left(columns), status=status)

    def moved(self, targets: int, sources: int, rows: Places, columns: Places) -> "HeldBundle":
        """Between blocks of other sizes, in which their neurons stand at other places, in the same order."""
        if (targets, sources) == (self.targets, self.sources) and rows is None and columns is None:
            return self
        row, column = self.rows, self.columns
        row, column = row if rows is None else rows[row], column if columns is None else columns[column]
        return replace(self, targets=targets, sources=sources, row=row, column=column)

    def with_more(self, row: np.ndarray, column: np.ndarray, ids: np.ndarray, status: np.ndarray) -> "HeldBundle":
        """With some synapses more."""
        if not len(ids):
            return self
        order = np.lexsort((column, row))
        row, column = row[order].astype(np.int32), column[order].astype(np.int32)
        ids, status = ids[order], status[order]
        rows, columns = self.rows, self.columns
        at = _places(rows, columns, row, column)
        statuses = None if self.status is None and not status.any() else np.insert(self.statuses, at, status)
        ids, row, column = np.insert(self.ids, at, ids), np.insert(rows, at, row), np.insert(columns, at, column)
        return HeldBundle(self.targets, self.sources, ids, row, column, statuses)


def _but(held: np.ndarray, few: np.ndarray) -> np.ndarray:
    """An array without what stands at a few places: copied by the stretches between these."""
    edges = [-1, *np.sort(few).tolist(), len(held)]
    return np.concatenate([held[start + 1 : stop] for start, stop in pairwise(edges)])


def _places(rows: np.ndarray, columns: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """(n,) where some places are among many, both sorted, or would have to be put."""
    if len(row) > _FEW:
        return np.searchsorted(rows.astype(np.int64) << 32 | columns, row.astype(np.int64) << 32 | column)
    found = np.empty(len(row), np.int64)
    for index, (r, c) in enumerate(zip(row.astype(np.int32), column.astype(np.int32), strict=True)):
        start, stop = np.searchsorted(rows, r), np.searchsorted(rows, r, "right")
        found[index] = start + np.searchsorted(columns[start:stop], c)
    return found


@dataclass(frozen=True, eq=False)
class HeldBundles(BundleSizes):
    """Bundles that are held one by one.

    Parameters
    ----------
    held
        Each of them.
    """

    held: Sequence[HeldBundle]

    def ends(self, group: np.ndarray) -> Ends:
        mine, sources = [self.held[at] for at in group.tolist()], self.source[group].tolist()
        source = [np.broadcast_to(np.int32(one), len(b.ids)) for one, b in zip(sources, mine, strict=True)]
        return Ends(
            concatenated([bundle.rows for bundle in mine]),
            concatenated(source),
            concatenated([bundle.columns for bundle in mine]),
        )

    def numbers(self, group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mine = [self.held[at] for at in group.tolist()]
        return concatenated([bundle.ids for bundle in mine]), concatenated([bundle.statuses for bundle in mine])


def split_layout(
    layout, pieces: Sequence[tuple[int, np.ndarray | None]], rows: np.ndarray | None, targets: int, sizes: Sequence[int]
) -> dict[tuple[int, bool], HeldBundle]:
    """The bundles of one product: (source block, whether they are identities) -> bundle.

    Parameters
    ----------
    layout
        The product's `ProductLayout`.
    pieces, rows
        Where its columns come from and its rows go to.
    targets
        Neurons of the target block.
    sizes
        Neurons of every block.
    """
    if len(pieces) == 1 and pieces[0][1] is None and rows is None and layout.status is None:
        source = pieces[0][0]
        return {(source, False): HeldBundle(targets, sizes[source], layout.ids, layout.row, layout.column)}
    row = layout.rows if rows is None else rows[layout.rows].astype(np.int32)
    columns, found, start = layout.columns, {}, 0
    identity = np.zeros(len(columns), bool) if layout.status is None else layout.status == FIXED
    for source, places in pieces:
        width = sizes[source] if places is None else len(places)
        mine = (columns >= start) & (columns < start + width)
        for same in (False, True):
            chosen = np.flatnonzero(mine & (identity == same))
            if len(chosen):
                column = columns[chosen] - np.int32(start)
                column = column if places is None else places[column].astype(np.int32)
                status = None if layout.status is None else layout.status[chosen]
                status = status if status is not None and status.any() else None
                found[source, same] = HeldBundle(
                    targets, sizes[source], layout.ids[chosen], row[chosen], column, status
                )
        start += width
    return found
