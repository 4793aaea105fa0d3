"""A genome as mutation sees it: what there is to draw from, under a policy."""

from collections.abc import Hashable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from neurograph.storage.sets import difference

from .policy import Policy

Pair = tuple[Hashable, Hashable]


class Genome:
    """The neurons and synapses of a graph that a policy may change; feature maps are left alone.

    Parameters
    ----------
    graph
        A `NeuronGraph`.
    policy
        What it may do.
    """

    def __init__(self, graph: Any, policy: Policy) -> None:
        self.graph, self.policy = graph, policy
        self.table, self.keys = graph.table, graph.table.keys()
        columns = graph.neurons
        kinds = columns.kinds
        kind = columns.kind[self.keys]
        each = lambda test: np.array([test(k) for k in kinds], bool)[kind]  # noqa: E731
        self.kind, self.kinds = kind, kinds
        self.scalar, self.inputs = each(lambda k: k.shape == ()), each(lambda k: k.role == "input")
        self.outputs = each(lambda k: k.is_output)
        self.mine = each(lambda k: policy.of is None or k.population in policy.of)
        self.trained = each(lambda k: k.trainable)

    @cached_property
    def rows(self) -> np.ndarray:
        """(E,) rows of the synapses by id: rows move where a table is packed, and what is drawn must not."""
        live = self.table.live()
        return live[np.argsort(self.table.id[live])]

    @cached_property
    def source(self) -> np.ndarray:
        """(E,) places of what the synapses read."""
        return np.searchsorted(self.keys, self.table.src[self.rows])

    @cached_property
    def target(self) -> np.ndarray:
        """(E,) places of what reads them."""
        return np.searchsorted(self.keys, self.table.dst[self.rows])

    @cached_property
    def now(self) -> np.ndarray:
        """(E,) bool: those without a delay."""
        late = self.table.forms.having("delay")
        return ~np.isin(self.table.form[self.rows], late) if late else np.ones(len(self.rows), bool)

    @property
    def synapses(self) -> int:
        """How many there are."""
        return len(self.rows)

    def full(self, neurons: int, synapses: int) -> str | None:
        """What limit would be passed by so many more, in words."""
        policy = self.policy
        if policy.neurons is not None and len(self.keys) + neurons > policy.neurons:
            return f"the genome has {len(self.keys)} neurons, and neurons={policy.neurons} allows no more"
        if policy.synapses is not None and self.synapses + synapses > policy.synapses:
            return f"the genome has {self.synapses} synapses, and synapses={policy.synapses} allows no {synapses} more"
        return None

    def missing_pair(self, rng: np.random.Generator) -> Pair | None:
        """Two neurons that a synapse could join and none does; the source is drawn first, among those that have one."""
        return self._pair(rng, joined=False)

    def unjoined_pair(self, rng: np.random.Generator) -> Pair | None:
        """Two neurons, perhaps one twice, that no synapse joins: one with a delay may, whatever leads where."""
        readers = np.flatnonzero(self.scalar & ~self.inputs & self.mine)
        for u in rng.permutation(np.flatnonzero(self.scalar)).tolist():
            found = difference(readers, self.target[self.source == u])
            if len(found):
                return self._names(u, int(rng.choice(found)))
        return None

    def acyclic_pair(self, rng: np.random.Generator) -> Pair | None:
        """Two neurons that a synapse joins or could join."""
        return self._pair(rng, joined=True)

    def _pair(self, rng: np.random.Generator, joined: bool) -> Pair | None:
        readable = self.scalar & (~self.outputs | self.policy.from_outputs)
        readers = self.scalar & ~self.inputs & self.mine
        for u in rng.permutation(np.flatnonzero(readable)).tolist():
            possible = readers & ~self._before(u)
            if not joined:
                possible[self.target[self.source == u]] = False
            found = np.flatnonzero(possible)
            if len(found):
                return self._names(u, int(rng.choice(found)))
        return None

    def _before(self, place: int) -> np.ndarray:
        """(N,) bool: a neuron and all that lead to it."""
        seen = np.zeros(len(self.keys), bool)
        seen[place] = True
        source, target, count = self.source[self.now], self.target[self.now], 0
        while (now := int(np.count_nonzero(seen))) > count:
            count = now
            seen[source[seen[target]]] = True
        return seen

    def synapse(self, rng: np.random.Generator, weighted: bool) -> Pair | None:
        """A synapse between numbers, one with a weight where it has to be."""
        found = self.scalar[self.source] & self.scalar[self.target] & self.mine[self.target]
        if weighted:
            found &= self.table.pool[self.rows] > 0
        places = np.flatnonzero(found)
        if not len(places):
            return None
        at = int(rng.choice(places))
        return self._names(int(self.source[at]), int(self.target[at]))

    def hidden(self, rng: np.random.Generator) -> tuple[Hashable] | None:
        """A neuron that is neither an input nor an output."""
        found = np.flatnonzero(self.scalar & ~self.inputs & ~self.outputs & self.mine)
        return (self._names(int(rng.choice(found)))[0],) if len(found) else None

    def with_another(self, rng: np.random.Generator, what: str, allowed: Sequence[str]) -> tuple[Hashable, str] | None:
        """A hidden neuron, and another activation or aggregation that it could have."""
        others = [[name for name in allowed if name != getattr(kind, what)] for kind in self.kinds]
        can = np.array([bool(names) for names in others], bool)[self.kind]
        found = np.flatnonzero(can & self.scalar & ~self.inputs & ~self.outputs & self.mine)
        if not len(found):
            return None
        at = int(rng.choice(found))
        return self._names(at)[0], str(rng.choice(others[self.kind[at]]))

    def numbers(self) -> tuple[np.ndarray, np.ndarray]:
        """Ids of the synapses whose weight is a number that is trained, and keys of the neurons whose bias is."""
        table = self.table
        free = np.array([form.get("trainable", True) for form in table.forms.bundles], bool)[table.form[self.rows]]
        scalar = np.array([False, *(pool.data.ndim == 1 for pool in table.pools)])[table.pool[self.rows]]
        bias = self.graph.neurons.values["bias"][self.keys]
        ids = table.id[self.rows[free & scalar & self.mine[self.target]]]
        return np.sort(ids), self.keys[~np.isnan(bias) & self.trained & self.scalar & self.mine]

    def _names(self, *places: int) -> Any:
        return tuple(self.graph.names_of(self.keys[list(places)]))
