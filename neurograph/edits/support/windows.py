"""Sizes of kernels as edits take them, and the padding under which a map keeps its size."""

from numbers import Integral
from typing import Any

import numpy as np

from neurograph.errors import EditError, OptionError
from neurograph.schema.synapse import form_value

Pair = tuple[int, int]


def window(name: str, value: Any) -> Pair:
    """A whole number, or a pair (rows, columns) of them, of at least 1 as a pair; `OptionError` otherwise."""
    pair = (value, value) if isinstance(value, Integral) and not isinstance(value, bool) else value
    sides = list(pair) if isinstance(pair, tuple | list) else []
    if len(sides) == 2 and all(isinstance(n, Integral) and not isinstance(n, bool) and int(n) >= 1 for n in sides):
        return int(sides[0]), int(sides[1])
    raise OptionError(f"{name} must be a whole number of at least 1 or a pair (rows, columns) of them, not {value!r}")


def same_padding(kernel: Pair, dilation: Any = (1, 1)) -> Pair:
    """The padding under which a kernel of stride 1 keeps the size of a map; `OptionError` where a side is even.

    Examples
    --------
    >>> same_padding((3, 5)), same_padding((3, 3), dilation=2)
    ((1, 2), (2, 2))
    """
    even = [side for side in kernel if side % 2 == 0]
    if even:
        raise OptionError(
            f"a {kernel[0]} x {kernel[1]} kernel has no middle, so no padding alike on both sides keeps a map's size; "
            f"take odd sides such as {even[0] + 1}, or give padding as numbers"
        )
    rows, columns = form_value("dilation", dilation)
    return rows * (kernel[0] // 2), columns * (kernel[1] // 2)


def delta(kernel: Pair) -> np.ndarray:
    """A kernel of odd sides that hands a map on: one in the middle, zeros around it.

    Examples
    --------
    >>> delta((1, 3)).tolist()
    [[0.0, 1.0, 0.0]]
    """
    made = np.zeros(kernel)
    made[kernel[0] // 2, kernel[1] // 2] = 1.0
    return made


def size_keeping(kernel: Any, padding: Any, shape: tuple[int, ...]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Kernel and padding of a convolution that keeps the size of the maps it reads.

    Parameters
    ----------
    kernel
        A side, or height and width.
    padding
        Likewise; a text for the one that keeps the size.
    shape
        (height, width) of the maps.

    Raises
    ------
    EditError
        The size would change.
    """
    kernel = window("kernel", kernel)
    padding = same_padding(kernel) if isinstance(padding, str) else form_value("padding", padding)
    made = tuple(side + 2 * p - k + 1 for side, p, k in zip(shape, padding, kernel, strict=True))
    if made != shape:
        raise EditError(
            f"a {kernel[0]} x {kernel[1]} kernel with padding {padding} makes maps of {made} of {shape}, and what "
            f"reads them expects {shape}: padding='same' keeps the size"
        )
    return kernel, padding
