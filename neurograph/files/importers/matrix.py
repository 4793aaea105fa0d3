"""The adjacency as a sparse matrix, as `export` writes it: what a table of numbers holds of a network."""

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from neurograph.core.graph import EditableGraph
from neurograph.errors import FileError

_MATRIX = ("indices", "indptr", "data", "shape")
_NEURONS = ("neuron", "population", "activation", "bias")
_ENDS = ("role", "is_output")  # which files of before lack


def read_npz(path: str | Path, graph: EditableGraph) -> None:
    """Fill an empty graph from an adjacency that `export` wrote: scalars, joined by numbers.

    Rows are the neurons in topological order, so they get their keys in it. Where a file does not say which neurons
    are inputs and outputs, those that nothing leads to are inputs, and those that lead nowhere outputs.

    Raises
    ------
    FileError
        A damaged file, or none of ours.
    """
    held = _arrays(path)
    indices, starts, data, shape = (held[name] for name in _MATRIX)
    count = len(held["neuron"])
    if tuple(shape) != (count, count) or starts.shape != (count + 1,) or indices.shape != data.shape:
        raise FileError(f"{path} is damaged: {count} neurons and a matrix of shape {tuple(shape)}")
    if (np.diff(starts) < 0).any() or starts[0] != 0 or starts[-1] != len(indices):
        raise FileError(f"{path} is damaged: the rows of its matrix do not follow one another")
    if len(indices) and not 0 <= indices.min() <= indices.max() < count:
        raise FileError(f"{path} is damaged: its matrix names neurons that are not there")
    names = _names(held["neuron"])
    source = np.repeat(np.arange(count), np.diff(starts))
    ends = [_end(held, at, source, indices) for at in range(count)]
    for at, name in enumerate(names):
        bias = float(held["bias"][at])
        values = {} if np.isnan(bias) else {"bias": bias}
        kind = {"population": str(held["population"][at]), "activation": str(held["activation"][at])}
        graph.add_node(name, **ends[at], **kind, **values)
    graph.add_edges_from_arrays([names[at] for at in source], [names[at] for at in indices], weight=data)


def _arrays(path: str | Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as file:
            held = {name: file[name] for name in (*_MATRIX, *_NEURONS)}
            return held | {name: file[name] for name in _ENDS if name in file}
    except KeyError as error:
        raise FileError(f"{path} is no adjacency that neurograph wrote: it lacks {error.args[0]!r}") from None
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise FileError(f"{path} is damaged: {error}") from None


def _names(text: np.ndarray) -> list[Any]:
    names = text.tolist()
    numbers = all(isinstance(n, str) and n.isascii() and n.isdecimal() and str(int(n)) == n for n in names)
    return [int(name) for name in names] if numbers else names


def _end(held: dict[str, np.ndarray], at: int, source: np.ndarray, target: np.ndarray) -> dict[str, Any]:
    if all(name in held for name in _ENDS):
        return {"role": str(held["role"][at]), "is_output": bool(held["is_output"][at])}
    return {"role": "hidden" if at in target else "input", "is_output": at not in source}
