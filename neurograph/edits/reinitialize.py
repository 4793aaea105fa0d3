"""Reinitialize: all that training moves is drawn anew, the wiring stays."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neurograph.edits.base import Outcome
from neurograph.errors import EditError
from neurograph.initializers import INITIALIZERS, Weights, from_name
from neurograph.options import as_plain, one_of, populations_or_all
from neurograph.schema.activations import activation
from neurograph.schema.neuron import NORM_VALUES

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


@dataclass(frozen=True, eq=False)
class Reinitialize:
    """Draw the trained weights of a network anew, and set trained biases, norms and slopes back to where they begin.

    What is left is the wiring: training it "from scratch" tells what the wiring is worth without what was learned. A
    neuron's variance is divided by what it really reads, so pruned and irregular wiring begins at the scale of its own
    fan-in, whatever its layer's was. Where a neuron reads kernels of several sizes, all count.

    Parameters
    ----------
    initializer
        A name from `neurograph.initializers`.
    populations
        Those whose neurons begin again, with the weights of what they read; None means all.
    seed
        Of the weights.

    Raises
    ------
    OptionError
        An unknown initializer, or no population.
    MissingError, EditError
        From `apply`: a population that is not there; nothing that is trained.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> g = mlp([4, 3, 2], seed=0)
    >>> before = list(g.edges(data="weight"))
    >>> g.apply(Reinitialize(seed=1)).details
    {'weights': 18, 'neurons': 5}
    >>> any(edge in before for edge in g.edges(data="weight"))
    False
    """

    initializer: str = "he_uniform"
    populations: tuple[str, ...] | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        one_of("initializer", self.initializer, INITIALIZERS)
        object.__setattr__(self, "populations", populations_or_all("populations", self.populations))

    def apply(self, graph: "EditableGraph") -> Outcome:
        """Begin again."""
        keys = self._keys(graph)
        rows = _trained_rows(graph, keys)
        trained = keys[graph.neurons.each("trainable", keys).astype(bool)]
        written = _reset_values(graph, trained)
        if not len(rows) and not written:
            raise EditError("nothing here is trained, so nothing can begin again")
        draw = from_name(self.initializer, self.seed)
        for ids, weights in _drawn(graph, rows, draw):
            graph.write_weights(ids, weights)
        return Outcome(as_plain(self), details={"weights": len(rows), "neurons": written})

    def _keys(self, graph: "EditableGraph") -> np.ndarray:
        names: Iterable[str] = graph.populations if self.populations is None else self.populations
        keys = [graph.keys_of(graph.population(name)) for name in names]
        return np.sort(np.concatenate([np.empty(0, np.int64), *keys]))


def _trained_rows(graph: "EditableGraph", keys: np.ndarray) -> np.ndarray:
    """Rows of the trained weights that some neurons read, by their id."""
    table = graph.table
    rows = table.live()
    trained = np.array([bundle.get("trainable", True) for bundle in table.forms.bundles], bool)
    rows = rows[(table.pool[rows] > 0) & np.isin(table.dst[rows], keys)]
    rows = rows[trained[table.form[rows]]]
    return rows[np.argsort(table.id[rows])]


def _reset_values(graph: "EditableGraph", keys: np.ndarray) -> int:
    """Biases to 0, norms and slopes to where they begin; returns how many neurons had any."""
    begin = {"bias": np.zeros(len(keys))} | {name: np.full(len(keys), value) for name, value in NORM_VALUES.items()}
    slopes = [activation(name).slope for name in graph.neurons.each("activation", keys)]
    begin["slope"] = np.array([np.nan if slope is None else slope for slope in slopes], np.float64)
    touched = np.zeros(len(keys), bool)
    for name, values in begin.items():
        there = ~np.isnan(graph.read_values(name, keys)) & ~np.isnan(values)
        if there.any():
            graph.write_values(name, keys[there], values[there])
        touched |= there
    return int(touched.sum())


def _drawn(graph: "EditableGraph", rows: np.ndarray, draw: Weights) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Ids and new weights: neurons of the same activation that read equally many weights of one shape draw together."""
    table = graph.table
    target, kind = table.dst[rows].astype(np.int64), table.pool[rows]
    area = np.array([1, *(int(np.prod(pool.data.shape[1:])) for pool in table.pools)], np.float64)[kind]
    reads = np.bincount(target, area)  # numbers that each neuron weighs
    names = graph.neurons.each("activation", target)
    for pool in np.unique(kind).tolist():
        shape = table.pools[pool - 1].data.shape[1:]
        mine = np.flatnonzero(kind == pool)
        mine = mine[np.argsort(target[mine], kind="stable")]
        neurons, first, count = np.unique(target[mine], return_index=True, return_counts=True)
        sorts = sorted({(names[mine[at]], n) for at, n in zip(first, count.tolist(), strict=True)})
        for name, n in sorts:
            chosen = np.flatnonzero((count == n) & (names[mine[first]] == name))
            at = mine[first[chosen][:, None] + np.arange(n)]  # (neurons, n): the synapses that each reads
            weights = np.moveaxis(draw((n, len(chosen), *shape), str(name)), 0, 1)
            part = n * np.prod(shape, dtype=np.float64) / reads[neurons[chosen]]
            weights = weights * np.sqrt(part).reshape(-1, 1, *(1 for _ in shape))
            yield table.id[rows[at.ravel()]].astype(np.int64), weights.reshape(-1, *shape)
