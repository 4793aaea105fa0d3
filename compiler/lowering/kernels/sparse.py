"""`multiply`: a batch times a sparse matrix, by the fastest way there is, whatever PyTorch does with it.

There are two operators, `torch.ops.neurograph.sparse_product` and `sampled_product`. Each is the other's derivative, so
gradients of gradients come for free and none of them is dense. What they compute stands in `products.py`. They are
reached

- in eager mode straight from an autograd function, since PyTorch's dispatcher takes longer than a small layer;
- while `torch.compile` traces, and when a gradient is to be differentiated, as operators that know their derivative;
- not at all under `torch.func`'s transforms and forward-mode differentiation: there torch's own operators are used.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor

from ..transforms import transformed
from .products import by_feature, check_wiring, empty, product, sampled_product


@dataclass(frozen=True)
class Wiring:
    """Where the synapses of a sparse matrix (outputs, inputs) are, by rows and by columns.

    The kernels trust these integers; `check` is for where they are made.

    Parameters
    ----------
    row_start, column
        CSR: (outputs + 1,) where rows begin, (n,) columns.
    column_start, row
        CSC: (inputs + 1,) where columns begin, (n,) rows.
    order
        (n,) CSC order from CSR.
    """

    row_start: Tensor
    column: Tensor
    column_start: Tensor
    row: Tensor
    order: Tensor

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tensors)

    @property
    def tensors(self) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """All of them. Traced code unpacks these: not every torch can iterate over self."""
        return self.row_start, self.column, self.column_start, self.row, self.order

    def check(self) -> "Wiring":
        """Itself; raises `ValueError` where the integers lead outside of the matrix."""
        check_wiring(*self)
        return self

    @property
    def shape(self) -> tuple[int, int]:
        """(outputs, inputs)."""
        return len(self.row_start) - 1, len(self.column_start) - 1

    def rows(self) -> Tensor:
        """(n,) int64 rows in CSR order."""
        return torch.repeat_interleave(torch.diff(self.row_start).long(), output_size=len(self.column))


def multiply(x: Tensor, values: Tensor, wiring: Wiring) -> Tensor:
    """X W^T (batch, outputs), laid out neuron by neuron in memory, from x (batch, inputs).

    The values are (n,), in CSR order. Raises `ValueError` where x or they do not fit the wiring.
    """
    if transformed(x, values):
        contribution = x.index_select(1, wiring.column) * values
        return contribution.new_zeros(x.shape[0], wiring.shape[0]).index_add(1, wiring.rows(), contribution)
    if bare(x, values):
        return _Product.apply(x, values, wiring)  # pyright: ignore[reportReturnType]
    return torch.ops.neurograph.sparse_product(x, values, *wiring.tensors, False, True)


def gradients(
    x: Tensor, values: Tensor, wiring: Wiring, gradient: Tensor, need_x: bool, need_values: bool
) -> tuple[Tensor | None, Tensor | None]:
    """The gradients of a product by its inputs and by its values, themselves differentiable; None where not needed."""
    to_x = to_values = None
    if transformed(gradient):
        reaching = gradient.index_select(1, wiring.rows())
        if need_x:
            to_x = (reaching * values).new_zeros(x.shape).index_add(1, wiring.column, reaching * values)
        if need_values:
            to_values = (reaching * x.index_select(1, wiring.column)).sum(0)
        return to_x, to_values
    if need_x:
        to_x = torch.ops.neurograph.sparse_product(gradient, values, *wiring.tensors, True, by_feature(x))
    if need_values:
        to_values = torch.ops.neurograph.sampled_product(gradient, x, *wiring.tensors)
    return to_x, to_values


def bare(*tensors: Tensor) -> bool:
    """Whether these are plain tensors in eager mode: nothing traces or fakes them."""
    return (
        not torch.compiler.is_compiling()
        and torch._C._len_torch_dispatch_stack() == 0
        and all(type(tensor) in (Tensor, torch.nn.Parameter) for tensor in tensors)
    )


class _Product(torch.autograd.Function):
    """The product in eager mode, and nothing around it."""

    @staticmethod
    def forward(ctx, x: Tensor, values: Tensor, wiring: Wiring) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx.save_for_backward(x, values)
        ctx.wiring = wiring
        return product(x, values, *wiring, transposed=False, neuron_by_neuron=True)

    @staticmethod
    def backward(ctx, gradient: Tensor):  # pyright: ignore[reportIncompatibleMethodOverride]
        (x, values), wiring, (need_x, need_values, _) = ctx.saved_tensors, ctx.wiring, ctx.needs_input_grad
        if torch.is_grad_enabled() or transformed(gradient) or not bare(gradient, x, values):
            return *gradients(x, values, wiring, gradient, need_x, need_values), None
        to_x = None
        if need_x:
            to_x = product(gradient, values, *wiring, transposed=True, neuron_by_neuron=by_feature(x))
        to_values = sampled_product(gradient, x, *wiring) if need_values else None
        return to_x, to_values, None


# --- the operators as PyTorch sees them -------------------------------------------------------------------------------


def _save_product(ctx, inputs, output) -> None:
    ctx.save_for_backward(*inputs[:2])
    ctx.wiring, ctx.transposed = inputs[2:7], inputs[7]


def _product_backward(ctx, gradient: Tensor):
    x, values = ctx.saved_tensors
    to_x = to_values = None
    if ctx.needs_input_grad[0]:
        to_x = torch.ops.neurograph.sparse_product(gradient, values, *ctx.wiring, not ctx.transposed, by_feature(x))
    if ctx.needs_input_grad[1]:
        ends = (x, gradient) if ctx.transposed else (gradient, x)
        to_values = torch.ops.neurograph.sampled_product(*ends, *ctx.wiring)
    return to_x, to_values, *(None,) * 7


def _save_sampled(ctx, inputs, output) -> None:
    ctx.save_for_backward(*inputs[:2])
    ctx.wiring = inputs[2:]


def _sampled_backward(ctx, weight: Tensor):
    gradient, x = ctx.saved_tensors
    to_gradient = to_x = None
    if ctx.needs_input_grad[0]:
        to_gradient = torch.ops.neurograph.sparse_product(x, weight, *ctx.wiring, False, by_feature(gradient))
    if ctx.needs_input_grad[1]:
        to_x = torch.ops.neurograph.sparse_product(gradient, weight, *ctx.wiring, True, by_feature(x))
    return to_gradient, to_x, *(None,) * 5


def _product_shape(x, values, row_start, column, column_start, row, order, transposed, neuron_by_neuron) -> Tensor:
    return empty(x, (column_start if transposed else row_start).shape[0] - 1, neuron_by_neuron)


def _sampled_shape(gradient, x, row_start, column, *_) -> Tensor:
    return x.new_empty(column.shape[0])


_LIBRARY = torch.library.Library("neurograph", "FRAGMENT")
_WIRING = ", ".join(f"Tensor {field.name}" for field in fields(Wiring))
for _name, _arguments, _run, _shape, _save, _backward in (
    (
        "sparse_product",
        f"Tensor x, Tensor values, {_WIRING}, bool transposed, bool by_feature",
        product,
        _product_shape,
        _save_product,
        _product_backward,
    ),
    (
        "sampled_product",
        f"Tensor gradient, Tensor x, {_WIRING}",
        sampled_product,
        _sampled_shape,
        _save_sampled,
        _sampled_backward,
    ),
):
    _LIBRARY.define(f"{_name}({_arguments}) -> Tensor", tags=(torch.Tag.pt2_compliant_tag,))
    _LIBRARY.impl(_name, _run, "CompositeExplicitAutograd")
    torch.library.register_fake(f"neurograph::{_name}", _shape, lib=_LIBRARY)
    torch.library.register_autograd(f"neurograph::{_name}", _backward, setup_context=_save, lib=_LIBRARY)
