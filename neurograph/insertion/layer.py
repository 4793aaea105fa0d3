"""A layer that is about to be inserted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from neurograph.errors import OptionError
from neurograph.options import number, one_of


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
    norm
        Of a batch norm, name -> (neurons,) values; None: there is none.
    """

    weights: np.ndarray
    bias: np.ndarray | None
    activation: str
    padding: tuple[int, int] = (0, 0)
    slope: np.ndarray | None = None
    norm: dict[str, np.ndarray] | None = None

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


def checked_bias(given: float | Sequence[float] | str | None) -> float | Sequence[float] | str | None:
    """A bias of new neurons as it is, lists and arrays as tuples; `OptionError` where it is none."""
    if given is None or isinstance(given, str):
        return given if given is None else one_of("bias", given, ("auto",))
    if not isinstance(given, list | tuple | np.ndarray):
        number("bias", given, float("-inf"))
        return given
    if np.ndim(given) != 1:
        raise OptionError(f"bias must be one number, or a list of one for each neuron, not {given!r}")
    return tuple(number("bias", value, float("-inf")) for value in np.asarray(given, object).tolist())
