"""What neurons and the synapses that they read begin with, as those of a new network would."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from neurograph.initializers import Weights
from neurograph.schema.activations import activation
from neurograph.schema.neuron import NORM_VALUES
from neurograph.storage.sets import each_once

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


def trained_rows(graph: "EditableGraph", rows: np.ndarray) -> np.ndarray:
    """Those of some rows of the table that have trained weights, by their id."""
    table = graph.table
    trained = np.array([bundle.get("trainable", True) for bundle in table.forms.bundles], bool)
    rows = rows[(table.pool[rows] > 0) & trained[table.form[rows]]]
    return rows[np.argsort(table.id[rows])]


def first_values(graph: "EditableGraph", keys: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Name -> (keys, values) of the trained ones of some neurons: biases 0, norms and slopes as they begin."""
    keys = keys[graph.neurons.each("trainable", keys).astype(bool)]
    begin = {"bias": np.zeros(len(keys))} | {name: np.full(len(keys), value) for name, value in NORM_VALUES.items()}
    slopes = [activation(name).slope for name in graph.neurons.each("activation", keys)]
    begin["slope"] = np.array([np.nan if slope is None else slope for slope in slopes], np.float64)
    found = {}
    for name, values in begin.items():
        there = ~np.isnan(graph.neurons.values[name][keys]) & ~np.isnan(values)
        if there.any():
            found[name] = keys[there], values[there]
    return found


def first_weights(graph: "EditableGraph", rows: np.ndarray, draw: Weights) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Ids and new weights: neurons of the same activation that read equally many weights of one shape draw together."""
    table = graph.table
    target, kind = table.dst[rows].astype(np.int64), table.pool[rows]
    area = np.array([1, *(int(np.prod(pool.data.shape[1:])) for pool in table.pools)], np.float64)[kind]
    reads = np.bincount(target, area)  # numbers that each neuron weighs
    names = graph.neurons.each("activation", target)
    for pool in each_once(kind).tolist():
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
