"""One direction of a table's index."""

from copy import deepcopy
from typing import Any

import numpy as np

from neurograph.storage.pools import items
from neurograph.storage.sparse import SparsePointers


class Side:
    """One direction's index: base rows of node i are perm[ptr[i]:ptr[i + 1]] (perm None: the identity)."""

    __slots__ = ("dead", "far", "item", "perm", "ptr", "tail")

    def __init__(self, far: str, ptr: Any = None, perm: np.ndarray | None = None) -> None:
        self.far = far
        self.ptr: Any = np.zeros(1, np.int64) if ptr is None else ptr
        self.item = items(self.ptr)
        self.perm: Any = perm
        self.tail: dict[int, dict[int, int]] = {}  # key -> {far key: row}
        self.dead: dict[int, int] = {}  # key -> number of dead base rows

    def __getstate__(self):
        return self.far, self.ptr, self.perm, self.tail, self.dead

    def __setstate__(self, state) -> None:
        self.far, self.ptr, self.perm, self.tail, self.dead = state
        self.item = items(self.ptr)

    def copy(self) -> "Side":
        """An independent copy."""
        new = Side(self.far, deepcopy(self.ptr), None if self.perm is None else self.perm.copy())
        new.tail, new.dead = {key: rows.copy() for key, rows in self.tail.items()}, self.dead.copy()
        return new

    def reach(self, nodes: int) -> None:
        """Let there be so many nodes; the new ones have no base rows."""
        if isinstance(self.ptr, SparsePointers):
            self.ptr = self.ptr.reaching(nodes)
        else:
            self.ptr = np.pad(self.ptr, (0, nodes + 1 - len(self.ptr)), mode="edge")
        self.item = items(self.ptr)


def pointers(ends: np.ndarray, nodes: int, sparse: bool) -> Any:
    """Where the rows of each node begin.

    Parameters
    ----------
    ends
        (rows,) keys; ascending where `sparse`.
    nodes
        The next key.
    sparse
        Whether most keys are gone.

    Returns
    -------
    numpy.ndarray or SparsePointers
        (nodes + 1,) int64.
    """
    if sparse:
        return SparsePointers(ends, nodes)
    return np.concatenate([[0], np.cumsum(np.bincount(ends, minlength=nodes))])
