"""Networks as tables: an edge list for spreadsheets and data frames, a sparse matrix for numerical work."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from neurograph.analysis.sizes import signed_sizes
from neurograph.core.arrays import GraphArrays
from neurograph.core.graph import EditableGraph
from neurograph.disk.aside import written_aside
from neurograph.errors import listed
from neurograph.files.cells import as_cell
from neurograph.files.exchange import set_apart
from neurograph.files.formats import counted
from neurograph.files.losses import form_losses, plain_losses
from neurograph.files.plain import to_plain
from neurograph.files.rest import rest_of
from neurograph.schema.neuron import SCHEMA as OF_NEURONS
from neurograph.schema.synapse import SCHEMA as OF_SYNAPSES

ENDS = ("source", "target")
_FIRST = ("source", "target", "weight", "kernel", "op")


def write_csv(graph: EditableGraph, path: str | Path) -> None:
    """Write an edge list and, below it, the neurons: a line a synapse, then a line a neuron, whose target is empty.

    Parameters
    ----------
    graph
        The network; see `to_plain` for what the columns hold. Neurons and synapses share columns of one name.
    path
        The file; UTF-8, commas, a header, a cell empty where there is no such attribute. Text that reads as a number
        stands in quotation marks, so that `import_graph` gives everything its type again; see `neurograph.files.cells`.

    Raises
    ------
    FileError
        Names that are the same as text, a path that cannot be written.
    """
    plain = set_apart(to_plain(graph), ENDS, ENDS)
    synapses = [_row(u, v, data, OF_SYNAPSES) for u, v, data in plain.edges(data=True)]
    neurons = [_row(name, None, data, OF_NEURONS) for name, data in plain.nodes(data=True)]
    used = dict.fromkeys(name for row in (*synapses, *neurons) for name in row)
    columns = dict.fromkeys((*_FIRST[:3], *(name for name in _FIRST[3:] if name in used), *used))
    with written_aside(path) as aside, open(aside, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writerow({name: as_cell(name, typed=False) for name in columns})
        writer.writerows(synapses)
        writer.writerows(neurons)


def _row(source: str, target: str | None, data: dict[str, Any], known: frozenset[str]) -> dict[str, str]:
    """The cells of a synapse, or of a neuron, which has no target."""
    ends = {"source": as_cell(source, typed=False)}
    ends |= {} if target is None else {"target": as_cell(target, typed=False)}
    return ends | {name: as_cell(value, typed=name not in known) for name, value in data.items()}


def csv_losses(graph: EditableGraph) -> list[str]:
    """What a table leaves out of a graph."""
    return plain_losses((ENDS, ENDS))(graph) + _of_graph(graph)


def write_npz(graph: EditableGraph, path: str | Path) -> None:
    """Write the adjacency as a sparse matrix that `scipy.sparse.load_npz` reads: entry (u, v) is the synapse u -> v.

    An identity or a pool is a 1, a kernel its norm with the sign of its sum; a weight of zero is stored. `numpy.load`
    finds more in the file: "neuron", the names as text; "population", so that the synapses between two of them are
    `matrix[population == "a"][:, population == "b"]`; "activation"; "bias", NaN where there is none;
    "role" and "is_output". What else a network has is in "rest", which `import_graph` reads; see
    `neurograph.files.rest`.

    Parameters
    ----------
    graph
        The network; rows and columns are its neurons in topological order.
    path
        The file.

    Raises
    ------
    FileError
        Names that are the same as text, a path that cannot be written.
    """
    arrays = graph.arrays()
    count = len(arrays)
    matrix = sparse.csr_array((_numbers(arrays), (arrays.source, arrays.target)), shape=(count, count))
    more = {
        "neuron": np.array([str(name) for name in arrays.names], str),
        "population": arrays.each_kind("population").astype(str),
        "activation": arrays.each_kind("activation").astype(str),
        "bias": arrays.values["bias"],
        "role": arrays.each_kind("role").astype(str),
        "is_output": arrays.each_kind("is_output").astype(bool),
    }
    rest = rest_of(graph, arrays)
    more |= {"rest": np.frombuffer(json.dumps(rest).encode(), np.uint8)} if rest else {}
    held: dict[str, Any] = {"indices": matrix.indices, "indptr": matrix.indptr, "data": matrix.data}
    held |= {"format": np.array(b"csr"), "shape": np.array(matrix.shape), "_is_array": np.array(True)}
    with written_aside(path) as aside, open(aside, "wb") as file:
        np.savez_compressed(file, allow_pickle=False, **held, **more)


def _numbers(arrays: GraphArrays) -> np.ndarray:
    """(E,) float64, one a synapse."""
    found = np.ones(len(arrays.ids))
    for number, pool in enumerate(arrays.pools):
        mine = arrays.pool == number
        found[mine] = signed_sizes(pool[arrays.row[mine]])
    return found


def npz_losses(graph: EditableGraph) -> list[str]:
    """What a matrix leaves out of a graph, or has beside it, where only `import_graph` reads it."""
    arrays = graph.arrays()
    kernels, bare = int((arrays.pool > 0).sum()), bool((arrays.pool < 0).any())
    beside = []
    if late := int(arrays.delayed.sum()):
        beside.append(f"that {counted(late, 'synapse')} read the step before: a matrix has no delays")
    if kernels:
        beside.append(f"the numbers of {counted(kernels, 'kernel')}: each is its norm, with the sign of its sum")
    beside += ["what identities and pools do: each is a 1"] if bare else []
    lines = [f"of the matrix, though not of the file: {line}" for line in beside + form_losses(graph)]
    return lines + plain_losses(numbers=True)(graph)


def _of_graph(graph: EditableGraph) -> list[str]:
    """The graph's own attributes, of which a table has none."""
    names = sorted(str(name) for name in graph.graph)
    return [f"the graph's own attributes: {listed(names, 20)}"] if names else []
