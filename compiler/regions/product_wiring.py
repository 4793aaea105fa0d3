"""The wiring of a product: bundles that run together, columns picked from earlier blocks, rows of the target block."""

from dataclasses import dataclass

import numpy as np

from .blocks import Blocks
from .bundles import BundleSizes

Piece = tuple[int, np.ndarray | None]


@dataclass(frozen=True, eq=False)
class ProductWiring:
    """Synapses in local places.

    Parameters
    ----------
    pieces
        (block, places in it, or None for all of it in order), side by side: the columns.
    rows
        Places in the target block that it brings something to, or None for all of them in order.
    inputs, outputs
        Columns and rows.
    order
        (n,) which of the bundles' synapses, sorted by (row, column); None where they are in that order.
    row, column
        (n,) int32 local places, in that order.
    """

    pieces: tuple[Piece, ...]
    rows: np.ndarray | None
    inputs: int
    outputs: int
    order: np.ndarray | None
    row: np.ndarray
    column: np.ndarray


def cut_product(
    blocks: Blocks, bundles: BundleSizes, target: int, group: np.ndarray, pick: bool, narrow: bool, by_row: bool = False
) -> ProductWiring:
    """Lay some bundles of one target block side by side.

    Parameters
    ----------
    blocks, bundles
        The graph, grouped.
    target
        The target block.
    group
        Which bundles.
    pick
        Whether to pick the neurons that are read out of each source block (else whole blocks are read).
    narrow
        Whether to leave out target neurons that none of these bundles touches.
    by_row
        Whether source blocks stand in the order of the first row each feeds, else in the order they are made in.
    """
    sources = sorted({int(bundles.source[b]) for b in group})
    ends = bundles.ends(group)
    if by_row:
        starts = np.cumsum(bundles.count[group]) - bundles.count[group]
        first = {int(bundles.source[b]): int(ends.row[at]) for b, at in zip(group, starts, strict=True)}
        sources.sort(key=first.__getitem__)
    pieces: list[Piece] = []
    width = 0
    column = np.empty(len(ends.row), np.int32)
    for source in sources:
        size = len(blocks.blocks[source].neurons)
        mine = slice(None) if len(sources) == 1 else ends.source == source
        used, local = _renumber(ends.column[mine], size) if pick else (None, ends.column[mine])
        column[mine] = local + width if width else local
        pieces.append((source, used))
        width += size if used is None else len(used)
    size = len(blocks.blocks[target].neurons)
    rows, row = _renumber(ends.row, size) if narrow else (None, ends.row)
    order = None
    if len(group) > 1:
        order = np.lexsort((column, row))
        row, column = row[order], column[order]
    outputs = size if rows is None else len(rows)
    return ProductWiring(tuple(pieces), rows, width, outputs, order, row.astype(np.int32, copy=False), column)


def _renumber(place: np.ndarray, size: int) -> tuple[np.ndarray | None, np.ndarray]:
    """The places in use (None where all are) and the given places counted among them."""
    used = np.zeros(size, bool)
    used[place] = True
    if used.all():
        return None, place
    return np.flatnonzero(used), (np.cumsum(used) - 1)[place]
