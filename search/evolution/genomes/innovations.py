"""Innovations: what a neuron is known by in every genome of a lineage, so that genes can be aligned.

An innovation is a 128-bit hash of how a neuron came to be, and no counter is shared: a neuron that was born by a split
is known by the synapse that was split and by how often that had been split before; any other by its population and a
number within it. Siblings that split the same synapse agree, in whatever process; those that split different ones never
do. A synapse is known by its ends and what it does. Innovations are an attribute of neurons, so copies and files keep
them.
"""

import re
from collections.abc import Hashable
from dataclasses import dataclass
from hashlib import blake2b
from itertools import count
from typing import Any

import numpy as np

INNOVATION = "innovation"
_SPARSE = 64  # codes that there could be for each that there is, up to which a table of all is faster than sorting
_INNOVATION = re.compile("[0-9a-f]{32}")


def added(population: str, ordinal: int) -> str:
    """The innovation of a neuron that was added to a population; 32 hexadecimal digits."""
    return _hash("added", population, ordinal)


def split(source: str, target: str, op: str, occurrence: int) -> str:
    """The innovation of a neuron born by a split of the synapse between two innovations."""
    return _hash("split", source, target, op, occurrence)


def imported(origin: str, name: Hashable, part: int) -> str:
    """The innovation of a neuron that comes from another library's genome: of what it is called there."""
    return _hash("imported", origin, name, part)


def _hash(*parts: Any) -> str:
    return blake2b("\0".join(map(str, parts)).encode(), digest_size=16).hexdigest()


def mark(graph: Any) -> dict[int, str]:
    """The innovation of every neuron by key; those that have none are given one by population and number.

    Parameters
    ----------
    graph
        A `NeuronGraph`. Neurons that nothing here made are numbered within their population, in the order of their
        keys: graphs that one builder made agree.
    """
    found, extra = innovations(graph), graph.neurons.extra
    new = [key for key in found if INNOVATION not in (extra.get(key) or ())]
    for key, name in zip(new, graph.names_of(np.array(new, np.int64)) if new else (), strict=True):
        graph.nodes[name][INNOVATION] = found[key]
    return found


def innovations(graph: Any) -> dict[int, str]:
    """The innovation of every neuron by key, which those have that `mark` has yet to give one too."""
    keys, extra = graph.table.keys().tolist(), graph.neurons.extra
    found = {key: held[INNOVATION] for key in keys if (held := extra.get(key)) is not None and INNOVATION in held}
    if len(found) < len(keys):
        taken = set(found.values())
        for key in keys:
            if key not in found:
                found[key] = free(graph.neurons.of(key).population, taken)
                taken.add(found[key])
        found = {key: found[key] for key in keys}
    return found


def odd_innovation(graph: Any) -> str | None:
    """What is wrong with the innovations that a graph comes with, in words; None where nothing is."""
    seen: dict[str, Hashable] = {}
    for name, attributes in graph.nodes.items():
        innovation = attributes.get(INNOVATION)
        if innovation is None:
            continue
        if not isinstance(innovation, str) or not _INNOVATION.fullmatch(innovation):
            return f"the {INNOVATION} of neuron {name!r} is {innovation!r:.60}, and not 32 hexadecimal digits"
        if innovation in seen:
            return f"neurons {seen[innovation]!r} and {name!r} have the same {INNOVATION}"
        seen[innovation] = name
    return None


def free(population: str, taken: set[str]) -> str:
    """The innovation of the next neuron that is added to a population, of those that are not taken."""
    ordinal = 0
    while (innovation := added(population, ordinal)) in taken:
        ordinal += 1
    return innovation


def of_split(graph: Any, source: Hashable, target: Hashable) -> str:
    """The innovation of the neuron that a split of a synapse would make."""
    known = mark(graph)
    u, v = graph.keys_of([source, target]).tolist()
    synapse, taken, occurrence = graph[source][target], set(known.values()), 0
    does = synapse.get("op", "weight") + (" of the step before" if synapse.get("delay") else "")
    while (innovation := split(known[u], known[v], does, occurrence)) in taken:
        occurrence += 1
    return innovation


@dataclass(frozen=True, eq=False)
class Genes:
    """A genome as columns.

    Parameters
    ----------
    graph
        It.
    keys, places
        (N,) int64 keys of its neurons, and the place of each by its innovation.
    source, target
        (E,) int64 places among the neurons.
    rows, ids
        (E,) rows of the graph's table, and the synapses' ids.
    """

    graph: Any
    keys: np.ndarray
    places: dict[str, int]
    source: np.ndarray
    target: np.ndarray
    rows: np.ndarray
    ids: np.ndarray


def genes(graph: Any) -> Genes:
    """The columns of a genome; its neurons are marked where they are not, and its values are up to date."""
    graph.synchronise()
    known, table = mark(graph), graph.table
    keys, live = np.fromiter(known, np.int64, len(known)), table.live()
    rows = live[np.argsort(table.id[live])]
    source, target = _places(keys, table.src[rows]), _places(keys, table.dst[rows])
    return Genes(graph, keys, dict(zip(known.values(), count())), source, target, rows, table.id[rows])


def _places(keys: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """(E,) int64 where ends of synapses are among rising keys."""
    if len(keys) and keys[-1] == len(keys) - 1:  # they are 0, 1, 2, ...
        return ends.astype(np.int64)
    return np.searchsorted(keys, ends)


@dataclass(frozen=True, eq=False)
class Alignment:
    """Which genes two genomes have in common.

    Parameters
    ----------
    a, b
        The genomes.
    neurons
        (n, 2) places of neurons of the same innovation.
    synapses
        (m, 2) places of synapses with the same ends and the same form (op, stride, padding, shape of the weight, ...).
    """

    a: Genes
    b: Genes
    neurons: np.ndarray
    synapses: np.ndarray


def align(a: Any, b: Any) -> Alignment:
    """Align two genomes by innovation."""
    first, second = genes(a), genes(b)
    common = sorted(first.places.keys() & second.places.keys())
    ia, ib = (np.fromiter((one.places[i] for i in common), np.int64, len(common)) for one in (first, second))
    codes = [_codes(one, place, len(ia), a) for one, place in ((first, ia), (second, ib))]
    sa, sb = _in_both(*(code[mine] for code, mine in codes))
    synapses = np.stack([np.flatnonzero(codes[0][1])[sa], np.flatnonzero(codes[1][1])[sb]], 1)
    return Alignment(first, second, np.stack([ia, ib], 1), synapses)


def _in_both(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) places in each of two arrays of different codes from 0 of those that are in both, by rising code."""
    top = int(max(a.max(initial=-1), b.max(initial=-1))) + 1
    if top > _SPARSE * (len(a) + len(b)):
        _, one, other = np.intersect1d(a, b, assume_unique=True, return_indices=True)
        return one, other
    where = [np.full(top, -1, np.int32), np.full(top, -1, np.int32)]
    for found, code in zip(where, (a, b), strict=True):
        found[code] = np.arange(len(code))
    both = np.flatnonzero((where[0] >= 0) & (where[1] >= 0))
    return where[0][both], where[1][both]


def _codes(one: Genes, places: np.ndarray, common: int, first: Any) -> tuple[np.ndarray, np.ndarray]:
    """(E,) a number for what each synapse is, in terms of the first genome, and which of them that can have."""
    number = np.full(len(one.keys), -1)
    number[places] = np.arange(common)
    table, known = one.graph.table, first.table
    forms = np.array([known.forms.numbers.get(form, -1) for form in table.forms.numbers], np.int64)
    shapes = [pool.data.shape[1:] for pool in known.pools]
    pools = [shapes.index(p.data.shape[1:]) + 1 if p.data.shape[1:] in shapes else -1 for p in table.pools]
    form, pool = forms[table.form[one.rows]], np.array([0, *pools], np.int64)[table.pool[one.rows]]
    source, target = number[one.source], number[one.target]
    code = ((source * common + target) * (len(known.forms.bundles) + 1) + form) * (len(shapes) + 1) + pool
    return code, (source >= 0) & (target >= 0) & (form >= 0) & (pool >= 0)
