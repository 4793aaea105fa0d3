"""Lowering `pool`: largest and average values under a window; every map is pooled once, whoever reads it."""

import torch
import torch.nn.functional as F
from torch import Tensor

from compiler.lowering.base import NOT_MAPS, Lowering, ProductLayout
from compiler.lowering.copy import Copy
from compiler.planning.cost import BundleSpec, Calibration, Number


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
    return calibration.pool_call + calibration.pool_value * spec.inputs * looked * spec.batch


POOL = Lowering("pool", _refuses, _cost, Pool)
