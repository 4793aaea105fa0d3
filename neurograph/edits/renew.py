"""Renew: neurons die and others are born in their places, so that a population stays as large as it is."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from neurograph.analysis.ages import Ages
from neurograph.analysis.observations import Observations
from neurograph.edits.base import Outcome
from neurograph.edits.selectors import SELECTORS, Selector, selector
from neurograph.edits.support.beginnings import first_values, first_weights, trained_rows
from neurograph.edits.support.choosing import choose, old_enough
from neurograph.edits.support.growing import inner_population
from neurograph.edits.support.relays import Births, births_of, dependants
from neurograph.errors import EditError, listed
from neurograph.initializers import INITIALIZERS, from_name
from neurograph.options import DATA, as_plain, named_or_called, number, one_of, whole
from neurograph.storage.sets import difference, each_once

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


@dataclass(frozen=True, eq=False)
class Renew:
    """Let neurons of a population die and newborns take their places: death and birth at constant size, as one edit.

    A newborn has the name, key and synapses of the neuron whose place it takes, and nothing of what that learned: it
    reads by fresh weights, its bias, slope and norm are as they begin, and nobody hears it yet, its outgoing weights
    being zero. No structure changes, so a network keeps its program and its Parameters, `net.refresh(optimizer)` writes
    the few numbers in place, and the optimizer begins anew with them, its step count too. Attributes of the user's own
    stay with the place. In the journal the neuron has died and was born; an undo brings the dead back as it was.

    Channels take along those that are nothing but they further on (places in pools, depthwise channels), as in
    `RemoveNeurons`; the outgoing weights are the first behind them.

    Parameters
    ----------
    population
        An inner one: inputs and outputs are as many as the data says.
    by
        Who dies: a selector, its name, or the names of neurons.
    most
        Of those that the selector names, the first so many die; None means all.
    initializer
        Of incoming weights, one of `neurograph.initializers`; a neuron's variance is divided by what it really reads.
    scale
        What these are multiplied by. Weights grow while a network trains: a newborn that begins as small as neurons of
        a new network do sums up far less than those it lives among, and is outlearned by them.
    seed
        Of weights, and for selectors that draw.
    observations
        What was seen while data ran through the network, for selectors that ask for it.
    protect, ages
        The age below which neurons do not die, and how old they are; see `Autophagy`.

    Raises
    ------
    OptionError
        An option that makes no sense.
    MissingError, EditError
        From `apply`: no such population, neurons, observations or ages; inputs or outputs; a newborn that would be
        heard at once, because it is read by an identity into a sum with others, by a neuron that does not sum its
        inputs, or through a frozen weight.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> g = mlp([2, 3, 1], seed=0)
    >>> result = g.apply(Renew("hidden1", [3], seed=1))
    >>> result.born, result.died, g[3][5]["weight"], len(g.population("hidden1"))
    ([3], [3], 0.0, 3)
    """

    population: str
    by: str | Selector | Sequence[Hashable] | np.ndarray = "low_contribution"
    most: int | None = None
    initializer: str = "he_uniform"
    seed: int = 0
    observations: Observations | None = field(default=None, metadata=DATA)
    protect: float = 0.0
    ages: Ages | None = field(default=None, metadata=DATA)
    scale: float = 1.0

    def __post_init__(self) -> None:
        if isinstance(self.by, list | tuple | np.ndarray):
            object.__setattr__(self, "by", tuple(self.by.tolist() if isinstance(self.by, np.ndarray) else self.by))
        else:
            named_or_called("by", self.by, SELECTORS)
        if self.most is not None:
            whole("most", self.most, 0)
        one_of("initializer", self.initializer, INITIALIZERS)
        whole("seed", self.seed, 0)
        number("protect", self.protect, 0.0)
        number("scale", self.scale, 1e-3, 1e3)

    @property
    def looks_up(self) -> bool:
        """Whether no value is read but those of the dead, so that nothing else need be written back first."""
        by = selector(self.by) if isinstance(self.by, str) else self.by
        return isinstance(by, tuple) or bool(getattr(by, "looks_up", False))

    def apply(self, graph: "EditableGraph") -> Outcome:
        """Let neurons die and others be born."""
        home = inner_population(graph, self.population, "be renewed")
        grown = old_enough(self.population, home, self.protect, self.ages)
        keys = np.sort(self._chosen(graph, home, grown)[: self.most])
        kin = births_of(graph, keys, home)
        _refuse_heard(graph, kin, home)
        silent = _silent(graph, kin)
        renewed = np.concatenate([keys, each_once(kin.relays)])
        values = first_values(graph, renewed)
        fresh = self._fresh(graph, renewed, np.concatenate([np.zeros(0, np.int64), *(ids for ids, _ in silent)]))
        graph.renew(np.sort(renewed), values, [*silent, *fresh])
        details = {"renewed": len(keys), "followers": len(renewed) - len(keys), "function_preserving": False}
        if self.protect:
            details["protected"] = len(home) - len(grown)
        return Outcome(as_plain(self), details=details)

    def _chosen(self, graph: "EditableGraph", home: np.ndarray, grown: np.ndarray) -> np.ndarray:
        by: Any = self.by
        if not isinstance(by, tuple):
            return choose(graph, self.population, grown, by, self.seed, self.observations)
        keys = np.asarray(graph.keys_of(list(dict.fromkeys(by))), np.int64)
        odd = ~np.isin(keys, home)
        if odd.any():
            raise EditError(f"{listed(graph.names_of(keys[odd]))} are not in population {self.population!r}")
        if (young := ~np.isin(keys, grown)).any():
            names = listed(graph.names_of(keys[young]))
            raise EditError(f"protect={self.protect:g} protects {names}: wait, or name others")
        return keys

    def _fresh(self, graph: "EditableGraph", keys: np.ndarray, silent: np.ndarray) -> list:
        """(ids, weights) of what newborns read, but for what other newborns are to say nothing by."""
        table = graph.table
        rows = np.concatenate([np.zeros(0, np.int64), *(table.rows(key, table.inn) for key in keys.tolist())])
        drawn = first_weights(graph, trained_rows(graph, rows), from_name(self.initializer, self.seed))
        heard = ((ids, weights, ~np.isin(ids, silent)) for ids, weights in drawn)
        return [(ids[keep], self.scale * weights[keep]) for ids, weights, keep in heard]


def _silent(graph: "EditableGraph", kin: Births) -> list:
    """(ids, zeros) of what newborns and those that follow them say."""
    found = []
    for w in (*kin.shared, *kin.shared_by_relays):
        if w.weights is not None:
            if not w.form.get("trainable", True):
                raise EditError(
                    f"frozen weights lead to {listed(graph.names_of(w.far))}, by which newborns would be heard at once "
                    "and never be trained: let those neurons be, or unfreeze the synapses"
                )
            found.append((w.ids, np.zeros_like(w.weights)))
    return found


def _refuse_heard(graph: "EditableGraph", kin: Births, home: np.ndarray) -> None:
    """Refuse newborns that no weight of zero could keep silent."""
    readers = [np.zeros(0, np.int64), *(w.far for w in (*kin.shared, *kin.shared_by_relays)), kin.relays]
    far = np.concatenate(readers)
    odd = far[graph.neurons.each("aggregation", far) != "sum"]
    mixed = np.zeros(0, np.int64)
    if not len(odd) and not kin.left_out:
        mixed = difference(kin.relays, dependants(graph, kin.old[: kin.count], home))
    heard = each_once(odd if len(odd) else mixed)
    if len(odd) or kin.left_out or len(heard):
        who = listed(graph.names_of(heard)) or "outputs, or others of their population"
        raise EditError(
            f"newborns would be heard at once by {who}: what does not sum its inputs, or reads them by an identity or "
            "a pool beside others, cannot be silenced by weights of zero; Autophagy and Proliferate can do it"
        )
