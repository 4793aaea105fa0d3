"""A field on a CUDA device, as its operators call it: the walks behind the arguments of the native kernel.

Where the values of a part of the field fit into a multiprocessor's shared memory, and that is faster, they are walked
there (`shared.py`); else Triton's kernels walk in the device's memory (`walk.py`). Both keep the same between forward
and backward.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.weak import WeakIdKeyDictionary

from neurograph.schema.activations import ACTIVATIONS

from ....activations import CODES
from ..walk import level_bounds
from . import runtime, shared, walk
from .parts import Parts, parts_of
from .shared import SharedWalk
from .walk import Tiling, Wiring

MOST = 64  # sizes of batches whose walks are kept
_NAMES = tuple(ACTIVATIONS)
_wirings: Any = WeakIdKeyDictionary()  # from the tensor `start` of a field


@dataclass(frozen=True, eq=False)
class LaidOut:
    """A field's wiring as the walks take it, and the walk in shared memory (None for Triton's) by rows and bytes."""

    wiring: Wiring
    parts: Parts | None
    walks: dict[tuple[int, int], SharedWalk | None] = field(default_factory=dict)

    def shared(self, x: Tensor) -> SharedWalk | None:
        """The walk in shared memory for a batch like x; None where it does not fit there, or Triton's is faster."""
        key = x.shape[0], x.element_size()
        if key not in self.walks:
            if len(self.walks) == MOST:
                self.walks.clear()
            self.walks[key] = self._chosen(x)
        return self.walks[key]

    def _chosen(self, x: Tensor) -> SharedWalk | None:
        if self.parts is None:
            return None
        batch, size, processors = x.shape[0], x.element_size(), _processors(x)
        columns = shared.columns_for(self.parts, batch, size, processors, runtime.most_shared(x.device))
        if not columns:
            return None
        mine = shared.seconds(self.wiring, self.parts, batch, columns, processors)
        theirs = walk.seconds(self.wiring, batch, tiling(self.wiring, x))
        return SharedWalk(self.wiring, self.parts, columns) if mine <= theirs else None


def laid_out(inputs: int, start: Tensor, source: Tensor, activation: Tensor) -> LaidOut:
    """The wiring as the walks take it; made once for each field and device."""
    held = _wirings.get(start)
    if held is None or held[0] is not source or held[1] is not activation:
        starts, sources, codes = (t.numpy(force=True) for t in (start, source, activation))
        levels = level_bounds(inputs, starts, sources)
        targets = np.repeat(np.arange(len(codes)), np.diff(starts))
        names = [_NAMES[code] for code in codes.tolist()]
        parts = parts_of(inputs, starts, sources, codes, levels, start.device) if runtime.usable() else None
        held = source, activation, LaidOut(Wiring.of(inputs, levels, targets, sources, names, start.device), parts)
        _wirings[start] = held
    return held[2]


def run(
    x: Tensor, weight: Tensor, bias: Tensor, slope: Tensor | None, wired: tuple[Tensor, ...], y: Tensor, keep: bool
) -> tuple[Tensor, Tensor]:
    """The values wanted, written to `y`; returns all values, (places, batch), and what went into the neurons.

    x is (batch, inputs), with one row at least; `wired` is start, source, activation and outputs of a `FieldWiring`.
    """
    *wiring, outputs = wired
    laid = laid_out(x.shape[1], *wiring)
    found = laid.shared(x)
    if found is None:
        cut = tiling(laid.wiring, x)
        result, values, sums = forward(x, weight, bias, slope, laid.wiring, outputs, cut)
        y.copy_(result)
        return values, sums
    values, sums = shared.forward(x, weight, bias, slope, found, keep)
    torch.index_select(values.t(), 1, outputs, out=y)
    return values, sums


def run_back(
    gradient: Tensor,
    kept: tuple[Tensor, Tensor],
    weight: Tensor,
    slope: Tensor | None,
    wired: tuple[Tensor, ...],
    to_x: Tensor,
    need_x: bool,
) -> tuple[Tensor, Tensor, Tensor | None]:
    """The gradients of weight, bias and slope from what arrives at the values wanted and what `run` returned.

    That of x is written to `to_x`, (batch, inputs), where it is needed.
    """
    (values, sums), (*wiring, outputs) = kept, wired
    laid = laid_out(to_x.shape[1], *wiring)
    found = laid.shared(to_x)
    if found is None:
        cut = tiling(laid.wiring, to_x)
        by_x, to_weight, to_bias, to_slope = backward(gradient, values, sums, weight, slope, laid.wiring, outputs, cut)
        to_x.copy_(by_x)
        return to_weight, to_bias, to_slope
    incoming = torch.zeros_like(values).index_add_(0, outputs, gradient.t())
    return shared.backward(incoming, values, sums, weight, slope, found, to_x if need_x else None)


def _processors(x: Tensor) -> int:
    return torch.cuda.get_device_properties(x.device).multi_processor_count if x.is_cuda else 1


def tiling(wiring: Wiring, x: Tensor) -> Tiling:
    """How Triton's walk cuts a batch: for the device that it is on."""
    return walk.cut_for(wiring, x.shape[0], _processors(x))


def forward(
    x: Tensor, weight: Tensor, bias: Tensor, slope: Tensor | None, wiring: Wiring, outputs: Tensor, cut: Tiling
) -> tuple[Tensor, Tensor, Tensor]:
    """By Triton: the values wanted, (batch, wanted); all values, (places, batch); and what went into the neurons.

    x is (batch, inputs), the rest as in `field.run_field`; the batch has at least one row.
    """
    slopes = torch.zeros_like(bias) if slope is None else slope.contiguous()
    values, sums = walk.forward(wiring, x.t().contiguous(), weight.contiguous(), bias.contiguous(), slopes, cut)
    return values.index_select(0, outputs).t(), values, sums


def backward(
    gradient: Tensor,
    values: Tensor,
    sums: Tensor,
    weight: Tensor,
    slope: Tensor | None,
    wiring: Wiring,
    outputs: Tensor,
    cut: Tiling,
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """By Triton: the gradients of x, (batch, inputs), weight, bias and slope, from those of the values wanted."""
    slopes = sums.new_zeros(len(sums)) if slope is None else slope.contiguous()
    incoming = torch.zeros_like(values).index_add_(0, outputs, gradient.t())
    deltas, reached = walk.backward(wiring, incoming, sums, weight.contiguous(), slopes, cut)
    to_weight = walk.weight_gradient(wiring, values, deltas)
    to_slope = None
    if slope is not None:
        bent = (reached[wiring.inputs :] * sums.clamp(max=0)).sum(1)
        to_slope = torch.where(wiring.codes == CODES["prelu"], bent, 0)
    return reached[: wiring.inputs].t(), to_weight, deltas.sum(1), to_slope
