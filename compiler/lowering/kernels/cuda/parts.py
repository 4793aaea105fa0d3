"""Parts of a field for the walk in shared memory: neurons that read none of another part, and how they are walked."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from .schedule import Lists, Schedule, schedule

MOST = 65_535  # places of a part: they are numbered in 16 bits, and one holds zero
NEURONS = 3_000  # of a part, where fields fall apart: several blocks fit a multiprocessor


@dataclass(frozen=True, eq=False)
class Parts:
    """A field's wiring part by part.

    Parameters
    ----------
    count, places
        How many parts there are; the most places that one has: what it reads, its neurons, and one that holds zero.
    reads
        Inputs, int32, in the order of their places in a part.
    forward, backward
        The walk over incoming synapses, and over outgoing ones between neurons.
    """

    count: int
    places: int
    reads: Tensor
    forward: Schedule
    backward: Schedule


def parts_of(
    inputs: int,
    start: np.ndarray,
    source: np.ndarray,
    codes: np.ndarray,
    levels: np.ndarray,
    device: torch.device,
) -> Parts | None:
    """The parts of a field; None where one has more places than can be numbered.

    Parameters
    ----------
    inputs, start, source, codes
        As in a `FieldWiring`.
    levels
        (levels + 1,) where runs of neurons begin that read none of their own run.
    device
        Where the tensors go.
    """
    neurons, number = len(start) - 1, np.arange(len(source))
    target, inner = np.repeat(np.arange(neurons), np.diff(start)), source >= inputs
    part = _packed(neurons, target[inner], source[inner] - inputs)
    count, outer = int(part.max()) + 1, ~inner
    keys, read = np.unique(part[target[outer]] * max(inputs, 1) + source[outer], return_inverse=True)
    reads = np.searchsorted(keys, np.arange(count + 1) * max(inputs, 1))
    places = int((np.diff(reads) + np.bincount(part, minlength=count)).max()) + 1
    if places > MOST:
        return None
    place = np.zeros(len(source), np.int64)
    place[outer] = read - reads[part[target[outer]]]
    incoming = Lists(target, np.where(inner, source.astype(np.int64) - inputs, -1), place, number)
    outgoing = Lists(source[inner].astype(np.int64) - inputs, target[inner], place[inner], number[inner])
    level, none = np.searchsorted(levels, np.arange(neurons), "right"), np.zeros(count + 1, np.int64)
    return Parts(
        count,
        places,
        torch.from_numpy((keys % max(inputs, 1)).astype(np.int32)).to(device),
        schedule(part, level, incoming, reads, codes, device),
        schedule(part, -level, outgoing, none, codes, device),
    )


def _packed(neurons: int, target: np.ndarray, source: np.ndarray) -> np.ndarray:
    """(neurons,) the part of each: whole connected components, of about `NEURONS` together where they are smaller."""
    joined = coo_array((np.ones(len(target), bool), (target, source)), shape=(neurons, neurons))
    component = connected_components(joined, directed=False)[1]
    sizes = np.bincount(component)
    return np.unique((np.cumsum(sizes) - sizes) // NEURONS, return_inverse=True)[1][component]
