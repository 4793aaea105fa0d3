"""How many numbers a network has."""

import numpy as np

from neurograph.network import NeuronGraph


def parameter_count(graph: NeuronGraph, *, frozen: bool = False, statistics: bool = False) -> int:
    """The number of parameters: weights, every number of a kernel, biases, slopes, norm scales and shifts.

    Parameters
    ----------
    graph
        Any network.
    frozen
        Whether those count too that are not trained.
    statistics
        Whether running means and variances of norms count too.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> parameter_count(mlp([4, 3, 2]))
    23
    """
    arrays = graph.arrays()
    trained = np.ones(len(arrays.ids), bool) if frozen else arrays.each_form("trainable").astype(bool)
    sizes = np.array([*(int(np.prod(pool.shape[1:])) for pool in arrays.pools), 0])  # the last: synapses without weight
    weights = int(sizes[arrays.pool[trained]].sum())
    moved = np.ones(len(arrays), bool) if frozen else arrays.each_kind("trainable").astype(bool)
    values = ("bias", "slope", "gamma", "beta")
    count = weights + sum(int((~np.isnan(arrays.values[name][moved])).sum()) for name in values)
    if statistics:
        count += sum(int((~np.isnan(arrays.values[name])).sum()) for name in ("running_mean", "running_var"))
    return count
