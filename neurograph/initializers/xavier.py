"""Xavier's initializers: a compromise between what keeps activations and what keeps gradients in range.

Var(w) = 2 / (fan_in + fan_out) (Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward
neural networks", eq. 12), times the gain of the activation (`neurograph.schema.activations`), which is 1 for the
functions the paper looks at.
"""

import numpy as np

from neurograph.initializers.fans import fans
from neurograph.schema.activations import activation as known


def xavier_uniform(shape: tuple[int, ...], activation: str, rng: np.random.Generator) -> np.ndarray:
    """Uniform on [-b, b], b = sqrt(6 gain / (fan_in + fan_out)).

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
    >>> float(abs(xavier_uniform((50, 100), "tanh", np.random.default_rng(0))).max().round(1))
    0.2
    """
    bound = np.sqrt(6.0 * known(activation).gain / sum(fans(shape)))
    return rng.uniform(-bound, bound, shape)


def xavier_normal(shape: tuple[int, ...], activation: str, rng: np.random.Generator) -> np.ndarray:
    """Normal, variance 2 gain / (fan_in + fan_out); the parameters are those of `xavier_uniform`."""
    return rng.normal(0.0, np.sqrt(2.0 * known(activation).gain / sum(fans(shape))), shape)
