"""Places that rise one by one for long: such runs are copied whole, where single numbers take ten times as long.

That is how most numbers stand after an edit: a row or a column of a matrix came, and all others are where they were.
"""

from collections.abc import Iterator

import numpy as np

LEAST = 4096  # places; fewer are sooner looked up one by one
_PIECE = 2**15  # places that are compared at once, in the cache
MEAN = 128  # places that a run must have on average

Run = tuple[int, int, int]


def runs(places: np.ndarray) -> list[Run] | None:
    """Where places rise one by one; None where that is never for long.

    Parameters
    ----------
    places
        (n,) integers; -1 for no place, which makes runs of its own.

    Returns
    -------
    list of tuples or None
        (index of the first, the first place or -1, how many), in order; together all of them.

    Examples
    --------
    >>> runs(np.r_[100:5000, 7:300])
    [(0, 100, 4900), (4900, 7, 293)]
    """
    count = len(places)
    if count < LEAST:
        return None
    if _is_one(places):
        return [(0, int(places[0]), count)]
    ends = np.flatnonzero(_breaks(places))
    if (len(ends) + 1) * MEAN > count:
        return None
    starts = [0, *(ends + 1).tolist()]
    lengths = np.diff(starts, append=count).tolist()
    return list(zip(starts, places[starts].tolist(), lengths, strict=True))


def _is_one(places: np.ndarray) -> bool:
    """Whether places are one run; looked at piece by piece, so that it costs next to nothing where they are not."""
    first, count = int(places[0]), len(places)
    if first < 0 or int(places[-1]) - first != count - 1:
        return False
    pieces = (places[start : start + _PIECE + 1] for start in range(0, count, _PIECE))
    return all((piece[1:] - piece[:-1] == 1).all() for piece in pieces)


def _breaks(places: np.ndarray) -> np.ndarray:
    """(n - 1,) bool whether the next place goes on from each: one further, or as far from being any."""
    breaks = places[1:] - places[:-1] != 1
    if places.min() < 0:
        none = places < 0
        breaks[none[:-1]] = ~none[1:][none[:-1]]
    return breaks


def taken(values: np.ndarray, places: np.ndarray, known: list[Run] | None) -> np.ndarray:
    """values[places], not to be written; `known` are the runs of the places."""
    if known is None:
        return values[places]
    if len(known) == 1:
        return values[known[0][1] : known[0][1] + len(places)]
    found = np.empty((len(places), *values.shape[1:]), values.dtype)
    for at, first, count in known:
        found[at : at + count] = values[first : first + count]
    return found


def inside(known: list[Run], start: int, stop: int) -> Iterator[tuple[slice, slice]]:
    """Which of the places are from `start` to before `stop`, and how far behind `start`: parts of runs, as slices."""
    for at, first, count in known:
        if first < 0:
            continue
        low, high = max(first, start), min(first + count, stop)
        if low < high:
            yield slice(at + low - first, at + high - first), slice(low - start, high - start)


def put_at(into: np.ndarray, places: np.ndarray, values: np.ndarray, known: list[Run] | None) -> None:
    """into[places] = values; `known` are the runs of the places."""
    if known is None:
        into[places] = values
        return
    for at, first, count in known:
        into[first : first + count] = values[at : at + count]


def fill_at(into: np.ndarray, places: np.ndarray, value: float, known: list[Run] | None) -> None:
    """into[places] = value; `known` are the runs of the places."""
    if known is None:
        into[places] = value
        return
    for _, first, count in known:
        into[first : first + count] = value


def put_some_at(
    into: np.ndarray, places: np.ndarray, values: np.ndarray, which: np.ndarray, known: list[Run] | None
) -> None:
    """into[places[which]] = values[which], for (n,) bool."""
    if which.all():
        put_at(into, places, values, known)
        return
    if known is None or 8 * np.count_nonzero(which) < len(which):
        into[places[which]] = values[which]
        return
    shaped = which.reshape(-1, *(1,) * (into.ndim - 1))
    for at, first, count in known:
        mine = slice(at, at + count)
        np.copyto(into[first : first + count], values[mine], where=shaped[mine])
