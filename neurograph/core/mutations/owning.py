"""Ownership: which network holds a graph's values while a network trains them, and how they come back."""

from math import isnan
from threading import get_ident
from time import sleep
from typing import Any, Protocol

import numpy as np

from neurograph.core.state import GraphState
from neurograph.errors import NeuroGraphError
from neurograph.storage.values import WEIGHT


class Holder(Protocol):
    """What holds the values of a graph: the tensors of a compiled network, without the network."""

    def network(self) -> Any:
        """The network that computes with them, or None where it is gone."""
        ...

    def moved(self) -> bool:
        """Whether any number may differ from what was last written back, whatever wrote it."""
        ...

    def write_back(self, graph: GraphState) -> int:
        """Write what moved into the graph, but for what users wrote since; returns how many numbers."""
        ...

    def value(self, name: str, number: int, stored: Any, sure: bool = False) -> Any:
        """Today's "weight" of one synapse by id, or "bias", ... of one neuron by key.

        Returns `stored`, which is what the graph has, where that is today's. A value that may have been missed because
        something wrote it behind everybody's back is looked for only where one has to be `sure`.
        """
        ...

    def values(self, name: str, numbers: np.ndarray, stored: np.ndarray) -> np.ndarray:
        """The same, and sure, of many: (n,) values of neurons, or (n,) or (n, height, width) weights."""
        ...


_FEW = 256  # numbers that are looked up one by one rather than by looking through all


def own(graph: GraphState, network: Any) -> None:
    """Let a network hold the values from now on.

    The one before it writes back what it has learned and holds them no longer. Where the new one's numbers differ,
    they are the graph's, but for those that users wrote since it was compiled or refreshed.

    Parameters
    ----------
    network
        A network that was compiled from this graph. It is held weakly; its tensors are held until their numbers
        have been written back, so that what a dropped network has learned is not lost.
    """
    if network.graph is not graph:
        raise NeuroGraphError("this network was compiled from another graph, so it cannot hold the values of this")
    graph.changes.refuse_strangers(network.holding)
    synchronise(graph, always=True)
    graph.table.holder = network.holding


def release(graph: GraphState) -> None:
    """Write back what the network has learned and let go of its tensors; it owns the values no longer."""
    synchronise(graph, always=True)
    graph.table.holder = None


def write_back(graph: GraphState) -> int:
    """Write what the network that holds the values has learned into the graph; returns how many numbers.

    Whatever reads the values does so by itself.
    """
    return synchronise(graph, always=True)


def in_transaction(graph: GraphState) -> bool:
    """Whether an edit or `atomic()` is under way."""
    return graph._savepoint is not None


def owner(graph: GraphState) -> Any:
    """The network that holds the values, or None."""
    holder = graph.table.holder
    return None if holder is None else holder.network()


def synchronise(graph: GraphState, always: bool = False) -> int:
    """Bring the values up to date before they are read as a whole; inside a transaction only where `always`.

    Waits for a transaction of another thread; this one's has brought them up to date when it began.
    """
    holder, written = graph.table.holder, 0
    if holder is None or (not always and graph._savepoint is not None and graph._is_my_turn()):
        return written
    if holder.moved():
        written = _write_back(graph, holder)
    if holder.network() is None and graph.table.holder is holder:
        graph.table.holder = None
    return written


def _write_back(graph: GraphState, holder: Holder) -> int:
    try:
        try:
            while graph.turn.setdefault(0, get_ident()) != get_ident():
                sleep(0.001)
            return holder.write_back(graph)
        finally:
            graph._leave_turn()
    except BaseException:  # which may have come before the turn was given up
        graph._leave_turn()
        raise


def todays(graph: GraphState, name: str, numbers: np.ndarray, stored: np.ndarray) -> np.ndarray:
    """Values of some neurons, or weights, as the network has them that holds the values; see `Holder.values`."""
    holder = graph.table.holder
    return stored if holder is None else holder.values(name, numbers, stored)


def bring_synapses(graph: GraphState, rows: np.ndarray) -> None:
    """Bring the weights of some rows up to date that are about to go."""
    table = graph.table
    if table.holder is None:
        return
    if len(rows) > _FEW:
        synchronise(graph, always=True)
        return
    for row in rows.tolist():
        stored = table.values.weight(row)
        now = stored if stored is None else table.holder.value(WEIGHT, table.values.id[row], stored, True)
        if now is not stored:
            table.values.set_weight(row, now)


def bring_neurons(graph: GraphState, keys: np.ndarray) -> None:
    """Bring the values of some neurons up to date that are about to go."""
    holder = graph.table.holder
    if holder is None:
        return
    if len(keys) > _FEW:
        synchronise(graph, always=True)
        return
    for name, column in graph.neurons.value_items.items():
        for key in keys.tolist():
            if not isnan(column[key]):
                column[key] = holder.value(name, key, column[key], True)
