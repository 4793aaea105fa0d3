"""What a matrix with a few columns beside it does not hold of a network, as plain data: with it the file holds all."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurograph.core.arrays import GraphArrays
from neurograph.core.graph import EditableGraph
from neurograph.files.from_plain import names_of
from neurograph.files.losses import form_losses, own_columns
from neurograph.files.plain import flat, to_plain
from neurograph.schema.neuron import VALUES, NeuronKind

COLUMNS = ("role", "is_output", "population", "activation", "bias")  # of neurons, which are arrays of their own
_USUAL = {name: value for name, value in flat(vars(NeuronKind())).items() if name not in COLUMNS}


def rest_of(graph: EditableGraph, arrays: GraphArrays) -> dict[str, Any]:
    """What the matrix and its columns leave out, part by part; without the parts that would be empty.

    Returns
    -------
    rest : dict
        "order": the rows in the order of the neurons, where that is another one; "names", where text alone would
        not say them; "graph": the graph's own attributes; "neurons": [row, attributes] of those with others than the
        columns; "synapses": [row, column, attributes] of all, where any has another than a weight. Attributes are as
        `to_plain` writes them.
    """
    rows = {name: at for at, name in enumerate(arrays.names)}
    order = [rows[name] for name in graph]
    names = [name if type(name) is int else str(name) for name in arrays.names]
    found: dict[str, Any] = {"order": order if order != sorted(order) else []}
    found["names"] = names if names != names_of(np.array(names, str).tolist()) else []
    if _is_more(graph, arrays):
        row, plain = {str(name): at for name, at in rows.items()}, to_plain(graph)
        found["neurons"] = [[row[name], more] for name, data in plain.nodes(data=True) if (more := _more(data))]
        forms = plain.edges(data=True) if form_losses(graph) or (arrays.pool != 0).any() else ()
        found |= {"synapses": [[row[u], row[v], data] for u, v, data in forms], "graph": dict(plain.graph)}
    return {name: part for name, part in found.items() if part}


def _is_more(graph: EditableGraph, arrays: GraphArrays) -> bool:
    """Whether there is anything to look for: a large plain network is not gone through neuron by neuron."""
    values = any(not np.isnan(arrays.values[name]).all() for name in VALUES if name != "bias")
    kinds = any(_more(flat(vars(kind))) for kind in arrays.kinds)
    forms = bool((arrays.pool != 0).any() or form_losses(graph))
    return bool(graph.graph) or values or kinds or forms or bool(own_columns(graph)[0])


def _more(data: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of a neuron that no column has: others than the usual, and text whose end an array drops."""
    kept = {name: value for name, value in data.items() if name not in COLUMNS and _USUAL.get(name) != value}
    cut = {name: data[name] for name in COLUMNS if isinstance(data.get(name), str) and data[name][-1:] == "\0"}
    return kept | cut
