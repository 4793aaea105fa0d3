"""Which bundles are disjoint blocks of several sizes, as groups of channels are that were pruned one by one.

Padded to the largest of them they are a grouped convolution still, whose empty kernels are held at zero.
"""

from dataclasses import dataclass

import numpy as np

from .bundles import BundleSizes

_ROUNDS = 16  # of naming blocks by their lowest source; blocks that hang together by longer chains are no groups


@dataclass(frozen=True, eq=False)
class Uneven:
    """Disjoint blocks, padded to one size.

    Parameters
    ----------
    rows
        (groups, b) the targets of each group, -1 where it is padded.
    columns
        (groups, a) the sources of each group; where it is padded its first one.
    flat
        (n,) int32 the place of each synapse in (groups, b, a).
    """

    rows: np.ndarray
    columns: np.ndarray
    flat: np.ndarray

    @property
    def size(self) -> int:
        """Kernels with the padding."""
        return self.rows.size * self.columns.shape[1]


def find_uneven(row: np.ndarray, column: np.ndarray) -> Uneven | None:
    """The blocks of a wiring, or None where it is one.

    Parameters
    ----------
    row, column
        (n,) ends of each synapse, from 0, sorted by (row, column), no pair twice.

    Examples
    --------
    >>> found = find_uneven(np.array([0, 1, 2, 2]), np.array([5, 5, 2, 3]))
    >>> found.rows.tolist(), found.columns.tolist(), found.flat.tolist()
    ([[2, -1], [0, 1]], [[2, 3], [5, 5]], [4, 6, 0, 1])
    """
    rows, target = np.unique(row, return_inverse=True)
    columns, source = np.unique(column, return_inverse=True)
    starts = np.flatnonzero(np.diff(row, prepend=-1))
    lowest = np.arange(len(columns))
    for _ in range(_ROUNDS):
        mine = np.minimum.reduceat(lowest[source], starts)
        named = lowest.copy()
        np.minimum.at(named, source, mine[target])
        if np.array_equal(named, lowest):
            break
        lowest = named
    else:
        return None
    heads, block = np.unique(lowest, return_inverse=True)
    if len(heads) < 2:
        return None
    at, wide = _places(block)
    to, high = _places(block[source[starts]])
    padded_rows = np.full((len(heads), high), -1)
    padded_columns = np.repeat(columns[heads][:, None], wide, 1)
    padded_columns[block, at] = columns
    padded_rows[block[source[starts]], to] = rows
    flat = (block[source] * high + to[target]) * wide + at[source]
    return Uneven(padded_rows, padded_columns, flat.astype(np.int32))


def _places(block: np.ndarray) -> tuple[np.ndarray, int]:
    """(n,) the place of each within its block, and the size of the largest."""
    order = np.argsort(block, kind="stable")
    counts = np.bincount(block)
    place = np.empty(len(block), np.int64)
    place[order] = np.arange(len(block)) - np.repeat(np.cumsum(counts) - counts, counts)
    return place, int(counts.max())


def padded_sizes(bundles: BundleSizes, groups: np.ndarray) -> np.ndarray:
    """(B,) int64 how many kernels a bundle is as padded groups; 0 where that is not less than half of all pairs."""
    found = np.zeros(len(bundles.target), np.int64)
    slides = np.array([window is not None and window.slides for window in bundles.windows], bool)[bundles.op_code]
    pairs = bundles.sources * bundles.targets
    for bundle in np.flatnonzero(slides & (groups == 1) & (2 * bundles.count < pairs)):
        ends = bundles.ends(np.array([bundle]))
        blocks = find_uneven(ends.row, ends.column)
        if blocks is not None and 2 * blocks.size < pairs[bundle]:
            found[bundle] = blocks.size
    return found
