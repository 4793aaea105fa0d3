"""How large weights are, for pictures, pages and tables: numbers near the largest float must not overflow."""

from math import prod

import numpy as np

_LARGE = 1e150  # the square of what is larger may overflow
_MOST = float(np.finfo(np.float64).max)


def sizes(weights: np.ndarray) -> np.ndarray:
    """(n,) absolute numbers, or norms of (n, height, width) kernels; the largest float where a norm is beyond it."""
    flat, scale = _scaled(weights.reshape(len(weights), prod(weights.shape[1:])))
    if flat.shape[1:] == (1,):
        return np.abs(weights.reshape(-1))
    found = np.linalg.norm(flat, axis=1)
    return found if scale == 1.0 else scale * np.minimum(found, _MOST / scale)


def signs(weights: np.ndarray) -> np.ndarray:
    """(n,) -1, 0 or 1: the signs of the sums of some weights."""
    flat, _ = _scaled(weights.reshape(len(weights), prod(weights.shape[1:])))
    return np.sign(flat.sum(axis=1))


def signed_sizes(weights: np.ndarray) -> np.ndarray:
    """(n,) numbers as they are; kernels as their norm, with the sign of their sum."""
    if weights.ndim == 1:
        return weights
    return sizes(weights) * np.where(signs(weights) < 0, -1.0, 1.0)


def mean_and_deviation(numbers: np.ndarray) -> tuple[float, float]:
    """Of (n,) numbers, at least one."""
    scaled, scale = _scaled(numbers)
    return float(scaled.mean()) * scale, float(scaled.std()) * scale


def histogram(numbers: np.ndarray, bins: int, reach: float) -> np.ndarray:
    """(bins,) int64 counts over equal bins of [-reach, reach]; what is beyond is in the outermost."""
    if reach > _LARGE or reach < 1 / _LARGE:
        with np.errstate(over="ignore"):  # of small ones, the few beyond reach may be infinitely far
            numbers, reach = numbers / reach, 1.0
    return np.histogram(np.clip(numbers, -reach, reach), bins, (-reach, reach))[0]


def _scaled(numbers: np.ndarray) -> tuple[np.ndarray, float]:
    """Numbers whose squares do not overflow, and what to multiply them with."""
    most = float(np.abs(numbers).max(initial=0.0))
    return (numbers, 1.0) if most < _LARGE else (numbers / most, most)
