"""Networks as tables: an edge list for spreadsheets and data frames, a sparse matrix for numerical work."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from neurograph.analysis.sizes import signed_sizes
from neurograph.core.arrays import GraphArrays
from neurograph.core.graph import EditableGraph
from neurograph.disk.aside import written_aside
from neurograph.errors import listed
from neurograph.files.formats import counted
from neurograph.files.losses import form_losses, plain_losses
from neurograph.files.plain import to_plain

_FIRST = ("source", "target", "weight", "kernel", "op")


def write_csv(graph: EditableGraph, path: str | Path) -> None:
    """Write an edge list: a line a synapse, with a header; see `to_plain` for what the columns hold.

    Parameters
    ----------
    graph
        The network.
    path
        The file; UTF-8, commas, a cell empty where a synapse has no such attribute. What UTF-8 lacks, half a pair of
        surrogates, is written as its escape.

    Raises
    ------
    FileError
        Names that are the same as text, a path that cannot be written.
    """
    edges = list(to_plain(graph).edges(data=True))
    names = dict.fromkeys(name for _, _, data in edges for name in data)
    own = {name: f"{name}_" if name in ("source", "target") else name for name in names}
    columns = [*_FIRST[:3], *(n for n in _FIRST[3:] if n in names), *(own[n] for n in names if n not in _FIRST[2:])]
    with (
        written_aside(path) as aside,
        open(aside, "w", encoding="utf-8", errors="backslashreplace", newline="") as file,
    ):
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        for u, v, data in edges:
            writer.writerow({own[name]: value for name, value in data.items()} | {"source": u, "target": v})


def csv_losses(graph: EditableGraph) -> list[str]:
    """What an edge list leaves out of a graph."""
    alone = sum(1 for _, degree in graph.degree() if degree == 0)  # pyright: ignore[reportGeneralTypeIssues]
    left_out = [f"{counted(alone, 'neuron')} without a synapse"] if alone else []
    about = ["everything about the neurons but their names", *left_out] if len(graph) else []
    return about + plain_losses(((), ("source", "target")), neurons=False)(graph) + _of_graph(graph)


def write_npz(graph: EditableGraph, path: str | Path) -> None:
    """Write the adjacency as a sparse matrix that `scipy.sparse.load_npz` reads: entry (u, v) is the synapse u -> v.

    An identity or a pool is a 1, a kernel its norm with the sign of its sum; a weight of zero is stored. `numpy.load`
    finds more in the file: "neuron", the names as text; "population", so that the synapses between two of them are
    `matrix[population == "a"][:, population == "b"]`; "activation"; "bias", NaN where there is none;
    "role" and "is_output". What numbers between scalars can say of a network, `import_graph` reads back.

    Parameters
    ----------
    graph
        The network; rows and columns are its neurons in topological order.
    path
        The file.

    Raises
    ------
    FileError
        A path that cannot be written.
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
    """What a matrix leaves out of a graph."""
    arrays = graph.arrays()
    kernels, bare = int((arrays.pool > 0).sum()), bool((arrays.pool < 0).any())
    left_out = ["what neurons have beside population, role, activation and bias"] if len(graph) else []
    if late := int(arrays.delayed.sum()):
        left_out.append(f"that {counted(late, 'synapse')} read the step before: a matrix has no delays")
    if kernels:
        left_out.append(f"the numbers of {counted(kernels, 'kernel')}: each is its norm, with the sign of its sum")
    left_out += ["what identities and pools do: each is a 1"] if bare else []
    return left_out + form_losses(graph) + _of_graph(graph)


def _of_graph(graph: EditableGraph) -> list[str]:
    """The graph's own attributes, of which a table has none."""
    names = sorted(str(name) for name in graph.graph)
    return [f"the graph's own attributes: {listed(names, 20)}"] if names else []
