"""A layer that is ready, put into the graph between those it lies between."""

from collections.abc import Hashable
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from neurograph.insertion.pair import Pair
from neurograph.insertion.problem import Solution

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


def insert(graph: "EditableGraph", pair: Pair, solution: Solution, population: str) -> np.ndarray:
    """Put the layer into the graph, in place of the synapses of the pair.

    Returns
    -------
    heirs : numpy.ndarray
        (n, 2) int64 pairs (new id, old id): each synapse into a target is heir of one that it read before, where these
        go.
    """
    layer, scalar = solution.layer, not pair.shape
    attributes: dict[str, Any] = {"activation": layer.activation, "shape": pair.shape, "population": population}
    attributes |= {} if layer.slope is None else {"slope": layer.slope}
    attributes |= {} if layer.norm is None else {"norm": "batch"} | layer.norm
    new = graph.grow(layer.neurons, attributes | {"bias": layer.bias}, None)
    read = {} if scalar or layer.padding == (0, 0) else {"padding": layer.padding}
    sources, weights = graph.names_of(pair.sources), layer.weights[:, :, 0, 0] if scalar else layer.weights
    if solution.reads is None:
        graph.connect(sources, new, weights, **read)
    else:
        at, to = np.nonzero(solution.reads)
        ends = [sources[place] for place in at.tolist()], [new[place] for place in to.tolist()]
        graph.add_edges_from_arrays(*ends, weights[at, to], **read)
    if not solution.beside:
        graph.remove_synapses(_ends(graph, pair))
        _forget(graph, pair.relays)
    active = new
    for step in pair.chain:
        active = _relayed(graph, step, active)
    heirs = _read(graph, pair, solution, active)
    _shift(graph, pair.targets, solution.intercept)
    return heirs[:0] if solution.beside else heirs


def _read(graph: "EditableGraph", pair: Pair, solution: Solution, active: list[Hashable]) -> np.ndarray:
    """Let the targets read what the layer says; each new synapse is heir of an old one of the same target."""
    shape = (len(active), len(pair.targets))
    source, target = np.nonzero(np.ones(shape, bool) if solution.wired is None else solution.wired)
    weights = solution.weights[source, target]
    if not (pair.chain[-1].shape if pair.chain else pair.shape):
        weights = weights[:, 0, 0]  # numbers, not kernels of 1 x 1
    sources = graph.keys_of(active)
    ids = graph.add_edges_from_arrays(
        graph.names_of(sources[source]), graph.names_of(pair.targets[target]), weights, **pair.form
    )
    order = np.lexsort((pair.at[:, 0], pair.at[:, 1]))
    counts = np.bincount(pair.at[:, 1], minlength=len(pair.targets))
    first = np.cumsum(counts) - counts
    return np.stack([ids, pair.ids[order[first[target] + source % counts[target]]]], 1)


def _relayed(graph: "EditableGraph", step: Any, active: list[Hashable]) -> list[Hashable]:
    """One relay for each of some neurons."""
    attributes = {"shape": step.shape, "population": free_population(graph, step.population)}
    made = graph.grow(len(active), attributes, None)
    graph.add_edges_from_arrays(active, made, **dict(step.form))
    return made


def _ends(graph: "EditableGraph", pair: Pair) -> list[tuple[Hashable, Hashable]]:
    readers, targets = graph.names_of(pair.readers), graph.names_of(pair.targets)
    return [(readers[a], targets[b]) for a, b in pair.at.tolist()]


def _forget(graph: "EditableGraph", relays: np.ndarray) -> None:
    """Remove relays that nobody reads any more, last ones first."""
    for key in relays.tolist():
        if not graph.table.degree(key, graph.table.out) and not graph.neurons.of(key).is_output:
            graph.remove_neurons(graph.names_of(np.array([key])))


def _shift(graph: "EditableGraph", targets: np.ndarray, intercept: np.ndarray) -> None:
    """Add what the fit leaves over to biases; where there is none, take it off the norm's running mean."""
    bias = graph.read_values("bias", targets)
    has = ~np.isnan(bias)
    if has.any():
        graph.write_values("bias", targets[has], bias[has] + intercept[has])
    normed = ~has & (graph.neurons.each("norm", targets) == "batch")
    if normed.any():
        mean = graph.read_values("running_mean", targets[normed])
        graph.write_values("running_mean", targets[normed], mean - intercept[normed])


def free_population(graph: "EditableGraph", stem: str) -> str:
    """The stem, or the first of stem2, stem3, ... that is no population."""
    joint = "-" if stem[-1].isdigit() else ""
    names = (stem if n == 1 else f"{stem}{joint}{n}" for n in count(1))
    return next(name for name in names if not len(graph.population_keys(name)))
