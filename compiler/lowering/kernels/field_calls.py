"""A field's kernel as it is called: pointers, what is kept between forward and backward, the shapes of the results."""

from typing import Any

import torch
from torch import Tensor

from compiler.lowering.kernels.library import kernel, thread_count
from compiler.lowering.kernels.products import by_feature, laid
from compiler.lowering.kernels.walk import walk, walk_backward


def has_kernel(x: Tensor) -> bool:
    """Whether there is a kernel for such a tensor."""
    return x.device.type == "cpu" and kernel("field_forward", x.dtype) is not None


def shapes(x: Tensor, activation: Tensor, outputs: Tensor, keep: bool) -> tuple[Tensor, Tensor, Tensor]:
    """What `forward` returns, not yet filled.

    `y` is (batch, wanted), laid out as x is. The others are in panels, (blocks, places, width): a block is as many rows
    of the batch as the kernel walks at once. `state` holds all values; `kept` what went into the neurons, where some
    activation's derivative needs it. Both are empty where no gradient will be asked for.
    """
    batch, inputs, neurons, wanted = x.shape[0], x.shape[1], activation.shape[0], outputs.shape[0]
    y = x.new_empty_strided((batch, wanted), (1, batch) if by_feature(x) else (wanted, 1))
    width = field_width(batch, inputs + neurons, x.dtype) if keep else 1
    blocks = -(-batch // width) if keep else 0
    return y, x.new_empty(blocks, inputs + neurons, width), x.new_empty(blocks, neurons, width)


def field_width(batch: int, places: int, dtype: torch.dtype) -> int:
    """Rows of the batch in a block."""
    function = kernel("field_width", dtype)
    return 1 if function is None else function(int(batch), int(places), thread_count())


def _arguments(x: Tensor, weight: Tensor, bias: Tensor, slope: Tensor | None, wiring) -> tuple[tuple, tuple, list]:
    """Pointers and sizes as both kernels take them, and what must live until they return."""
    _, source, activation, outputs = wiring
    neurons = len(activation)
    expected = (("weight", weight, len(source)), ("bias", bias, neurons), ("slope", slope, neurons))
    for name, tensor, size in expected:
        if tensor is not None and (tensor.shape != (size,) or tensor.dtype != x.dtype):
            raise ValueError(f"{name} must be ({size},) of {x.dtype}, not {tuple(tensor.shape)} of {tensor.dtype}")
    held = [None if t is None else t.detach().contiguous() for t in (weight, bias, slope)]
    sizes = (x.shape[1], neurons, len(outputs))
    return (*(t.data_ptr() for t in wiring), *sizes), tuple(None if t is None else t.data_ptr() for t in held), held


def forward(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    slope: Tensor | None,
    start: Tensor,
    source: Tensor,
    activation: Tensor,
    outputs: Tensor,
    keep: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """The values wanted, and what `backward` needs; see `shapes`. The rest is as in `field.run_field`."""
    wiring, numbers, _held = _arguments(x, weight, bias, slope, (start, source, activation, outputs))
    if not has_kernel(x):
        y, state, kept = shapes(x, activation, outputs, keep)
        return y.copy_(walk(x, weight, bias, slope, *_arrays(start, source, activation, outputs))), state, kept
    x, laid_out = laid(x)
    y, state, kept = shapes(x, activation, outputs, keep)
    width = state.shape[2] if keep else field_width(x.shape[0], x.shape[1] + len(activation), x.dtype)
    function: Any = kernel("field_forward", x.dtype)
    source_at, target_at = (len(x), x.data_ptr(), laid_out), (y.data_ptr(), laid_out)
    _check(function(*wiring, *numbers, *source_at, *target_at, _at(state), _at(kept), width, thread_count()))
    return y, state, kept


def backward_shapes(x: Tensor, weight: Tensor, bias: Tensor, slope: Tensor | None) -> tuple[Tensor, ...]:
    """What `backward` returns, not yet filled: gradients of x (laid out as it is), weight, bias and slope (or none)."""
    strides = (1, x.shape[0]) if by_feature(x) else (x.shape[1], 1)
    slopes = 0 if slope is None else slope.shape[0]
    return (
        x.new_empty_strided(x.shape, strides),
        x.new_empty(weight.shape),
        x.new_empty(bias.shape),
        x.new_empty(slopes),
    )


def backward(
    gradient: Tensor,
    state: Tensor,
    kept: Tensor,
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    slope: Tensor | None,
    start: Tensor,
    source: Tensor,
    activation: Tensor,
    outputs: Tensor,
) -> tuple[Tensor, ...]:
    """The gradients of x, weight, bias and slope, from what arrives at the values wanted and what `forward` kept."""
    wiring, numbers, _held = _arguments(x, weight, bias, slope, (start, source, activation, outputs))
    found = backward_shapes(x, weight, bias, slope)
    if not has_kernel(x):
        tensors, needed = (x, weight, bias, slope), (True, True, True, slope is not None)
        parts = walk_backward(gradient, tensors, _arrays(start, source, activation, outputs), needed, False)
        return tuple(to.zero_() if part is None else to.copy_(part) for to, part in zip(found, parts, strict=True))
    if len(x) == 0:
        return tuple(tensor.zero_() for tensor in found)
    if gradient.shape != (len(x), len(outputs)) or gradient.dtype != x.dtype:
        raise ValueError(f"the gradient must be {(len(x), len(outputs))} of {x.dtype}, not {tuple(gradient.shape)}")
    gradient, gradient_laid = laid(gradient)
    to_x, to_weight, to_bias, to_slope = found
    function: Any = kernel("field_backward", x.dtype)
    kept_at, arriving = (_at(state), _at(kept)), (gradient.data_ptr(), gradient_laid)
    targets = (to_x.data_ptr(), by_feature(to_x), to_weight.data_ptr(), to_bias.data_ptr(), _at(to_slope))
    _check(function(*wiring, *numbers, len(x), *kept_at, *arriving, *targets, state.shape[2], thread_count()))
    return found


def _arrays(*wiring: Tensor) -> tuple:
    return tuple(tensor.numpy(force=True) for tensor in wiring)


def _at(tensor: Tensor) -> int | None:
    return tensor.data_ptr() if tensor.numel() else None


def _check(failed: int) -> None:
    if failed:
        raise MemoryError("a field found no memory for the values of its neurons")
