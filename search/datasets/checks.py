"""Whether examples and targets can be learned from; numbers of another type are converted where they stay the same."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from neurograph.errors import DataError

from ...compiler.statistics.batches import refuse_first, refuse_infinite

_WHOLE = {torch.uint8, torch.uint16, torch.uint32, torch.uint64, torch.int8, torch.int16, torch.int32, torch.int64}


def check_examples(x: Any, what: str, shape: tuple[int, ...] | None = None) -> Tensor:
    """Examples as a floating tensor of finite numbers.

    Parameters
    ----------
    x
        (n, ...) tensor or array. Whole numbers become float32, which holds them exactly up to 16,777,216.
    what
        What errors call it, such as "train_x".
    shape
        Of one example, where it is known.

    Returns
    -------
    Tensor
        `x` itself where it is floating.

    Raises
    ------
    DataError
        No tensor, another shape, or a number that is not finite or not exact in float32, naming its row.
    """
    x = _tensor(x, what)
    if not x.dim():
        raise DataError(f"{what} must have a row for each example, and is one number")
    if shape is not None and tuple(x.shape[1:]) != tuple(shape):
        raise DataError(f"{what} has examples of shape {tuple(x.shape[1:])}, and they should be {tuple(shape)}")
    if not x.is_floating_point():
        wide = torch.int64 if x.dtype != torch.uint64 else torch.float64
        refuse_first(x.float().to(wide) != x.to(wide), x, what, "is not exact in float32")
        x = x.float()
    refuse_infinite(x, what)
    return x


def check_targets(y: Any, what: str, count: int, classes: int | None = None) -> Tensor:
    """Targets as class numbers, (n,) int64, or as floating numbers to predict.

    Parameters
    ----------
    y
        (n,) or (n, 1) whole numbers of any type; (n,) or (n, targets) floating numbers. Floating numbers that are all
        whole, one an example where there are several classes, are class numbers.
    what
        What errors call it, such as "train_y".
    count
        How many examples there are.
    classes
        How many classes, or numbers to predict, where it is known.

    Raises
    ------
    DataError
        Fewer or more targets than examples, another shape, a class that is not there or a number that is not finite,
        naming its row.
    """
    y = _tensor(y, what)
    if not y.dim() or len(y) != count:
        raise DataError(f"{what} has {len(y) if y.dim() else 1} targets for {count} examples: each needs one")
    if y.is_floating_point():
        refuse_infinite(y, what)
        width = y[:1].numel() if len(y) else 0
        if classes is None or not len(y) or (y.dim() <= 2 and width == classes):
            return y
        if y.dim() > 2 or width != 1:
            raise DataError(f"{what} has targets of shape {tuple(y.shape[1:])}, and they should be {classes} numbers")
        refuse_first(y != y.floor(), y, what, f"is no class number, and there are {classes} classes")
    if y.dim() == 2 and y.shape[1] == 1:
        y = y.flatten()
    if y.dim() != 1:
        raise DataError(
            f"{what} has whole numbers of shape {tuple(y.shape)}, and classes are one number an example: "
            "y.argmax(1) makes them of rows with a 1 for the class, y.float() makes numbers to predict"
        )
    y = y.to(torch.int64)
    there = "classes count from 0" if classes is None else f"its {classes} classes are 0 to {classes - 1}"
    refuse_first((y < 0) | (y >= classes) if classes is not None else y < 0, y, what, f"is no class: {there}")
    return y


def check_part(x: Any, y: Any, name: str, shape: tuple[int, ...], classes: int) -> tuple[Tensor, Tensor]:
    """The examples and targets of a part of a data set, float32 where they are floating; only "test" may be empty."""
    x = check_examples(_single(x), f"{name}_x", shape)
    if not len(x) and name != "test":
        raise DataError(f"{name}_x has no examples")
    return x, check_targets(_single(y), f"{name}_y", len(x), classes)


def _single(x: Any) -> Any:
    """Floating numbers in float32, the type that networks compute in."""
    if isinstance(x, np.ndarray) and x.dtype.kind == "f":
        return x.astype(np.float32)
    return x.float() if isinstance(x, Tensor) and x.is_floating_point() else x


def _tensor(x: Any, what: str) -> Tensor:
    if isinstance(x, np.ma.MaskedArray) and np.ma.is_masked(x):
        raise DataError(f"{what} is a masked array, and {int(x.mask.sum())} of its numbers are missing: fill them in")
    if isinstance(x, np.ndarray) and x.dtype.kind in "biuf":
        x = torch.from_numpy(np.ascontiguousarray(x))
    if isinstance(x, Tensor) and x.is_meta:
        raise DataError(f"{what} is a tensor of the meta device, which holds no numbers")
    if not isinstance(x, Tensor) or x.is_sparse:
        kind = f"array of {x.dtype}" if isinstance(x, np.ndarray) else type(x).__name__
        raise DataError(f"{what} must be a tensor or an array of numbers, not {kind}")
    if not x.is_floating_point() and x.dtype not in _WHOLE | {torch.bool}:
        raise DataError(f"{what} must hold real numbers, and is {x.dtype}")
    return x.detach() if x.requires_grad else x
