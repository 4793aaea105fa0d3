"""Sorting by whole numbers that lie close together: by counting them, which takes a pass where comparing takes many."""

import numpy as np
from scipy.sparse import csr_array

LEAST = 2**13  # numbers; fewer are compared as fast
_PIECE = 2**16


def stable_order(numbers: np.ndarray, limit: int) -> np.ndarray:
    """The order in which numbers rise, equal ones as they stand.

    Parameters
    ----------
    numbers
        (n,) integers from 0 to limit - 1.
    limit
        Above all of them.

    Returns
    -------
    numpy.ndarray
        (n,) integers.

    Examples
    --------
    >>> stable_order(np.array([2, 0, 2, 1]), 3).tolist()
    [1, 3, 0, 2]
    """
    count = len(numbers)
    if count < LEAST or limit > 4 * count or count >= 2**31:
        return np.argsort(numbers, kind="stable")
    places = np.arange(count, dtype=np.int32)
    one_row = csr_array((places, numbers.astype(np.int32, copy=False), np.array([0, count])), shape=(1, limit))
    return one_row.tocsc().data  # by columns: SciPy counts them


def sorted_pairs(first: np.ndarray, second: np.ndarray, limit: int) -> np.ndarray:
    """The order in which pairs rise, equal ones as they stand.

    Parameters
    ----------
    first, second
        (n,) integers from 0 to limit - 1.
    limit
        Above all of them.

    Returns
    -------
    numpy.ndarray
        (n,) integers.
    """
    order = stable_order(second, limit)
    return order[stable_order(first[order], limit)]


def pairs_rise(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether pairs stand in rising order; equal ones may follow one another. Piece by piece, to stay in the cache."""
    for start in range(0, len(first), _PIECE):
        a, b = first[start : start + _PIECE + 1], second[start : start + _PIECE + 1]
        if ((a[1:] < a[:-1]) | ((a[1:] == a[:-1]) & (b[1:] < b[:-1]))).any():
            return False
    return True
