"""Pairs of neurons drawn at random, without room for all pairs that there are."""

import numpy as np

from neurograph.storage.sets import in_sorted, union


def draw_absent(pairs: int, taken: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """(k,) int64 different numbers below `pairs`, rising, that are not taken; every set of them is equally likely.

    Room is taken for what is drawn and what is taken, never for all pairs where these are many more.

    Parameters
    ----------
    pairs
        The bound.
    taken
        (t,) int64 different numbers below it, rising.
    count
        How many; fewer where fewer are free.
    rng
        Where random numbers come from.
    """
    count = min(count, pairs - len(taken))
    if 4 * (len(taken) + count) >= pairs:
        free = np.ones(pairs, bool)
        free[taken] = False
        return np.sort(rng.choice(np.flatnonzero(free), count, replace=False))
    found = np.empty(0, np.int64)
    while len(found) < count:
        drawn = rng.integers(0, pairs, 2 * (count - len(found)) + 16)
        found = union(found, drawn[~in_sorted(drawn, taken)])
    return np.sort(rng.choice(found, count, replace=False))


def draw_wiring(sources: int, targets: int, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(count,) places of sources and of targets, drawn at random, that are all different pairs: each target has one.

    Parameters
    ----------
    sources, targets
        How many neurons stand at either end.
    count
        How many synapses, at least as many as targets and at most as many as pairs.
    rng
        Where random numbers come from.
    """
    first = np.arange(targets) * sources + rng.integers(0, sources, targets)
    codes = union(first, draw_absent(sources * targets, first, count - targets, rng))
    return codes % sources, codes // sources
