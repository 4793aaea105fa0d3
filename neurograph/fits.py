"""Whether an effect read from a file fits the graph it is about to be carried out on.

Effects of a graph's own journal always fit. One from another graph's would not fail by itself: it would quietly take
the wrong rows.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from neurograph.effects import Effect
from neurograph.errors import JournalError, listed
from neurograph.rows import NeuronRows, SynapseRows
from neurograph.storage.pools import distinct

if TYPE_CHECKING:
    from neurograph.mutations import NeuronCore


def check_fits(graph: "NeuronCore", effect: Effect) -> None:
    """Refuse an effect that is about neurons, synapses or populations the graph does not have, or already has.

    Raises
    ------
    JournalError
        Naming them.
    """
    if effect[0] not in _CHECKS:
        raise JournalError(f"no such effect: {effect[0]!r}")
    _CHECKS[effect[0]](graph, *effect[1:])


def _refuse(numbers: np.ndarray, why: str) -> None:
    if len(numbers):
        raise JournalError(f"{listed(numbers.tolist())} {why}")


def _alive(graph: "NeuronCore", keys: np.ndarray) -> np.ndarray:
    names = graph.table.names
    return np.array([0 <= key < len(names) and names[key] is not None for key in keys.tolist()], bool)


def _neurons(graph: "NeuronCore", keys: np.ndarray) -> None:
    keys = np.asarray(keys, np.int64)
    _refuse(keys[~_alive(graph, keys)], "are no neurons of it")


def _synapses(graph: "NeuronCore", ids: np.ndarray) -> None:
    ids = np.atleast_1d(np.asarray(ids, np.int64))
    _refuse(ids[graph.table.rows_of(ids) < 0], "are no synapses of it")


def _dying_neurons(graph: "NeuronCore", keys: np.ndarray) -> None:
    _neurons(graph, keys)
    table = graph.table
    wired = [key for key in keys.tolist() if table.degree(key, table.inn) or table.degree(key, table.out)]
    _refuse(np.array(wired), "have synapses left")


def _born_neurons(graph: "NeuronCore", rows: NeuronRows) -> None:
    _refuse(rows.keys[_alive(graph, rows.keys)], "are neurons of it already")
    taken = [name for name in rows.names if name in graph.table.index]
    if taken or not distinct(rows.keys) or len(set(rows.names)) < len(rows.names):
        raise JournalError(f"neurons with the names {listed(taken or rows.names)} are there already")


def _born_synapses(graph: "NeuronCore", rows: SynapseRows) -> None:
    _refuse(rows.ids[graph.table.rows_of(rows.ids) >= 0], "are synapses of it already")
    for ends in (rows.source, rows.target):
        _neurons(graph, ends)
    twice = graph.table.find_many(rows.source, rows.target) >= 0
    _refuse(rows.ids[twice], "join neurons that are joined already")
    if not distinct(rows.ids) or not distinct((rows.source << 32) | rows.target):
        raise JournalError("it holds a synapse twice")


def _kinds(graph: "NeuronCore", keys: np.ndarray, *_: Any) -> None:
    _neurons(graph, keys)


def _forms(graph: "NeuronCore", ids: np.ndarray, *_: Any) -> None:
    _synapses(graph, ids)


def _values(graph: "NeuronCore", name: str, keys: np.ndarray, *_: Any) -> None:
    if name not in graph._columns.values:
        raise JournalError(f"neurons have no value {name!r}")
    _neurons(graph, keys)


def _weights(graph: "NeuronCore", ids: np.ndarray, before: np.ndarray, _after: np.ndarray) -> None:
    _synapses(graph, ids)
    if len(ids) and graph.read_weights(ids).shape != before.shape:
        raise JournalError(f"synapses {listed(np.asarray(ids).tolist())} have weights of another shape")


def _names(graph: "NeuronCore", keys: np.ndarray, before: list, after: list) -> None:
    _neurons(graph, keys)
    names, index = graph.table.names, graph.table.index
    other = [old for key, old in zip(np.asarray(keys).tolist(), after, strict=True) if names[key] != old]
    taken = [new for new in before if new in index and new not in after]
    if other or taken or len(set(before)) < len(keys):
        raise JournalError(f"neurons {listed(other or taken or before)} cannot be renamed")


def _population_there(graph: "NeuronCore", name: str) -> None:
    if name not in graph._populations:
        raise JournalError(f"it has no population {name!r}")


def _population_new(graph: "NeuronCore", name: str) -> None:
    if name in graph._populations:
        raise JournalError(f"population {name!r} is there already")


_CHECKS = {
    "S+": _synapses,  # these are born already: toggling lets them die
    "S-": _born_synapses,
    "N+": _dying_neurons,
    "N-": _born_neurons,
    "kind": _kinds,
    "form": _forms,
    "reweigh": _forms,
    "value": _values,
    "weight": _weights,
    "rename": _names,
    "population+": _population_there,
    "population-": _population_new,
}
