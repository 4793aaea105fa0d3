"""Layers of synapses on any wiring: what is there between two populations, and which pairs might be joined as well."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np

from neurograph.errors import MissingError, listed

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


@dataclass(frozen=True, eq=False)
class SynapseLayer:
    """Trained synapses of one form and weight shape between two populations, into neurons that add up what they read.

    Pairs of neurons that might have such a synapse, whether they have it or not, are numbered by *codes* from 0 to
    `pairs` - 1, target by target. A synapse for any of them closes no cycle, nor do synapses for all of them.

    Parameters
    ----------
    source, target
        The populations.
    form, window
        Attributes that the synapses share, and the shape of their weights: () for numbers.
    ids
        (s,) int64 the synapses, rising.
    sources, targets
        (n,), (m,) int64 keys of all neurons, of one shape each, that might be joined.
    reach
        (m,) int64: each target may read that many of the sources, the first ones.
    taken
        (t,) int64 codes, rising, of the pairs that some synapse, of whatever form, joins already.
    """

    source: str
    target: str
    form: dict[str, Any]
    window: tuple[int, ...]
    ids: np.ndarray
    sources: np.ndarray
    targets: np.ndarray
    reach: np.ndarray
    taken: np.ndarray

    @property
    def pairs(self) -> int:
        """How many pairs there are."""
        return int(self.reach.sum())

    @property
    def name(self) -> str:
        """The two populations in words."""
        return f"{self.source} -> {self.target}"

    @property
    def shape(self) -> tuple[int, ...]:
        """(sources, targets, *kernel), as initializers take it."""
        return (len(self.sources), len(self.targets), *self.window)

    def ends(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(k,) keys of the sources and of the targets of some pairs."""
        starts = np.cumsum(self.reach) - self.reach
        target = np.searchsorted(starts + self.reach, codes, side="right")
        return self.sources[codes - starts[target]], self.targets[target]

    def codes(self, sources: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """(k,) codes of some pairs of keys; -1 where it is no pair of this layer."""
        return _codes(self.sources, self.targets, self.reach, sources, targets)


def synapse_layers(graph: "EditableGraph", into: Sequence[str] | None = None) -> list[SynapseLayer]:
    """The layers of a network, those of the first synapses first.

    Between populations that lead to one another, and within one, a target may read what stands before it in the
    topological order that the graph keeps; elsewhere all of the other population.

    Parameters
    ----------
    graph
        The network.
    into
        Populations whose incoming synapses are looked at; None means every one.

    Raises
    ------
    MissingError
        `into` names a population that is not there.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> [(layer.name, len(layer.ids), layer.pairs) for layer in synapse_layers(mlp([4, 3, 2]))]
    [('input -> hidden1', 12, 12), ('hidden1 -> output', 6, 6)]
    """
    for name in into or ():
        graph.population(name)  # raises where there is none
    table, columns = graph.table, graph.neurons
    groups = list(dict.fromkeys((kind.population, kind.shape) for kind in columns.kinds))
    number = {group: at for at, group in enumerate(groups)}
    group_of = np.array([number[kind.population, kind.shape] for kind in columns.kinds], np.int64)
    rows = table.live()
    near, far = (columns.kind[ends[rows]] for ends in (table.src, table.dst))  # the dead may be of no kind any more
    joined = group_of[near] * len(groups) + group_of[far]
    tangled = _tangled(groups, joined)
    members = _Members(graph, group_of)
    movable = _movable(graph, rows, into)
    found = []
    for pair, between in _alike(joined):
        mine = rows[between[movable[between]]]
        if not len(mine):
            continue
        source, target = divmod(pair, len(groups))
        sources, targets, reach = members.pairs(source, target, tangled)
        taken = _codes(sources, targets, reach, table.src[rows[between]], table.dst[rows[between]])
        taken = np.sort(taken[taken >= 0])
        for code, places in _alike(table.form[mine].astype(np.int64) * (len(table.pools) + 1) + table.pool[mine]):
            form, pool = divmod(code, len(table.pools) + 1)
            ids = np.sort(table.id[mine[places]].astype(np.int64))
            window = table.pools[pool - 1].data.shape[1:]
            ends = groups[source][0], groups[target][0]
            found.append(
                SynapseLayer(*ends, dict(table.forms.bundles[form]), window, ids, sources, targets, reach, taken)
            )
    return sorted(found, key=lambda layer: int(layer.ids[0]))


class _Members:
    """The neurons of each group, and who of them may read whom."""

    def __init__(self, graph: "EditableGraph", group_of: np.ndarray) -> None:
        self.graph, self.keys = graph, graph.table.keys()
        self.group = group_of[graph.neurons.kind[self.keys]]

    def pairs(self, source: int, target: int, tangled: set[tuple[int, int]]) -> tuple[np.ndarray, ...]:
        """Sources, targets that add up, and how many of the first each of the second may read."""
        sources, targets = self.keys[self.group == source], self.keys[self.group == target]
        targets = targets[self.graph.neurons.each("aggregation", targets) == "sum"]
        if (source, target) not in tangled:
            return sources, targets, np.full(len(targets), len(sources), np.int64)
        rank = self.graph.ranks.rank
        sources = sources[np.argsort(rank[sources], kind="stable")]
        return sources, targets, np.searchsorted(rank[sources], rank[targets]).astype(np.int64)


def _tangled(groups: list, joined: np.ndarray) -> set[tuple[int, int]]:
    """Pairs of groups whose populations lead to one another, or are one, so that only some pairs close no cycle."""
    between = [divmod(pair, len(groups)) for pair, _ in _alike(joined)]
    names = nx.DiGraph()
    names.add_edges_from([(groups[source][0], groups[target][0]) for source, target in between])
    circle = {name: at for at, those in enumerate(nx.strongly_connected_components(names)) for name in those}
    return {(s, t) for s, t in between if circle[groups[s][0]] == circle[groups[t][0]]}


def _movable(graph: "EditableGraph", rows: np.ndarray, into: Sequence[str] | None) -> np.ndarray:
    """(n,) bool: which synapses have a trained weight and lead into a neuron of some population that adds up."""
    table, columns = graph.table, graph.neurons
    trained = np.array([bundle.get("trainable", True) for bundle in table.forms.bundles], bool)
    reads = np.array([k.aggregation == "sum" and (into is None or k.population in into) for k in columns.kinds], bool)
    return (table.pool[rows] > 0) & trained[table.form[rows]] & reads[columns.kind[table.dst[rows]]]


def _codes(sources: np.ndarray, targets: np.ndarray, reach: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    at, source_there = _find(sources, u)
    place, target_there = _find(targets, v)
    fits = source_there & target_there
    fits[fits] = at[fits] < reach[place[fits]]
    return np.where(fits, (np.cumsum(reach) - reach)[place] + at if len(reach) else -1, -1).astype(np.int64)


def _find(keys: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(k,) places of some keys among others, in any order, and whether they are there at all."""
    if not len(keys):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), bool)
    order = np.argsort(keys, kind="stable")
    place = np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)
    return order[place], keys[order][place] == wanted


def _alike(numbers: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Each number that occurs, rising, and where."""
    order = np.argsort(numbers, kind="stable")
    cuts = np.flatnonzero(np.diff(numbers[order])) + 1
    for places in np.split(order, cuts) if len(order) else ():
        yield int(numbers[places[0]]), places


def require_layers(layers: Sequence[SynapseLayer], into: Sequence[str] | None) -> None:
    """Refuse, by `MissingError`, a network without any trained synapse that might move."""
    if not layers:
        where = f" into {listed(into)}" if into else ""
        raise MissingError(
            f"there is no trained synapse{where} that leads to a neuron which adds up what it reads: nothing can move"
        )
