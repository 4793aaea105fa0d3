"""A sparse matrix times a batch, and the gradient of its weights: by a native kernel, or else by PyTorch.

A matrix (outputs, inputs) is given as CSR and CSC at once, its wiring: `row_start` says where each row's synapses
begin, `column` where they come from; `column_start` where each column's begin, `row` where they lead and `order` which
they are in the order of rows. Batches are (batch, neurons), laid out in memory row by row or neuron by neuron.
"""

import warnings
from typing import Any

import torch
from torch import Tensor

from .library import kernel, thread_count


def check_wiring(row_start: Tensor, column: Tensor, column_start: Tensor, row: Tensor, order: Tensor) -> None:
    """Refuse integers that would let a kernel read or write outside its tensors; raises `ValueError`."""
    count = len(column)
    for name, start in (("row_start", row_start), ("column_start", column_start)):
        if not len(start) or start[0] != 0 or start[-1] != count or bool((start.diff() < 0).any()):
            raise ValueError(f"{name} must rise from 0 to {count}, the number of synapses")
    bounds = (
        ("column", column, len(column_start) - 1),
        ("row", row, len(row_start) - 1),
        ("order", order, count),
    )
    for name, index, limit in bounds:
        if len(index) != count or not _within(index, limit):
            raise ValueError(f"{name} must hold {count} numbers from 0 to {limit - 1}")


def _within(index: Tensor, limit: int) -> bool:
    """Whether all integers are from 0 to below a limit; NumPy's extremes take a fifth of PyTorch's time."""
    if not len(index):
        return True
    try:
        found: Any = index.numpy() if index.is_cpu else index
    except RuntimeError:  # within a transform of torch.func, where a tensor has no storage
        found = index
    return 0 <= int(found.min()) <= int(found.max()) < limit


def by_feature(x: Tensor) -> bool:
    """Whether a matrix (batch, neurons) lies neuron by neuron in memory."""
    return not x.is_contiguous() and x.t().is_contiguous()


def empty(x: Tensor, neurons: int, neuron_by_neuron: bool) -> Tensor:
    """(batch, neurons) for the batch of x, not yet filled."""
    batch = x.shape[0]
    return x.new_empty_strided((batch, neurons), (1, batch) if neuron_by_neuron else (neurons, 1))


def product(
    x: Tensor,
    values: Tensor,
    row_start: Tensor,
    column: Tensor,
    column_start: Tensor,
    row: Tensor,
    order: Tensor,
    transposed: bool,
    neuron_by_neuron: bool,
) -> Tensor:
    """X W^T (batch, outputs) from x (batch, inputs), or x W the other way round where it is transposed.

    The result is laid out as asked for. Raises `ValueError` where x or the values do not fit the wiring.
    """
    start, index, ends = (column_start, row, row_start) if transposed else (row_start, column, column_start)
    rows, columns = start.shape[0] - 1, ends.shape[0] - 1
    _check(x, columns)
    if values.shape != index.shape:
        raise ValueError(f"a sparse product has {len(index)} synapses and got values of shape {tuple(values.shape)}")
    result = empty(x, rows, neuron_by_neuron)
    function = _usable("sparse_product", x, values, index)
    if function is None:
        values = values.index_select(0, order) if transposed else values
        made = _by_torch(x, values, start, index, (rows, columns)) if len(x) else result
        return made if made.stride() == result.stride() else result.copy_(made)
    (x, flag), values = laid(x), values.contiguous()
    wiring = start.data_ptr(), index.data_ptr(), order.data_ptr() if transposed else None, rows, columns
    source, target = (x.data_ptr(), flag), (result.data_ptr(), neuron_by_neuron)
    _check_memory(function(*wiring, values.data_ptr(), len(x), *source, *target, thread_count()))
    return result


def sampled_product(
    gradient: Tensor, x: Tensor, row_start: Tensor, column: Tensor, column_start: Tensor, row: Tensor, order: Tensor
) -> Tensor:
    """(synapses,) for each synapse the sum over the batch of gradient[its row] x[its column].

    gradient is (batch, outputs), x (batch, inputs). Raises `ValueError` where they do not fit the wiring.
    """
    rows, columns = row_start.shape[0] - 1, column_start.shape[0] - 1
    _check(x, columns)
    _check(gradient, rows)
    if len(x) != len(gradient):
        raise ValueError(f"a sampled product reads one batch, and got {len(gradient)} and {len(x)} rows")
    if len(x) == 0:
        return x.new_zeros(column.shape)
    function = _usable("sampled_product", x, gradient, column)
    if function is None:
        wanted = _matrix(row_start, column, x.new_zeros(column.shape), (rows, columns))
        return torch.sparse.sampled_addmm(wanted, gradient.t().contiguous(), x, beta=0.0).values()
    (x, flag), (gradient, gradient_flag) = laid(x), laid(gradient)
    result = x.new_empty(column.shape)
    wiring = row_start.data_ptr(), column.data_ptr(), rows, columns
    source, incoming = (x.data_ptr(), flag), (gradient.data_ptr(), gradient_flag)
    _check_memory(function(*wiring, len(x), *source, *incoming, result.data_ptr(), thread_count()))
    return result


def _check(x: Tensor, neurons: int) -> None:
    if x.dim() != 2 or x.shape[1] != neurons:
        raise ValueError(f"a sparse product reads (batch, {neurons}) here, and got {tuple(x.shape)}")


def _check_memory(failed: int) -> None:
    if failed:
        raise MemoryError("a sparse product found no memory for a copy of its batch")


def _usable(name: str, first: Tensor, second: Tensor, index: Tensor):
    if first.device.type != "cpu" or first.dtype != second.dtype or index.dtype != torch.int32:
        return None
    return kernel(name, first.dtype)


def laid(x: Tensor) -> tuple[Tensor, bool]:
    """The tensor in one of the two layouts the kernels read, and whether it is neuron by neuron."""
    return (x, True) if by_feature(x) else (x.contiguous(), False)


def _matrix(start: Tensor, index: Tensor, values: Tensor, shape: tuple[int, int]) -> Tensor:
    return torch.sparse_csr_tensor(start, index, values, shape, check_invariants=False)


with warnings.catch_warnings():  # torch says once that CSR is in beta; let it say so here
    warnings.simplefilter("ignore")
    _matrix(torch.tensor([0, 1]), torch.tensor([0]), torch.ones(1), (1, 1))


def _by_torch(x: Tensor, values: Tensor, start: Tensor, index: Tensor, shape: tuple[int, int]) -> Tensor:
    return (_matrix(start, index, values, shape) @ x.t().contiguous()).t()
