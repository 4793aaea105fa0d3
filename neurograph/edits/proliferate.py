"""Proliferate: neurons are born into a population, with the wiring of neurons that are there."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from neurograph.edits.base import Outcome
from neurograph.edits.counts import CountPolicy
from neurograph.edits.growing import Wiring, give_birth, inner_population, wiring
from neurograph.edits.options import DATA, named_or_called, number, one_of, told, whole
from neurograph.edits.outgoing import OUTGOING, PRESERVING, Outgoing
from neurograph.errors import EditError, listed
from neurograph.initializers.newborns import (
    NEWBORN_INITIALIZERS,
    Growth,
    NewbornInitializer,
    Newborns,
    newborn_initializer,
)
from neurograph.observations import Observations
from neurograph.schema.synapse import WEIGHT

if TYPE_CHECKING:
    from neurograph.graph import NeuronGraph


@dataclass(frozen=True, eq=False)
class Proliferate:
    """Add neurons to a population as MetaNet does ("Proliferate Neurons", "Weights Learning"), on any graph.

    Each newborn takes the kind, bias, slope and norm of a donor from the population, its incoming synapses and its
    outgoing synapses with a weight; identity and pooling synapses out of the donor cannot be shared and stay its own.

    A newborn is its donor's heir, and its synapses are heirs of the donor's. Where neurons have dropout, "computes what
    it did" below holds when nothing is dropped.

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
        did), or "paper" (the initializer applied to the next layer's rows too: the function moves).
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

    Raises
    ------
    OptionError
        An option that makes no sense.
    MissingError, EditError
        From `apply`: no such population, or observations that are missing; a population that cannot grow, or has
        reached its limit; a function-preserving `outgoing` into neurons that do not sum their inputs.

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

    def __post_init__(self) -> None:
        if not callable(self.count):
            whole("count", self.count, 1)
        named_or_called("initializer", self.initializer, NEWBORN_INITIALIZERS)
        one_of("outgoing", self.outgoing, OUTGOING)
        whole("seed", self.seed, 0)
        number("noise", self.noise, 0)
        if self.limit is not None:
            whole("limit", self.limit, 1)

    def apply(self, graph: "NeuronGraph") -> Outcome:
        """Let the newborns be born."""
        keys = inner_population(graph, self.population, "proliferate")
        growth = Growth(graph, keys, self._count(len(keys)), np.random.default_rng(self.seed), self.observations)
        newborns = self._choose(growth)
        outgoing = list(wiring(graph, newborns.donors, incoming=False))
        shared = [w for w in outgoing if w.form.get("op", WEIGHT) == WEIGHT]
        copies = [_incoming(w, newborns, self.noise, growth.rng) for w in wiring(graph, newborns.donors, incoming=True)]
        copies += [self._outgoing(graph, w, newborns, growth.rng) for w in shared]  # all are read before any change
        born = give_birth(graph, newborns.donors)
        heirs = [c.add(graph, born) for c in copies]
        details = {
            "newborns": growth.count,
            "function_preserving": self.outgoing == "zero"
            or (self.outgoing == "split" and newborns.weights is None and not self.noise),
            "not_shared": sum(len(w.at) for w in outgoing) - sum(len(w.at) for w in shared),
        }
        everyone = np.concatenate(heirs) if heirs else np.empty((0, 2), np.int64)
        return Outcome(told(self), np.stack([born, newborns.donors], 1), everyone, details)

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

    def _outgoing(self, graph: "NeuronGraph", w: Wiring, newborns: Newborns, rng: np.random.Generator) -> "_Copies":
        if self.outgoing in PRESERVING:
            odd = graph._columns.each("aggregation", w.far) != "sum"
            if odd.any():
                raise EditError(
                    f"{listed(dict.fromkeys(graph.names_of(w.far[odd])))} do not sum their inputs, so one more changes "
                    "what they compute; outgoing='paper' accepts that"
                )
        if w.weights is None:
            return _Copies(w, False, None)
        return _Copies(w, False, *OUTGOING[self.outgoing](Outgoing(w.ids, w.weights, w.at, w.newborn, newborns, rng)))


@dataclass(frozen=True, eq=False)
class _Copies:
    """Synapses about to be born: their weights, and what their originals weigh from then on (None: as before)."""

    wiring: Wiring
    incoming: bool
    weights: np.ndarray | None
    originals: np.ndarray | None = None

    def add(self, graph: "NeuronGraph", born: np.ndarray) -> np.ndarray:
        """Add them; returns (m, 2) pairs (new id, old id)."""
        w = self.wiring
        far, new = graph.names_of(w.far[w.at]), graph.names_of(born[w.newborn])
        ends = (far, new) if self.incoming else (new, far)
        ids = graph.add_edges_from_arrays(*ends, self.weights, **w.form)
        if self.originals is not None:
            graph.write_weights(w.ids, self.originals)
        return np.stack([ids, w.ids[w.at]], 1)


def _incoming(w: Wiring, newborns: Newborns, noise: float, rng: np.random.Generator) -> _Copies:
    if w.weights is None:
        return _Copies(w, True, None)
    weights = w.weights[w.at] if newborns.weights is None else newborns.weights(w.ids[w.at], w.newborn)
    if noise:
        weights = weights + noise * w.weights.std() * rng.standard_normal(weights.shape)
    return _Copies(w, True, weights)
