"""The kernels of a page, as bytes."""

import numpy as np

from neurograph.analysis.history import SynapseHistory
from neurograph.analysis.past import PastWeights
from neurograph.storage.sets import each_once
from neurograph.view.bundles import Connection

MOST = 600_000  # numbers of kernels that go into a page


def kernel_arrays(synapses: SynapseHistory, bundles: list[Connection]) -> tuple[dict[str, np.ndarray], int]:
    """Kernels, the smallest bundles' first: numbers from -127 to 127 of the largest of each, row by row.

    "kernel" holds, for each synapse that goes into the page, where its kernel begins, counted from 1, or 0;
    "kernel_shape" which of "kernel_sides" (rows and columns in turn) it has. Also returns how many were left out.
    """
    sides = [data.shape[1:] for data in synapses.pools]
    size = np.array([int(np.prod(side)) * (len(side) == 2) for side in sides])
    lengths = [np.where(synapses.pool[b.synapses] >= 0, size[synapses.pool[b.synapses]], 0) for b in bundles]
    starts, numbers, used, left_out = [np.zeros(len(one), np.int64) for one in lengths], [], 0, 0
    for at in sorted(range(len(bundles)), key=lambda at: int(lengths[at].sum())):
        needed = int(lengths[at].sum())
        if used + needed > MOST:
            left_out += int((lengths[at] > 0).sum())
        elif needed:
            starts[at] = np.where(lengths[at] > 0, used + np.cumsum(lengths[at]) - lengths[at] + 1, 0)
            numbers.append(_eighths(synapses, bundles[at].synapses, lengths[at]))
            used += needed
    if not used:
        return {}, left_out
    shape = np.concatenate([np.maximum(synapses.pool[b.synapses], 0) for b in bundles])
    flat = np.array([length for side in sides for length in (side or (1, 1))])
    held = {"kernel": np.concatenate(starts), "kernel_shape": shape, "kernel_sides": flat}
    return held | {"kernels": np.concatenate(numbers)}, left_out


class KernelPlaces:
    """Where the kernels of a page stand, to find those of the past for the same places.

    Parameters
    ----------
    ids
        (E,) of the page's synapses, in its order.
    arrays
        What `kernel_arrays` made.
    """

    def __init__(self, ids: np.ndarray, arrays: dict[str, np.ndarray]) -> None:
        self.count = len(arrays.get("kernels", ()))
        start = arrays.get("kernel", np.zeros(0, np.int64))
        mine = np.flatnonzero(start)
        self.ids, self.start = ids[mine], start[mine] - 1
        sides = arrays.get("kernel_sides", np.zeros(0, np.int64)).reshape(-1, 2)
        self.length = sides.prod(axis=1)[arrays["kernel_shape"][mine]] if len(mine) else np.zeros(0, np.int64)

    def at(self, some: PastWeights) -> np.ndarray:
        """(count,) int8: the kernels of a moment in the places of today's, zeros for those that were not there."""
        out = np.zeros(self.count, np.int8)
        if not self.count or not len(some.ids):
            return out
        place = np.minimum(np.searchsorted(some.ids, self.ids), len(some.ids) - 1)
        there = (some.ids[place] == self.ids) & (some.sizes[place] == self.length)
        first = np.cumsum(some.sizes) - some.sizes
        for length in each_once(self.length[there]).tolist():
            which, along = np.flatnonzero(there & (self.length == length)), np.arange(length)
            kernels = some.numbers[first[place[which]][:, None] + along].astype(np.float64)
            out[self.start[which][:, None] + along] = _scaled(kernels)
        return out


def _scaled(kernels: np.ndarray) -> np.ndarray:
    """Kernels, a row each, as numbers from -127 to 127 of the largest of each."""
    return np.rint(np.nan_to_num(kernels) * (127 / np.maximum(np.abs(kernels).max(axis=1, keepdims=True), 1e-300)))


def _eighths(synapses: SynapseHistory, which: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The numbers of some kernels one after the other, as bytes."""
    out, starts = np.zeros(int(lengths.sum()), np.int8), np.cumsum(lengths) - lengths
    for number, data in enumerate(synapses.pools):
        mine = np.flatnonzero((synapses.pool[which] == number) & (lengths > 0))
        if not len(mine):
            continue
        kernels = data[synapses.row[which[mine]]].reshape(len(mine), -1)
        out[starts[mine][:, None] + np.arange(kernels.shape[1])] = _scaled(kernels)
    return out
