"""What a network weighed at a moment of its past: every synapse's numbers and every neuron's values, by id and key."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from neurograph.core.graph import EditableGraph
from neurograph.schema.neuron import VALUES


@dataclass(frozen=True, eq=False)
class PastWeights:
    """Weights and values after an epoch and its event.

    Parameters
    ----------
    epoch
        From 1; 0 is the start.
    ids
        (E,) int64 of the synapses, rising.
    sizes
        (E,) int64: how many numbers each has; 1, those of its kernel, or 0 where it has no weight.
    numbers
        (sum of sizes,) float32 or float16, kernels row by row.
    keys
        (N,) int64 of the neurons, rising.
    values
        Name -> (N,) of the same type, NaN where a neuron has none.
    """

    epoch: int
    ids: np.ndarray
    sizes: np.ndarray
    numbers: np.ndarray
    keys: np.ndarray
    values: dict[str, np.ndarray]

    def signed_sizes(self) -> np.ndarray:
        """(E,) float64: the number; of a kernel its norm with the sign of its sum; NaN where there is none."""
        starts = np.cumsum(self.sizes) - self.sizes
        numbers = self.numbers.astype(np.float64)
        some = self.sizes > 0
        out = np.full(len(self.ids), np.nan)
        if not some.any():
            return out
        total, square = (np.add.reduceat(each, starts[some]) for each in (numbers, numbers**2))
        sign = np.where(total < 0, -1.0, 1.0)
        out[some] = np.where(self.sizes[some] == 1, total, sign * np.sqrt(square))
        return out


def weights_of(graph: EditableGraph, epoch: int, dtype: str = "float32") -> PastWeights:
    """What a graph weighs now.

    Parameters
    ----------
    graph
        The network.
    epoch
        After which this is.
    dtype
        "float32" or "float16".
    """
    arrays, columns = graph.arrays(), graph.neurons
    order = np.argsort(arrays.ids, kind="stable")
    pool, row = arrays.pool[order], arrays.row[order]
    lengths = np.array([int(np.prod(data.shape[1:], dtype=int)) for data in arrays.pools], np.int64)
    sizes = np.where(pool >= 0, lengths[pool], 0) if len(lengths) else np.zeros(len(order), np.int64)
    starts, numbers = np.cumsum(sizes) - sizes, np.empty(int(sizes.sum()), dtype)
    with np.errstate(over="ignore"):  # beyond a half's range is infinite
        for number, data in enumerate(arrays.pools):
            mine = np.flatnonzero(pool == number)
            places = starts[mine, None] + np.arange(lengths[number])
            numbers[places] = data[row[mine]].reshape(len(mine), lengths[number])
        keys = np.sort(graph.table.keys())
        values = {name: columns.values[name][keys].astype(dtype) for name in VALUES}
    known = {name: value for name, value in values.items() if not np.isnan(value).all()}
    return PastWeights(epoch, arrays.ids[order], sizes, numbers, keys, known)


def thinned(epochs: Iterable[int], events: Iterable[int], most: int) -> list[int]:
    """Which of some epochs to keep: first and last, those with events before others, and else evenly.

    Parameters
    ----------
    epochs
        Rising.
    events
        Epochs after which the network changed.
    most
        How many, at least 1.
    """
    every, changed = list(epochs), set(events)
    if len(every) <= most:
        return every
    first = {every[-1], every[0]} if most > 1 else {every[-1]}
    kept = set(first)
    for wanted in ([e for e in every if e in changed], every):
        free = most - len(kept)
        left = [epoch for epoch in wanted if epoch not in kept]
        if free > 0 and left:
            places = np.unique(np.linspace(0, len(left) - 1, min(free, len(left))).round().astype(int))
            kept |= {left[place] for place in places.tolist()}
    return sorted(kept)
