"""`convolve`: kernels between some pairs of maps only, where no pair without a synapse costs anything.

In eager mode a native kernel runs straight from an autograd function; `torch.compile` sees the operators
`torch.ops.neurograph.sparse_conv` and `sparse_conv_backward`. Gradients of gradients, and whatever `torch.func`
transforms, are computed by PyTorch's own convolution of a masked tensor, which knows every derivative.
"""

from dataclasses import fields

import torch
from torch import Tensor

from ..transforms import transformed
from .conv_calls import (
    Slide,
    backward,
    by_torch,
    forward,
    gradients,
    has_kernel,
    refuse_misfits,
    shape_of,
)
from .sparse import Wiring, bare

__all__ = ["Slide", "convolve"]


def convolve(x: Tensor, values: Tensor, bias: Tensor | None, wiring: Wiring, slide: Slide) -> Tensor:
    """What kernels make of maps.

    Parameters
    ----------
    x
        (batch, inputs, height, width) in any memory format, float32 or float64 for the native kernel.
    values
        (synapses, kernel height, kernel width) of the same dtype, in the wiring's order of rows.
    bias
        (outputs,) or None.
    wiring
        Which maps are read for which; one that was checked.
    slide
        Stride, padding and dilation.

    Returns
    -------
    Tensor
        (batch, outputs, height, width) in the memory format of x.

    Raises
    ------
    ValueError
        Where the tensors do not fit the wiring.
    """
    tensors = [t for t in (x, values, bias) if t is not None]
    if transformed(*tensors) or not has_kernel(x, values):
        refuse_misfits(x, values, bias, tuple(wiring))
        return by_torch(x, values, bias, tuple(wiring), slide)
    if bare(*tensors):
        return _Convolution.apply(x, values, bias, wiring, slide)  # pyright: ignore[reportReturnType]
    return torch.ops.neurograph.sparse_conv(x, values, bias, slide.flat(), *wiring)


class _Convolution(torch.autograd.Function):
    """The convolution in eager mode, and nothing around it."""

    @staticmethod
    def forward(ctx, x: Tensor, values: Tensor, bias: Tensor | None, wiring: Wiring, slide: Slide) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx.save_for_backward(x, values)
        ctx.rest = wiring, slide
        return forward(x, values, bias, slide.flat(), *wiring)

    @staticmethod
    def backward(ctx, gradient: Tensor):  # pyright: ignore[reportIncompatibleMethodOverride]
        (x, values), (wiring, slide) = ctx.saved_tensors, ctx.rest
        if torch.is_grad_enabled() or transformed(gradient):
            found = gradients(gradient, x, values, tuple(wiring), slide)
        else:
            found = backward(gradient, x, values, slide.flat(), *wiring)
        return *found, gradient.sum((0, 2, 3)) if ctx.needs_input_grad[2] else None, None, None


# --- the operators as PyTorch sees them: for tracing; eager mode does without them ------------------------------------


def _save(ctx, inputs, output) -> None:
    ctx.save_for_backward(*inputs[:2])
    ctx.rest, ctx.biased = inputs[3:], inputs[2] is not None


def _operator_backward(ctx, gradient: Tensor):
    found = torch.ops.neurograph.sparse_conv_backward(gradient, *ctx.saved_tensors, *ctx.rest)
    return *found, gradient.sum((0, 2, 3)) if ctx.biased else None, *(None,) * 6


def _shape(x, values, bias, flat, row_start, *_):
    return shape_of(x, values, row_start.shape[0] - 1, flat)


def _backward_shapes(gradient, x, values, *_):
    return torch.empty_like(x), torch.empty_like(values, memory_format=torch.contiguous_format)


_LIBRARY = torch.library.Library("neurograph", "FRAGMENT")
_REST = "int[] slide, " + ", ".join(f"Tensor {field.name}" for field in fields(Wiring))
for _schema, _run, _fake in (
    (f"sparse_conv(Tensor x, Tensor values, Tensor? bias, {_REST}) -> Tensor", forward, _shape),
    (
        f"sparse_conv_backward(Tensor gradient, Tensor x, Tensor values, {_REST}) -> (Tensor, Tensor)",
        backward,
        _backward_shapes,
    ),
):
    _name = _LIBRARY.define(_schema, tags=(torch.Tag.pt2_compliant_tag,))
    _LIBRARY.impl(_name, _run, "CompositeExplicitAutograd")
    torch.library.register_fake(f"neurograph::{_name}", _fake, lib=_LIBRARY)
torch.library.register_autograd("neurograph::sparse_conv", _operator_backward, setup_context=_save, lib=_LIBRARY)
