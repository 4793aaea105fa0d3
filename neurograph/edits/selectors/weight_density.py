"""Weight density: neurons at random from where the population's weights lie closest together."""

from dataclasses import dataclass

import numpy as np

from neurograph.analysis.weight_space import weight_space
from neurograph.edits.selectors.base import Selection
from neurograph.options import number, whole


@dataclass(frozen=True)
class WeightDensity:
    """w~_l = F_den(Max(D), r), MetaNet's eq. 15: r neurons go at random from the densest area, if it is dense enough.

    The samples are the neurons' incoming weight vectors. Their areas D_1 to D_m are equal intervals of the principal
    axis of the samples, the direction along which they differ most: of all single numbers a neuron could be given, its
    place there tells most about its distances to the others. The density of an area is the number of neurons in it.

    The authors found this the weakest of their three ways to choose.

    Parameters
    ----------
    bins
        m, at least 2.
    count
        r, at least 1; fewer go where the densest area holds fewer.
    excess
        Neurons go only where the densest area holds more than this many times the mean of the other areas (the paper:
        "much larger than other areas").

    Raises
    ------
    OptionError
        An option outside its range.

    Examples
    --------
    >>> from neurograph import NeuronGraph
    >>> g = NeuronGraph()
    >>> _ = g.add_population("in", 1, role="input"), g.add_population("h", 5)
    >>> _ = g.connect("in", "h", weight=[[0.0, 1.0, 0.1, 0.05, 0.6]])  # areas [0, 0.5) and [0.5, 1]
    >>> selection = Selection(g, g.population_keys("h"), np.random.default_rng(0))
    >>> sorted(WeightDensity(bins=2, count=9, excess=1.0)(selection).tolist())
    [1, 3, 4]
    >>> WeightDensity(bins=2, excess=1.5)(selection).tolist()
    []
    """

    bins: int = 16
    count: int = 1
    excess: float = 2.0

    def __post_init__(self) -> None:
        whole("bins", self.bins, 2)
        whole("count", self.count, 1)
        number("excess", self.excess, 0.0)

    def __call__(self, selection: Selection) -> np.ndarray:
        """The neurons to go, in an order drawn at random."""
        vectors = weight_space(selection.graph, selection.keys).vectors
        area = self.areas(principal_places(vectors))
        density = np.bincount(area, minlength=self.bins)
        densest = int(density.argmax())
        if density[densest] <= self.excess * (len(area) - density[densest]) / (self.bins - 1):
            return np.empty(0, np.int64)
        return selection.rng.permutation(selection.keys[area == densest])[: self.count]

    def areas(self, places: np.ndarray) -> np.ndarray:
        """(n,) int64 the area of each neuron; all in the first where they lie in one point."""
        low, high = places.min(), places.max()
        if high <= low:
            return np.zeros(len(places), np.int64)
        return np.minimum(((places - low) / (high - low) * self.bins).astype(np.int64), self.bins - 1)


def principal_places(vectors: np.ndarray) -> np.ndarray:
    """(n,) the places of some points on their principal axis, which points to where the last of the outermost lies.

    Parameters
    ----------
    vectors
        (n, d).
    """
    centred = vectors - vectors.mean(0)
    strengths, basis = np.linalg.eigh(centred @ centred.T)
    places = basis[:, -1] * np.sqrt(max(strengths[-1], 0.0))
    outermost = np.flatnonzero(np.abs(places) >= np.abs(places).max() * (1.0 - 1e-9))[-1]
    return places * (-1.0 if places[outermost] < 0.0 else 1.0)
