"""Autophagy: a population eats the neurons that it does not need."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from neurograph.analysis.ages import Ages
from neurograph.analysis.observations import Observations
from neurograph.edits.base import Outcome
from neurograph.edits.selectors import SELECTORS, Selector
from neurograph.edits.support import stranded
from neurograph.edits.support.choosing import choose, old_enough
from neurograph.edits.support.growing import inner_population
from neurograph.options import DATA, as_plain, named_or_called, number, one_of, whole

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


@dataclass(frozen=True, eq=False)
class Autophagy:
    """Remove neurons from a population as MetaNet does ("Neurons Selection for Autophagy").

    Where none is to go, nothing happens, and the journal says so. Channels take along what follows them, as in
    `RemoveNeurons`: their places in pooling layers and the like, but never neurons of the population itself.

    Parameters
    ----------
    population
        An inner one: inputs and outputs are as many as the data says.
    by
        Who goes: "low_representational_power" (eq. 14, needs observations), or a selector with its options, such as
        `LowRepresentationalPower(nu=0.05)` (`neurograph.edits.selectors`).
    floor
        Neurons that stay whatever the selector says, at least 1. `details["spared"]` counts those that stay for that
        reason alone: the last in the selector's order; `details["left"]` what the population has afterwards.
    stranded
        What becomes of hidden neurons that are left without inputs or outputs: "leave", "remove" or "refuse"; see
        `RemoveNeurons`.
    seed
        For selectors that draw.
    observations
        What was seen while data ran through the network, for selectors that ask for it.
    protect
        The age below which neurons are not eaten, in the unit of `ages`: whatever the selector, it chooses among the
        older ones alone, and its means and medians are theirs. `details["protected"]` counts the others.
    ages
        How old neurons are; those not in it have been there from the start.

    Raises
    ------
    OptionError
        An option that makes no sense.
    MissingError, EditError
        From `apply`: no such population, or observations or ages that are missing; inputs or outputs; neurons that are
        all protected by their age.

    Examples
    --------
    >>> import numpy as np
    >>> from neurograph.builders import mlp
    >>> from neurograph.edits.selectors import LowRepresentationalPower
    >>> g = mlp([2, 3, 1])
    >>> seen = Observations(np.arange(6), np.zeros(6), np.array([1, 1, 0.5, 0.01, 0.02, 1]))
    >>> result = g.apply(Autophagy("hidden1", LowRepresentationalPower(nu=0.2), floor=2, observations=seen))
    >>> result.died, result.details["eaten"], result.details["spared"]
    ([3], 1, 1)
    """

    population: str
    by: str | Selector = "low_representational_power"
    floor: int = 1
    stranded: str = "leave"
    seed: int = 0
    observations: Observations | None = field(default=None, metadata=DATA)
    protect: float = 0.0
    ages: Ages | None = field(default=None, metadata=DATA)

    def __post_init__(self) -> None:
        number("protect", self.protect, 0.0)
        named_or_called("by", self.by, SELECTORS)
        whole("floor", self.floor, 1)
        one_of("stranded", self.stranded, stranded.STRATEGIES)
        whole("seed", self.seed, 0)

    def apply(self, graph: "EditableGraph") -> Outcome:
        """Let the neurons die."""
        keys = inner_population(graph, self.population, "shrink")
        grown = old_enough(self.population, keys, self.protect, self.ages)
        chosen = choose(graph, self.population, grown, self.by, self.seed, self.observations)
        eaten = chosen[: max(0, len(keys) - self.floor)]
        settled = stranded.remove_neurons(graph, eaten, self.stranded, home=keys)
        left = len(graph.population_keys(self.population))
        details = {"eaten": len(eaten), "spared": len(chosen) - len(eaten), "left": left}
        if self.protect:
            details["protected"] = len(keys) - len(grown)
        return Outcome(as_plain(self), details=details | settled)
