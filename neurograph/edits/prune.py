"""Prune: the synapses of the lowest scores go, until so many are left."""

from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from neurograph.analysis.observations import Observations
from neurograph.edits.base import Outcome
from neurograph.edits.support.paths import has_path, refuse_cut
from neurograph.edits.support.relays import multiplies
from neurograph.edits.support.stranded import STRATEGIES, Neighbours, settle
from neurograph.errors import MissingError, OptionError
from neurograph.options import DATA, SCOPES, as_plain, number, one_of, whole
from neurograph.storage.sets import distinct, each_once, union

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


@dataclass(frozen=True, eq=False)
class Prune:
    """Remove the synapses of the lowest scores; without scores, those of the smallest weights.

    Every output neuron keeps its best synapse, so that it stays an answer to something; `details["spared"]` counts
    those that stay for that reason alone. One that multiplies keeps them all, and a hidden one goes with any of them:
    without a factor it would be larger. Pools and identities, which have no weight, are not touched. Counts are of
    what is there afterwards: `details["left"]` of the synapses that might have gone, `details["pruned"]` of those that
    did, with the neurons that were stranded too.

    Parameters
    ----------
    left
        How many of the synapses that may go are left. Give this or `share`.
    share
        Which share of the synapses that may go is left, from 0 to 1.
    scope
        What is compared: "network", all of them with one another, so that layers thin out as they can; "layer", those
        between the same two populations, so that each keeps the same share.
    scores
        Ids of the synapses that may go, (n,) int64, and their scores, (n,) finite. Unless given: all that have a
        weight, each with the mean of its absolute numbers.
    floor
        How many of its synapses each layer (those between the same two populations) keeps at least, the best of them;
        `details["floored"]` counts those that stay for that reason alone.
    floor_share
        Instead of `floor`: which share of its synapses each layer keeps at least.
    stranded
        What becomes of hidden neurons that are left without inputs or outputs: "leave", "remove" or "refuse"; see
        `RemoveNeurons`. Removing them takes more synapses along than were asked for, never fewer.
    observations
        What was seen while data ran through the network. With them, the bias of a neuron takes over the mean of what
        the neuron no longer reads, where it has a bias and sums its inputs: only what varied is lost.

    Raises
    ------
    OptionError
        An option that makes no sense.
    MissingError, EditError
        From `apply`: no synapse that may go, or one that is not there or is named twice; a stranded neuron with
        "refuse"; no path from an input to any output would be left (but with "leave", which leaves the mending to
        you).

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> g = mlp([8, 16, 4], seed=0)
    >>> result = g.apply(Prune(share=0.25))
    >>> result.details["left"], result.details["spared"]  # of a quarter, 48: others were stranded
    (20, 4)
    """

    left: int | None = None
    scope: str = "network"
    share: float | None = field(default=None, kw_only=True)
    floor: int = field(default=0, kw_only=True)
    floor_share: float = field(default=0.0, kw_only=True)
    scores: tuple[np.ndarray, np.ndarray] | None = field(default=None, metadata=DATA)
    stranded: str = "remove"
    observations: Observations | None = field(default=None, metadata=DATA)

    def __post_init__(self) -> None:
        if (self.left is None) == (self.share is None):
            raise OptionError(f"give one of left={self.left!r}, a count, and share={self.share!r}, a share")
        if isinstance(self.left, float):
            raise OptionError(f"left must be a whole number, not {self.left!r}; share={self.left!r} is a share")
        whole("left", self.left or 0, 0)
        number("share", self.share or 0.0, 0.0, 1.0)
        if self.floor and self.floor_share:
            raise OptionError(f"floor={self.floor!r} and floor_share={self.floor_share!r}: give one of the two")
        whole("floor", self.floor, 0)
        number("floor_share", self.floor_share, 0.0, 1.0)
        one_of("scope", self.scope, SCOPES)
        one_of("stranded", self.stranded, STRATEGIES)
        if self.scores is not None:
            _check(*self.scores)

    def apply(self, graph: "EditableGraph") -> Outcome:
        """Prune the graph."""
        ids, scores = weight_sizes(graph) if self.scores is None else map(np.asarray, self.scores)
        table = graph.table
        rows = table.rows_of(ids)
        if not len(ids) or (rows < 0).any():
            raise MissingError("there is no synapse to prune" if not len(ids) else f"no synapse {ids[rows < 0][0]}")
        had, layer = has_path(graph), _layers(graph, rows)
        keep = _kept(scores, layer if self.scope == "layer" else np.zeros(len(rows), np.int64), self._share(len(ids)))
        floored = _below_floor(scores, layer, self.floor, self.floor_share, keep)
        keep[floored] = True
        last = _last_of_outputs(graph, rows, scores, keep)
        keep[last] = True
        rows = np.sort(rows[~keep])
        sources, targets = table.src[rows].astype(np.int64), table.dst[rows].astype(np.int64)
        neighbours = Neighbours(graph, sources, targets)
        if self.observations is not None:
            _take_over_means(graph, rows, self.observations)
        graph.remove_synapses(zip(graph.names_of(sources), graph.names_of(targets), strict=True))
        settled = settle(graph, neighbours, self.stranded)
        if self.stranded != "leave":
            way_out = "floor_share=0.1 keeps a tenth of each layer at least, scope='layer' the same share of all"
            refuse_cut(graph, had, f"{self._asked()} is too little: {way_out}")
        there = table.rows_of(ids) >= 0
        left = int(there.sum())
        details = {"pruned": len(ids) - left, "left": left, "spared": int(there[last].sum())}
        details |= {"floored": int(there[floored].sum())} if self.floor or self.floor_share else {}
        return Outcome(as_plain(self), details=details | settled)

    def _share(self, count: int) -> float:
        return min(1.0, self.left / count) if self.share is None and self.left is not None else float(self.share or 0.0)

    def _asked(self) -> str:
        """How much was to be left, as it was written."""
        options = {name: getattr(self, name) for name in ("left", "share", "floor", "floor_share")}
        return ", ".join(f"{name}={value}" for name, value in options.items() if value)


def weight_sizes(graph: "EditableGraph") -> tuple[np.ndarray, np.ndarray]:
    """Ids of all synapses that have a weight, rising, and the mean of its absolute numbers."""
    table = graph.table
    rows = table.live()
    rows = rows[table.pool[rows] > 0]
    sizes = np.zeros(len(rows))
    for pool in each_once(table.pool[rows]).tolist():
        mine = table.pool[rows] == pool
        weights = table.pools[pool - 1].data[table.row[rows[mine]]]
        sizes[mine] = np.abs(weights).reshape(len(weights), -1).mean(1)
    order = np.argsort(table.id[rows])
    return table.id[rows][order].astype(np.int64), sizes[order]


def _take_over_means(graph: "EditableGraph", rows: np.ndarray, seen: Observations) -> None:
    """Add to each target's bias the mean of what it reads through some synapses; padding is not reckoned with."""
    table, columns = graph.table, graph.neurons
    rows = rows[columns.each("aggregation", table.dst[rows]) == "sum"]
    rows = rows[~np.isnan(columns.values["bias"][table.dst[rows]])]
    if not len(rows):
        return
    means = seen.of_neurons("activation_mean", table.src[rows])
    for pool in each_once(table.pool[rows]).tolist():
        mine = table.pool[rows] == pool
        weights = table.pools[pool - 1].data[table.row[rows[mine]]]
        means[mine] *= weights.reshape(len(weights), -1).sum(1)
    targets = each_once(table.dst[rows]).astype(np.int64)
    graph.write_values(
        "bias", targets, graph.read_values("bias", targets) + np.bincount(table.dst[rows], means)[targets]
    )


def _check(ids: np.ndarray, scores: np.ndarray) -> None:
    ids, scores = np.asarray(ids), np.asarray(scores)
    if ids.ndim != 1 or ids.shape != scores.shape or not np.isfinite(scores).all():
        raise OptionError(
            f"scores must be ids and as many finite numbers, not arrays of shapes {ids.shape} and {scores.shape}"
        )
    if not distinct(ids):
        raise OptionError("scores must name each synapse once")


def _layers(graph: "EditableGraph", rows: np.ndarray) -> np.ndarray:
    """(n,) int64 the same number for synapses between the same two populations."""
    columns = graph.neurons
    names = {name: at for at, name in enumerate(dict.fromkeys(kind.population for kind in columns.kinds))}
    population = np.array([names[kind.population] for kind in columns.kinds], np.int64)
    ends = (population[columns.kind[end[rows]]] for end in (graph.table.src, graph.table.dst))
    source, target = ends
    return source * len(names) + target


def _kept(scores: np.ndarray, layer: np.ndarray, share: float) -> np.ndarray:
    """(n,) bool: the best of each layer, the same share of each; of equals the first."""
    keep = np.zeros(len(scores), bool)
    for one in each_once(layer).tolist():
        mine = np.flatnonzero(layer == one)
        best = np.argsort(-scores[mine], kind="stable")[: round(share * len(mine))]
        keep[mine[best]] = True
    return keep


def _below_floor(scores: np.ndarray, layer: np.ndarray, floor: int, share: float, keep: np.ndarray) -> np.ndarray:
    """Places of the best that each layer with less than its floor has to keep besides those it keeps."""
    found = [np.empty(0, np.int64)]
    for one in each_once(layer).tolist() if floor or share else ():
        mine = np.flatnonzero(layer == one)
        least = floor or ceil(share * len(mine))
        if keep[mine].sum() < least:
            found.append(mine[np.argsort(-scores[mine], kind="stable")[:least]])
    places = np.concatenate(found)
    return places[~keep[places]]


def _last_of_outputs(graph: "EditableGraph", rows: np.ndarray, scores: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """Places of the best synapse into each output neuron that would lose all it reads; of all where it multiplies."""
    table, spared = graph.table, []
    targets = table.dst[rows]
    outputs = graph.neurons.each("is_output", targets).astype(bool)
    for key in each_once(targets[outputs & ~keep]).tolist():
        mine = np.flatnonzero(targets == key)
        if not keep[mine].any() and table.degree(key, table.inn) == len(mine):
            spared.append(int(mine[np.argmax(scores[mine])]))
    products = np.flatnonzero(outputs & ~keep & multiplies(graph, targets))
    return union(np.array(spared, np.int64), products)
