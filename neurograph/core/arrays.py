"""A whole network as arrays: what everything that computes over a graph reads instead of its views."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from neurograph.schema.neuron import NeuronKind
from neurograph.schema.synapse import SynapseForm


@dataclass(frozen=True, eq=False)
class GraphArrays:
    """The network at one moment, neurons numbered topologically.

    Positions run over neurons sorted by (level, key), so every synapse without delay leads from a lower position to a
    higher one; a neuron's level is the number of such synapses on the longest path that ends in it. Synapses are sorted
    by (target position, source position); those with a delay, which may lead anywhere, are among them (`delayed`).
    Structure is shared between calls and read-only; values are copies.

    Parameters
    ----------
    version
        The graph's structural version.
    keys, names
        (N,) int64 stable neuron numbers, never reused; and the N networkx nodes.
    level, kind
        (N,) int32; `kinds[kind[i]]` is neuron i's `NeuronKind`.
    values
        name -> (N,) float64: "bias", "slope", "gamma", "beta", "running_mean", "running_var"; NaN where there is none.
    ids
        (E,) int64 stable synapse numbers, never reused.
    source, target
        (E,) int32 positions.
    form
        (E,) int32; `forms[form[e]]` is synapse e's `SynapseForm`.
    pool, row
        (E,) int8 and int32: the weight of synapse e is `pools[pool[e]][row[e]]`; pool -1 where it has none.
    pools
        Float64 arrays of weights by shape: the first of numbers, (n,), the others of kernels, (n, height, width).
    populations
        Names in the order the populations were added.
    """

    version: int
    keys: np.ndarray
    names: list
    level: np.ndarray
    kind: np.ndarray
    kinds: tuple[NeuronKind, ...]
    values: dict[str, np.ndarray]
    ids: np.ndarray
    source: np.ndarray
    target: np.ndarray
    form: np.ndarray
    forms: tuple[SynapseForm, ...]
    pool: np.ndarray
    row: np.ndarray
    pools: tuple[np.ndarray, ...]
    populations: tuple[str, ...]

    @cached_property
    def weight(self) -> np.ndarray:
        """(E,) float64 weights of a scalar network, NaN where a synapse has none or a kernel."""
        numbers = self.pool == 0
        if numbers.all() and len(numbers):
            return self.pools[0][self.row]
        weight = np.full(len(self.ids), np.nan)
        weight[numbers] = self.pools[0][self.row[numbers]]
        return weight

    @cached_property
    def delayed(self) -> np.ndarray:
        """(E,) bool: which synapses read their source's value of the step before."""
        late = np.array([form.delay > 0 for form in self.forms], bool)
        return late[self.form] if late.any() else np.zeros(len(self.ids), bool)

    @cached_property
    def immediate(self) -> "GraphArrays":
        """The same without the synapses that have a delay: acyclic."""
        if not self.delayed.any():
            return self
        kept = {name: getattr(self, name)[~self.delayed] for name in ("ids", "source", "target", "form", "pool", "row")}
        return replace(self, **kept)

    def each_kind(self, name: str) -> np.ndarray:
        """(N,) one attribute of `NeuronKind` for every neuron, as an object array."""
        table = np.empty(len(self.kinds), object)
        table[:] = [getattr(kind, name) for kind in self.kinds]
        return table[self.kind]

    def each_form(self, name: str) -> np.ndarray:
        """(E,) one attribute of `SynapseForm` for every synapse, as an object array."""
        table = np.empty(len(self.forms), object)
        table[:] = [getattr(form, name) for form in self.forms]
        return table[self.form]

    def __len__(self) -> int:
        return len(self.keys)
