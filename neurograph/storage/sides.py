"""One direction of a table's index."""

from typing import Any

import numpy as np

from neurograph.storage.pools import items


class Side:
    """One direction's index: base rows of node i are perm[ptr[i]:ptr[i + 1]] (perm None: the identity)."""

    __slots__ = ("dead", "far", "item", "perm", "ptr", "tail")

    def __init__(self, far: str, ptr: np.ndarray | None = None, perm: np.ndarray | None = None) -> None:
        self.far = far
        self.ptr = np.zeros(1, np.int64) if ptr is None else ptr
        self.item = items(self.ptr)
        self.perm: Any = perm
        self.tail: dict[int, dict[int, int]] = {}  # key -> {far key: row}
        self.dead: dict[int, int] = {}  # key -> number of dead base rows

    def __getstate__(self):
        return self.far, self.ptr, self.perm, self.tail, self.dead

    def __setstate__(self, state) -> None:
        self.far, self.ptr, self.perm, self.tail, self.dead = state
        self.item = items(self.ptr)
