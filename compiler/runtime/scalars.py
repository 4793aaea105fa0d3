"""The activation functions of single numbers: one for every name in `neurograph.schema.activations`.

They are for networks of a few neurons that run row by row, where a call of PyTorch takes longer than the network.
"""

from collections.abc import Callable
from math import erf, exp, expm1, inf, log, log1p, nan, pi, sin, sqrt, tanh

Scalar = Callable[[float], float]
_SCALE, _ALPHA = 1.0507009873554805, 1.6732632423543772  # of selu


def _exp(x: float) -> float:
    return exp(x) if x < 709.0 else inf


def _inverse(x: float) -> float:
    return 1.0 / x if x else 0.0


def _elu(x: float) -> float:
    return x if x > 0 else expm1(x)


def _selu(x: float) -> float:
    return _SCALE * (x if x > 0 else _ALPHA * expm1(x))


def _sigmoid(x: float) -> float:
    if x >= 0:
        return 1.0 / (1.0 + exp(-x))
    grown = exp(x)
    return grown / (1.0 + grown)


def _softplus(x: float) -> float:
    return x if x > 20.0 else log1p(exp(x))


def _gelu_tanh(x: float) -> float:
    return 0.5 * x * (1.0 + tanh(sqrt(2.0 / pi) * (x + 0.044715 * x * x * x)))


def _relu6(x: float) -> float:
    return 0.0 if x < 0 else min(x, 6.0)


def _sin(x: float) -> float:
    return sin(x) if -inf < x < inf else nan


def _soft_shrink(x: float) -> float:
    return x - 0.5 if x > 0.5 else x + 0.5 if x < -0.5 else 0.0


SCALARS: dict[str, Scalar | None] = {
    "identity": None,
    "relu": lambda x: 0.0 if x < 0 else x,
    "leaky_relu": lambda x: 0.01 * x if x < 0 else x,
    "relu6": _relu6,
    "elu": _elu,
    "selu": _selu,
    "celu": _elu,
    "gelu": lambda x: 0.5 * x * (1.0 + erf(x / sqrt(2.0))),
    "gelu_tanh": _gelu_tanh,
    "silu": lambda x: x * _sigmoid(x),
    "mish": lambda x: x * tanh(_softplus(x)),
    "softplus": _softplus,
    "softsign": lambda x: x / (1.0 + abs(x)),
    "tanh": tanh,
    "sigmoid": _sigmoid,
    "log_sigmoid": lambda x: min(x, 0.0) - log1p(exp(-abs(x))),
    "hard_tanh": lambda x: min(max(x, -1.0), 1.0),
    "hard_sigmoid": lambda x: _relu6(x + 3.0) / 6.0,
    "hard_swish": lambda x: x * _relu6(x + 3.0) / 6.0,
    "hard_shrink": lambda x: x if abs(x) > 0.5 else 0.0,
    "soft_shrink": _soft_shrink,
    "abs": abs,
    "square": lambda x: x * x,
    "sin": _sin,
    "gauss": lambda x: _exp(-x * x),
    "exp": lambda x: exp(min(max(x, -60.0), 60.0)),
    "log": lambda x: log(x if x > 1e-7 else 1e-7),
    "inverse": _inverse,
}
