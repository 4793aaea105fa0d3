"""Lowering `torch_sparse`: the same product as `sparse` by the torch-sparse package, where that is installed.

Its kernels count indices in 64 bits and run on the CPU here; on another device the unit computes as `sparse` does. The
package is imported when it is pinned or when its price is the lower one: nothing else needs it.
"""

from functools import cache
from importlib.util import find_spec

import numpy as np
import torch
from torch import Tensor

from neurograph.errors import CompileError

from .base import Lowering
from .dense import DENSE
from .kernels.sparse import Wiring, gradients
from .layout import ProductLayout
from .rates import Calibration, Rates
from .sparse import SAMPLES, SPARSE, Sparse, portable
from .spec import BundleSpec, Number
from .transforms import transformed

INSTALL = (
    "torch-sparse is not installed: pip install --no-build-isolation 'neurograph-compiler[torch-sparse]' builds it, "
    "after torch, in ten minutes or more"
)
# as of `sparse`
RATES = Rates("torch_sparse", call=30e-6, product=1150e-12, weight=7e-9, value=0.58e-9)


class Twice(torch.autograd.Function):
    """A product as it is; a gradient that is to be differentiated goes around the package, which cannot do that.

    Its operator would hand over a gradient without a history, and the second derivative would lack a part.
    """

    @staticmethod
    def forward(ctx, total: Tensor, x: Tensor, values: Tensor, wiring: Wiring) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx.save_for_backward(x, values)
        ctx.wiring = wiring
        return total.view_as(total)

    @staticmethod
    def backward(ctx, gradient: Tensor):  # pyright: ignore[reportIncompatibleMethodOverride]
        if not torch.is_grad_enabled() and not transformed(gradient):
            return gradient, None, None, None
        (x, values), (_, need_x, need_values, _) = ctx.saved_tensors, ctx.needs_input_grad
        return None, *gradients(x, values, ctx.wiring, gradient, need_x, need_values), None


class TorchSparse(Sparse):
    """A bundle as CSR and CSC indices and a vector of weights in CSR order."""

    index_type = np.int64

    def __init__(self, layout: ProductLayout, dtype: torch.dtype, device: torch.device) -> None:
        if why := _broken():
            raise CompileError(f"lowering 'torch_sparse' cannot run: {why}")
        super().__init__(layout, dtype, device)

    def indices(self, layout: ProductLayout) -> dict[str, np.ndarray]:
        return super().indices(layout) | {"csr_row": layout.rows}

    def _product(self, x: Tensor, values: Tensor) -> Tensor:
        if not x.is_cpu or x.shape[0] == 0 or transformed():
            return super()._product(x, values)
        row, start, column, column_start, order = (
            self._buffers[name] for name in ("csr_row", "row_start", "column", "column_start", "order")
        )
        features = x.t().contiguous()
        total = torch.ops.torch_sparse.spmm_sum(row, start, column, values, column_start, order, features).t()
        if not torch.is_grad_enabled():
            return total
        return Twice.apply(total, x, values, self.wiring())  # pyright: ignore[reportReturnType]


@cache
def _missing() -> bool:
    return find_spec("torch_sparse") is None


@cache
def _broken() -> str | None:
    """Why the package cannot be loaded (it is built for one version of torch and no other), or None; imports it."""
    if _missing():
        return INSTALL
    try:
        import torch_sparse  # noqa: F401  # pyright: ignore[reportMissingImports]
    except Exception as error:
        return f"torch-sparse is installed but does not load with torch {torch.__version__} ({error}): build it again"
    return None


def _refuses(spec: BundleSpec) -> str | None:
    if reason := SPARSE.refuses(spec):
        return reason
    if _missing():
        return INSTALL
    return None if spec.device == "cpu" else f"it runs on the CPU, and this is for {spec.device}"


def _cost(spec: BundleSpec, calibration: Calibration) -> Number:
    call, product, weight, value = RATES.of(calibration)
    moved = value * (spec.inputs + spec.outputs) * spec.batch
    seconds = call + spec.synapses * (product * spec.batch + weight) + moved
    wins = seconds < np.minimum(SPARSE.cost(spec, calibration), DENSE.cost(spec, calibration))
    if np.any(wins) and not _missing() and _broken():
        return np.where(wins, np.inf, seconds)
    return seconds


TORCH_SPARSE = Lowering("torch_sparse", _refuses, _cost, TorchSparse, (RATES,), portable, SAMPLES[:3])
