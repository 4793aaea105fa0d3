"""Numbers on their way from a network's tensors to its graph."""

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

from neurograph.storage.runs import put_some_at, runs, taken

from ..regions.order import Order
from ..runtime.assembly import cast
from ..slots import Quantity, SlotMap, Slots


def write_back(slots: SlotMap, graph: Any, moved: Iterable[Slots], changes: Any) -> int:
    """Write numbers into a graph where they differ from what the graph's would be in the network.

    So a float32 network that was never trained leaves every float64 of the graph as it was. What users wrote since the
    network last looked stays as they wrote it, and what is gone from the graph stays gone.

    Parameters
    ----------
    slots
        Where the numbers are.
    graph
        The graph whose values they are.
    moved
        The entries of the slot map to write.
    changes
        What users wrote since the network last looked.

    Returns
    -------
    int
        How many numbers were written.
    """
    groups: dict[tuple[Quantity, torch.dtype], list[Slots]] = {}
    for entry in moved:
        groups.setdefault((entry.quantity, entry.tensor.dtype), []).append(entry)
    written_ = 0
    for (quantity, dtype), entries in groups.items():
        if len(entries) == len(slots.of(quantity)):
            numbers, now = slots.numbers(quantity), slots.gather(quantity).numpy()
        else:
            numbers = np.concatenate([entry.numbers for entry in entries])
            now = np.concatenate([SlotMap.get(entry, entry.tensor) for entry in entries])
        written_ += write_numbers(graph, quantity, numbers, now, dtype, written(changes, quantity))
    return written_


def written(changes: Any, quantity: Quantity) -> np.ndarray:
    """Ids or keys, rising, whose numbers users wrote since a network last looked."""
    found = changes.synapses if quantity[0] == "weight" else changes.neurons.get(quantity[0], ())
    return np.asarray(found, np.int64)


def write_numbers(
    graph: Any, quantity: Quantity, numbers: np.ndarray, now: np.ndarray, dtype: torch.dtype, theirs: np.ndarray
) -> int:
    """Write numbers of one quantity, as a network of that dtype has them now, but for `theirs`; returns how many."""
    there, column, at = graph.survivors(quantity, numbers)
    if not there.all():
        numbers, now = numbers[there], now[there]
    known = runs(at)
    moved = _each(now != cast(taken(column, at, known), dtype).numpy())
    if len(theirs):
        moved &= Order(theirs).places(numbers) < 0
    finite = np.isfinite(now)
    if not finite.all() and (wild := moved & _each(~finite)).any():
        _warn(quantity, numbers[wild])
        moved &= ~wild
    put_some_at(column, at, now, moved, known)
    return int(np.count_nonzero(moved)) * int(np.prod(quantity[1], dtype=np.int64))


def _each(found: np.ndarray) -> np.ndarray:
    """(n,) bool: a kernel counts as a whole."""
    return np.asarray(found.any(axis=tuple(range(1, found.ndim))))


def _warn(quantity: Quantity, wild: np.ndarray) -> None:
    what = "synapse" if quantity[0] == "weight" else "neuron"
    warnings.warn(
        f"{len(wild)} {quantity[0]} values are not finite (first: {what} number {wild[0]}), so training has diverged; "
        "the graph keeps the last finite values of these",
        stacklevel=2,
    )
