"""The adjacency as a sparse matrix, as `export` writes it: what a table of numbers holds of a network."""

import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from neurograph.core.graph import EditableGraph
from neurograph.disk.regular import regular
from neurograph.errors import FileError
from neurograph.files.from_plain import names_of, neuron_attributes, synapse_attributes
from neurograph.files.objects import from_matrix

_MATRIX = ("indices", "indptr", "data", "shape")
_NEURONS = ("neuron", "population", "activation", "bias")
_ENDS = ("role", "is_output")  # which files of before lack
_KINDS = {
    "indices": "iu",
    "indptr": "iu",
    "data": "f",
    "shape": "iu",
    "bias": "f",
    "is_output": "b",
    "rest": "u",
}  # or text
_BROKEN = (ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)  # RuntimeError: a method that zip lacks
_TIMES, _LEAST = 64, 2**26  # bytes that arrays may take for each of the file, and that any may


def read_npz(path: str | Path, graph: EditableGraph) -> None:
    """Fill an empty graph from an adjacency that `export` or SciPy wrote.

    Rows are the neurons in topological order, in which they get their keys unless the file says another. Where a file
    does not say which neurons are inputs and outputs, those that nothing leads to are inputs, and those that lead
    nowhere outputs.

    Raises
    ------
    FileError
        A damaged file, or none of ours.
    """
    held = _arrays(path)
    if "neuron" not in held:
        from_matrix(_of_scipy(path, held), graph)
        return
    _check(path, held)
    indices, starts, data, shape = (held[name] for name in _MATRIX)
    count = len(held["neuron"])
    if shape.tolist() != [count, count] or len(starts) != count + 1 or len(indices) != len(data):
        raise FileError(f"{path} is damaged: {count} neurons and a matrix of shape {tuple(shape.tolist())}")
    if (np.diff(starts) < 0).any() or starts[0] != 0 or starts[-1] != len(indices):
        raise FileError(f"{path} is damaged: the rows of its matrix do not follow one another")
    if len(indices) and not 0 <= indices.min() <= indices.max() < count:
        raise FileError(f"{path} is damaged: its matrix names neurons that are not there")
    rest = _rest(path, held, count)
    names = rest.get("names") or names_of(held["neuron"].tolist())
    source = np.repeat(np.arange(count), np.diff(starts))
    neurons = _neurons(held, source, indices)
    for row, more in rest.get("neurons", ()):
        neurons[row] |= neuron_attributes(names[row], more)
    for row in rest.get("order") or range(count):
        graph.add_node(names[row], **neurons[row])
    if "synapses" in rest:
        every = ((names[u], names[v], data) for u, v, data in rest["synapses"])
        graph.add_edges_from((u, v, synapse_attributes(u, v, data)) for u, v, data in every)
    else:
        graph.add_edges_from_arrays([names[at] for at in source], [names[at] for at in indices], weight=data)
    graph.graph.update(rest.get("graph", {}))


def _neurons(held: dict[str, np.ndarray], source: np.ndarray, target: np.ndarray) -> list[dict[str, Any]]:
    """What the columns say of each neuron."""
    columns = zip(held["population"].tolist(), held["activation"].tolist(), held["bias"].tolist(), strict=True)
    return [
        ends | {"population": population, "activation": activation} | ({} if np.isnan(bias) else {"bias": bias})
        for ends, (population, activation, bias) in zip(_ends(held, source, target), columns, strict=True)
    ]


def _rest(path: str | Path, held: dict[str, np.ndarray], count: int) -> dict[str, Any]:
    """What `neurograph.files.rest` wrote, checked as far as rows and types go; what it says is checked by the graph."""
    if "rest" not in held:
        return {}
    try:
        rest = json.loads(held["rest"].tobytes().decode())
        order, names = rest.get("order", []), rest.get("names", [])
        neurons, synapses = rest.get("neurons", []), rest.get("synapses", [])
        rows = [*(row for row, _ in neurons), *(row for u, v, _ in synapses for row in (u, v))]
        right = all(type(row) is int and 0 <= row < count for row in rows)
        right &= not order or sorted(order) == list(range(count))
        right &= not names or (len(names) == count and all(type(name) in (int, str) for name in names))
        right &= all(isinstance(data, dict) for *_, data in (*neurons, *synapses, (rest.get("graph", {}),)))
    except (ValueError, TypeError, AttributeError, RecursionError):
        right = False
    if not right:
        raise FileError(f"{path} is damaged: what it says beside the matrix is of no such network")
    return rest


def _check(path: str | Path, held: dict[str, np.ndarray]) -> None:
    """Refuse arrays of another type or length than `export` writes."""
    for name, array in held.items():
        kinds = _KINDS.get(name, "U")  # text
        if array.ndim != 1 or array.dtype.kind not in kinds:
            raise FileError(f"{path} is damaged: {name} is an array of {array.dtype} and shape {array.shape}")
        if name in (*_NEURONS, *_ENDS) and len(array) != len(held["neuron"]):
            raise FileError(f"{path} is damaged: {name} is of {len(array)} neurons, and not {len(held['neuron'])}")


def _arrays(path: str | Path) -> dict[str, np.ndarray]:
    try:
        with open(path, "rb", opener=regular) as opened, np.load(opened, allow_pickle=False) as file:
            _refuse_claims(path, file)
            if "neuron" not in file and "format" in file:
                return {name: file[name] for name in (*_MATRIX, "format")}
            held = {name: file[name] for name in (*_MATRIX, *_NEURONS)}
            return held | {name: file[name] for name in (*_ENDS, "rest") if name in file}
    except KeyError as error:
        raise FileError(f"{path} is no adjacency that neurograph wrote: it lacks {error.args[0]!r}") from None
    except _BROKEN as error:
        raise FileError(f"{path} is damaged: {error}") from None


def _of_scipy(path: str | Path, held: dict[str, np.ndarray]) -> Any:
    """The matrix that SciPy wrote in one of its two compressed forms."""
    kinds = {b"csr": sparse.csr_array, b"csc": sparse.csc_array}
    kind = kinds.get(held["format"].item()) if held["format"].ndim == 0 and held["format"].dtype.kind == "S" else None
    shape = tuple(held["shape"].tolist())
    if kind is None or len(shape) != 2 or max(shape) > max(_LEAST, len(held["indptr"])):
        raise FileError(f"{path} holds no adjacency in csr or csc form")
    matrix = kind((held["data"], held["indices"], held["indptr"]), shape=shape)
    matrix.check_format(full_check=True)
    return matrix


def _refuse_claims(path: str | Path, file: Any) -> None:
    """Refuse what packs to far less than it takes, before any of it is unpacked."""
    if not isinstance(file, np.lib.npyio.NpzFile):
        raise FileError(f"{path} holds one array, and an adjacency is several")
    entries = file.zip.infolist() if file.zip is not None else []
    size, packed = (sum(getattr(each, name) for each in entries) for name in ("file_size", "compress_size"))
    if size > max(_LEAST, _TIMES * packed):
        raise FileError(f"{path} is damaged: its arrays would take {size:,} bytes, and are {packed:,} packed")


def _ends(held: dict[str, np.ndarray], source: np.ndarray, target: np.ndarray) -> list[dict[str, Any]]:
    """Of each neuron its role, and whether it is an output."""
    if all(name in held for name in _ENDS):
        pairs = zip(held["role"].tolist(), held["is_output"].tolist(), strict=True)
        return [{"role": role, "is_output": is_output} for role, is_output in pairs]
    read, reads = (np.bincount(ends, minlength=len(held["neuron"])).tolist() for ends in (source, target))
    return [{"role": "hidden" if u else "input", "is_output": not v} for u, v in zip(reads, read, strict=True)]
