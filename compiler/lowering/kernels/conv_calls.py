"""The kernels of a convolution as they are called, and the same by PyTorch: masked, with every derivative there is."""

import ctypes
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.grad import conv2d_input, conv2d_weight

from .library import available, kernel, thread_count

Pair = tuple[int, int]
Arrays = tuple[Tensor, ...]  # row_start, column, column_start, row, order: see `sparse.Wiring`


@dataclass(frozen=True)
class Slide:
    """How kernels slide over maps: (rows, columns) of each.

    Parameters
    ----------
    stride, padding, dilation
        As in `torch.nn.Conv2d`.
    """

    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)

    def flat(self) -> list[int]:
        """Its six numbers, as operators take them."""
        return [*self.stride, *self.padding, *self.dilation]

    @staticmethod
    def of(flat: list[int]) -> "Slide":
        """The slide of six numbers."""
        a, b, c, d, e, f = flat
        return Slide((a, b), (c, d), (e, f))


def has_kernel(x: Tensor, values: Tensor) -> bool:
    """Whether there is a native kernel for such tensors."""
    return x.device.type == "cpu" and x.dtype == values.dtype and available("sparse_conv", x.dtype)


def shape_of(x: Tensor, values: Tensor, outputs: int, flat: list[int]) -> Tensor:
    """What `forward` returns, not yet filled: (batch, outputs, ...) in the memory format of x."""
    slide = Slide.of(flat)
    sizes = zip(x.shape[2:], values.shape[1:], slide.stride, slide.padding, slide.dilation, strict=True)
    made = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in sizes]
    last = x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()
    layout = torch.channels_last if last else torch.contiguous_format
    return torch.empty((len(x), outputs, *made), dtype=x.dtype, device=x.device, memory_format=layout)


def forward(x: Tensor, values: Tensor, bias: Tensor | None, flat: list[int], *arrays: Tensor) -> Tensor:
    """What the kernels make of x; see `conv.convolve`. Raises `ValueError` where tensors do not fit the wiring."""
    refuse_misfits(x, values, bias, arrays)
    row_start, column, column_start, *_ = arrays
    outputs, inputs = len(row_start) - 1, len(column_start) - 1
    made = shape_of(x, values, outputs, flat)
    if not has_kernel(x, values):
        return made.copy_(by_torch(x, values, bias, arrays, Slide.of(flat)))
    values, bias = values.contiguous(), None if bias is None else bias.contiguous()
    rows = (row_start.data_ptr(), column.data_ptr(), None, outputs, inputs)
    numbers = (values.data_ptr(), None if bias is None else bias.data_ptr(), _geometry(x, made, values, flat))
    ends = (x.data_ptr(), _steps(x), made.data_ptr(), _steps(made))
    function: Any = kernel("sparse_conv", x.dtype)
    _check(function(*rows, *numbers, 0, *ends, thread_count()))
    return made


def backward(gradient: Tensor, x: Tensor, values: Tensor, flat: list[int], *arrays: Tensor) -> tuple[Tensor, Tensor]:
    """The gradients of x and of the values, from what arrives at what was made."""
    row_start, column, column_start, row, order = arrays
    to_x, to_values = torch.empty_like(x), torch.empty_like(values, memory_format=torch.contiguous_format)
    if not len(x):
        return to_x, to_values.zero_()
    if not has_kernel(x, values):
        found = gradients(gradient, x, values, arrays, Slide.of(flat))
        return to_x.copy_(found[0]), to_values.copy_(found[1])
    outputs, inputs = len(row_start) - 1, len(column_start) - 1
    values, geometry = values.contiguous(), _geometry(x, gradient, values, flat)
    arriving, source = (gradient.data_ptr(), _steps(gradient)), (x.data_ptr(), _steps(x))
    columns = (column_start.data_ptr(), row.data_ptr(), order.data_ptr(), inputs, outputs)
    function: Any = kernel("sparse_conv", x.dtype)
    numbers = (values.data_ptr(), None, geometry, 1)
    _check(function(*columns, *numbers, *arriving, to_x.data_ptr(), _steps(to_x), thread_count()))
    rows = (row_start.data_ptr(), column.data_ptr(), outputs, inputs, geometry)
    function = kernel("sampled_conv", x.dtype)
    _check(function(*rows, *source, *arriving, to_values.data_ptr(), thread_count()))
    return to_x, to_values


def by_torch(x: Tensor, values: Tensor, bias: Tensor | None, arrays: Arrays, slide: Slide) -> Tensor:
    """The same by one dense convolution."""
    return F.conv2d(x, _dense(values, arrays), bias, slide.stride, slide.padding, slide.dilation)


def gradients(gradient: Tensor, x: Tensor, values: Tensor, arrays: Arrays, slide: Slide) -> tuple[Tensor, Tensor]:
    """The gradients of x and of the values by dense convolutions; they can be differentiated."""
    weight, options = _dense(values, arrays), _options(slide)
    to_x = conv2d_input(x.shape, weight, gradient, *options)
    to_weight = conv2d_weight(x, weight.shape, gradient, *options)
    return to_x, to_weight[_rows(arrays), arrays[1].long()]


def refuse_misfits(x: Tensor, values: Tensor, bias: Tensor | None, arrays: Arrays) -> None:
    """Raise `ValueError` where tensors do not fit the wiring."""
    outputs, inputs = len(arrays[0]) - 1, len(arrays[2]) - 1
    if x.dim() != 4 or x.shape[1] != inputs:
        raise ValueError(f"this convolution reads (batch, {inputs}, height, width), and got {tuple(x.shape)}")
    if values.dim() != 3 or len(values) != len(arrays[1]):
        raise ValueError(f"it has {len(arrays[1])} kernels, and got values of shape {tuple(values.shape)}")
    if bias is not None and (bias.shape != (outputs,) or bias.dtype != values.dtype):
        raise ValueError(f"bias must be ({outputs},) of {values.dtype}, not {tuple(bias.shape)} of {bias.dtype}")


def _rows(arrays: Arrays) -> Tensor:
    return torch.repeat_interleave(torch.diff(arrays[0]).long(), output_size=len(arrays[1]))


def _dense(values: Tensor, arrays: Arrays) -> Tensor:
    outputs, inputs, size = len(arrays[0]) - 1, len(arrays[2]) - 1, values.shape[1:]
    slots = _rows(arrays) * inputs + arrays[1]
    return values.new_zeros(outputs * inputs, *size).index_add(0, slots, values).view(outputs, inputs, *size)


def _options(slide: Slide) -> tuple[Any, Any, Any]:  # torch's annotations know squares only
    return slide.stride, slide.padding, slide.dilation


def _steps(x: Tensor) -> ctypes.Array:
    return (ctypes.c_int64 * 4)(*x.stride())


def _geometry(x: Tensor, made: Tensor, values: Tensor, flat: list[int]) -> ctypes.Array:
    """As `csrc/slide.h` has it: rows of the batch, sizes of both maps and of the kernel, the slide."""
    sizes = (len(x), *x.shape[2:], *made.shape[2:], *values.shape[1:], *flat)
    return (ctypes.c_int64 * len(sizes))(*sizes)


def _check(failed: int) -> None:
    if failed:
        raise MemoryError("a convolution found no memory for a copy of its maps")
