"""The wiring of a product: bundles that run together, columns picked from earlier blocks, rows of the target block."""

from dataclasses import dataclass

import numpy as np

from compiler.regions.blocks import Blocks
from compiler.regions.bundles import Bundles
from neurograph.core.arrays import GraphArrays

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
    synapses
        (n,) rows of the graph's synapse columns, sorted by (row, column).
    row, column
        (n,) int32 local places.
    """

    pieces: tuple[Piece, ...]
    rows: np.ndarray | None
    inputs: int
    outputs: int
    synapses: np.ndarray
    row: np.ndarray
    column: np.ndarray


def cut_product(
    arrays: GraphArrays,
    blocks: Blocks,
    bundles: Bundles,
    target: int,
    group: np.ndarray,
    pick: bool,
    narrow: bool,
    by_row: bool = False,
) -> ProductWiring:
    """Lay some bundles of one target block side by side.

    Parameters
    ----------
    arrays, blocks, bundles
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
    if by_row:
        first = {int(bundles.source[b]): int(blocks.place[arrays.target[bundles.of(int(b))[0]]]) for b in group}
        sources.sort(key=first.__getitem__)
    synapses = np.concatenate([bundles.of(int(b)) for b in group])
    pieces: list[Piece] = []
    width = 0
    column = np.empty(len(synapses), np.int32)
    source_block, place = blocks.block[arrays.source[synapses]], blocks.place[arrays.source[synapses]]
    for source in sources:
        size = len(blocks.blocks[source].neurons)
        mine = slice(None) if len(sources) == 1 else source_block == source
        used, local = _renumber(place[mine], size) if pick else (None, place[mine])
        column[mine] = local + width
        pieces.append((source, used))
        width += size if used is None else len(used)
    size = len(blocks.blocks[target].neurons)
    row = blocks.place[arrays.target[synapses]]
    rows, row = _renumber(row, size) if narrow else (None, row)
    if len(group) > 1:
        order = np.lexsort((column, row))
        synapses, row, column = synapses[order], row[order], column[order]
    outputs = size if rows is None else len(rows)
    return ProductWiring(tuple(pieces), rows, width, outputs, synapses, row.astype(np.int32), column)


def _renumber(place: np.ndarray, size: int) -> tuple[np.ndarray | None, np.ndarray]:
    """The places in use (None where all are) and the given places counted among them."""
    used = np.zeros(size, bool)
    used[place] = True
    if used.all():
        return None, place
    return np.flatnonzero(used), (np.cumsum(used) - 1)[place]
