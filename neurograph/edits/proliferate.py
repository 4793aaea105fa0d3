"""Proliferate: neurons are born into a population, with the wiring of neurons that are there."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from neurograph.analysis.observations import Observations
from neurograph.edits.base import Outcome
from neurograph.edits.support.copies import balanced, copies
from neurograph.edits.support.counts import CountPolicy
from neurograph.edits.support.growing import give_birth, inner_population
from neurograph.edits.support.outgoing import OUTGOING, PRESERVING
from neurograph.edits.support.relays import Births, births_of
from neurograph.errors import EditError, OptionError, listed
from neurograph.initializers.newborns import (
    NEWBORN_INITIALIZERS,
    Growth,
    NewbornInitializer,
    Newborns,
    newborn_initializer,
)
from neurograph.options import DATA, as_plain, named_or_called, number, one_of, whole

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


@dataclass(frozen=True, eq=False)
class Proliferate:
    """Add neurons to a population as MetaNet does ("Proliferate Neurons", "Weights Learning"), on any graph.

    Each newborn takes the kind, bias, slope, norm and running statistics of a donor from the population, its incoming
    synapses (whole kernels, where neurons are channels), and a share of its outgoing ones.

    Identity and pooling synapses have no weight to share, so the donor's relays are copied too behind the newborn,
    and the sharing is done at the first weights behind them: a relay (a channel of a pooling layer) reads the newborn
    alone; a neuron that takes in others too (a residual sum) is copied with all its incoming synapses, so that it still
    computes what it did. The channel that a depthwise layer (one kernel a source, and its own) reads the donor by is
    born again as well: shared out, it would read two and be depthwise no more. Outputs, and neurons of the same
    population, do not follow; `details["not_shared"]` counts the synapses that newborns have not got for that reason,
    and `details["followers"]` the copied relays. In a grouped layer newborns stay in their donors' groups.

    A newborn is its donor's heir, a copied relay its original's, and their synapses are heirs of what they copy. Where
    neurons have dropout, "computes what it did" below holds when nothing is dropped.

    Parameters
    ----------
    population
        An inner one: inputs and outputs are as many as the data says.
    count
        How many newborns, at least 1; or a policy from the population's size to that number, such as
        `DynamicCount` (MetaNet's eq. 2).
    initializer
        Who the donors are, and what incoming synapses weigh: "random" (eq. 3), "representational" (eq. 4, needs
        observations), or a callable `Growth` -> `Newborns` (`neurograph.initializers.newborns`).
    outgoing
        What outgoing synapses weigh: "split" (the donor's weight is shared out by random fractions; the network
        computes what it did, provided that newborns have their donors' incoming weights), "zero" (computes what it
        did), "paper" (the initializer applied to the next layer's rows too: the function moves; behind relays the
        donors' own rows), or "gradient" (the least squares on where the loss falls, from recorded values and deltas:
        the function moves as newborns can move it best).
    seed
        Of the donors and fractions drawn.
    noise
        Standard deviation of the normal noise that newborns' incoming weights get, in units of the standard deviation
        of the donors' incoming weights. Copies without it follow their donors through training for long: gradients that
        differ only in size look alike to Adam. The paper's authors suggest noise, for their kernel predictor. With
        outgoing="zero" the network computes what it did whatever the noise.
    limit
        Neurons the population never grows beyond: fewer are born where it is near.
    observations
        What was seen while data ran through the network, for initializers that ask for it.
    balanced
        Whether newborns' incoming weights, noise included, are multiplied by one number so that they meet the variance
        condition of eq. 12 and 13 by themselves, n_l Var(W) / 2 = 1; see `neurograph.variance`. That number is
        `details["balanced_by"]`.

    Raises
    ------
    OptionError
        An option that makes no sense.
    MissingError, EditError
        From `apply`: no such population, or observations that are missing; a population that cannot grow, or has
        reached its limit; a function-preserving `outgoing` into neurons that do not sum their inputs; newborns to be
        balanced whose weights do not vary.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> g = mlp([4, 3, 2], seed=0)
    >>> result = g.apply(Proliferate("hidden1", 2, seed=1))
    >>> len(g.population("hidden1")), result.entry.synapses_born.size, result.details["function_preserving"]
    (5, 12, True)
    """

    population: str
    count: int | CountPolicy
    initializer: str | NewbornInitializer = "random"
    outgoing: str = "split"
    seed: int = 0
    noise: float = 0.0
    limit: int | None = None
    observations: Observations | None = field(default=None, metadata=DATA)
    balanced: bool = False

    def __post_init__(self) -> None:
        if not callable(self.count):
            whole("count", self.count, 1)
        named_or_called("initializer", self.initializer, NEWBORN_INITIALIZERS)
        one_of("outgoing", self.outgoing, OUTGOING)
        whole("seed", self.seed, 0)
        number("noise", self.noise, 0)
        if getattr(self.initializer, "silent", None) == "incoming" and self.outgoing != "paper":
            raise OptionError(
                f"outgoing={self.outgoing!r} would drop the outgoing weights that {self.initializer!r} chooses, "
                'and newborns that hear nothing at first would seldom learn: use outgoing="paper"'
            )
        if self.balanced and self.outgoing == "gradient":
            raise OptionError(
                'balanced=True scales incoming weights after outgoing="gradient" has looked at what newborns say: '
                "choose one of them"
            )
        if self.limit is not None:
            whole("limit", self.limit, 1)

    def apply(self, graph: "EditableGraph") -> Outcome:
        """Let the newborns be born."""
        keys = inner_population(graph, self.population, "proliferate")
        growth = Growth(graph, keys, self._count(len(keys)), np.random.default_rng(self.seed), self.observations)
        newborns = self._choose(growth)
        births = births_of(graph, newborns.donors, keys)
        self._check_readers(graph, births)
        wired = copies(graph, births, newborns, OUTGOING[self.outgoing], self.noise, growth.rng, self.observations)
        wired, factor = balanced(wired, births.count, self.population) if self.balanced else (wired, None)
        born = give_birth(graph, births.old)
        heirs = [each.add(graph, births, born) for each in wired]
        details = {
            "newborns": growth.count,
            "followers": len(births.relays),
            "function_preserving": self.outgoing == "zero"
            or (self.outgoing == "split" and newborns.weights is None and not self.noise and factor is None),
            "not_shared": births.left_out,
        }
        if factor is not None:
            details["balanced_by"] = factor
        everyone = np.concatenate(heirs) if heirs else np.empty((0, 2), np.int64)
        return Outcome(as_plain(self), np.stack([born, births.old], 1), everyone, details)

    def _count(self, size: int) -> int:
        count = self.count
        if callable(count):
            count = count(size)
            if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < 1:
                raise EditError(f"the count for population {self.population!r} ({size} neurons) came out as {count!r}")
        room = count if self.limit is None else self.limit - size
        if room < 1:
            raise EditError(f"population {self.population!r} has {size} neurons, and its limit is {self.limit}")
        return int(min(count, room))

    def _choose(self, growth: Growth) -> Newborns:
        given = self.initializer
        newborns = newborn_initializer(given)(growth) if isinstance(given, str) else given(growth)
        if not isinstance(newborns, Newborns):
            raise EditError(f"initializer {given!r} must answer with Newborns, not {newborns!r}")
        donors = np.asarray(newborns.donors)
        if donors.shape != (growth.count,) or not np.isin(donors, growth.keys).all():
            raise EditError(f"initializer {given!r} must name {growth.count} donors in population {self.population!r}")
        return Newborns(donors.astype(np.int64), newborns.weights)

    def _check_readers(self, graph: "EditableGraph", births: Births) -> None:
        far = np.concatenate([np.empty(0, np.int64), *(w.far for w in births.shared + births.shared_by_relays)])
        odd = graph.neurons.each("aggregation", far) != "sum"
        if self.outgoing in PRESERVING and odd.any():
            raise EditError(
                f"{listed(dict.fromkeys(graph.names_of(far[odd])))} do not sum their inputs, so one more changes "
                "what they compute; outgoing='paper' accepts that"
            )
