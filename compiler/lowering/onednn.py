"""Lowering `onednn`: the dense product through oneDNN, which PyTorch carries but does not use for float32 layers.

On CPUs whose vendor's BLAS library does not suit them (MKL on AMD's) it is nearly twice as fast from a batch of a few
dozen on, and slower on a handful of rows: those run as `dense` does.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .base import Lowering
from .dense import DENSE, MATRICES, Dense
from .held import RATES as HELD
from .held import holding
from .portable_form import matrix
from .rates import Calibration, Rates
from .spec import BundleSpec, Number
from .transforms import transformed

LEAST = 16  # rows from which oneDNN is the faster
# as of `dense`
RATES = Rates("onednn", call=90e-6, product=29e-12, weight=1.1e-9)


def _linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    return torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")


class _Product(torch.autograd.Function):
    """x @ weight.T + bias, all of its three products through oneDNN."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx.save_for_backward(x, weight)
        return _linear(x, weight, bias)

    @staticmethod
    def backward(ctx, gradient: Tensor):  # pyright: ignore[reportIncompatibleMethodOverride]
        x, weight = ctx.saved_tensors
        need_x, need_weight, need_bias = ctx.needs_input_grad
        if torch.is_grad_enabled() or transformed(
            gradient
        ):  # its gradient is asked for, or many at once: oneDNN cannot
            to_x = gradient @ weight if need_x else None
            to_weight = gradient.t() @ x if need_weight else None
        else:
            to_x = _linear(gradient, weight.t().contiguous()) if need_x else None
            to_weight = _linear(gradient.t(), x.t().contiguous()) if need_weight else None
        return to_x, to_weight, gradient.sum(0) if need_bias else None


class OneDNN(Dense):
    """A bundle as a matrix (outputs, inputs), multiplied by oneDNN where the batch is large enough."""

    def run(self, x: Tensor, bias: Tensor | None) -> Tensor:
        weight = self.held()
        plain = weight.dtype != torch.float32 or torch.is_autocast_enabled("cpu") or transformed()
        if plain or x.shape[0] < LEAST:
            return F.linear(x, weight, bias)
        return _Product.apply(x.contiguous(), weight, bias)  # pyright: ignore[reportReturnType]


def available() -> bool:
    """Whether this build of PyTorch carries oneDNN and its operator."""
    return torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")


def _refuses(spec: BundleSpec) -> str | None:
    if spec.device != "cpu" or spec.dtype != "float32":
        return f"oneDNN's product is for float32 on the cpu, and this is {spec.dtype} on {spec.device}"
    if not available():
        return "this build of PyTorch does not carry oneDNN"
    return DENSE.refuses(spec)


def _cost(spec: BundleSpec, calibration: Calibration) -> Number:
    size = 1.0 * np.asarray(spec.inputs) * spec.outputs
    call, product, weight = RATES.of(calibration)
    if spec.batch < LEAST:
        return DENSE.cost(spec, calibration)
    return call + size * (product * spec.batch + weight) + holding(spec, size, calibration)


ONEDNN = Lowering("onednn", _refuses, _cost, OneDNN, (RATES, HELD), matrix, MATRICES)
