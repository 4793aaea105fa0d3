"""Activities of newborns, and deltas of those who read them, from values and deltas that `observe` recorded."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from neurograph.analysis.observations import Observations
from neurograph.errors import EditError, MissingError, listed
from neurograph.schema.derivatives import activated
from neurograph.schema.neuron import NORM_VALUES
from neurograph.storage.sets import each_once

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


def observations_for(growth_observations: Observations | None, what: str) -> Observations:
    """The observations, or `MissingError` naming who needs them and how they are made."""
    if growth_observations is None or not growth_observations.samples:
        raise MissingError(
            f"{what} looks at recorded values and deltas: give observations=net.observe(batches, loss=..., "
            "activations=True, deltas=True)"
        )
    return growth_observations


def synapses_of(graph: "EditableGraph", donors: Sequence[int] | np.ndarray, incoming: bool) -> np.ndarray:
    """(s,) rows of the weighted synapses of some neurons on one side, neuron by neuron."""
    table = graph.table
    side = table.inn if incoming else table.out
    rows = [table.rows(int(key), side) for key in donors]
    found = np.concatenate([np.empty(0, np.int64), *rows])
    return found[table.pool[found] > 0]


def sums_of(
    graph: "EditableGraph", seen: Observations, ids: np.ndarray, newborn: np.ndarray, weights: np.ndarray, count: int
) -> np.ndarray:
    """(samples, count) what newborns add up through synapses like some that are there.

    Parameters
    ----------
    graph, seen
        The network, and what was recorded of the sources.
    ids, newborn, weights
        (m,) synapses whose sources are read, for which newborn each, and the weights.
    count
        How many newborns.
    """
    table = graph.table
    sources, place = np.unique(table.src[table.rows_of(ids)].astype(np.int64), return_inverse=True)
    matrix = np.zeros((len(sources), count))
    np.add.at(matrix, (place, newborn), weights)
    return seen.values_of(sources) @ matrix


def activity_of(graph: "EditableGraph", donors: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """(samples, count) activities of newborns that add up so much, with their donors' biases, norms and activations.

    Raises
    ------
    EditError
        Donors that are feature maps, or that do not add up what they read.
    """
    require_plain(graph, donors)
    own = {name: graph.read_values(name, donors) for name in ("bias", "slope", *NORM_VALUES)}
    total = sums + np.nan_to_num(own["bias"], nan=0.0)
    found = np.empty_like(total)
    for at, key in enumerate(donors.tolist()):
        kind, x, slope = graph.neurons.of(key), total[:, at], own["slope"][at]
        if kind.norm == "batch":  # as it is when not in training
            gamma, beta, mean, variance = (own[name][at] for name in ("gamma", "beta", "running_mean", "running_var"))
            x = gamma * (x - mean) / np.sqrt(variance + kind.eps) + beta
        found[:, at] = activated(kind.activation, x)[0] if np.isnan(slope) else np.where(x > 0, x, slope * x)
    return found


def require_plain(graph: "EditableGraph", keys: np.ndarray) -> None:
    """Refuse, by `EditError`, neurons whose value does not follow from what was recorded."""
    columns = graph.neurons
    maps = np.array([shape != () for shape in columns.each("shape", keys)], bool)
    odd = maps | (columns.each("aggregation", keys) != "sum")
    if odd.any():
        raise EditError(
            f"neurons {listed(graph.names_of(keys[odd]), 3)} are feature maps, or do not add up what they read, "
            "so the activity of a newborn like them is not known from what was recorded"
        )


def ends_through(graph: "EditableGraph", donors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,), (m,) keys, rising, of all that donors read by weights and of all that read them so."""
    table = graph.table
    incoming, outgoing = (synapses_of(graph, each_once(donors), side) for side in (True, False))
    return each_once(table.src[incoming].astype(np.int64)), each_once(table.dst[outgoing].astype(np.int64))
