"""Numbers as evaluators give them: Python's, numpy's or torch's, alone or in an array of one."""

from numbers import Real
from typing import Any

import numpy as np
import torch


def as_array(value: Any) -> np.ndarray | None:
    """An array or a tensor of real numbers as a numpy array, None for anything else."""
    if isinstance(value, torch.Tensor):
        if value.is_complex() or value.is_sparse:
            return None
        value = value.detach().cpu()
        value = (value.float() if value.dtype == torch.bfloat16 else value).numpy()
    plain = isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "iuf"
    return np.asarray(value) if plain else None


def as_number(value: Any) -> float | None:
    """A real number, or an array or a tensor of one, as a float; None for anything else, truth values among it.

    Examples
    --------
    >>> as_number(torch.tensor([[2.5]])), as_number(np.float32(2)), as_number("2"), as_number([2])
    (2.5, 2.0, None, None)
    """
    held = as_array(value)
    if held is not None:
        return float(held.reshape(())) if held.size == 1 else None
    if not isinstance(value, Real) or isinstance(value, bool | np.bool):
        return None
    try:
        return float(value)
    except OverflowError:  # a whole number that no float comes near
        return float("inf") if abs(value) == value else -float("inf")


def as_numbers(values: Any) -> tuple[float, ...] | None:
    """Several numbers: of a tuple or list whose items `as_number` takes, or of an array or tensor of one dimension."""
    held = as_array(values)
    if held is not None:
        return tuple(held.astype(float).tolist()) if held.ndim == 1 else None
    if not isinstance(values, tuple | list):
        return None
    found = [as_number(value) for value in values]
    return None if None in found else tuple(value for value in found if value is not None)
