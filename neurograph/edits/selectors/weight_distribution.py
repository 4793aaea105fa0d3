"""Weight distribution: the neurons whose incoming weights no longer look like those of a sound initialization."""

from dataclasses import dataclass

import numpy as np

from neurograph.analysis.weight_space import WeightSpace, weight_space
from neurograph.edits.selectors.base import Selection
from neurograph.options import number, one_of

DISTRIBUTIONS = {"uniform": 6.0, "gaussian": 2.0}  # n_l times the square of what alpha multiplies


@dataclass(frozen=True)
class WeightDistribution:
    """w~_l = F_dis(w_l), MetaNet's eq. 9 to 11: neurons go whose weights are out of the range of the initialization.

    A weight w of a neuron that reads n_l numbers is retained where beta <= |w| <= alpha b. With the uniform
    distribution b = sqrt(6 / n_l), the end of U(-b, b) (eq. 10); with the Gaussian one b = sqrt(2 / n_l), the standard
    deviation of N(0, 2 / n_l), so alpha counts standard deviations (eq. 11). The set T(beta) that the paper takes away
    is that of absolute values below beta.

    The paper judges weights and eats neurons, and does not say how many weights make a neuron; here a neuron goes when
    the share of its incoming weights that are retained is below `share`.

    Parameters
    ----------
    distribution
        "uniform" or "gaussian": what the weights were drawn from.
    alpha
        Of the range, above 0. Training widens it: at 1, weights that grew at all beyond the initialization count as
        out.
    beta
        Absolute values below it count as out, not negative.
    share
        In [0, 1].

    Raises
    ------
    OptionError
        An option outside its range.

    Examples
    --------
    >>> from neurograph import NeuronGraph
    >>> g = NeuronGraph()
    >>> _ = g.add_population("in", 2, role="input"), g.add_population("h", 3)
    >>> _ = g.connect("in", "h", weight=[[1.0, 2.0, 0.001], [-1.7, 3.0, 1.0]])  # b = sqrt(3) = 1.73
    >>> selection = Selection(g, g.population_keys("h"), np.random.default_rng(0))
    >>> WeightDistribution(alpha=1.0, beta=0.01)(selection).tolist()
    [3]
    """

    distribution: str = "uniform"
    alpha: float = 2.0
    beta: float = 0.001
    share: float = 0.5

    def __post_init__(self) -> None:
        one_of("distribution", self.distribution, DISTRIBUTIONS)
        number("alpha", self.alpha, np.nextafter(0.0, 1.0))
        number("beta", self.beta, 0.0)
        number("share", self.share, 0.0, 1.0)

    def __call__(self, selection: Selection) -> np.ndarray:
        """The neurons to go, the worst first; neurons without incoming weights stay."""
        retained = self.retained(weight_space(selection.graph, selection.keys))
        ranking = np.argsort(retained, kind="stable")
        return selection.keys[ranking[retained[ranking] < self.share]]

    def retained(self, space: WeightSpace) -> np.ndarray:
        """(n,) the share of each neuron's incoming weights that are retained; 1 where it has none."""
        count = space.present.sum(1)
        reach = self.alpha * np.sqrt(DISTRIBUTIONS[self.distribution] / np.maximum(count, 1))
        size = np.abs(space.vectors)
        held = space.present & (size >= self.beta) & (size <= reach[:, None])
        return np.where(count > 0, held.sum(1) / np.maximum(count, 1), 1.0)
