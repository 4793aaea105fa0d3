"""Which bundles of a block share one product: those too thin for one of their own are merged into a remainder.

Taking the bundles from the largest down, each has a product of its own up to some point and the rest are one gathered
product; the point is the one with the least predicted cost.
"""

from collections.abc import Callable

import numpy as np

Price = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def merge_thin(
    count: np.ndarray, sources: np.ndarray, targets: np.ndarray, size: int, alone: np.ndarray, merged: Price
) -> list[np.ndarray]:
    """Group the bundles of one target block.

    Parameters
    ----------
    count, sources, targets
        (B,) synapses of each bundle, and the neurons it touches at both ends.
    size
        Neurons of the target block.
    alone
        (B,) seconds of each bundle as a product of its own; infinite where there is no way to run it so.
    merged
        Seconds of merged bundles, from (sources, targets, synapses, bundles merged), all arrays.

    Returns
    -------
    list of arrays
        Bundles that run together, each list rising.
    """
    many = len(count)
    if many < 2:
        return [np.arange(many)] if many else []
    order = np.argsort(-count, kind="stable")
    kept = np.concatenate([[0.0], np.cumsum(alone[order])])
    rest = [_from_here_on(column[order]) for column in (sources, targets, count)]
    price = merged(rest[0], np.minimum(rest[1], size), rest[2], many - np.arange(many))
    total = kept[:-1] + price
    total[-1] = kept[-1]  # a last bundle on its own is no remainder
    first = int(np.argmin(total))
    single = many if first == many - 1 else first
    groups = [order[i : i + 1] for i in range(single)]
    return groups + ([np.sort(order[single:])] if single < many else [])


def _from_here_on(column: np.ndarray) -> np.ndarray:
    return np.cumsum(column[::-1])[::-1]
