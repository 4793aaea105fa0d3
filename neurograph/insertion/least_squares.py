"""Weights by which the new neurons contribute what the old ones did: least squares or ridge (CompNet, eq. 2 and 11)."""

from dataclasses import dataclass

import numpy as np

from neurograph.errors import EditError
from neurograph.insertion.sums import Regression

_LOST = 8.0  # by how many roundings of the sums the smallest eigenvalue must differ from zero to mean anything


@dataclass(frozen=True, eq=False)
class Fit:
    """A fit.

    Parameters
    ----------
    weights
        (p, t) float64: W(new2).
    intercept
        (t,) what has to be added to each response; zero where none may be.
    error
        Energy of what is missed over that of the responses about their means; all responses together.
    """

    weights: np.ndarray
    intercept: np.ndarray
    error: float


def least_squares(
    regression: Regression,
    ridge: float = 0.0,
    through_origin: np.ndarray | None = None,
    wired: np.ndarray | None = None,
) -> Fit:
    """Fit every response by all inputs, or by those of some neurons.

    Parameters
    ----------
    regression
        Moments of inputs and responses.
    ridge
        Penalty on the squared weights of the inputs once they are scaled to a deviation of one, per row of data: a
        number that means the same whatever the scale of the activations. 0 is least squares; where inputs depend on
        one another, the smallest weights that do.
    through_origin
        (t,) bool: responses that no constant may be added to.
    wired
        (neurons, t) bool: which neurons a response reads; None: all.

    Raises
    ------
    EditError
        Fewer rows than weights a response, without ridge.
    """
    if wired is not None:
        return _wired(regression, ridge, through_origin, wired)
    inputs, p = regression.inputs, len(regression.inputs.mean)
    unknown = p + 1
    if inputs.count < unknown and ridge == 0.0:
        raise EditError(
            f"{inputs.count} recorded samples (and positions) cannot tell {unknown} weights of each target apart: "
            "record more of them, draw fewer neurons (width=), or give ridge=, say 1e-3"
        )
    bare = np.zeros(len(regression.response_mean), bool) if through_origin is None else through_origin
    weights, intercept = np.zeros((p, len(bare))), np.zeros(len(bare))
    if (~bare).any():
        weights[:, ~bare] = _solve(
            inputs.covariance, regression.cross[:, ~bare], inputs.deviation, ridge, inputs.resolution
        )
        intercept[~bare] = regression.response_mean[~bare] - inputs.mean @ weights[:, ~bare]
    if bare.any():
        gram = inputs.covariance + np.outer(inputs.mean, inputs.mean)
        cross = regression.cross[:, bare] + np.outer(inputs.mean, regression.response_mean[bare])
        size = np.sqrt(np.maximum(np.diag(gram), 0.0))
        weights[:, bare] = _solve(gram, cross, size, ridge, inputs.resolution)
    return Fit(weights, intercept, missed(regression, weights, intercept))


def _wired(regression: Regression, ridge: float, through_origin: np.ndarray | None, wired: np.ndarray) -> Fit:
    """Responses that read the same neurons are fitted together, the others apart."""
    weights = np.zeros_like(regression.cross)
    intercept = np.zeros(len(regression.response_mean))
    patterns, group = np.unique(wired, axis=1, return_inverse=True)
    for number, pattern in enumerate(patterns.T):
        mine, neurons = np.flatnonzero(group.reshape(-1) == number), np.flatnonzero(pattern)
        bare = None if through_origin is None else through_origin[mine]
        fit = least_squares(regression.of(neurons).towards(mine), ridge, bare)
        inputs = (neurons[:, None] * regression.window + np.arange(regression.window)).reshape(-1)
        weights[np.ix_(inputs, mine)], intercept[mine] = fit.weights, fit.intercept
    return Fit(weights, intercept, missed(regression, weights, intercept))


def missed(regression: Regression, weights: np.ndarray, intercept: np.ndarray) -> float:
    """Energy of what (p, t) weights and (t,) intercepts miss over that of the responses about their means."""
    explained = 2 * (weights * regression.cross).sum() - (weights * (regression.inputs.covariance @ weights)).sum()
    shift = regression.inputs.mean @ weights + intercept - regression.response_mean
    energy = float(regression.response_variance.sum())
    return max(0.0, float(energy - explained + (shift**2).sum())) / energy if energy else 0.0


def _solve(gram: np.ndarray, cross: np.ndarray, scale: np.ndarray, ridge: float, resolution: float) -> np.ndarray:
    """Weights for a Gram matrix, by way of inputs of size one; zero for inputs that say nothing."""
    weights, varying = np.zeros_like(cross), np.flatnonzero(scale > 0)
    if not len(varying):
        return weights
    size = scale[varying]
    system = gram[np.ix_(varying, varying)] / np.outer(size, size)
    system[np.diag_indices_from(system)] += ridge
    wanted = cross[varying] / size[:, None]
    lost = _LOST * resolution * np.sqrt(len(system))
    if _sound(system, lost):
        found = np.linalg.solve(system, wanted)
    else:
        found = _smallest(system, wanted, lost)
    weights[varying] = found / size[:, None]
    return weights


def _sound(system: np.ndarray, lost: float) -> bool:
    """Whether a system with ones on its diagonal tells all its unknowns apart.

    The smallest squared pivot of its Cholesky factor is no smaller than its smallest eigenvalue; seldom much larger.
    """
    try:
        pivots = np.diag(np.linalg.cholesky(system))
    except np.linalg.LinAlgError:
        return False
    return bool(pivots.min() ** 2 > lost)


def _smallest(system: np.ndarray, wanted: np.ndarray, lost: float) -> np.ndarray:
    """The smallest of the solutions that fit as well as the sums can tell."""
    values, vectors = np.linalg.eigh(system)
    kept = values > lost
    return vectors[:, kept] @ ((vectors[:, kept].T @ wanted) / values[kept, None])
