"""Which bundles are equal disjoint blocks: G groups of a sources and b targets, every pair within a group joined.

Connected components of that shape need no search: each target's first source names its group, whatever the order the
neurons are in.
"""

from dataclasses import dataclass

import numpy as np

from .bundles import BundleSizes


@dataclass(frozen=True, eq=False)
class Groups:
    """Blocks, one after the other.

    Parameters
    ----------
    rows
        (groups, b) the targets of each group.
    columns
        (groups, a) the sources of each group.
    order
        (groups * b * a,) the synapses, sorted by (group, row, column).
    """

    rows: np.ndarray
    columns: np.ndarray
    order: np.ndarray


def find_groups(row: np.ndarray, column: np.ndarray) -> Groups | None:
    """The blocks of a wiring, or None where it is not two or more equal disjoint ones.

    Parameters
    ----------
    row, column
        (n,) ends of each synapse, from 0, sorted by (row, column), no pair twice.

    Examples
    --------
    >>> found = find_groups(np.array([0, 1, 2, 3]), np.array([5, 2, 5, 2]))
    >>> found.rows.tolist(), found.columns.tolist()
    ([[1, 3], [0, 2]], [[2], [5]])
    """
    starts = np.flatnonzero(np.diff(row, prepend=-1))
    targets = len(starts)
    if targets < 2 or len(row) % targets or (np.diff(starts) * targets != len(row)).any():
        return None
    table = column.reshape(targets, -1)
    by_group = np.argsort(table[:, 0], kind="stable")
    table = table[by_group]
    heads = np.flatnonzero(np.diff(table[:, 0], prepend=-1))
    many = len(heads)
    if many < 2 or targets % many or (np.diff(heads) * many != targets).any():
        return None
    columns = table[heads]
    if (table.reshape(many, -1, columns.shape[1]) != columns[:, None]).any() or np.bincount(columns.ravel()).max() > 1:
        return None
    order = np.arange(len(row)).reshape(targets, -1)[by_group].ravel()
    return Groups(row[starts][by_group].reshape(many, -1), columns, order)


def bundle_groups(bundles: BundleSizes) -> np.ndarray:
    """(B,) int64 how many equal disjoint blocks each bundle is; 1 where it is not two or more of them."""
    found = np.ones(len(bundles.target), np.int64)
    pairs, count = bundles.sources * bundles.targets, bundles.count
    many = pairs // np.maximum(count, 1)
    likely = (many > 1) & (many * count == pairs) & (bundles.sources % many == 0) & (bundles.targets % many == 0)
    for bundle in np.flatnonzero(likely):
        ends = bundles.ends(np.array([bundle]))
        if find_groups(ends.row, ends.column) is not None:
            found[bundle] = many[bundle]
    return found


def depthwise(bundles: BundleSizes, groups: np.ndarray) -> np.ndarray:
    """(B,) the same, but where every map reads just one, each is a block, whoever else reads that one."""
    slides = np.array([window is not None and window.slides for window in bundles.windows], bool)[bundles.op_code]
    single = slides & (bundles.count == bundles.targets) & (bundles.targets > 1)
    return np.where(single & (groups == 1), bundles.targets, groups)


def equal_blocks(rows: np.ndarray, columns: np.ndarray) -> Groups:
    """The equal blocks; where every row reads just one column, each is a block, whoever else reads that one."""
    found = find_groups(rows, columns)
    return Groups(rows[:, None], columns[:, None], np.arange(len(rows))) if found is None else found
