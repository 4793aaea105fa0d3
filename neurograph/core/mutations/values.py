"""The numbers that training moves, read and written in bulk by stable number."""

from collections.abc import Mapping, Sequence

import numpy as np

from neurograph.core.effects.renewed import NeuronsRenewed
from neurograph.core.effects.values import WeightsWritten
from neurograph.core.mutations.neurons import change_values
from neurograph.core.mutations.owning import synchronise, todays
from neurograph.core.mutations.whole import in_turn, whole
from neurograph.core.state import GraphState
from neurograph.errors import NeuronError, SynapseError
from neurograph.storage.runs import runs, taken
from neurograph.storage.sets import distinct


def read_weights(graph: GraphState, ids: np.ndarray) -> np.ndarray:
    """Weights by synapse id, all of one shape.

    Parameters
    ----------
    ids
        (n,) int64.

    Returns
    -------
    weights : numpy.ndarray
        (n,) or (n, height, width) float64.

    Raises
    ------
    SynapseError
        A synapse that is gone, has no weight, or one of another shape.
    """
    synchronise(graph)
    return graph._stored_weights(np.asarray(ids, np.int64))


@in_turn
def write_weights(graph: GraphState, ids: np.ndarray, values: np.ndarray) -> None:
    """Write weights by synapse id, all of the shape that is there; not journaled: the edit `SetValues` is.

    The next refresh loads them, and until then they win over what a network learns.

    Parameters
    ----------
    ids
        (n,) int64.
    values
        (n,) or (n, height, width), finite.

    Raises
    ------
    SynapseError
        As `read_weights`; or values that are not finite or of another shape.
    """
    ids, values = np.asarray(ids, np.int64), np.asarray(values, np.float64)
    graph.writable_table()
    if not np.isfinite(values).all():
        raise SynapseError("weights must be finite, and some of these are NaN or infinite")
    rows, pool = graph._weight_rows(ids)
    data, at = graph.table.pools[pool].data, graph.table.row[rows]
    if values.shape != (len(ids), *data.shape[1:]):
        raise SynapseError(f"{len(ids)} weights of shape {data.shape[1:]} cannot take values of shape {values.shape}")
    if graph._savepoint is not None:
        ends = graph.table.src[rows].astype(np.int64), graph.table.dst[rows].astype(np.int64)
        graph.effects.append(WeightsWritten(ids, data[at], values.copy(), ends))
    log = graph.changes.mark()
    try:
        try:
            graph.changes.synapses_written(ids)
            data[at], graph.turn = values, {} if graph._savepoint is None else graph.turn
        except BaseException:
            graph.changes.cut(log)
            raise
    except BaseException:  # where the first was interrupted
        graph.changes.cut(log)
        raise


def read_values(graph: GraphState, name: str, keys: np.ndarray) -> np.ndarray:
    """(n,) float64 values of neurons by key ("bias", "slope", "gamma", ...); NaN where there is none."""
    synchronise(graph)
    return graph.neurons.values[name][np.asarray(keys, np.int64)]


def write_values(graph: GraphState, name: str, keys: np.ndarray, values: np.ndarray) -> None:
    """Write values of neurons by key; not journaled: the edit `SetValues` is. See `write_weights`."""
    keys, values = np.asarray(keys, np.int64), np.asarray(values, np.float64)
    column = graph.neurons.values[name]
    graph.writable_table()
    graph._check_turn()
    if not np.isfinite(values).all() or np.isnan(column[keys]).any():
        raise NeuronError(f"{name}: values must be finite, and every neuron must have one already")
    _write_values(graph, name, keys, values)


@whole
def _write_values(graph: GraphState, name: str, keys: np.ndarray, values: np.ndarray) -> None:
    graph.changes.neurons_written(name, keys)  # those too that are what was there
    change_values(graph, name, keys, values)


@whole
def renew(
    graph: GraphState,
    keys: np.ndarray,
    values: Mapping[str, tuple[np.ndarray, np.ndarray]],
    weights: Sequence[tuple[np.ndarray, np.ndarray]],
) -> None:
    """Let others be born in the places of neurons that die: under their keys and ids, with numbers of their own.

    Nothing of the structure changes, so networks go on with the program and the Parameters that they have. An undo
    brings the dead back with what they had learned.

    Parameters
    ----------
    keys
        (n,) int64 of those who die, each once.
    values
        "bias", "gamma", ... -> (keys, values) of the newborns.
    weights
        (ids, weights) of theirs, all of one shape; each id once.

    Raises
    ------
    NeuronError, SynapseError
        A neuron twice, or numbers that are not finite or were never there; as `read_weights`.
    """
    graph.writable_table()
    ids = np.concatenate([np.zeros(0, np.int64), *(some for some, _ in weights)])
    if not distinct(keys) or not distinct(ids):
        raise NeuronError("nobody is renewed twice at once, and some keys or ids are there twice")
    columns, data = graph.neurons.values, graph._stored_weights
    for name, (some, given) in values.items():
        if not np.isfinite(given).all() or np.isnan(columns[name][some]).any():
            raise NeuronError(f"{name}: values must be finite, and every neuron must have one already")
    for some, given in weights:
        if not np.isfinite(given).all() or given.shape != data(some).shape:
            raise SynapseError(f"{len(some)} weights of newborns are not finite, or of another shape than theirs")
    dead = {name: (some, todays(graph, name, some, columns[name][some])) for name, (some, _) in values.items()}
    gone = [(some, todays(graph, "weight", some, data(some))) for some, _ in weights]
    graph.effects.append(NeuronsRenewed(keys, dead, gone))
    graph.changes.renewed(keys, ids, {name: some for name, (some, _) in values.items()})
    NeuronsRenewed(keys, dict(values), list(weights)).roll_back(graph)


def survivors(
    graph: GraphState, space: tuple[str, tuple[int, ...]], numbers: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which of a network's numbers the graph has still, and where; weights of another shape are others.

    Parameters
    ----------
    space
        "weight" and the shape of one of them, or the name of a value of neurons and ().
    numbers
        (n,) int64 synapse ids or neuron keys.

    Returns
    -------
    tuple of arrays
        (n,) bool which are there; the array that has their values; and the (m,) places in it of those.
    """
    name, shape = space
    if name != "weight":
        column = graph.neurons.values[name]
        there = ~np.isnan(column[numbers])
        return there, column, numbers[there]
    table = graph.table
    rows = table.rows_of(numbers)
    pool = next((at for at, pool in enumerate(table.pools, 1) if pool.data.shape[1:] == shape), 0)
    known, there = runs(rows), rows >= 0
    if pool and np.count_nonzero(there) == len(there):
        there = taken(table.pool, rows, known) == pool
    else:
        there &= pool > 0
        there[there] = table.pool[rows[there]] == pool  # a table of which nothing is left has no row to look at
    at = taken(table.row, rows, known) if np.count_nonzero(there) == len(there) else table.row[rows[there]]
    return there, table.pools[pool - 1].data, at
