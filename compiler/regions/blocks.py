"""Which neurons run together: blocks, in an order in which each can be computed from the ones before it.

Neurons of one population with the same signature make one block wherever that leaves no block waiting for itself,
whatever levels they are on: a neuron that a split has pushed one level down stays with its layer. Only where
populations depend on one another both ways, or on themselves, are their neurons grouped by level as well.
"""

from dataclasses import dataclass

import networkx as nx
import numpy as np

from neurograph.core.arrays import GraphArrays
from neurograph.schema.neuron import NeuronKind


@dataclass(frozen=True)
class Signature:
    """What the neurons of a block have in common."""

    role: str
    activation: str
    aggregation: str
    shape: tuple[int, ...] = ()
    norm: tuple[float, float] | None = None  # eps and momentum of a batch norm
    dropout: float = 0.0
    channelwise: bool = False  # whether dropout takes whole maps

    @classmethod
    def of(cls, kind: NeuronKind) -> "Signature":
        """That of a neuron."""
        norm = None if kind.norm == "none" else (kind.eps, kind.momentum)
        channelwise = kind.dropout > 0 and kind.dropout_kind == "channel"
        return cls(kind.role, kind.activation, kind.aggregation, kind.shape, norm, kind.dropout, channelwise)


@dataclass(frozen=True, eq=False)
class Block:
    """Neurons that are computed together.

    Parameters
    ----------
    population
        The population all of them belong to.
    signature
        What they have in common.
    neurons
        (n,) int64 positions, in key order.
    """

    population: str
    signature: Signature
    neurons: np.ndarray


@dataclass(frozen=True, eq=False)
class Blocks:
    """All blocks in topological order, and where each neuron is.

    Parameters
    ----------
    blocks
        Every block after those it reads.
    block, place
        (N,) int32: the block of each neuron and its place in it.
    """

    blocks: tuple[Block, ...]
    block: np.ndarray
    place: np.ndarray


def find_blocks(arrays: GraphArrays) -> Blocks:
    """Group the neurons of a graph into blocks."""
    group, kinds = _groups(arrays)
    split = _must_split(group, len(kinds), arrays)
    level = np.where(split[group], arrays.level, -1)
    order = np.lexsort((arrays.keys, level, group))
    starts = _run_starts(group[order], level[order])
    members = np.split(order, starts[1:])
    block_of = np.empty(len(arrays), np.int64)
    for index, neurons in enumerate(members):
        block_of[neurons] = index
    ranking = _topological(block_of, members, arrays)
    block, place = np.empty(len(arrays), np.int32), np.empty(len(arrays), np.int32)
    found = []
    for index, old in enumerate(ranking):
        neurons = members[old]
        block[neurons], place[neurons] = index, np.arange(len(neurons))
        population, signature = kinds[group[neurons[0]]]
        found.append(Block(population, signature, neurons))
    return Blocks(tuple(found), block, place)


def _groups(arrays: GraphArrays) -> tuple[np.ndarray, list[tuple[str, Signature]]]:
    """(N,) a number for each (population, signature), and what the numbers stand for."""
    numbers: dict[tuple[str, Signature], int] = {}
    table = np.empty(len(arrays.kinds), np.int64)
    for index, kind in enumerate(arrays.kinds):
        signature = Signature.of(kind)
        table[index] = numbers.setdefault((kind.population, signature), len(numbers))
    return table[arrays.kind], list(numbers)


def _run_starts(*columns: np.ndarray) -> np.ndarray:
    """Where a new run of equal rows begins."""
    new = np.zeros(len(columns[0]), bool)
    new[:1] = True
    for column in columns:
        new[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(new)


def _pairs(group: np.ndarray, count: int, arrays: GraphArrays) -> np.ndarray:
    """(n, 2) the distinct pairs of groups that synapses join."""
    code = group[arrays.source] * count + group[arrays.target]
    if count * count <= 4 * len(code) + 1024:
        seen = np.zeros(count * count, bool)
        seen[code] = True
        code = np.flatnonzero(seen)
    else:
        code = np.sort(code)
        code = code[_run_starts(code)]
    return np.stack([code // count, code % count], 1)


def _must_split(group: np.ndarray, count: int, arrays: GraphArrays) -> np.ndarray:
    """(groups,) whether a group depends on itself, so that its neurons cannot all run at once."""
    pairs = _pairs(group, count, arrays)
    split = np.zeros(count, bool)
    split[pairs[pairs[:, 0] == pairs[:, 1], 0]] = True
    for component in nx.strongly_connected_components(nx.DiGraph(pairs.tolist())):
        if len(component) > 1:
            split[list(component)] = True
    return split


def _topological(block_of: np.ndarray, members: list[np.ndarray], arrays: GraphArrays) -> list[int]:
    """Blocks by depth, those of one depth by their first key: the order depends on the graph alone."""
    count = len(members)
    depth = np.zeros(count, np.int64)
    wiring = nx.DiGraph(_pairs(block_of, count, arrays).tolist())
    for block in nx.topological_sort(wiring):
        depth[block] = max((depth[source] + 1 for source in wiring.pred[block]), default=0)
    first = [int(arrays.keys[neurons[0]]) for neurons in members]
    return sorted(range(count), key=lambda b: (depth[b], first[b]))
