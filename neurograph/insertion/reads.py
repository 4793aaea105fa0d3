"""Which places of a map each place behind it reads: windows and pools as tables of places.

A place is a number, row by row; -1 is a place of the padding. So what a target takes in at one place can be worked out
from a few places of the sources, without the rest of the map.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurograph.insertion.layer import NewLayer
from neurograph.insertion.pair import Pair

Size = tuple[int, int]


def window_places(before: Size, after: Size, kernel: Size, stride: Size, padding: Size, dilation: Size) -> np.ndarray:
    """(places after, kernel) int64: the places before that each place after reads.

    Examples
    --------
    >>> window_places((2, 2), (1, 2), (2, 2), (1, 1), (0, 1), (1, 1)).tolist()
    [[-1, 0, -1, 2], [0, 1, 2, 3]]
    """
    rows, columns = (
        np.arange(n)[:, None] * s - p + np.arange(k) * d
        for n, k, s, p, d in zip(after, kernel, stride, padding, dilation, strict=True)
    )
    inside = (_inside(rows, before[0])[:, None, :, None]) & (_inside(columns, before[1])[None, :, None, :])
    at = rows[:, None, :, None] * before[1] + columns[None, :, None, :]
    return np.where(inside, at, -1).reshape(after[0] * after[1], kernel[0] * kernel[1])


def _inside(at: np.ndarray, size: int) -> np.ndarray:
    return (at >= 0) & (at < size)


@dataclass(frozen=True, eq=False)
class Pool:
    """A pool between the new layer and the targets.

    Parameters
    ----------
    largest
        Whether it takes the largest; else it sums and divides.
    table
        (places behind it, window) int64 of places before it.
    divisor
        (places behind it,) float64: what the sum is divided by.
    """

    largest: bool
    table: np.ndarray
    divisor: np.ndarray

    def forward(self, values: np.ndarray, at: np.ndarray, before: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(..., neurons) of (..., window, neurons) values, and each value's share in it, for `backward`."""
        there = (before >= 0)[..., None]
        if not self.largest:
            share = there / self.divisor[at][..., None, None]
            return (values * share).sum(-2), np.broadcast_to(share, values.shape)
        best = np.argmax(np.where(there, values, -np.inf), -2)[..., None, :]
        share = np.zeros(values.shape, bool)
        np.put_along_axis(share, best, True, -2)
        return np.take_along_axis(values, best, -2)[..., 0, :], share


@dataclass(frozen=True, eq=False)
class Reads:
    """What lies between sources, a new layer, and targets, as tables of places.

    Parameters
    ----------
    kernel
        (places of the new layer, kernel) of places of the sources.
    pools
        From the new layer to what the targets read, first ones first.
    window
        (places of the targets, window) of places of what they read.
    """

    kernel: np.ndarray
    pools: tuple[Pool, ...]
    window: np.ndarray

    @property
    def places(self) -> int:
        """Of a target."""
        return len(self.window)


def reads_of(pair: Pair, layer: NewLayer) -> Reads:
    """The tables for a layer between a pair.

    Parameters
    ----------
    pair, layer
        The kernel of the layer keeps the size of the map.
    """
    shape: Any = pair.shape or (1, 1)
    one = (1, 1)
    kernel = window_places(shape, shape, layer.weights.shape[2:], one, layer.padding, one)  # type: ignore[arg-type]
    pools = []
    for step in pair.chain:
        after: Any = step.shape or (1, 1)
        form = dict(step.form)
        if form["op"] != "identity":
            pools.append(_pool(shape, after, form))
        shape = after
    stride, padding, dilation = (pair.form.get(name, other) for name, other in zip(_FORM, _PLAIN, strict=True))
    sides = [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(shape, pair.window, stride, padding, dilation, strict=True)
    ]
    window = window_places(shape, (sides[0], sides[1]), pair.window, stride, padding, dilation)
    return Reads(kernel, tuple(pools), window)


_FORM, _PLAIN = ("stride", "padding", "dilation"), ((1, 1), (0, 0), (1, 1))


def _pool(before: Size, after: Size, form: dict[str, Any]) -> Pool:
    stride, padding, dilation = (form.get(name, other) for name, other in zip(_FORM, _PLAIN, strict=True))
    table = window_places(before, after, form["kernel_size"], stride, padding, dilation)
    if form["op"] == "max_pool":
        return Pool(True, table, np.ones(len(table)))
    if not form.get("count_include_pad", True):
        return Pool(False, table, (table >= 0).sum(1).astype(float))
    rows, columns = (
        np.minimum(np.arange(n) * s + k, size + 2 * p) - np.arange(n) * s
        for n, k, s, p, size in zip(after, form["kernel_size"], stride, padding, before, strict=True)
    )
    return Pool(False, table, np.outer(rows, columns).reshape(-1).astype(float))
