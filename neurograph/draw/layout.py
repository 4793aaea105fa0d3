"""Where the neurons of a picture stand: in columns, one a population or one a level."""

from dataclasses import dataclass

import numpy as np

from neurograph.core.arrays import GraphArrays
from neurograph.core.levels import levels
from neurograph.draw.style import printable
from neurograph.errors import OptionError
from neurograph.storage.sets import each_once

TALL = 300.0  # points, of the largest column
LOW = 60.0  # points that a column may take however small it is beside the largest
APART = (13.0, 28.0)  # points between two neurons, at most: in a large picture and in a small one
CLOSE = 6.0  # points between two neurons in a column no higher than LOW
COLUMNS = ("populations", "levels")


@dataclass(frozen=True, eq=False)
class GraphLayout:
    """Columns of neurons.

    Parameters
    ----------
    by
        "populations" or "levels".
    labels
        Of the columns.
    column
        (N,) int64: the column of each position of the arrays.
    place
        (N,) int64: how many neurons of its column stand above it.
    counts
        (C,) int64: neurons in each column.
    """

    by: str
    labels: list[str]
    column: np.ndarray
    place: np.ndarray
    counts: np.ndarray

    def heights(self, largest: int) -> np.ndarray:
        """(C,) points; a column grows with the root of its count, up to `TALL` for the largest of the picture."""
        least = np.minimum((self.counts - 1) * CLOSE, LOW)
        most = (self.counts - 1) * float(np.clip(TALL / largest, *APART))
        return np.minimum(most, np.maximum(least, TALL * np.sqrt(self.counts / largest)))

    def spacing(self, largest: int) -> np.ndarray:
        """(C,) points from one neuron down to the next."""
        return self.heights(largest) / np.maximum(1, self.counts - 1)

    def y(self, largest: int) -> np.ndarray:
        """(N,) points above the middle; in a column neurons stand in the order they came."""
        height, count = self.heights(largest)[self.column], self.counts[self.column]
        return height * (0.5 - self.place / np.maximum(1, count - 1)) * (count > 1)


def lay_out(arrays: GraphArrays, by: str | None = None) -> GraphLayout:
    """Put the neurons of a network into columns.

    Parameters
    ----------
    arrays
        The network.
    by
        "populations" or "levels"; unless given populations, where they feed each other in one direction only.

    Raises
    ------
    OptionError
        Another word.
    """
    if by not in (None, *COLUMNS):
        raise OptionError(f"columns must be one of {', '.join(COLUMNS)}, not {by!r}")
    names = arrays.each_kind("population")
    used = [name for name in arrays.populations if (names == name).any()]
    code = {name: number for number, name in enumerate(used)}
    member = np.array([code[name] for name in names], np.int64)
    depth = _depths(arrays.immediate, member, len(used))
    if by == "populations" or (by is None and (depth >= 0).all() and len(used) > 1):
        order = sorted(
            range(len(used)), key=lambda at: (_mean_level(arrays, member, at) if depth.min() < 0 else depth[at], at)
        )
        rank = np.argsort(order)
        return _columns("populations", [used[at] for at in order], rank[member], arrays.keys)
    deepest = int(arrays.level.max(initial=0))
    return _columns("levels", [str(level) for level in range(deepest + 1)], arrays.level.astype(np.int64), arrays.keys)


def _depths(arrays: GraphArrays, member: np.ndarray, count: int) -> np.ndarray:
    """The longest way to each population through others; -1 where they feed each other in a circle."""
    ways = each_once(member[arrays.source] * count + member[arrays.target])
    return levels(count, ways // max(1, count), ways % max(1, count))


def _mean_level(arrays: GraphArrays, member: np.ndarray, population: int) -> float:
    return float(arrays.level[member == population].mean())


def _columns(by: str, labels: list[str], column: np.ndarray, keys: np.ndarray) -> GraphLayout:
    counts = np.bincount(column, minlength=len(labels))
    order = np.lexsort((keys, column))
    place = np.empty(len(column), np.int64)
    place[order] = np.arange(len(column)) - np.repeat(np.cumsum(counts) - counts, counts)
    return GraphLayout(by, [printable(label) for label in labels], column, place, counts)
