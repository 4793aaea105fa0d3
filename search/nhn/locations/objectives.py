"""What searches make small, by name: what an evaluation says, and what a network costs.

An objective is a number that should be small. Costs are those of a graph, so the same names serve wherever graphs are
compared.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import prod

import numpy as np

from neurograph.builders import parameter_count
from neurograph.errors import OptionError
from neurograph.network import NeuronGraph


def multiply_adds(graph: NeuronGraph) -> int:
    """Multiplications and additions of one example: of each weight as many as its kernel is put to places.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> multiply_adds(mlp([4, 3, 2]))
    18
    """
    table = graph.table
    rows = table.live()
    rows = rows[table.pool[rows] > 0]
    sizes = np.array([0, *(prod(pool.data.shape[1:]) for pool in table.pools)], np.int64)[table.pool[rows]]
    areas = np.array([prod(shape) for shape in graph.neurons.each("shape", table.dst[rows]).tolist()], np.int64)
    return int((sizes * areas).sum())


MEASURED = ("loss", "error")
COSTS: dict[str, Callable[[NeuronGraph], float]] = {"parameters": parameter_count, "multiply_adds": multiply_adds}


def checked_objectives(names: Sequence[str]) -> tuple[str, ...]:
    """The names, at least one, none of them twice; `OptionError` otherwise."""
    known = (*MEASURED, *COSTS)
    odd = [name for name in names if name not in known]
    if odd or not names or len(set(names)) < len(names):
        raise OptionError(f"objectives must be different ones of {', '.join(known)}, at least one, not {tuple(names)}")
    return tuple(names)


def points_of(points: Sequence[Sequence[float]]) -> np.ndarray:
    """(n, objectives) float64; `OptionError` where they are not of one length."""
    lengths = sorted({len(point) for point in points})
    if len(lengths) > 1:
        raise OptionError(f"all points must have the same objectives, and these have {lengths} of them")
    return np.array(points, np.float64).reshape(len(points), -1)


def front(points: Sequence[Sequence[float]]) -> list[int]:
    """Places of the points that no other is better than: as good in every objective, and better in one.

    Of equal points the first counts.

    Examples
    --------
    >>> front([(1, 5), (2, 2), (3, 3), (2, 2), (5, 1)])
    [0, 1, 4]
    """
    held = points_of(points)
    at_least = (held[:, None] <= held[None]).all(2)
    better = at_least & (held[:, None] < held[None]).any(2)
    twin = np.triu(at_least & at_least.T, 1)
    return np.flatnonzero(~(better | twin).any(0)).tolist()


def hypervolume(points: Sequence[Sequence[float]], reference: Sequence[float]) -> float:
    """The volume that points are better than, up to a reference; points beyond it count for nothing.

    Examples
    --------
    >>> hypervolume([(1, 2), (2, 1)], (3, 3))
    3.0
    """
    held = points_of([*points, reference])[:-1]
    return _volume(held[(held < reference).all(1)], np.array(reference, np.float64))


def _volume(points: np.ndarray, reference: np.ndarray) -> float:
    """Slices along the last objective, each the volume of what reaches it in the others."""
    if not len(points):
        return 0.0
    if points.shape[1] == 1:
        return float(reference[0] - points.min())
    ends = np.append(np.unique(points[:, -1]), reference[-1])
    return sum(
        float(high - low) * _volume(points[points[:, -1] <= low, :-1], reference[:-1]) for low, high in pairwise(ends)
    )
