"""A field on a CUDA device, as its operators call it: the walk behind the arguments of the native kernel."""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.weak import WeakIdKeyDictionary

from compiler.activations import CODES
from compiler.lowering.kernels.cuda import walk
from compiler.lowering.kernels.cuda.walk import Tiling, Wiring
from compiler.lowering.kernels.walk import level_bounds
from neurograph.schema.activations import ACTIVATIONS

_NAMES = tuple(ACTIVATIONS)
_wirings: Any = WeakIdKeyDictionary()  # from the tensor `start` of a field


def wiring_of(inputs: int, start: Tensor, source: Tensor, activation: Tensor) -> Wiring:
    """The wiring as the walk takes it; made once for each field and device."""
    held = _wirings.get(start)
    if held is None or held[0] is not source or held[1] is not activation:
        starts, sources, codes = (t.numpy(force=True) for t in (start, source, activation))
        levels = level_bounds(inputs, starts, sources)
        targets = np.repeat(np.arange(len(codes)), np.diff(starts))
        names = [_NAMES[code] for code in codes.tolist()]
        held = source, activation, Wiring.of(inputs, levels, targets, sources, names, start.device)
        _wirings[start] = held
    return held[2]


def tiling(wiring: Wiring, x: Tensor) -> Tiling:
    """How a batch is cut: for the device that it is on."""
    processors = torch.cuda.get_device_properties(x.device).multi_processor_count if x.is_cuda else 1
    return walk.cut_for(wiring, x.shape[0], processors)


def forward(
    x: Tensor, weight: Tensor, bias: Tensor, slope: Tensor | None, wiring: Wiring, outputs: Tensor, cut: Tiling
) -> tuple[Tensor, Tensor, Tensor]:
    """The values wanted, (batch, wanted); all values, (places, batch); and what went into the neurons.

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
    """The gradients of x, (batch, inputs), weight, bias and slope, from what arrives at the values wanted."""
    slopes = sums.new_zeros(len(sums)) if slope is None else slope.contiguous()
    incoming = torch.zeros_like(values).index_add_(0, outputs, gradient.t())
    deltas, reached = walk.backward(wiring, incoming, sums, weight.contiguous(), slopes, cut)
    to_weight = walk.weight_gradient(wiring, values, deltas)
    to_slope = None
    if slope is not None:
        bent = (reached[wiring.inputs :] * sums.clamp(max=0)).sum(1)
        to_slope = torch.where(wiring.codes == CODES["prelu"], bent, 0)
    return reached[: wiring.inputs].t(), to_weight, deltas.sum(1), to_slope
