"""How far two genomes are apart."""

from typing import Any

import numpy as np

from neurograph.storage.sets import each_once

from .innovations import Alignment, align


def distance(a: Any, b: Any, *, neurons: float = 1.0, synapses: float = 1.0, weights: float = 0.5) -> float:
    """NEAT's compatibility distance, over innovations.

    Innovations have no order, so what NEAT calls disjoint and excess genes is one: what only one of them has.

    Parameters
    ----------
    a, b
        `NeuronGraph`s; their neurons are marked with innovations where they are not.
    neurons, synapses
        What the share of genes that only one of them has counts for, of the larger one's.
    weights
        What the mean difference of weights, biases and slopes that both have counts for; a neuron that has another
        activation or aggregation in the other counts as a difference of 1.

    Returns
    -------
    float
        0 for equal genomes; the same whichever comes first.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> a, b = mlp([2, 1], seed=0), mlp([2, 1], seed=0)
    >>> distance(a, b)
    0.0
    >>> b[0][2]["weight"] += 0.3
    >>> round(distance(a, b), 3)
    0.05
    """
    found = align(a, b)
    apart = neurons * _unmatched(len(found.a.keys), len(found.b.keys), len(found.neurons))
    apart += synapses * _unmatched(len(found.a.rows), len(found.b.rows), len(found.synapses))
    differences = np.concatenate([_of_weights(found), _of_neurons(found)])
    return float(apart + (weights * differences.mean() if len(differences) else 0.0))


def _unmatched(first: int, second: int, common: int) -> float:
    """The share of genes that only one of two has, of the larger one's."""
    return (first + second - 2 * common) / max(first, second, 1)


def _of_weights(found: Alignment) -> np.ndarray:
    """(n,) of all weights that both have; of kernels the mean over a kernel."""
    parts = [np.zeros(0)]
    rows = [one.rows[places] for one, places in zip((found.a, found.b), found.synapses.T, strict=True)]
    first, second = found.a.graph.table, found.b.graph.table
    for kind in each_once(first.pool[rows[0]]).tolist():
        mine = first.pool[rows[0]] == kind
        if kind:
            other = int(second.pool[rows[1][mine][0]])
            gap = (
                first.pools[kind - 1].data[first.row[rows[0][mine]]]
                - second.pools[other - 1].data[second.row[rows[1][mine]]]
            )
            parts.append(np.abs(gap).reshape(len(gap), -1).mean(1))
    return np.concatenate(parts)


def _of_neurons(found: Alignment) -> np.ndarray:
    """(n,) of all values that both have, and 1 for each activation and aggregation that is another."""
    (a, b), (first, second) = found.neurons.T, (found.a, found.b)
    parts = []
    for name in ("bias", "slope"):
        gap = first.graph.neurons.values[name][first.keys[a]] - second.graph.neurons.values[name][second.keys[b]]
        parts.append(np.abs(gap[~np.isnan(gap)]))
    kinds = [one.graph.neurons.kind[one.keys[at]] for one, at in ((first, a), (second, b))]
    words = [[(k.activation, k.aggregation) for k in one.graph.neurons.kinds] for one in (first, second)]
    others = [(x, y) for x, y in zip(*(k.tolist() for k in kinds), strict=True) if words[0][x] != words[1][y]]
    return np.concatenate([*parts, np.ones(len(others))])
