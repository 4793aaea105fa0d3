"""The activation functions in torch: one for every name in `neurograph.schema.activations`."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from neurograph.schema.activations import ACTIVATIONS

Function = Callable[[Tensor], Tensor]
OUTSIDE = frozenset({"exp", "log", "inverse"})  # of the kernels, which know all others
CODES = {name: code for code, name in enumerate(ACTIVATIONS) if name not in OUTSIDE}  # csrc/activation.h has them


def _leaky_relu(x: Tensor) -> Tensor:
    return F.leaky_relu(x, 0.01)


def _gelu_tanh(x: Tensor) -> Tensor:
    return F.gelu(x, approximate="tanh")


def _square(x: Tensor) -> Tensor:
    return x * x


def _gauss(x: Tensor) -> Tensor:
    return torch.exp(-x * x)


def _exp(x: Tensor) -> Tensor:
    return torch.exp(x.clamp(-60.0, 60.0))


def _log(x: Tensor) -> Tensor:
    return torch.log(x.clamp_min(1e-7))


def _inverse(x: Tensor) -> Tensor:
    there = torch.ne(x, 0.0)  # functions that have names, which exported sources call
    return torch.where(there, torch.reciprocal(torch.where(there, x, 1.0)), 0.0)


def prelu(x: Tensor, slope: Tensor) -> Tensor:
    """max(0, x) + slope * min(0, x), with one slope per neuron (He et al. 2015, eq. 1).

    Parameters
    ----------
    x
        (batch, neurons).
    slope
        (neurons,) or a scalar.
    """
    return torch.where(x > 0, x, slope * x)


FUNCTIONS: dict[str, Function] = {
    "relu": torch.relu,
    "leaky_relu": _leaky_relu,
    "relu6": F.relu6,
    "elu": F.elu,
    "selu": torch.selu,
    "celu": torch.celu,
    "gelu": F.gelu,
    "gelu_tanh": _gelu_tanh,
    "silu": F.silu,
    "mish": F.mish,
    "softplus": F.softplus,
    "softsign": F.softsign,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "log_sigmoid": F.logsigmoid,
    "hard_tanh": F.hardtanh,
    "hard_sigmoid": F.hardsigmoid,
    "hard_swish": F.hardswish,
    "hard_shrink": F.hardshrink,
    "soft_shrink": F.softshrink,
    "abs": torch.abs,
    "square": _square,
    "sin": torch.sin,
    "gauss": _gauss,
    "exp": _exp,
    "log": _log,
    "inverse": _inverse,
}

SLOPED: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"prelu": prelu}

IDENTITY = "identity"  # nothing to call: what goes in comes out


def activate(name: str, x: Tensor, slope: Tensor | None = None) -> Tensor:
    """The activation of that name applied to x; `slope` is read only by the kinds that have one."""
    if name == IDENTITY:
        return x
    if name in SLOPED:
        assert slope is not None
        return SLOPED[name](x, slope)
    return FUNCTIONS[name](x)
