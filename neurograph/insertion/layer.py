"""A layer that is about to be inserted."""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True, eq=False)
class NewLayer:
    """New neurons and what they read.

    Parameters
    ----------
    weights
        (sources, neurons, height, width) float64, W(new1); kernels of 1 x 1 between scalars.
    bias
        (neurons,) float64, or None where they have none.
    activation
        Its name.
    padding
        Of the kernels.
    slope
        (neurons,) float64 that a trainable slope begins with; None: as the activation says.
    """

    weights: np.ndarray
    bias: np.ndarray | None
    activation: str
    padding: tuple[int, int] = (0, 0)
    slope: np.ndarray | None = None

    @property
    def neurons(self) -> int:
        """How many."""
        return self.weights.shape[1]

    def of(self, neurons: np.ndarray) -> "NewLayer":
        """The layer with some of its neurons, by their places."""
        bias = None if self.bias is None else self.bias[neurons]
        return replace(self, weights=self.weights[:, neurons], bias=bias)

    def mixed(self, shares: np.ndarray) -> "NewLayer":
        """A layer whose neurons take in (neurons, new neurons) shares of what these take in."""
        weights = np.einsum("snhw,nm->smhw", self.weights, shares)
        return replace(self, weights=weights, bias=None if self.bias is None else self.bias @ shares)
