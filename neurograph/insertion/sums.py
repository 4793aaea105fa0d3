"""What is known of the data: how many rows there were, their mean, and how they vary together."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from neurograph.insertion.layer import NewLayer
    from neurograph.insertion.pair import Pair


@dataclass(frozen=True, eq=False)
class Sums:
    """Moments of some variables.

    Parameters
    ----------
    count
        Rows: samples, times positions of a map.
    mean
        (p,) float64.
    covariance
        (p, p) float64, about the mean, divided by the count.
    resolution
        Relative rounding of the products that were added up.
    """

    count: int
    mean: np.ndarray
    covariance: np.ndarray
    resolution: float = float(np.finfo(np.float64).eps)

    @property
    def deviation(self) -> np.ndarray:
        """(p,) standard deviations; zero where what varies is rounding."""
        variance = np.maximum(np.diag(self.covariance), 0.0)
        return np.sqrt(np.where(variance > (64 * self.resolution * self.mean) ** 2, variance, 0.0))


@dataclass(frozen=True, eq=False)
class Regression:
    """What a least-squares fit needs to know of its inputs and of the responses they are to meet.

    Parameters
    ----------
    inputs
        Moments of the (p,) inputs: of each new neuron what a target's window sees of it, the `window` numbers of a
        neuron side by side.
    cross
        (p, t) covariances with the responses.
    response_mean, response_variance
        (t,) of each response.
    window
        Inputs a neuron.
    """

    inputs: Sums
    cross: np.ndarray
    response_mean: np.ndarray
    response_variance: np.ndarray
    window: int = 1

    @property
    def neurons(self) -> int:
        """How many new neurons there are."""
        return len(self.inputs.mean) // self.window

    def of(self, neurons: np.ndarray) -> "Regression":
        """The same with some of the neurons, by their places."""
        at = (np.asarray(neurons, np.int64)[:, None] * self.window + np.arange(self.window)).reshape(-1)
        inputs = self.inputs
        kept = Sums(inputs.count, inputs.mean[at], inputs.covariance[np.ix_(at, at)], inputs.resolution)
        return Regression(kept, self.cross[at], self.response_mean, self.response_variance, self.window)

    def towards(self, responses: np.ndarray) -> "Regression":
        """The same with some of the responses, by their places."""
        mean, variance = self.response_mean[responses], self.response_variance[responses]
        return Regression(self.inputs, self.cross[:, responses], mean, variance, self.window)


class Recorded(Protocol):
    """Recorded activations as `InsertLayer` asks for them; `compiler.record` makes one from a network and data.

    Attributes
    ----------
    version
        The version of the graph they were recorded on.
    """

    version: int

    def sums(self, pair: "Pair", layer: "NewLayer") -> Sums:
        """Moments of what the layer's neurons take in, O(new) = A(1) W(new1) + b, over samples and positions."""
        ...

    def regression(self, pair: "Pair", layer: "NewLayer") -> Regression:
        """Moments of what the layer's neurons say, as the targets' windows see it, and of what these take in, O(2)'."""
        ...

    def maps(self, pair: "Pair", most: int) -> tuple[np.ndarray, np.ndarray]:
        """Values of sources and of what the targets read, (images, neurons, height, width), in so many bytes at most.

        Scalars are 1 x 1. Where the targets read the sources themselves, both are one array. Algorithm "joint" alone
        asks for it.
        """
        ...
