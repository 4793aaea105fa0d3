"""Which synapses a picture shows when it cannot show all: the strongest of each bundle."""

import numpy as np

from neurograph.analysis.shares import equal_shares
from neurograph.analysis.sizes import signs, sizes
from neurograph.core.arrays import GraphArrays

_MOST = 1e290  # a picture adds strengths up


def strengths(arrays: GraphArrays) -> tuple[np.ndarray, np.ndarray]:
    """(E,) sizes of the weights, and their signs; a kernel counts by its norm and its sum, none as 1 and 0."""
    size, sign = np.ones(len(arrays.ids)), np.zeros(len(arrays.ids))
    for number, pool in enumerate(arrays.pools):
        mine = np.flatnonzero(arrays.pool == number)
        weights = pool[arrays.row[mine]]
        size[mine], sign[mine] = np.minimum(sizes(weights), _MOST), signs(weights)
    return size, sign


def strongest(size: np.ndarray, bundle: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """The synapses to show.

    Parameters
    ----------
    size
        (E,) how strong each is.
    bundle
        (E,) int64, equal for those between the same two columns.
    most
        How many to show. Bundles share it equally, and what a small one leaves goes to the others: else a layer of
        small weights would not show at all.

    Returns
    -------
    chosen : numpy.ndarray
        (n,) int64 their numbers, weak ones first, so that strong ones are drawn over them.
    relative : numpy.ndarray
        (n,) strength within their own bundle, from 0 to 1: the share of shown ones that are no stronger, or the part of
        the strongest ones' weight, whichever is less.
    """
    order = np.argsort(bundle, kind="stable")
    starts = np.flatnonzero(np.diff(bundle[order], prepend=-1))
    groups = np.split(order, starts[1:]) if len(order) else []
    chosen, relative = [np.empty(0, np.int64)], [np.empty(0)]
    for group, share in zip(groups, equal_shares([len(group) for group in groups], most), strict=True):
        if share < len(group):
            group = group[np.argpartition(size[group], -share)[-share:]] if share else group[:0]
        chosen.append(group)
        relative.append(_relative(size[group]))
    numbers, strength = np.concatenate(chosen), np.concatenate(relative)
    order = np.argsort(strength, kind="stable")
    return numbers[order], strength[order]


def _relative(size: np.ndarray) -> np.ndarray:
    if not len(size):
        return size
    share = np.searchsorted(np.sort(size), size, side="right") / len(size)
    return np.minimum(share, size / (np.quantile(size, 0.98) or 1.0))
