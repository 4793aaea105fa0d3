"""PruneKernels: kernels that are nearly flat go."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neurograph.edits.base import Outcome
from neurograph.edits.support.paths import has_path, refuse_cut
from neurograph.edits.support.stranded import Neighbours, settle
from neurograph.errors import EditError, OptionError, listed
from neurograph.options import SCOPES, as_plain, number, one_of
from neurograph.storage.sets import each_once

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph

STRATEGIES = ("remove", "leave")


@dataclass(frozen=True, eq=False)
class Kernels:
    """The kernels of a network that may be pruned.

    Parameters
    ----------
    ids
        (n,) int64 synapses, rising.
    deviation
        (n,) float64 standard deviation of each kernel's numbers (of all of them: divided by their count).
    layer
        (n,) int64 which of `layers` each belongs to.
    layers
        Population that reads and kernel size, for each layer.
    """

    ids: np.ndarray
    deviation: np.ndarray
    layer: np.ndarray
    layers: tuple[tuple[str, tuple[int, int]], ...]


def prunable_kernels(graph: "EditableGraph") -> Kernels:
    """The trained kernels between maps, of more than one number, but for depthwise ones.

    A 1 x 1 kernel has no deviation. A depthwise layer's kernels are its channels, each read by one neuron that reads
    nothing else, so there is no choice among them.
    """
    table, columns = graph.table, graph.neurons
    graph.synchronise()
    ids, deviation, layer, layers = [], [], [], []
    for at, pool in enumerate(table.pools, 1):
        shape = pool.data.shape[1:]
        if not shape or shape == (1, 1):
            continue
        rows = table.live()
        rows = rows[table.pool[rows] == at]
        trained = np.array([bundle.get("trainable", True) for bundle in table.forms.bundles], bool)
        maps = np.array([kind.shape != () for kind in columns.kinds], bool)[columns.kind[table.dst[rows]]]
        rows = rows[maps & trained[table.form[rows]]]
        readers = columns.each("population", table.dst[rows]) if len(rows) else np.empty(0, object)
        for name in dict.fromkeys(readers.tolist()):
            mine = rows[readers == name]
            if _depthwise(graph, name, table.src[mine], table.dst[mine]):
                continue
            ids.append(table.id[mine].astype(np.int64))
            deviation.append(pool.data[table.row[mine]].reshape(len(mine), -1).std(1))
            layer.append(np.full(len(mine), len(layers)))
            layers.append((name, shape))
    if not ids:
        return Kernels(np.empty(0, np.int64), np.empty(0), np.empty(0, np.int64), ())
    every = np.concatenate(ids)
    order = np.argsort(every)
    return Kernels(every[order], np.concatenate(deviation)[order], np.concatenate(layer)[order], tuple(layers))


def _depthwise(graph: "EditableGraph", population: str, sources: np.ndarray, targets: np.ndarray) -> bool:
    """Whether each of several neurons reads one source alone, and each another."""
    once = len(sources) > 1 and len(each_once(targets)) == len(each_once(sources)) == len(sources)
    return once and len(graph.population_keys(population)) == len(sources)


@dataclass(frozen=True, eq=False)
class PruneKernels:
    """Remove the kernels of the smallest standard deviation ("Neuron hierarchical networks", 2.2).

    What may go are trained kernels of more than one number between feature maps, but for those of depthwise layers
    (`prunable_kernels`). Neurons that are left without inputs or without outputs go too, and what that strands in turn;
    `details["pruned"]` counts the kernels that are gone afterwards, `details["layers"]` those there were and gone.

    Parameters
    ----------
    ratio
        Share of the kernels that go, the flattest first (of equals, the oldest). Or population -> share, for the layers
        in which those neurons read; others stay as they are.
    threshold
        Instead: every kernel goes whose deviation is at most this.
    scope
        With one ratio for all: whether it is taken in every "layer" (the kernels of one size that a population reads),
        or over the whole "network", so that layers thin out as they can.
    stranded
        What becomes of hidden neurons without inputs or outputs: "remove" or "leave".

    Raises
    ------
    OptionError
        Neither ratio nor threshold, or both; a number out of range.
    EditError
        From `apply`: a population that reads no kernel that may go; an output would lose everything that it reads.

    Examples
    --------
    >>> from neurograph.builders import enas_macro
    >>> g = enas_macro([["conv3"], ["conv5", 1]], channels=4, segments=1, size=8)
    >>> result = g.apply(PruneKernels(0.75))
    >>> result.details["kernels"], result.details["pruned"]
    (44, 33)
    """

    ratio: float | Mapping[str, float] | None = None
    threshold: float | None = None
    scope: str = "layer"
    stranded: str = "remove"

    def __post_init__(self) -> None:
        if (self.ratio is None) == (self.threshold is None):
            raise OptionError("give either ratio, a share of the kernels, or threshold, a standard deviation")
        if isinstance(self.ratio, Mapping):
            ratios = {name: number(f"ratio of {name!r}", share, 0.0, 1.0) for name, share in self.ratio.items()}
            object.__setattr__(self, "ratio", ratios)
        elif self.ratio is not None:
            number("ratio", self.ratio, 0.0, 1.0)
        if self.threshold is not None:
            number("threshold", self.threshold, 0.0)
        one_of("scope", self.scope, SCOPES)
        one_of("stranded", self.stranded, STRATEGIES)

    def choose(self, kernels: Kernels) -> np.ndarray:
        """(n,) bool which of some kernels go."""
        if self.threshold is not None:
            return kernels.deviation <= self.threshold
        if not isinstance(self.ratio, Mapping):
            layer = kernels.layer if self.scope == "layer" else np.zeros(len(kernels.ids), np.int64)
            return _flattest(kernels.deviation, layer, np.full(int(layer.max(initial=0)) + 1, self.ratio))
        readers = [name for name, _ in kernels.layers]
        odd = [name for name in self.ratio if name not in readers]
        if odd:
            raise EditError(
                f"populations {listed(odd)} read no kernel that may be pruned; these do: "
                f"{listed(dict.fromkeys(readers)) or 'none'}"
            )
        return _flattest(kernels.deviation, kernels.layer, np.array([self.ratio.get(name, 0.0) for name in readers]))

    def apply(self, graph: "EditableGraph") -> Outcome:
        """Remove the kernels, and the neurons that this strands."""
        table, kernels, had = graph.table, prunable_kernels(graph), has_path(graph)
        gone = self.choose(kernels)
        rows = np.sort(table.rows_of(kernels.ids[gone]))
        neighbours = Neighbours(graph, table.src[rows], table.dst[rows])
        fed = _fed_outputs(graph)
        graph.drop_rows(rows)
        details = settle(graph, neighbours, self.stranded)
        cut = [key for key in fed if not table.degree(key, table.inn)]
        if cut:
            raise EditError(
                f"output {listed(graph.names_of(np.array(cut)))} would be left without inputs, for nothing leads to it "
                f"but kernels that go; prune less than {gone.sum()} of {len(gone)}"
            )
        if self.stranded != "leave":
            refuse_cut(graph, had, f"prune less than {gone.sum()} of {len(gone)}, or scope='layer'")
        told_of: dict[str, Any] = {"threshold": float(kernels.deviation[gone].max())} if gone.any() else {}
        gone = table.rows_of(kernels.ids) < 0  # stranded neurons have taken more along
        counts = {
            f"{name} {height} x {width}": (int((kernels.layer == at).sum()), int(gone[kernels.layer == at].sum()))
            for at, (name, (height, width)) in enumerate(kernels.layers)
        }
        told_of |= {"kernels": len(gone), "pruned": int(gone.sum()), "layers": counts}
        return Outcome(as_plain(self), details=told_of | details)


def _flattest(deviation: np.ndarray, layer: np.ndarray, ratios: np.ndarray) -> np.ndarray:
    """(n,) bool the given share of each layer: those that deviate least."""
    found = np.zeros(len(deviation), bool)
    for at, ratio in enumerate(ratios.tolist()):
        mine = np.flatnonzero(layer == at)
        found[mine[np.argsort(deviation[mine], kind="stable")[: round(ratio * len(mine))]]] = True
    return found


def _fed_outputs(graph: "EditableGraph") -> list[int]:
    """Keys of the outputs that read anything."""
    table, keys = graph.table, graph.table.keys()
    outputs = keys[graph.neurons.each("is_output", keys).astype(bool)]
    return [key for key in outputs.tolist() if table.degree(key, table.inn)]
