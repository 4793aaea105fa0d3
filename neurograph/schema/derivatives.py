"""The activation functions and their derivatives in numpy: one pair for every name in `neurograph.schema.activations`.

What is fitted without torch needs them (`neurograph.insertion`); compiled networks have their own.
"""

from collections.abc import Callable
from math import pi, sqrt

import numpy as np

from neurograph.schema.activations import activation

Pair = tuple[np.ndarray, np.ndarray]
_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def activated(name: str, x: np.ndarray) -> Pair:
    """The activation of that name at x, and its derivative there.

    Parameters
    ----------
    name
        Of `ACTIVATIONS`; a trainable slope is taken at its initial value.
    x
        Floating, any shape.

    Returns
    -------
    value, derivative : numpy.ndarray
        Of x's shape and dtype; at a kink the derivative is the one that torch takes.

    Raises
    ------
    NeuronError
        An unknown name.

    Examples
    --------
    >>> [part.tolist() for part in activated("relu", np.array([-1.0, 2.0]))]
    [[0.0, 2.0], [0.0, 1.0]]
    """
    value, derivative = DERIVATIVES[activation(name).name](x)
    return value.astype(x.dtype, copy=False), derivative.astype(x.dtype, copy=False)


def _identity(x: np.ndarray) -> Pair:
    return x, np.ones_like(x)


def _relu(x: np.ndarray) -> Pair:
    return np.maximum(x, 0.0), x > 0


def _sloped(slope: float) -> Callable[[np.ndarray], Pair]:
    return lambda x: (np.where(x > 0, x, slope * x), np.where(x > 0, 1.0, slope))


def _clipped(low: float, high: float, scale: float = 1.0, shift: float = 0.0) -> Callable[[np.ndarray], Pair]:
    """The line scale * x + shift between two x, constant beyond."""
    return lambda x: (scale * np.clip(x, low, high) + shift, scale * ((x > low) & (x < high)))


def _exponential(alpha: float, scale: float) -> Callable[[np.ndarray], Pair]:
    def both(x: np.ndarray) -> Pair:
        below = alpha * np.expm1(np.minimum(x, 0.0))
        return scale * np.where(x > 0, x, below), scale * np.where(x > 0, 1.0, below + alpha)

    return both


def _sigmoid(x: np.ndarray) -> Pair:
    value = 0.5 + 0.5 * np.tanh(0.5 * x)
    return value, value * (1.0 - value)


def _tanh(x: np.ndarray) -> Pair:
    value = np.tanh(x)
    return value, 1.0 - value**2


def _softplus(x: np.ndarray) -> Pair:
    return np.logaddexp(0.0, x), _sigmoid(x)[0]


def _log_sigmoid(x: np.ndarray) -> Pair:
    return -np.logaddexp(0.0, -x), _sigmoid(-x)[0]


def _softsign(x: np.ndarray) -> Pair:
    size = 1.0 + np.abs(x)
    return x / size, size**-2.0


def _gelu(x: np.ndarray) -> Pair:
    from scipy.special import erf  # a tenth of a second that only this activation needs

    share = 0.5 * (1.0 + erf(x / sqrt(2.0)))
    return x * share, share + x * np.exp(-0.5 * x**2) / sqrt(2.0 * pi)


def _gelu_tanh(x: np.ndarray) -> Pair:
    rate = sqrt(2.0 / pi)
    inner = np.tanh(rate * (x + 0.044715 * x**3))
    share = 0.5 * (1.0 + inner)
    return x * share, share + 0.5 * x * (1.0 - inner**2) * rate * (1.0 + 3 * 0.044715 * x**2)


def _silu(x: np.ndarray) -> Pair:
    share, slope = _sigmoid(x)
    return x * share, share + x * slope


def _mish(x: np.ndarray) -> Pair:
    soft, rate = _softplus(x)
    share, slope = _tanh(soft)
    return x * share, share + x * slope * rate


def _hard_swish(x: np.ndarray) -> Pair:
    share, slope = _clipped(-3.0, 3.0, 1 / 6, 0.5)(x)
    return x * share, share + x * slope


def _hard_shrink(x: np.ndarray) -> Pair:
    far = np.abs(x) > 0.5
    return np.where(far, x, 0.0), far


def _soft_shrink(x: np.ndarray) -> Pair:
    return np.sign(x) * np.maximum(np.abs(x) - 0.5, 0.0), np.abs(x) > 0.5


def _abs(x: np.ndarray) -> Pair:
    return np.abs(x), np.sign(x)


def _square(x: np.ndarray) -> Pair:
    return x * x, 2 * x


def _sin(x: np.ndarray) -> Pair:
    return np.sin(x), np.cos(x)


def _gauss(x: np.ndarray) -> Pair:
    value = np.exp(-x * x)
    return value, -2 * x * value


def _exp(x: np.ndarray) -> Pair:
    value = np.exp(np.clip(x, -60.0, 60.0))
    return value, value * ((x >= -60.0) & (x <= 60.0))


def _log(x: np.ndarray) -> Pair:
    cut = np.maximum(x, 1e-7)
    return np.log(cut), (x >= 1e-7) / cut


def _inverse(x: np.ndarray) -> Pair:
    there = x != 0
    value = np.where(there, 1.0 / np.where(there, x, 1.0), 0.0)
    return value, -(value**2)


DERIVATIVES: dict[str, Callable[[np.ndarray], Pair]] = {
    "identity": _identity,
    "relu": _relu,
    "leaky_relu": _sloped(0.01),
    "prelu": _sloped(activation("prelu").slope or 0.0),
    "relu6": _clipped(0.0, 6.0),
    "elu": _exponential(1.0, 1.0),
    "selu": _exponential(_SELU_ALPHA, _SELU_SCALE),
    "celu": _exponential(1.0, 1.0),
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
    "silu": _silu,
    "mish": _mish,
    "softplus": _softplus,
    "softsign": _softsign,
    "tanh": _tanh,
    "sigmoid": _sigmoid,
    "log_sigmoid": _log_sigmoid,
    "hard_tanh": _clipped(-1.0, 1.0),
    "hard_sigmoid": _clipped(-3.0, 3.0, 1 / 6, 0.5),
    "hard_swish": _hard_swish,
    "hard_shrink": _hard_shrink,
    "soft_shrink": _soft_shrink,
    "abs": _abs,
    "square": _square,
    "sin": _sin,
    "gauss": _gauss,
    "exp": _exp,
    "log": _log,
    "inverse": _inverse,
}
