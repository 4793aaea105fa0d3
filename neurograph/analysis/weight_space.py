"""The weights of a population's neurons as vectors of one space, whatever the wiring."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neurograph.storage.pools import ranges

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


@dataclass(frozen=True, eq=False)
class WeightSpace:
    """The rows of a population's weight matrix W.

    The space has one axis for each number that a neuron at the far side is read through (or reads): neurons with
    different sources lie in the union of them. A synapse that a neuron does not have is a weight of zero, which is what
    it passes on.

    Parameters
    ----------
    vectors
        (n, d) float64, a row for each neuron.
    present
        (n, d) bool: which of them are weights of synapses that are there.
    ids
        (s,) int64 the synapses, rising.
    row, column
        (s,) int64: the neuron that a synapse is of, and the first of its axes; a kernel has as many as it has numbers.
    """

    vectors: np.ndarray
    present: np.ndarray
    ids: np.ndarray
    row: np.ndarray
    column: np.ndarray

    def holds(self, ids: np.ndarray) -> np.ndarray:
        """(m,) bool: which of some synapses are among these."""
        return np.isin(ids, self.ids)

    def numbers_of(self, matrix: np.ndarray, ids: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """(m, *shape) the places of some synapses, all of one weight shape, in an (n, d) matrix."""
        at = np.searchsorted(self.ids, ids)
        size = int(np.prod(shape, dtype=np.int64))
        found = matrix[self.row[at][:, None], self.column[at][:, None] + np.arange(size)]
        return found.reshape(len(ids), *shape)


def weight_space(graph: "EditableGraph", keys: np.ndarray, incoming: bool = True) -> WeightSpace:
    """The incoming (or outgoing) weights of some neurons.

    Parameters
    ----------
    graph
        Its values should be current: inside an edit they are.
    keys
        (n,) int64 neurons; frozen synapses count, those without a weight do not.
    incoming
        Whether the neurons' incoming synapses make the rows, or their outgoing ones.
    """
    table = graph.table
    side = table.inn if incoming else table.out
    found = [table.rows(key, side) for key in keys.tolist()]
    row = np.repeat(np.arange(len(keys)), [len(rows) for rows in found])
    rows = np.concatenate([np.empty(0, np.int64), *found]).astype(np.int64)
    weighted = table.pool[rows] > 0
    row, rows = row[weighted], rows[weighted]
    pool = table.pool[rows].astype(np.int64) - 1
    sizes = np.array([int(np.prod(p.data.shape[1:], dtype=np.int64)) for p in table.pools], np.int64)
    axis, which = np.unique(getattr(table, side.far)[rows].astype(np.int64) * len(sizes) + pool, return_inverse=True)
    width = sizes[axis % len(sizes)]
    column = (np.cumsum(width) - width)[which]
    vectors, present = (np.zeros((len(keys), int(width.sum())), kind) for kind in (np.float64, bool))
    for one in np.flatnonzero(np.bincount(pool)).tolist() if len(pool) else ():
        mine = pool == one
        at = np.repeat(row[mine], sizes[one]), ranges(column[mine], np.full(mine.sum(), sizes[one]))
        vectors[at] = table.pools[one].data[table.row[rows[mine]]].reshape(-1)
        present[at] = True
    order = np.argsort(table.id[rows])
    return WeightSpace(vectors, present, table.id[rows][order].astype(np.int64), row[order], column[order])


def distances_squared(vectors: np.ndarray) -> np.ndarray:
    """(n, n) float64 squared Euclidean distances between the rows of an (n, d) matrix; zero between equal ones."""
    centred = vectors - vectors.mean(0)  # what is common to all rows would cost digits
    inner = centred @ centred.T
    norms = np.diagonal(inner)
    squared = np.maximum(norms[:, None] + norms[None, :] - 2.0 * inner, 0.0)
    near = np.argwhere(np.triu(squared <= 1e-12 * max(1e-300, float(norms.max(initial=0.0))), 1))
    for i, j in near.tolist() if len(near) <= 10_000 else ():
        squared[i, j] = squared[j, i] = float(((vectors[i] - vectors[j]) ** 2).sum())
    np.fill_diagonal(squared, 0.0)
    return squared
