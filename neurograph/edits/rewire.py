"""Rewire: the smallest weights of each layer go and as many synapses are born elsewhere in it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from neurograph.analysis.layers import SynapseLayer, require_layers, synapse_layers
from neurograph.analysis.pairs import draw_absent
from neurograph.edits.base import Outcome
from neurograph.edits.prune import weight_sizes
from neurograph.edits.support.paths import has_path, refuse_cut
from neurograph.errors import OptionError
from neurograph.initializers import INITIALIZERS, from_name
from neurograph.options import DATA, as_plain, number, one_of, populations_or_all, whole
from neurograph.storage.sets import first_of_each, in_sorted, union

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph

Candidates = tuple[np.ndarray, np.ndarray, np.ndarray]
Move = tuple[SynapseLayer, np.ndarray, np.ndarray]  # a layer, the ids that go, the codes of the pairs that are born


@dataclass(frozen=True, eq=False)
class Rewire:
    """Move synapses at constant number: sparse evolutionary training (SET) and RigL on any wiring.

    In each layer, which is the trained synapses of one form between two populations, the given share of the synapses is
    removed, those of the smallest weights (of kernels: of the smallest mean of absolute numbers), and as many are born
    between neurons of the same populations that no synapse joined: at random (Mocanu et al. 2018, SET, algorithm 1), or
    where the scores of given candidates are highest (Evci et al. 2020, RigL, algorithm 1, the scores being the absolute
    gradients of synapses that are not there). A pair that has just lost its synapse gets none at once.

    Each neuron keeps the largest weight of every layer that it reads. Frozen synapses, those without a weight, and
    those into neurons that do not add up stay as they are. Newborns are nobody's heirs: an optimizer begins anew with
    them. On irregular wiring a newborn leads from a neuron to one that stands behind it in the topological order that
    the graph keeps, so that no cycle closes.

    Parameters
    ----------
    fraction
        The share of each layer's synapses that moves, between 0 and 1, rounded; fewer where fewer can.
    into
        Populations whose incoming synapses move; None means every one.
    initializer
        Of newborns' weights, a name of `neurograph.initializers`: "zeros" as in RigL; others are drawn as for a layer
        in which each target reads as many as it does here on average.
    candidates
        Who may be born: (k,) source keys, (k,) target keys and (k,) finite scores of pairs; of those of a layer, the
        highest scores are born, of equals the first, and where there are fewer than were to move, so many move.
        `compiler.strongest_absent` finds them. None: at random.
    seed
        Of who is born, and of what newborns weigh.

    Raises
    ------
    OptionError
        An option that makes no sense.
    MissingError, EditError
        From `apply`: a population that is not there; no trained synapse; no path from an input to any output would be
        left.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> g = mlp([30, 20, 4], density=0.2, seed=0)
    >>> result = g.apply(Rewire(0.25, seed=1))
    >>> g.number_of_edges(), result.details["moved"], result.details["by_layer"]
    (136, 34, {'input -> hidden1': 23, 'hidden1 -> output': 11})
    """

    fraction: float = 0.3
    into: tuple[str, ...] | None = None
    initializer: str = "zeros"
    candidates: Candidates | None = field(default=None, metadata=DATA)
    seed: int = 0

    def __post_init__(self) -> None:
        number("fraction", self.fraction, 0.0, 1.0)
        one_of("initializer", self.initializer, INITIALIZERS)
        whole("seed", self.seed, 0)
        object.__setattr__(self, "into", populations_or_all("into", self.into))
        if self.candidates is not None:
            object.__setattr__(self, "candidates", _checked(self.candidates))

    def apply(self, graph: "EditableGraph") -> Outcome:
        """Move the synapses."""
        layers, rng = synapse_layers(graph, self.into), np.random.default_rng(self.seed)
        require_layers(layers, self.into)
        had, sizes = has_path(graph), weight_sizes(graph)
        moves: list[Move] = []
        for layer, taken in _with_births(layers, moves):
            doomed = _smallest(graph, layer, sizes, round(self.fraction * len(layer.ids)))
            born = self._born(layer, taken, len(doomed), rng)
            moves.append((layer, doomed[: len(born)], born))
        gone = np.concatenate([ids for _, ids, _ in moves])
        graph.drop_rows(np.sort(graph.table.rows_of(gone)))
        for layer, _, born in moves:
            self._bear(graph, layer, born, rng)
        refuse_cut(graph, had, f"fraction={self.fraction:g} moves too much: move less at a time")
        by_layer: dict[str, int] = {}
        for layer, _, born in moves:
            by_layer[layer.name] = by_layer.get(layer.name, 0) + len(born)
        return Outcome(as_plain(self), details={"moved": len(gone), "by_layer": by_layer})

    def _born(self, layer: SynapseLayer, taken: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
        """(k,) codes of the pairs that get a synapse, at most so many."""
        if self.candidates is None:
            return draw_absent(layer.pairs, taken, count, rng)
        sources, targets, scores = self.candidates
        codes = layer.codes(sources, targets)
        there = np.flatnonzero((codes >= 0) & ~in_sorted(codes, taken))
        best = there[np.argsort(-scores[there], kind="stable")]
        best = best[first_of_each(codes[best])]
        return np.sort(codes[best[:count]])

    def _bear(self, graph: "EditableGraph", layer: SynapseLayer, born: np.ndarray, rng: np.random.Generator) -> None:
        if not len(born):
            return
        sources, targets = layer.ends(born)
        reads = max(1, round(len(layer.ids) / len(layer.targets)))  # of this layer, on average
        activation = graph.neurons.of(int(targets[0])).activation
        drawn = from_name(self.initializer, rng)((reads, -(-len(born) // reads), *layer.window), activation)
        weights = drawn.reshape(-1, *layer.window)[: len(born)]
        graph.add_edges_from_arrays(graph.names_of(sources), graph.names_of(targets), weights, **layer.form)


def _checked(given: Candidates) -> Candidates:
    sources, targets, scores = (np.asarray(one) for one in given)
    alike = sources.ndim == 1 and sources.shape == targets.shape == scores.shape
    if not alike or not np.isfinite(scores).all():
        raise OptionError(
            "candidates must be keys of sources, of targets, and as many finite scores, not arrays of shapes "
            f"{sources.shape}, {targets.shape} and {scores.shape}"
        )
    return sources.astype(np.int64), targets.astype(np.int64), scores


def _with_births(layers: list[SynapseLayer], moves: list[Move]) -> Iterator[tuple[SynapseLayer, np.ndarray]]:
    """Each layer and the codes taken in it: layers of several forms between the same neurons share their pairs."""
    for layer in layers:
        born = [codes for other, _, codes in moves if other.taken is layer.taken]
        yield layer, union(layer.taken, np.concatenate(born)) if born else layer.taken


def _smallest(
    graph: "EditableGraph", layer: SynapseLayer, sizes: tuple[np.ndarray, np.ndarray], count: int
) -> np.ndarray:
    """Ids of the smallest weights, at most so many and the smallest first; never the largest that a target reads."""
    table = graph.table
    size = sizes[1][np.searchsorted(sizes[0], layer.ids)]
    target = table.dst[table.rows_of(layer.ids)]
    rising = np.argsort(size, kind="stable")
    largest = first_of_each(target[rising[::-1]])[::-1]
    return layer.ids[rising[~largest][:count]]
