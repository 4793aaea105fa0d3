"""How large a network is: neurons per population and trained parameters, asked of the graph where there is one."""

from typing import Any

import numpy as np
from torch import nn

_TRAINED = ("bias", "slope", "gamma", "beta")  # running statistics are not trained


def neurons_per_population(net: nn.Module) -> dict[str, int]:
    """Population -> number of neurons, in the graph's order; empty for a module that has no graph."""
    graph = getattr(net, "graph", None)
    return {} if graph is None else {name: len(neurons) for name, neurons in graph.populations.items()}


def parameter_count(net: nn.Module) -> int:
    """How many numbers are trained.

    A compiled network's Parameters may hold more slots than there are synapses (a dense layer over sparse wiring), so
    where there is a graph its trainable synapses and neurons are counted instead.
    """
    graph = getattr(net, "graph", None)
    if graph is None:
        return sum(parameter.numel() for parameter in net.parameters() if parameter.requires_grad)
    arrays = graph.arrays()
    return _weights(arrays) + _neuron_values(arrays)


def _weights(arrays: Any) -> int:
    trainable = np.array([form.trainable for form in arrays.forms], bool)
    sizes = np.array([np.prod(pool.shape[1:], dtype=np.int64) for pool in arrays.pools], np.int64)
    counted = arrays.pool[trainable[arrays.form] & (arrays.pool >= 0)] if len(arrays.form) else arrays.pool
    return int(sizes[counted].sum())


def _neuron_values(arrays: Any) -> int:
    trainable = np.array([kind.trainable for kind in arrays.kinds], bool)[arrays.kind]
    return sum(int((trainable & ~np.isnan(arrays.values[name])).sum()) for name in _TRAINED)
