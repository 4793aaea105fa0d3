"""The activations and their derivatives in Triton; only those that a field has are compiled into its kernels.

`CODES`, those of the native kernels, number them. `used` is a bit set of the codes in a field: a compile-time constant,
so absent ones cost nothing.
"""

import triton
import triton.language as tl

from ....activations import CODES


def bits(names: set[str]) -> int:
    """The bit set of some activations."""
    return sum(1 << CODES[name] for name in names)


# Compile-time constants of the kernels below, in the order of the schema.
(
    _IDENTITY, _RELU, _LEAKY_RELU, _PRELU, _RELU6, _ELU, _SELU, _CELU, _GELU, _GELU_TANH, _SILU, _MISH, _SOFTPLUS,
    _SOFTSIGN, _TANH, _SIGMOID, _LOG_SIGMOID, _HARD_TANH, _HARD_SIGMOID, _HARD_SWISH, _HARD_SHRINK, _SOFT_SHRINK,
    _ABS, _SQUARE, _SIN, _GAUSS,
) = (tl.constexpr(CODES[name]) for name in (
    "identity", "relu", "leaky_relu", "prelu", "relu6", "elu", "selu", "celu", "gelu", "gelu_tanh", "silu", "mish",
    "softplus", "softsign", "tanh", "sigmoid", "log_sigmoid", "hard_tanh", "hard_sigmoid", "hard_swish", "hard_shrink",
    "soft_shrink", "abs", "square", "sin", "gauss",
))  # fmt: skip

_SCALE, _ALPHA = tl.constexpr(1.0507009873554804934193349852946), tl.constexpr(1.6732632423543772848170429916717)
_ROOT_HALF, _ROOT_2_PI = tl.constexpr(0.7071067811865475244), tl.constexpr(0.7978845608028653559)
_DENSITY = tl.constexpr(0.3989422804014326779)  # of the standard normal at 0
_ONE = tl.constexpr(1)
_CUBIC = tl.constexpr(0.044715)
_SIXTH, _THIRD = tl.constexpr(1 / 6), tl.constexpr(1 / 3)  # a device divides float64 by a constant in float32


@triton.jit
def _sigmoid(z):
    e = tl.exp(-tl.abs(z))
    return tl.where(z >= 0, 1 / (1 + e), e / (1 + e))


@triton.jit
def _tanh(z):
    e = tl.exp(-2 * tl.abs(z))
    t = (1 - e) / (1 + e)
    return tl.where(z >= 0, t, -t)


@triton.jit
def _softplus(z):
    return tl.maximum(z, 0.0) + tl.log(1 + tl.exp(-tl.abs(z)))


@triton.jit
def _expm1(z):
    return tl.exp(tl.minimum(z, 0.0)) - 1


@triton.jit
def activate(z, code, slope, USED: tl.constexpr):
    """The activation of every neuron's sum; `code` and `slope` broadcast against z."""
    y = z
    if (_ONE << _RELU) & USED:
        y = tl.where(code == _RELU, tl.where(z < 0, 0.0, z), y)
    if (_ONE << _LEAKY_RELU) & USED:
        y = tl.where(code == _LEAKY_RELU, tl.where(z > 0, z, 0.01 * z), y)
    if (_ONE << _PRELU) & USED:
        y = tl.where(code == _PRELU, tl.where(z > 0, z, slope * z), y)
    if (_ONE << _RELU6) & USED:
        y = tl.where(code == _RELU6, tl.minimum(tl.maximum(z, 0.0), 6.0), y)
    if ((_ONE << _ELU) & USED) | ((_ONE << _CELU) & USED):
        y = tl.where((code == _ELU) | (code == _CELU), tl.where(z > 0, z, _expm1(z)), y)
    if (_ONE << _SELU) & USED:
        y = tl.where(code == _SELU, tl.where(z > 0, z, _expm1(z) * _ALPHA) * _SCALE, y)
    if (_ONE << _GELU) & USED:
        y = tl.where(code == _GELU, 0.5 * z * (1 + tl.erf(z * _ROOT_HALF)), y)
    if (_ONE << _GELU_TANH) & USED:
        y = tl.where(code == _GELU_TANH, 0.5 * z * (1 + _tanh((z + z * z * z * _CUBIC) * _ROOT_2_PI)), y)
    if (_ONE << _SILU) & USED:
        y = tl.where(code == _SILU, z * _sigmoid(z), y)
    if (_ONE << _MISH) & USED:
        y = tl.where(code == _MISH, z * _tanh(_softplus(z)), y)
    if (_ONE << _SOFTPLUS) & USED:
        y = tl.where(code == _SOFTPLUS, tl.where(z > 20, z, _softplus(z)), y)
    if (_ONE << _SOFTSIGN) & USED:
        y = tl.where(code == _SOFTSIGN, z / (1 + tl.abs(z)), y)
    if (_ONE << _TANH) & USED:
        y = tl.where(code == _TANH, _tanh(z), y)
    if (_ONE << _SIGMOID) & USED:
        y = tl.where(code == _SIGMOID, _sigmoid(z), y)
    if (_ONE << _LOG_SIGMOID) & USED:
        y = tl.where(code == _LOG_SIGMOID, -_softplus(-z), y)
    if (_ONE << _HARD_TANH) & USED:
        y = tl.where(code == _HARD_TANH, tl.minimum(tl.maximum(z, -1.0), 1.0), y)
    if (_ONE << _HARD_SIGMOID) & USED:
        y = tl.where(code == _HARD_SIGMOID, tl.minimum(tl.maximum(z + 3, 0.0), 6.0) * _SIXTH, y)
    if (_ONE << _HARD_SWISH) & USED:
        y = tl.where(code == _HARD_SWISH, z * tl.minimum(tl.maximum(z + 3, 0.0), 6.0) * _SIXTH, y)
    if (_ONE << _HARD_SHRINK) & USED:
        y = tl.where(code == _HARD_SHRINK, tl.where(tl.abs(z) > 0.5, z, 0.0), y)
    if (_ONE << _SOFT_SHRINK) & USED:
        y = tl.where(code == _SOFT_SHRINK, tl.where(z > 0.5, z - 0.5, tl.where(z < -0.5, z + 0.5, 0.0)), y)
    if (_ONE << _ABS) & USED:
        y = tl.where(code == _ABS, tl.abs(z), y)
    if (_ONE << _SQUARE) & USED:
        y = tl.where(code == _SQUARE, z * z, y)
    if (_ONE << _SIN) & USED:
        y = tl.where(code == _SIN, tl.sin(z), y)
    if (_ONE << _GAUSS) & USED:
        y = tl.where(code == _GAUSS, tl.exp(-z * z), y)
    return y


@triton.jit
def derivative(z, code, slope, USED: tl.constexpr):
    """The derivative of `activate` at z; where it has none, what torch takes."""
    one = z * 0 + 1  # constants of z's own dtype: a bare one would be a float32
    none = z * 0
    d = one
    if (_ONE << _RELU) & USED:
        d = tl.where(code == _RELU, tl.where(z > 0, one, none), d)
    if (_ONE << _LEAKY_RELU) & USED:
        d = tl.where(code == _LEAKY_RELU, tl.where(z > 0, one, 0.01 * one), d)
    if (_ONE << _PRELU) & USED:
        d = tl.where(code == _PRELU, tl.where(z > 0, one, slope), d)
    if (_ONE << _RELU6) & USED:
        d = tl.where(code == _RELU6, tl.where((z > 0) & (z < 6), one, none), d)
    if ((_ONE << _ELU) & USED) | ((_ONE << _CELU) & USED):
        d = tl.where((code == _ELU) | (code == _CELU), tl.where(z > 0, one, _expm1(z) + 1), d)
    if (_ONE << _SELU) & USED:
        d = tl.where(code == _SELU, tl.where(z > 0, one, (_expm1(z) + 1) * _ALPHA) * _SCALE, d)
    if (_ONE << _GELU) & USED:
        slope_of = 0.5 * (1 + tl.erf(z * _ROOT_HALF)) + z * _DENSITY * tl.exp(-0.5 * z * z)
        d = tl.where(code == _GELU, slope_of, d)
    if (_ONE << _GELU_TANH) & USED:
        t = _tanh((z + z * z * z * _CUBIC) * _ROOT_2_PI)
        inner = (1 + z * z * _CUBIC * 3) * _ROOT_2_PI
        d = tl.where(code == _GELU_TANH, 0.5 * (1 + t) + 0.5 * z * (1 - t * t) * inner, d)
    if (_ONE << _SILU) & USED:
        s = _sigmoid(z)
        d = tl.where(code == _SILU, s * (1 + z * (1 - s)), d)
    if (_ONE << _MISH) & USED:
        t = _tanh(_softplus(z))
        d = tl.where(code == _MISH, t + z * (1 - t * t) * _sigmoid(z), d)
    if (_ONE << _SOFTPLUS) & USED:
        d = tl.where(code == _SOFTPLUS, tl.where(z > 20, one, _sigmoid(z)), d)
    if (_ONE << _SOFTSIGN) & USED:
        d = tl.where(code == _SOFTSIGN, 1 / ((1 + tl.abs(z)) * (1 + tl.abs(z))), d)
    if (_ONE << _TANH) & USED:
        t = _tanh(z)
        d = tl.where(code == _TANH, 1 - t * t, d)
    if (_ONE << _SIGMOID) & USED:
        s = _sigmoid(z)
        d = tl.where(code == _SIGMOID, s * (1 - s), d)
    if (_ONE << _LOG_SIGMOID) & USED:
        d = tl.where(code == _LOG_SIGMOID, _sigmoid(-z), d)
    if (_ONE << _HARD_TANH) & USED:
        d = tl.where(code == _HARD_TANH, tl.where((z > -1) & (z < 1), one, none), d)
    if (_ONE << _HARD_SIGMOID) & USED:
        d = tl.where(code == _HARD_SIGMOID, tl.where((z > -3) & (z < 3), one * _SIXTH, none), d)
    if (_ONE << _HARD_SWISH) & USED:
        middle = z * _THIRD + 0.5
        d = tl.where(code == _HARD_SWISH, tl.where(z <= -3, none, tl.where(z < 3, middle, one)), d)
    if (_ONE << _HARD_SHRINK) & USED:
        d = tl.where(code == _HARD_SHRINK, tl.where(tl.abs(z) > 0.5, one, none), d)
    if (_ONE << _SOFT_SHRINK) & USED:
        d = tl.where(code == _SOFT_SHRINK, tl.where(tl.abs(z) > 0.5, one, none), d)
    if (_ONE << _ABS) & USED:
        d = tl.where(code == _ABS, tl.where(z > 0, one, tl.where(z < 0, -one, none)), d)
    if (_ONE << _SQUARE) & USED:
        d = tl.where(code == _SQUARE, 2 * z, d)
    if (_ONE << _SIN) & USED:
        d = tl.where(code == _SIN, tl.cos(z), d)
    if (_ONE << _GAUSS) & USED:
        d = tl.where(code == _GAUSS, -2 * z * tl.exp(-z * z), d)
    return d
