"""A field's kernel as it is called: pointers, what is kept between forward and backward, the shapes of the results."""

from functools import cache
from importlib.util import find_spec
from typing import Any

from torch import Tensor

from .library import SUFFIXES, kernel, thread_count
from .products import by_feature, laid
from .readers import readers_of
from .spare import spare_memory
from .walk import walk, walk_backward


def has_kernel(x: Tensor) -> bool:
    """Whether there is a kernel for such a tensor: on the CPU a native one, on CUDA Triton's."""
    if on_device(x):
        return _has_triton() and x.dtype in SUFFIXES
    return x.device.type == "cpu" and kernel("field_forward", x.dtype) is not None


def on_device(x: Tensor) -> bool:
    """Whether the kernels for such a tensor are Triton's."""
    return x.is_cuda


@cache
def _has_triton() -> bool:
    return find_spec("triton") is not None


def shapes(
    x: Tensor, activation: Tensor, outputs: Tensor, keep: bool, owner: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """What `forward` returns, not yet filled.

    `y` is (batch, wanted), laid out as x is. The others are in panels, (blocks, places, width): a block is as many rows
    of the batch as the kernel walks at once, on CUDA all of them. `state` holds all values; `kept` what went into the
    neurons, where some activation's derivative needs it. Both are empty where no gradient will be asked for. The values
    are put into memory of the `owner`'s where there is one.
    """
    batch, inputs, neurons, wanted = x.shape[0], x.shape[1], activation.shape[0], outputs.shape[0]
    y = x.new_empty_strided((batch, wanted), (1, batch) if by_feature(x) else (wanted, 1))
    width = field_width(batch, inputs + neurons, x) if keep else 1
    blocks = -(-batch // width) if keep else 0
    sizes, kept = (blocks, inputs + neurons, width), x.new_empty(blocks, neurons, width)
    return y, x.new_empty(sizes) if owner is None else spare_memory(owner, sizes, x.dtype), kept


def field_width(batch: int, places: int, x: Tensor) -> int:
    """Rows of the batch in a block, for tensors like x."""
    if on_device(x):
        return max(batch, 1)
    function = kernel("field_width", x.dtype)
    return 1 if function is None else function(int(batch), int(places), thread_count())


def _check_numbers(x: Tensor, weight: Tensor, bias: Tensor, slope: Tensor | None, wiring: tuple[Tensor, ...]) -> None:
    """Refuse numbers that do not fit the wiring; raises `ValueError`."""
    neurons = wiring[2].shape[0]
    expected = (("weight", weight, wiring[1].shape[0]), ("bias", bias, neurons), ("slope", slope, neurons))
    for name, tensor, size in expected:
        if tensor is not None and (tensor.shape != (size,) or tensor.dtype != x.dtype):
            raise ValueError(f"{name} must be ({size},) of {x.dtype}, not {tuple(tensor.shape)} of {tensor.dtype}")


def _arguments(x: Tensor, weight: Tensor, bias: Tensor, slope: Tensor | None, wiring) -> tuple[tuple, tuple, list]:
    """Pointers and sizes as both native kernels take them, and what must live until they return."""
    _, _, activation, outputs = wiring
    neurons = len(activation)
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
    field = start, source, activation, outputs
    _check_numbers(x, weight, bias, slope, field)
    if _walks_on_device(x, activation):
        return _on_device(x, weight, bias, slope, field, keep)
    if on_device(x) or not has_kernel(x):
        y, state, kept = shapes(x, activation, outputs, keep)
        return y.copy_(walk(x, weight, bias, slope, *_arrays(start, source, activation, outputs))), state, kept
    wiring, numbers, _held = _arguments(x, weight, bias, slope, field)
    x, laid_out = laid(x)
    y, state, kept = shapes(x, activation, outputs, keep, source)
    width = state.shape[2] if keep else field_width(x.shape[0], x.shape[1] + len(activation), x)
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
    need_x: bool = True,
) -> tuple[Tensor, ...]:
    """The gradients of x, weight, bias and slope, from what arrives at the values wanted and what `forward` kept.

    That of x need not be filled where it is not needed.
    """
    field = start, source, activation, outputs
    _check_numbers(x, weight, bias, slope, field)
    if _walks_on_device(x, activation):
        return _back_on_device(gradient, (state[0], kept[0]), x, weight, slope, field, need_x)
    found = backward_shapes(x, weight, bias, slope)
    if on_device(x) or not has_kernel(x):
        tensors, needed = (x, weight, bias, slope), (True, True, True, slope is not None)
        parts = walk_backward(gradient, tensors, _arrays(start, source, activation, outputs), needed, False)
        return tuple(to.zero_() if part is None else to.copy_(part) for to, part in zip(found, parts, strict=True))
    if len(x) == 0:
        return tuple(tensor.zero_() for tensor in found)
    if gradient.shape != (len(x), len(outputs)) or gradient.dtype != x.dtype:
        raise ValueError(f"the gradient must be {(len(x), len(outputs))} of {x.dtype}, not {tuple(gradient.shape)}")
    wiring, numbers, _held = _arguments(x, weight, bias, slope, field)
    gradient, gradient_laid = laid(gradient)
    to_x, to_weight, to_bias, to_slope = found
    function: Any = kernel("field_backward", x.dtype)
    width = state.shape[2]
    readers = (None,) * 3 if width == 1 else tuple(t.data_ptr() for t in readers_of(x.shape[1], start, source))
    kept_at, arriving = (_at(state), _at(kept)), (gradient.data_ptr(), gradient_laid)
    targets = (to_x.data_ptr(), by_feature(to_x), to_weight.data_ptr(), to_bias.data_ptr(), _at(to_slope))
    _check(function(*wiring, *numbers, len(x), *readers, *kept_at, *arriving, *targets, width, thread_count()))
    return found


def _walks_on_device(x: Tensor, activation: Tensor) -> bool:
    return on_device(x) and has_kernel(x) and x.shape[0] > 0 and activation.shape[0] > 0


def _on_device(x, weight, bias, slope, field: tuple[Tensor, ...], keep: bool) -> tuple[Tensor, Tensor, Tensor]:
    from .cuda import region  # needs Triton

    y, state, kept = shapes(x, *field[2:], keep=False)
    values, sums = region.run(x, weight, bias, slope, field, y, keep)
    return (y, values[None], sums[None]) if keep else (y, state, kept)


def _back_on_device(gradient, kept: tuple[Tensor, Tensor], x, weight, slope, field: tuple, need_x: bool) -> tuple:
    from .cuda import region  # needs Triton

    strides = (1, x.shape[0]) if by_feature(x) else (x.shape[1], 1)
    to_x = x.new_empty_strided(x.shape, strides)
    to_weight, to_bias, to_slope = region.run_back(gradient, kept, weight, slope, field, to_x, need_x)
    return to_x, to_weight, to_bias, to_x.new_empty(0) if to_slope is None else to_slope


def _arrays(*wiring: Tensor) -> tuple:
    return tuple(tensor.numpy(force=True) for tensor in wiring)


def _at(tensor: Tensor) -> int | None:
    return tensor.data_ptr() if tensor.numel() else None


def _check(failed: int) -> None:
    if failed:
        raise MemoryError("a field found no memory for the values of its neurons")
