"""The kernels of a page, as bytes."""

import numpy as np

from neurograph.analysis.history import SynapseHistory
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


def _eighths(synapses: SynapseHistory, which: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The numbers of some kernels one after the other, as bytes."""
    out, starts = np.zeros(int(lengths.sum()), np.int8), np.cumsum(lengths) - lengths
    for number, data in enumerate(synapses.pools):
        mine = np.flatnonzero((synapses.pool[which] == number) & (lengths > 0))
        if not len(mine):
            continue
        kernels = data[synapses.row[which[mine]]].reshape(len(mine), -1)
        scale = 127 / np.maximum(np.abs(kernels).max(axis=1, keepdims=True), 1e-300)
        out[starts[mine][:, None] + np.arange(kernels.shape[1])] = np.rint(kernels * scale)
    return out
