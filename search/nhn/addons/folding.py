"""Batch norms that no longer move, taken into the weights and biases before them."""

import numpy as np

from neurograph.network import NeuronGraph
from neurograph.storage.sets import each_once


def fold_norms(graph: NeuronGraph) -> dict[str, np.ndarray]:
    """Take norms into weights and biases, so that the network computes in evaluation what it did, with less work.

    gamma (x + bias - mean) / sqrt(variance + eps) + beta is a scale and a shift of x, and x a sum of weights times
    values. Populations with a neuron that also reads what has no weight, such as a pool, are left as they are.

    Parameters
    ----------
    graph
        Is changed.

    Returns
    -------
    scales : dict
        Population -> (n,) float64: what was multiplied into its neurons' weights, in their order.
    """
    columns, scales = graph.neurons, {}
    for name in graph.populations:
        keys = graph.population_keys(name)
        if (columns.each("norm", keys) == "batch").all() and _only_weights(graph, keys):
            scales[name] = _fold(graph, keys)
    return scales


def _only_weights(graph: NeuronGraph, keys: np.ndarray) -> bool:
    table = graph.table
    return all((table.pool[table.rows(key, table.inn)] > 0).all() for key in keys.tolist())


def _fold(graph: NeuronGraph, keys: np.ndarray) -> np.ndarray:
    table = graph.table
    value = {name: graph.read_values(name, keys) for name in ("bias", "gamma", "beta", "running_mean", "running_var")}
    scale = value["gamma"] / np.sqrt(value["running_var"] + graph.neurons.each("eps", keys).astype(np.float64))
    shift = (np.nan_to_num(value["bias"]) - value["running_mean"]) * scale + value["beta"]
    rows = np.concatenate([table.rows(key, table.inn) for key in keys.tolist()])
    for kind in each_once(table.pool[rows]).tolist():
        mine = rows[table.pool[rows] == kind]
        factor = scale[np.searchsorted(keys, table.dst[mine])]
        ids, weights = table.id[mine].astype(np.int64), graph.read_weights(table.id[mine])
        graph.write_weights(ids, weights * factor.reshape(-1, *[1] * (weights.ndim - 1)))
    for name, bias in zip(graph.names_of(keys), shift.tolist(), strict=True):
        graph.nodes[name].update(norm="none", bias=bias)
    return scale
