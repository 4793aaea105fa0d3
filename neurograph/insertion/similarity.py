"""How similar neurons are (CompNet, eq. 7)."""

import numpy as np

COLLINEAR = 1.0 - 1e-9  # correlation from which two neurons count as one


def correlation(covariance: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """(p, p) correlations: covariances of the variables once they are standardised to mean 0 and X'X = N."""
    scale = np.where(deviation > 0, deviation, 1.0)
    return covariance / np.outer(scale, scale)


def similarity(correlations: np.ndarray) -> np.ndarray:
    """R of eq. 7: |r| / (1 - |r|) between two neurons, 0 of each with itself.

    Parameters
    ----------
    correlations
        (p, p) of the standardised variables.

    Examples
    --------
    >>> similarity(np.array([[1.0, -0.5], [-0.5, 1.0]])).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    size = np.minimum(np.abs(correlations), COLLINEAR)
    found = size / (1.0 - size)
    np.fill_diagonal(found, 0.0)
    return found


def distinct(correlations: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """(p,) bool: which neurons have something of their own.

    Constant neurons have not, nor has one that says what an earlier one says: between those R would be infinite, and
    the paper sets one of the two to zero.
    """
    alive = deviation > 0
    earlier = np.triu(np.abs(correlations) >= COLLINEAR, 1) & alive[:, None] & alive[None, :]
    repeats = np.zeros(len(deviation), bool)
    for j in np.flatnonzero(earlier.any(0)).tolist():
        repeats[j] = (earlier[:, j] & ~repeats).any()
    return alive & ~repeats
