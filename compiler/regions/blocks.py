"""Which neurons run together: blocks, in an order in which each can be computed from the ones before it.

Neurons of one population with the same signature make one block wherever that leaves no block waiting for itself,
whatever levels they are on: a neuron that a split has pushed one level down stays with its layer. Only where
populations depend on one another both ways, or on themselves, are their neurons grouped by level as well, unless a
region makes all of them in one call.
"""

from collections.abc import Iterable, Sequence
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
    region
        The region that makes it together with others, or -1.
    inner
        Whether it is read within its region only.
    """

    population: str
    signature: Signature
    neurons: np.ndarray
    region: int = -1
    inner: bool = False


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


@dataclass(frozen=True, eq=False)
class Sorting:
    """The neurons of a graph by population and signature: before any of them are put into blocks.

    Parameters
    ----------
    group
        (N,) int64 the group of each neuron.
    kinds
        The population and the signature of each group.
    pairs
        (n, 2) the distinct pairs of groups that synapses join, source first.
    component
        (groups,) int64: groups that depend on one another have the same number; each number is above those of the
        groups it reads.
    cyclic
        (groups,) bool: whether a group depends on itself, or on one that depends on it.
    """

    group: np.ndarray
    kinds: list[tuple[str, Signature]]
    pairs: np.ndarray
    component: np.ndarray
    cyclic: np.ndarray


def sort_neurons(arrays: GraphArrays) -> Sorting:
    """Sort the neurons of a graph by population and signature, and find which of these wait for one another."""
    group, kinds = _groups(arrays)
    pairs = _pairs(group, len(kinds), arrays)
    component, cyclic = _components(len(kinds), list(map(tuple, pairs.tolist())))
    return Sorting(group, kinds, pairs, component, cyclic)


def _components(count: int, pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """The components of a `Sorting`, and which groups depend on themselves."""
    cyclic = np.zeros(count, bool)
    cyclic[[source for source, target in pairs if source == target]] = True
    depth = depths(count, [pair for pair in pairs if pair[0] != pair[1]])
    component = np.empty(count, np.int64)
    if depth is not None:
        component[sorted(range(count), key=depth.__getitem__)] = np.arange(count)
        return component, cyclic
    wiring = nx.DiGraph()
    wiring.add_nodes_from(range(count))
    wiring.add_edges_from(pairs)
    whole = nx.condensation(wiring)
    for number, at in enumerate(nx.topological_sort(whole)):
        members = list(whole.nodes[at]["members"])
        component[members] = number
        cyclic[members] |= len(members) > 1
    return component, cyclic


def find_blocks(arrays: GraphArrays, sorting: Sorting | None = None, region: np.ndarray | None = None) -> Blocks:
    """Group the neurons of a graph into blocks.

    Parameters
    ----------
    arrays
        The graph.
    sorting
        From `sort_neurons`; found here where it is not given.
    region
        (groups,) the number of the region in which each group of the sorting is made whole, or -1; regions must not
        wait for one another. In a region no block is split by level; what others read and what they do not are two.
    """
    sorting = sort_neurons(arrays) if sorting is None else sorting
    group, kinds = sorting.group, sorting.kinds
    region = np.full(len(kinds), -1) if region is None else region
    if not sorting.cyclic.any() and (region < 0).all():
        return _whole_groups(arrays, sorting)
    home = region[group]
    part = np.where(sorting.cyclic[group], arrays.level, -1)
    if (home >= 0).any():
        part = np.where(home >= 0, _inner(arrays, home), part)
    order = np.lexsort((arrays.keys, part, group))
    starts = run_starts(group[order], part[order])
    members = np.split(order, starts[1:])
    block_of = np.empty(len(arrays), np.int64)
    block_of[order] = np.repeat(np.arange(len(members)), np.diff(starts, append=len(order)))
    found = []
    for at in _topological(block_of, members, home, arrays):
        neurons = members[at]
        population, signature = kinds[group[neurons[0]]]
        inner = bool(home[neurons[0]] >= 0 and part[neurons[0]])
        found.append(Block(population, signature, neurons, int(home[neurons[0]]), inner))
    return _placed(found, len(arrays))


def _whole_groups(arrays: GraphArrays, sorting: Sorting) -> Blocks:
    """The blocks where each group is one, as in most networks: no neuron has to wait for another of its own group."""
    counts = np.bincount(sorting.group, minlength=len(sorting.kinds))
    order = np.lexsort((arrays.keys, sorting.group))
    members = np.split(order, np.cumsum(counts)[:-1])
    there = np.flatnonzero(counts).tolist()
    depth = depths(len(sorting.kinds), sorting.pairs.tolist())
    assert depth is not None  # nothing is cyclic
    ranking = sorted(there, key=lambda at: (depth[at], int(arrays.keys[members[at][0]])))
    return _placed([Block(*sorting.kinds[at], members[at]) for at in ranking], len(arrays))


def _placed(blocks: list[Block], neurons: int) -> Blocks:
    """Blocks in order, and where each neuron is."""
    block, place = np.empty(neurons, np.int32), np.empty(neurons, np.int32)
    for index, found in enumerate(blocks):
        block[found.neurons], place[found.neurons] = index, np.arange(len(found.neurons))
    return Blocks(tuple(blocks), block, place)


def _inner(arrays: GraphArrays, home: np.ndarray) -> np.ndarray:
    """(N,) bool: which neurons are read within their region only."""
    inner = ~np.array([kind.is_output for kind in arrays.kinds], bool)[arrays.kind]
    inner[arrays.source[home[arrays.source] != home[arrays.target]]] = False
    return inner


def _groups(arrays: GraphArrays) -> tuple[np.ndarray, list[tuple[str, Signature]]]:
    """(N,) a number for each (population, signature), and what the numbers stand for."""
    numbers: dict[tuple[str, Signature], int] = {}
    table = np.empty(len(arrays.kinds), np.int64)
    for index, kind in enumerate(arrays.kinds):
        signature = Signature.of(kind)
        table[index] = numbers.setdefault((kind.population, signature), len(numbers))
    return table[arrays.kind], list(numbers)


def run_starts(*columns: np.ndarray) -> np.ndarray:
    """Where a new run of equal rows begins."""
    new = np.zeros(len(columns[0]), bool)
    new[:1] = True
    for column in columns:
        new[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(new)


def _pairs(group: np.ndarray, count: int, arrays: GraphArrays) -> np.ndarray:
    """(n, 2) the distinct pairs of groups that synapses join."""
    group = group.astype(np.int32 if count * count < 2**31 else np.int64)
    code = (group * count)[arrays.source] + group[arrays.target]
    if count * count <= 4 * len(code) + 1024:
        seen = np.zeros(count * count, bool)
        seen[code] = True
        code = np.flatnonzero(seen)
    else:
        code = np.sort(code)
        code = code[run_starts(code)]
    return np.stack([code // count, code % count], 1)


def _topological(block_of: np.ndarray, members: list[np.ndarray], home: np.ndarray, arrays: GraphArrays) -> list[int]:
    """Blocks by depth, those of one depth by their first key: the order depends on the graph alone.

    The blocks of a region are of one depth: that of the region as a whole.
    """
    count = len(members)
    first = np.array([neurons[0] for neurons in members], np.int64)
    whole = np.where(home[first] >= 0, count + home[first], np.arange(count))
    many = int(whole.max(initial=-1)) + 1
    pairs = _pairs(whole[block_of], many, arrays)
    depth = depths(many, pairs[pairs[:, 0] != pairs[:, 1]].tolist())
    assert depth is not None  # blocks are cut so that none waits for itself
    at, keys = [depth[block] for block in whole.tolist()], arrays.keys[first].tolist()
    return sorted(range(count), key=lambda b: (at[b], keys[b]))


def depths(count: int, pairs: Iterable[Sequence[int]]) -> list[int] | None:
    """The longest way to each of some things from what waits for nothing; None where anything waits for itself.

    Parameters
    ----------
    count
        How many things; they are numbered from 0.
    pairs
        Each (what is waited for, what waits).
    """
    following: list[list[int]] = [[] for _ in range(count)]
    need, depth = [0] * count, [0] * count
    for source, target in pairs:
        following[source].append(target)
        need[target] += 1
    ready = [thing for thing in range(count) if not need[thing]]
    for thing in ready:  # grows meanwhile
        for target in following[thing]:
            depth[target] = max(depth[target], depth[thing] + 1)
            need[target] -= 1
            if not need[target]:
                ready.append(target)
    return depth if len(ready) == count else None
