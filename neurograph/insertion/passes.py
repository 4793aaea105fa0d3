"""The two layers, forwards and backwards, on recorded values: gradients by hand, since nothing here knows torch."""

from dataclasses import dataclass

import numpy as np

from neurograph.insertion.reads import Reads
from neurograph.schema.derivatives import activated


@dataclass(eq=False)
class Weights:
    """What is fitted; also its gradient, and moments of that.

    Parameters
    ----------
    new
        (kernel * sources, neurons): W(new1), the sources of a place side by side.
    bias
        (neurons,).
    old
        (window * neurons, targets): W(new2).
    intercept
        (targets,).
    """

    new: np.ndarray
    bias: np.ndarray
    old: np.ndarray
    intercept: np.ndarray

    def parts(self) -> list[np.ndarray]:
        """All four."""
        return [self.new, self.bias, self.old, self.intercept]


@dataclass(frozen=True, eq=False)
class Maps:
    """Recorded values, places side by side, with one place of noughts behind the last (the padding, -1).

    Parameters
    ----------
    sources
        (images, places + 1, sources).
    readers
        (images, places + 1, readers) what the targets read now.
    """

    sources: np.ndarray
    readers: np.ndarray

    @classmethod
    def of(cls, sources: np.ndarray, readers: np.ndarray) -> "Maps":
        """From (images, neurons, height, width) values."""
        first = _padded(sources)
        return cls(first, first if readers is sources else _padded(readers))


def _padded(values: np.ndarray) -> np.ndarray:
    flat = values.reshape(*values.shape[:2], -1).transpose(0, 2, 1)
    return np.concatenate([flat, np.zeros_like(flat[:, :1])], 1)


def wanted(maps: Maps, reads: Reads, images: np.ndarray, places: np.ndarray, old: np.ndarray) -> np.ndarray:
    """(rows, targets) what the targets take in now at some places of some images, by (window * readers, targets)."""
    seen = maps.readers[images[:, None], reads.window[places]]
    return seen.reshape(len(images), -1) @ old


def forward_backward(
    maps: Maps, reads: Reads, images: np.ndarray, places: np.ndarray, target: np.ndarray, weights: Weights, name: str
) -> tuple[float, Weights]:
    """Half the mean square, over rows, of what the two layers miss of a target; and its gradient.

    Parameters
    ----------
    maps, reads
        Values, and which places read which.
    images, places
        (rows,) of each row the image, and the place of the targets.
    target
        (rows, targets) what these should take in.
    weights
        Of the two layers.
    name
        The activation between them.
    """
    rows = len(images)
    at = [reads.window[places]]  # (rows, window), then a dimension more for every pool, the last one first
    for pool in reversed(reads.pools):
        at.append(np.where((at[-1] >= 0)[..., None], pool.table[at[-1]], -1))
    where = images.reshape(-1, *[1] * at[-1].ndim), reads.kernel[at[-1]]
    x = maps.sources[where].reshape(-1, len(weights.new))
    value, slope = activated(name, x @ weights.new + weights.bias)
    value, shares = value.reshape(*at[-1].shape, -1), []
    for depth, pool in enumerate(reads.pools, 1):
        value, share = pool.forward(value, at[-1 - depth], at[-depth])
        shares.append(share)
    value = value * (at[0] >= 0)[..., None]
    activity = value.reshape(rows, -1)
    error = (activity @ weights.old + weights.intercept - target) / rows
    back = (error @ weights.old.T).reshape(value.shape) * (at[0] >= 0)[..., None]
    for share in reversed(shares):
        back = back[..., None, :] * share
    back = back.reshape(slope.shape) * slope
    gradient = Weights(x.T @ back, back.sum(0), activity.T @ error, error.sum(0))
    return 0.5 * rows * float((error**2).sum()), gradient
