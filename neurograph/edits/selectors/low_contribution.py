"""Low contribution: the neurons whose activations matter least to what reads them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neurograph.edits.selectors.base import Selection
from neurograph.edits.support.relays import births_of
from neurograph.initializers.newborns import representational_power
from neurograph.options import number

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


@dataclass(frozen=True)
class LowContribution:
    """Neurons go whose contribution Var(phi) |w_out|^2 is below a level.

    Var(phi) is MetaNet's representational power (eq. 4), w_out the vector of a neuron's outgoing weights: together the
    variance that the neuron brings into the sums of those that read it, where channels go through pools to those behind
    these. The paper's eq. 14 looks at the activation
    alone, so it eats quiet neurons that are listened to and spares loud ones that nobody hears. Behind a batch norm the
    scale of an activation says nothing at all.

    Parameters
    ----------
    level
        Of the population's median contribution, not negative.

    Raises
    ------
    OptionError
        A negative level.

    Examples
    --------
    >>> from neurograph import NeuronGraph
    >>> from neurograph.analysis.observations import Observations
    >>> g = NeuronGraph()
    >>> hidden, out = g.add_population("h", 3), g.add_population("out", 1, is_output=True)
    >>> ids = g.connect("h", "out", weight=[[2.0], [1.0], [0.1]])
    >>> seen = Observations(np.arange(4), np.zeros(4), np.array([0.1, 0.5, 1.0, 1.0]))  # contributions 0.4, 0.5, 0.01
    >>> LowContribution(0.1)(Selection(g, g.population_keys("h"), np.random.default_rng(0), seen)).tolist()
    [2]
    """

    level: float = 0.1

    def __post_init__(self) -> None:
        number("level", self.level, 0.0)

    def __call__(self, selection: Selection) -> np.ndarray:
        """The neurons to go, the least contributing first."""
        power = representational_power(selection.observations, selection.keys)
        contribution = power * outgoing_norm(selection.graph, selection.keys, selection.home)
        ranking = np.argsort(contribution, kind="stable")
        return selection.keys[ranking[: (contribution < self.level * np.median(contribution)).sum()]]


def outgoing_norm(graph: "EditableGraph", keys: np.ndarray, home: np.ndarray | None = None) -> np.ndarray:
    """(n,) float64 |w_out|^2 of neurons of a population, `home` (unless given, they are all of it).

    Summed over all numbers in the first weights behind each.
    """
    births, found = births_of(graph, keys, keys if home is None else home), np.zeros(len(keys))
    for side, whose in (
        (births.shared, births.newborn[: births.count]),
        (births.shared_by_relays, births.newborn[births.count :]),
    ):
        for w in side:
            if w.weights is not None:
                size = (w.weights.reshape(len(w.ids), -1) ** 2).sum(1)[w.at]
                found += np.bincount(whose[w.newborn], size, minlength=len(keys))
    return found
