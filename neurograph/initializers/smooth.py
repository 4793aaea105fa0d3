"""Smooth kernels: neighbouring pixels weigh alike from the start, so that what texture a kernel gets, it learned.

Kernels that stay flat then stand out, by their deviation, from those that found something to look for ("Neuron
hierarchical networks", 2.2: 3 x 3 and 5 x 5 kernels go through a 3 x 3 Gaussian filter after they are drawn).
"""

import numpy as np

from neurograph.initializers.he import he_normal

SMOOTH_SIDES = (3, 5)


def he_smooth(shape: tuple[int, ...], activation: str, rng: np.random.Generator) -> np.ndarray:
    """`he_normal`, with 3 x 3 and 5 x 5 kernels smoothed by `smoothed`; other weights are left as they are drawn.

    The parameters are those of `he_uniform`.

    Examples
    --------
    >>> kernels = he_smooth((8, 16, 5, 5), "relu", np.random.default_rng(0))
    >>> float((kernels[..., 1:] * kernels[..., :-1]).mean() / kernels.var()) > 0.5  # neighbours agree
    True
    """
    drawn = he_normal(shape, activation, rng)
    return smoothed(drawn) if len(shape) == 4 and shape[2] == shape[3] and shape[2] in SMOOTH_SIDES else drawn


def smoothed(kernels: np.ndarray) -> np.ndarray:
    """Kernels after a 3 x 3 Gaussian filter (1, 2, 1) x (1, 2, 1) / 16, scaled to the variance they came with.

    The filter takes the rim's own pixels for those beyond it, so that a flat kernel stays flat. It takes away most of
    the variance of independent pixels; the paper does not say whether that is made good, and where no norm follows it
    has to be, or signals fade: each kernel is multiplied by the same number, side / |S|² with S the filter as a matrix
    along one side and |S|² its sum of squares.

    Parameters
    ----------
    kernels
        (..., side, side), drawn independently.

    Examples
    --------
    >>> smoothed(np.array([[0.0, 0, 0], [0, 1, 0], [0, 0, 0]]))[1].round(2).tolist()
    [0.23, 0.46, 0.23]
    """
    side = kernels.shape[-1]
    along = np.eye(side) / 2 + (np.eye(side, k=1) + np.eye(side, k=-1)) / 4
    along[0, 0] += 0.25
    along[-1, -1] += 0.25
    return along @ kernels @ along.T * (side / np.square(along).sum())
