"""The longest paths of an acyclic wiring, a whole level at a time."""

import numpy as np

from neurograph.storage.pools import items, ranges
from neurograph.storage.sorting import stable_order

THIN = 32  # edges that leave a level, up to which they are followed one by one


def levels(count: int, source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The number of edges on the longest path that ends in each node (Kahn, a whole level at a time).

    Parameters
    ----------
    count
        Number of nodes.
    source, target
        (E,) ends of the edges.

    Returns
    -------
    level : numpy.ndarray
        (count,) int32; -1 on a cycle or behind one.
    """
    degree = np.bincount(source, minlength=count)
    start = np.cumsum(degree) - degree
    if not (source[1:] >= source[:-1]).all():
        target = target[stable_order(source, count)]
    need = np.bincount(target, minlength=count)
    level = np.full(count, -1, np.int32)
    front, depth = np.flatnonzero(need == 0), 0
    while len(front):
        if len(front) <= THIN:
            front, depth = _thin_levels(front, depth, start, degree, target, need, level)
            if not len(front):
                break
        level[front] = depth
        ends = target[ranges(start[front], degree[front])]
        if len(ends) * 8 > count:
            hits = np.bincount(ends, minlength=count)
            need -= hits
            front = np.flatnonzero((need == 0) & (hits > 0))
        else:
            ends.sort()
            first = np.flatnonzero(np.diff(ends, prepend=-1))
            hit = ends[first]
            need[hit] -= np.diff(first, append=len(ends))
            front = hit[need[hit] == 0]
        depth += 1
    return level


def _thin_levels(front: np.ndarray, depth: int, *columns: np.ndarray) -> tuple[np.ndarray, int]:
    """Goes on as `levels` does, edge by edge while few leave the front: long chains take no array pass a level.

    Takes the front, its level, and the columns that `levels` keeps; returns the front and level to go on from.
    """
    start, degree, target, need, level = map(items, columns)
    nodes = front.tolist()
    while nodes and sum(degree[node] for node in nodes) <= THIN:
        following = []
        for node in nodes:
            level[node] = depth
            for at in range(start[node], start[node] + degree[node]):
                end = target[at]
                need[end] -= 1
                if not need[end]:
                    following.append(end)
        nodes, depth = following, depth + 1
    return np.array(nodes, np.int64), depth
