"""A network from a plain networkx graph: the way back from `to_plain`, and in for graphs that others made."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import networkx as nx
import numpy as np

from neurograph.core.graph import EditableGraph
from neurograph.errors import FileError, NeuroGraphError
from neurograph.files.plain import SIDES, own_name
from neurograph.schema.neuron import SCHEMA as OF_NEURONS
from neurograph.schema.synapse import SCHEMA as OF_SYNAPSES

_NUMBERS = frozenset({"bias", "slope", "gamma", "beta", "running_mean", "running_var", "eps", "momentum", "dropout"})
_TRUTHS = frozenset({"is_output", "trainable", "ceil_mode", "count_include_pad"})


def from_plain(plain: nx.DiGraph, graph: EditableGraph) -> None:
    """Put what a plain graph describes into an empty network.

    Names that are all whole numbers become such numbers again. Where no node has a role, those that nothing leads to
    are inputs, and those that lead nowhere outputs: so any acyclic graph is a network. Attributes of the user's own
    come in as they are.

    Parameters
    ----------
    plain
        As `to_plain` makes it, or anybody's.
    graph
        An empty network.

    Raises
    ------
    FileError
        Edges without directions, or several between two nodes; an attribute that is not what it should be.
    NeuroGraphError
        What no network can be: a cycle, an unknown activation, a kernel between scalars.

    Examples
    --------
    >>> from neurograph import NeuronGraph
    >>> from neurograph.builders import mlp
    >>> from neurograph.files import to_plain
    >>> g, back = mlp([2, 3, 1], seed=0), NeuronGraph()
    >>> from_plain(to_plain(g), back)
    >>> list(back) == list(g), back.edges[0, 2] == g.edges[0, 2]
    (True, True)
    """
    if not plain.is_directed() or plain.is_multigraph():
        raise FileError("a network's edges have directions, and at most one leads from a neuron to another")
    name_of = dict(zip(plain, names_of(plain), strict=True))
    graph.graph.update(plain.graph)
    bare = not any("role" in data for _, data in plain.nodes(data=True))
    for node, data in plain.nodes(data=True):
        ends = {"role": "hidden" if plain.in_degree(node) else "input", "is_output": not plain.out_degree(node)}
        graph.add_node(name_of[node], **(ends if bare else {}), **neuron_attributes(node, data, bare))
    graph.add_edges_from(
        (name_of[u], name_of[v], synapse_attributes(u, v, data)) for u, v, data in plain.edges(data=True)
    )


def names_of(nodes: Iterable[Any]) -> list[Any]:
    """Each node's name in the network: whole numbers where all are such, written as text."""
    nodes = list(nodes)
    numbers = all(isinstance(n, str) and n.isascii() and n.isdecimal() and str(int(n)) == n for n in nodes)
    return [int(node) if numbers else node for node in nodes]


def neuron_attributes(name: Any, data: Mapping[str, Any], bare: bool = False) -> dict[str, Any]:
    """What a network has of a neuron's plain attributes; where they are `bare` its ends come from the wiring."""
    skipped, where = ("role", "is_output") if bare else (), f"neuron {name!r}"
    return {k: _value(where, k, v, OF_NEURONS) for k, v in data.items() if k not in skipped}


def synapse_attributes(source: Any, target: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    """What a network has of a synapse's plain attributes."""
    where = f"synapse {source!r} -> {target!r}"
    made = {k: _value(where, k, v, OF_SYNAPSES) for k, v in data.items() if k != "kernel"}
    made = {own_name(k): v for k, v in made.items()}
    return made | ({"weight": _kernel(where, data["kernel"])} if "kernel" in data else {})


def _value(where: str, name: str, value: Any, known: frozenset[str]) -> Any:
    """An attribute as a network has it; text of other programs is read."""
    if not isinstance(name, str):
        raise FileError(f"{where} has an attribute called {name!r}, and names of attributes are text")
    if name not in known or not isinstance(value, str):
        return value
    try:
        if name in SIDES:
            return () if value in ("scalar", "") else tuple(int(side) for side in value.split("x"))
        if name in _TRUTHS:
            return {"true": True, "false": False, "1": True, "0": False}[value.lower()]
        return float(value) if name in _NUMBERS or name == "weight" else value
    except (ValueError, KeyError):
        raise FileError(f"{where}: {name} is {value!r}, which is nothing that it can be") from None


def _kernel(where: str, text: Any) -> np.ndarray:
    try:
        return np.array(json.loads(text) if isinstance(text, str) else text, float)
    except (ValueError, TypeError, RecursionError):
        raise FileError(f"{where}: kernel is {str(text)[:60]!r}, which is no array of numbers") from None


def read_plain(path: Any, graph: EditableGraph, reader: Any) -> None:
    """Fill a graph from what one of networkx's readers finds in a file."""
    try:
        plain = reader(path)
    except (OSError, NeuroGraphError):
        raise
    except Exception as error:  # a reader's own troubles with a file are of any class
        raise FileError(f"{path} is damaged or no such file: {type(error).__name__}: {error}") from None
    from_plain(plain, graph)
