"""Lowering `pool`: largest and average values under a window; every map is pooled once, whoever reads it."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..drawing.drawing import Made, Value, made
from ..regions.windows import Window
from .base import NOT_MAPS, Lowering
from .copy import Copy
from .layout import ProductLayout
from .portable_form import ProductDrawing, Vector
from .rates import Calibration, Rates
from .spec import BundleSpec, Number

# per call, per value looked at
RATES = Rates("pool", call=(30e-6, 30e-6), value=(1.5e-9, 0.01e-9))


class Pool(Copy):
    """A bundle of pools: pooled maps, handed on as identities are."""

    def __init__(self, layout: ProductLayout, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__(layout, dtype, device)
        window = layout.window
        assert window is not None
        self.window = window
        self.whole = window.op == "avg_pool" and window.kernel == window.source and window.padding == (0, 0)

    def run(self, x: Tensor, bias: Tensor | None) -> Tensor:
        made = self._pooled(x)
        return super().run(made if self.window.target else made.flatten(1), bias)

    def _pooled(self, x: Tensor) -> Tensor:
        window = self.window
        if self.whole:
            return x.mean((2, 3), keepdim=True)
        slides = window.kernel, window.stride, window.padding
        if window.op == "max_pool":
            return F.max_pool2d(x, *slides, window.dilation, window.ceil_mode)
        return F.avg_pool2d(x, *slides, window.ceil_mode, window.count_include_pad)


def _refuses(spec: BundleSpec) -> str | None:
    if spec.window is None:
        return NOT_MAPS
    return None if spec.window.pools else f"these synapses are {spec.window}"


def _cost(spec: BundleSpec, calibration: Calibration) -> Number:
    window, (source, target) = spec.window, spec.areas
    looked = source + target * (window.taps if window else 1)
    call, value = RATES.of(calibration)
    return call + value * spec.inputs * looked * spec.batch


def _portable(product: ProductDrawing, x: Value, bias: Vector) -> Value:
    window = product.layout.window
    assert window is not None
    x, maps = product.layer(_layer(window), x), bool(window.target)
    return product.add_bias(product.wire(x if maps else x.flatten(1)), bias, maps)


def _layer(window: Window) -> Made:
    slides: dict[str, Any] = {"stride": window.stride, "padding": window.padding, "ceil_mode": window.ceil_mode}
    if window.op == "max_pool":
        return made(nn.MaxPool2d, window.kernel, **slides, dilation=window.dilation)
    return made(nn.AvgPool2d, window.kernel, **slides, count_include_pad=window.count_include_pad)


POOL = Lowering("pool", _refuses, _cost, Pool, (RATES,), _portable)
