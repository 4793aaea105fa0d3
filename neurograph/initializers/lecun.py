"""LeCun's initializer: sums of unit variance from inputs of unit variance, whatever the activation."""

import numpy as np

from neurograph.initializers.fans import fans


def lecun_normal(shape: tuple[int, ...], activation: str, rng: np.random.Generator) -> np.ndarray:
    """Normal, variance 1 / fan_in (LeCun, Bottou, Orr and Müller 1998, "Efficient backprop", eq. 16); what SELU needs.

    Parameters
    ----------
    shape
        (sources, targets, *kernel).
    activation
        Of the targets; it makes no difference here.
    rng
        Where the numbers come from.

    Returns
    -------
    weights : numpy.ndarray
        Float64, of that shape.

    Examples
    --------
    >>> lecun_normal((4, 2), "selu", np.random.default_rng(0)).shape
    (4, 2)
    """
    return rng.normal(0.0, np.sqrt(1.0 / fans(shape)[0]), shape)
