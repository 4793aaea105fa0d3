"""He's initializers: the variance of a layer's sums stays what it was, whatever its activation cuts off.

Var(w) = gain / fan_in (He, Zhang, Ren and Sun 2015, "Delving deep into rectifiers", eq. 10); the gain, 2 for ReLU,
stands in `neurograph.schema.activations`.
"""

import numpy as np

from neurograph.initializers.fans import fans
from neurograph.schema.activations import activation as known


def he_uniform(shape: tuple[int, ...], activation: str, rng: np.random.Generator) -> np.ndarray:
    """Uniform on [-b, b], b = sqrt(3 gain / fan_in).

    Parameters
    ----------
    shape
        (sources, targets, *kernel).
    activation
        Of the targets.
    rng
        Where the numbers come from.

    Returns
    -------
    weights : numpy.ndarray
        Float64, of that shape.

    Examples
    --------
    >>> float(abs(he_uniform((6, 100), "relu", np.random.default_rng(0))).max().round(1))
    1.0
    """
    bound = np.sqrt(3.0 * known(activation).gain / fans(shape)[0])
    return rng.uniform(-bound, bound, shape)


def he_normal(shape: tuple[int, ...], activation: str, rng: np.random.Generator) -> np.ndarray:
    """Normal with a standard deviation of sqrt(gain / fan_in); the parameters are those of `he_uniform`."""
    return rng.normal(0.0, np.sqrt(known(activation).gain / fans(shape)[0]), shape)
