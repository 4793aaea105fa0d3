"""Which individuals are wired alike: their equal neurons can be computed as one batched product."""

import numpy as np

from neurograph.core.arrays import GraphArrays


def equal_wirings(arrays: GraphArrays, graph: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """(individuals,) the first individual that each is wired like: equal kinds and synapses, level by level.

    Parameters
    ----------
    arrays
        Of all individuals.
    graph
        (N,) the individual of each neuron; of input neurons that all share, any.
    inputs
        (individuals, n) positions of the input neurons that each reads.
    """
    many = len(inputs)
    own = np.ones(len(arrays), bool)
    own[inputs.ravel()] = False
    mine = np.flatnonzero(own)
    by = np.argsort(graph[mine], kind="stable")  # positions rise, so level by level within each individual
    mine = mine[by]
    counts = np.bincount(graph[mine], minlength=many)
    local = np.zeros(len(arrays), np.int64)
    local[mine] = inputs.shape[1] + np.arange(len(mine)) - np.repeat(np.cumsum(counts) - counts, counts)
    local[inputs.ravel()] = np.tile(np.arange(inputs.shape[1]), many)
    reader = graph[arrays.target]
    synapses = np.argsort(reader, kind="stable")
    has = np.zeros(len(mine), np.int64)
    for bit, column in enumerate(arrays.values.values()):
        has |= (~np.isnan(column[mine])).astype(np.int64) << bit
    neurons = np.stack([arrays.kind[mine], has])
    ends = np.stack([local[c[synapses]] for c in (arrays.target, arrays.source)])
    forms = np.stack([arrays.form[synapses], arrays.pool[synapses]])
    first: dict[tuple[bytes, bytes, bytes], int] = {}
    edges, wires = np.append(0, np.cumsum(counts)), np.append(0, np.cumsum(np.bincount(reader, minlength=many)))
    found = np.empty(many, np.int64)
    for at in range(many):
        mine_, theirs = slice(edges[at], edges[at + 1]), slice(wires[at], wires[at + 1])
        key = neurons[:, mine_].tobytes(), ends[:, theirs].tobytes(), forms[:, theirs].tobytes()
        found[at] = first.setdefault(key, at)
    return found
