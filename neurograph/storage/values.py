"""What the edges of a table carry."""

from typing import Any

import numpy as np

from neurograph.storage.pools import Pool

WEIGHT = "weight"  # the one attribute kept in columns: a number, or an array (a kernel)
ABSENT = 0  # values of `pool`; pool k >= 1 means "in pools[k - 1]"


class Values:
    """What the edges carry between two reindexes: row -> weight, form and other attributes.

    A reindex makes new ones. A view of an edge that was removed stays with the old, so that, as in networkx, a removed
    edge's attributes live on with whoever holds them.
    """

    __slots__ = ("extra", "form", "forms", "id", "pool", "pools", "row")

    def pool_for(self, shape: tuple[int, ...]) -> int:
        """The number of the pool for weights of that shape."""
        for number, pool in enumerate(self.pools):
            if pool.data.shape[1:] == shape:
                return number
        self.pools.append(Pool(np.zeros((0, *shape))))
        return len(self.pools) - 1

    def weight(self, row: int) -> float | np.ndarray | None:
        pool = self.pool[row]
        return self.pools[pool - 1].item[self.row[row]] if pool else None

    def set_weight(self, row: int, value: Any) -> bool:
        """Put a number or an array into its column; False if it is neither (it then belongs to `extra`)."""
        if isinstance(value, float | int | np.floating | np.integer) and not isinstance(value, bool) and _exact(value):
            number = 0
        elif isinstance(value, np.ndarray) and value.ndim and value.dtype.kind in "fiu":
            number = self.pool_for(value.shape)
        else:
            self.pool[row] = ABSENT
            return False
        if self.pool[row] == number + 1:
            self.pools[number].item[self.row[row]] = value
        else:
            self.row[row] = self.pools[number].append(value)
            self.pool[row] = number + 1
        return True


def _exact(value: Any) -> bool:
    """Whether a column of float64 holds a number as it is."""
    return not isinstance(value, int) or -(2**53) <= value <= 2**53
