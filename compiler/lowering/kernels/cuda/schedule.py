"""What each thread does in a walk in shared memory: neurons of a level are dealt to warps, synapses to threads.

`csrc/walk.cu` reads it. A thread takes four synapses at a time, a quad, and quads lie in memory in the order in which
the threads of a warp read them; lists of several lengths are filled up, so neurons of a level are sorted by theirs.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

WARP, QUAD = 32, 4
AHEAD = 2  # quads that a thread loads before their round, as in the kernel
THREADS = 512  # of a block, at most
NARROW = 512  # threads up to which levels spread neurons over more of them


@dataclass(frozen=True, eq=False)
class Schedule:
    """The walk of all parts of a field, one after the other; neurons are listed in the order in which they are walked.

    Parameters
    ----------
    lanes, threads
        Threads that add up one neuron, and those of a block.
    table
        (parts + 1, 3) int32: where each part's reads, neurons and rounds begin.
    rounds
        (rounds + 1,) int32: twice the first slice of each, plus 1 where a level begins with it.
    slices
        (slices, 4) int32: where its quads begin, how many each thread has, its first neuron, how many it has.
    neurons
        (neurons, 2) int32: each one's number, and the code of its activation.
    ends
        (quads, 4) places in the part, of 16 bits.
    order
        (quads, 4) int32: the synapses, or -1.
    """

    lanes: int
    threads: int
    table: Tensor
    rounds: Tensor
    slices: Tensor
    neurons: Tensor
    ends: Tensor
    order: Tensor

    def __iter__(self):
        return iter((self.table, self.rounds, self.slices, self.neurons, self.ends))


@dataclass(frozen=True, eq=False)
class Lists:
    """The synapses that each neuron adds up.

    Parameters
    ----------
    owner
        (synapses,) the neuron that does.
    neuron, place
        (synapses,) the neuron at the other end, or -1 and the place in the part of what is no neuron.
    number
        (synapses,) their numbers.
    """

    owner: np.ndarray
    neuron: np.ndarray
    place: np.ndarray
    number: np.ndarray


def schedule(
    part: np.ndarray, level: np.ndarray, lists: Lists, reads: np.ndarray, codes: np.ndarray, device: torch.device
) -> Schedule:
    """The schedule of a walk.

    Parameters
    ----------
    part, level, codes
        (neurons,) each one's part, its level in the order of the walk, and the code of its activation.
    lists
        What each adds up.
    reads
        (parts + 1,) where each part's reads begin; their places come before those of the neurons.
    device
        Where the tensors go.
    """
    neurons, parts = len(part), len(reads) - 1
    fan = np.bincount(lists.owner, minlength=neurons)
    listed = np.lexsort((-fan, level, part))
    at = np.empty(neurons, np.int64)
    at[listed] = np.arange(neurons)
    first = np.searchsorted(part[listed], np.arange(parts + 1))
    begins = np.flatnonzero(np.diff(part[listed], prepend=-1) | np.diff(level[listed], prepend=-1))
    width = np.diff(np.append(begins, neurons))
    lanes, threads = _shape(width, fan)
    slices, slice_of, rounds, first_round = _dealt(begins, width, lanes, threads, first)
    many = np.maximum.reduceat(-(-fan[listed] // (QUAD * lanes)), slices)
    quads = np.cumsum(WARP * many) - WARP * many
    empty = (np.diff(reads) + np.diff(first))[part[listed[slices]]]  # the place that holds zero
    ends = np.repeat(empty, WARP * many * QUAD)
    order = np.full(len(ends), -1)
    sort = np.argsort(lists.owner, kind="stable")
    owner, rank = at[lists.owner[sort]], np.arange(len(sort)) - np.repeat(np.cumsum(fan) - fan, fan)
    thread = (owner - slices[slice_of[owner]]) * lanes + rank // QUAD % lanes
    slot = (quads[slice_of[owner]] + rank // (QUAD * lanes) * WARP + thread) * QUAD + rank % QUAD
    other = lists.neuron[sort]
    inside = (np.diff(reads) - first[:-1])[part[other]] + at[other]
    ends[slot] = np.where(other >= 0, inside, lists.place[sort])
    order[slot] = lists.number[sort]
    counts = np.diff(np.append(slices, neurons))
    put = lambda array: torch.from_numpy(np.ascontiguousarray(array, np.int32)).to(device)  # noqa: E731
    bits = torch.from_numpy(ends.astype(np.uint16).view(np.int16)).to(device)  # torch's own type of 16 bits has a sign
    return Schedule(
        lanes, threads, put(np.stack([reads, first, first_round], 1)), put(rounds),
        put(np.stack([quads, many, slices, counts], 1)), put(np.stack([listed, codes[listed]], 1)), bits, put(order),
    )  # fmt: skip


def _shape(width: np.ndarray, fan: np.ndarray) -> tuple[int, int]:
    """Threads that add up one neuron, and those of a block, from the widths of levels and the lengths of lists."""
    usual = float(np.average(width, weights=width))  # the level that a neuron is in
    quads, lanes = -(-float(fan.mean()) // QUAD), 1
    while lanes < WARP and lanes * AHEAD < quads:
        lanes *= 2
    while lanes < min(quads, WARP) and 2 * lanes * usual <= NARROW:
        lanes *= 2
    return lanes, int(min(THREADS, max(WARP, -(-usual * lanes // WARP) * WARP)))


def _dealt(
    begins: np.ndarray, width: np.ndarray, lanes: int, threads: int, first: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Where slices begin, the slice of each listed neuron, `Schedule.rounds`, and where each part's begin."""
    slices, within = _pieces(begins, width, WARP // lanes)
    starts = np.flatnonzero(within == 0)  # slices that a level begins with
    rounds, again = _pieces(starts, np.diff(np.append(starts, len(slices))), threads // WARP)
    slice_of = np.repeat(np.arange(len(slices)), np.diff(np.append(slices, width.sum())))
    first_round = np.searchsorted(slices[rounds], first)
    return slices, slice_of, np.append(2 * rounds + (again == 0), 2 * len(slices) + 1), first_round


def _pieces(begins: np.ndarray, size: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Where pieces of `most` begin of runs that begin there and are so large, and which of its run's each is."""
    many = -(-size // most)
    within = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
    return np.repeat(begins, many) + most * within, within
