"""A network as the graph formats of other programs can hold it: text, numbers and truth values, nothing else."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import networkx as nx
import numpy as np

from neurograph.core.graph import EditableGraph
from neurograph.errors import FileError

SIDES = ("shape", "stride", "padding", "dilation", "kernel_size")  # written "8x8"


def to_plain(graph: EditableGraph) -> nx.DiGraph:
    """A copy of the network with nodes named by text and attributes flattened.

    Parameters
    ----------
    graph
        The network.

    Returns
    -------
    plain : networkx.DiGraph
        Its nodes are the neurons' names as text, in order. Pairs are written "8x8", the shape of a scalar "scalar";
        what is None is left out. A kernel goes into the attribute "kernel" as JSON, row by row, so that "weight" is
        always a number. Of the user's own attributes, lists, dictionaries and arrays become JSON, and one that is of
        several types becomes text throughout.

    Raises
    ------
    FileError
        Two names that are the same as text.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> plain = to_plain(mlp([2, 1]))
    >>> plain.nodes["2"]["population"], plain.number_of_edges()
    ('output', 2)
    """
    graph.synchronise()
    named = _named(graph)
    plain = nx.DiGraph(**flat(graph.graph))
    plain.add_nodes_from((named[name], flat(dict(data))) for name, data in graph.nodes.items())
    plain.add_edges_from((named[u], named[v], _edge(data)) for u, v, data in graph.edges(data=True))
    _one_type([data for _, data in plain.nodes(data=True)])
    _one_type([data for _, _, data in plain.edges(data=True)])
    return plain


def _named(graph: EditableGraph) -> dict[Any, str]:
    named: dict[Any, str] = {}
    owner: dict[str, Any] = {}
    for name in graph:
        text = str(name)
        if text in owner:
            raise FileError(
                f"neurons {owner[text]!r} and {name!r} would both be written as {text!r}; give one of them another "
                f"name first, as graph.rename({{{name!r}: 'another name'}}) does"
            )
        owner[text] = name
        named[name] = text
    return named


def _edge(data: Mapping[str, Any]) -> dict[str, Any]:
    weight = data.get("weight")
    others = flat({_beside_kernels(str(name)): value for name, value in data.items() if name != "weight"})
    if isinstance(weight, np.ndarray):
        return {"kernel": json.dumps(weight.tolist())} | others
    return ({} if weight is None else {"weight": float(weight)}) | others


def _beside_kernels(name: str) -> str:
    """The name of an attribute: a user's own "kernel" is called "kernel_", since the weight of a map goes by it."""
    return f"{name}_" if name.rstrip("_") == "kernel" else name


def own_name(name: str) -> str:
    """An attribute's own name again, where kernels have taken it."""
    return name[:-1] if name[-1:] == "_" and name.rstrip("_") == "kernel" else name


def flat(attributes: Mapping[Any, Any]) -> dict[str, Any]:
    """Attributes as plain graphs hold them, without those that are None."""
    return {str(name): _value(str(name), value) for name, value in attributes.items() if value is not None}


def _value(name: str, value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool | int | float | str):
        return value
    if name in SIDES and isinstance(value, tuple):
        return "x".join(str(side) for side in value) or "scalar"
    try:
        return json.dumps(value, default=_as_plain)
    except (TypeError, ValueError, RecursionError):
        return str(value)


def _as_plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else str(value)


def _one_type(all_data: Iterable[dict[str, Any]]) -> None:
    """Let every attribute be of one type, since readers take the first for all."""
    all_data, types = list(all_data), {}
    for data in all_data:
        for name, value in data.items():
            types.setdefault(name, set()).add(type(value))
    for name, found in types.items():
        if len(found) > 1:
            common = float if found == {int, float} else str
            for data in all_data:
                if name in data:
                    data[name] = common(data[name])
