"""What numbers of a network a narrower type cannot hold, in words."""

from collections.abc import Iterator

import numpy as np

from neurograph.core.graph import EditableGraph
from neurograph.schema.neuron import VALUES


def rounding_losses(graph: EditableGraph, dtype: str) -> list[str]:
    """What weights and neurons' values lose where they are written as numbers of a type.

    Parameters
    ----------
    graph
        The network.
    dtype
        "float64", "float32", "float16" or "bfloat16".

    Returns
    -------
    list of str
        A line where some are rounded, with the largest error beside its number, and one where some become infinite;
        empty where all are held as they are.
    """
    count = rounded = infinite = 0
    error = 0.0
    for numbers in _numbers(graph):
        known = numbers[np.isfinite(numbers)]
        held = _as(known, dtype)
        lost, kept = ~np.isfinite(held), known != 0
        odd = (held != known) & ~lost
        count, rounded, infinite = count + len(known), rounded + int(odd.sum()), infinite + int(lost.sum())
        if odd.any():
            error = max(error, float((np.abs(held - known)[odd & kept] / np.abs(known[odd & kept])).max(initial=0.0)))
    found = [
        f"digits of {rounded:,} of {count:,} weights and values, which {dtype} rounds by up to {error:.1g} of each"
    ]
    beyond = [f"the size of {infinite:,} of {count:,} weights and values, which are infinite as {dtype}"]
    return found * (rounded > 0) + beyond * (infinite > 0)


def _numbers(graph: EditableGraph) -> Iterator[np.ndarray]:
    """All weights and kernels, and all values of neurons, in pieces."""
    arrays = graph.arrays()
    for number, data in enumerate(arrays.pools):
        yield data[arrays.row[arrays.pool == number]].ravel()
    keys = graph.table.keys()
    for name in VALUES:
        yield graph.neurons.values[name][keys]


def _as(numbers: np.ndarray, dtype: str) -> np.ndarray:
    """Numbers as a type has them, as float64 again."""
    with np.errstate(over="ignore", under="ignore"):
        if dtype != "bfloat16":
            return numbers.astype(dtype).astype(np.float64)
        bits = np.ascontiguousarray(numbers, np.float32).view(np.uint32).astype(np.uint64)
        even = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000  # to the nearest, of two the even one
        return even.astype(np.uint32).view(np.float32).astype(np.float64)
