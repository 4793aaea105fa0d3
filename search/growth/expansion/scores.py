"""Scores in [0, 1] for the synapses of a network, layer by layer, and what is chosen by them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurograph import compiler
from neurograph.analysis.observations import Observations
from neurograph.core.arrays import GraphArrays
from neurograph.errors import DivergenceError, MissingError, OptionError
from neurograph.network import NeuronGraph
from neurograph.storage.sets import each_once

from ...training.objectives import Loss
from ...training.tasks import loss_of
from .metrics import METRICS, Metric, Traits


@dataclass(frozen=True, eq=False)
class Scores:
    """How some synapses score.

    Parameters
    ----------
    ids
        (n,) int64, in the order of `GraphArrays`.
    layer
        (n,) int64: synapses between the same two populations have the same number.
    values
        (n,) float64 the metric as measured.
    scores
        (n,) float64 in [0, 1]; see `normalised`.
    target
        (n,) int64 keys of the neurons they lead to.
    """

    ids: np.ndarray
    layer: np.ndarray
    values: np.ndarray
    scores: np.ndarray
    target: np.ndarray


def scores(
    net: compiler.CompiledNetwork,
    metric: str,
    batches: Iterable[Any],
    *,
    into: Sequence[str] | None = None,
    skip_frozen: bool = False,
    seed: int = 0,
    loss: Loss = loss_of,
) -> Scores:
    """Score every synapse that has a weight.

    Parameters
    ----------
    net
        Whose graph is scored, with the values it has learned.
    metric
        One of `METRICS`.
    batches
        (x, y) pairs; read only where the metric looks at data.
    into
        Populations whose incoming synapses are scored; None means every one.
    skip_frozen
        Whether frozen synapses, which have no gradients, are left out where the metric needs these.
    seed
        Of the metric "random".
    loss
        Whose gradients are looked at.

    Raises
    ------
    OptionError
        No such metric or population, or a metric that needs gradients where synapses are frozen.
    MissingError
        There is no synapse to score.
    DivergenceError
        A value that is not finite.
    """
    arrays = net.graph.arrays()
    at, measure = allowed(arrays, metric, into, skip_frozen), METRICS[metric]
    seen = _observed(net, measure, batches, loss)
    values = np.asarray(measure.measure(_traits(arrays, at, measure, seen, seed)), np.float64)
    if not np.isfinite(values).all():
        raise DivergenceError(f"metric {metric!r} is not finite for synapse {arrays.ids[at][~np.isfinite(values)][0]}")
    layer = layers(arrays, at)
    scored = normalised(-values if measure.reverse else values, layer)
    return Scores(arrays.ids[at], layer, values, scored, arrays.keys[arrays.target[at]])


def allowed(arrays: GraphArrays, metric: str, into: Sequence[str] | None, skip_frozen: bool) -> np.ndarray:
    """(n,) int64 places of the synapses that may be scored; see `scores` for the parameters and what is raised."""
    if metric not in METRICS:
        raise OptionError(f"no metric {metric!r}; there are {', '.join(METRICS)}")
    keep = _weighted(arrays, into)
    frozen = keep & ~arrays.each_form("trainable").astype(bool)
    if METRICS[metric].gradients and frozen.any():
        if not skip_frozen:
            raise OptionError(
                f"metric {metric!r} needs gradients, and {int(frozen.sum())} synapses are frozen: skip_frozen leaves "
                "them as they are, or choose by a metric of weights or activations"
            )
        keep &= ~frozen
    if not keep.any():
        raise MissingError("there is no synapse that could be chosen: none of those allowed has a weight to train")
    return np.flatnonzero(keep)


def scorable(graph: NeuronGraph, options: Any) -> None:
    """Refuse, before anything is made, what could not be scored later.

    Parameters
    ----------
    graph
        The network.
    options
        Of an expansion or a pruning: `metric`, `into` and `skip_frozen` count.

    Raises
    ------
    OptionError
        `into` names a population that reads nothing, such as one of inputs, or is not there; or the metric needs
        gradients and some synapses are frozen.
    MissingError
        There is no synapse to choose.
    """
    allowed(graph.arrays(), options.metric, options.into, options.skip_frozen)


def normalised(values: np.ndarray, layer: np.ndarray) -> np.ndarray:
    """(n,) values scaled so that each layer's smallest is 0 and its largest 1; all 0 where they do not differ.

    Examples
    --------
    >>> normalised(np.array([1.0, 3.0, 2.0, 7.0]), np.array([0, 0, 0, 1])).tolist()
    [0.0, 1.0, 0.5, 0.0]
    """
    scaled = np.zeros(len(values))
    for one in each_once(layer).tolist():
        mine = layer == one
        low, high = values[mine].min(), values[mine].max()
        if high > low:
            scaled[mine] = (values[mine] - low) / (high - low)
    return scaled


def chosen(scored: Scores, threshold: float, most: int, most_each: int = 0) -> np.ndarray:
    """(m,) ids of the `most` synapses that score highest, at least the threshold; of equals the older comes first.

    A score of 0 is never chosen: it is the layer's least. At most `most_each` lead to the same neuron (0: any number),
    since newborns before the same child get gradients that differ in size only, and stay alike for long.
    """
    order = np.lexsort((scored.ids, -scored.scores))
    order = order[(scored.scores[order] >= threshold) & (scored.scores[order] > 0.0)]
    if most_each:
        order = order[_place_among_equals(scored.target[order]) < most_each]
    return scored.ids[order[:most]]


def excess(scored: Scores, candidates: np.ndarray, threshold: float) -> np.ndarray:
    """(m,) ids, rising, of those candidates that score at most the threshold."""
    found = np.isin(scored.ids, candidates) & (scored.scores <= threshold)
    return np.sort(scored.ids[found])


def _place_among_equals(labels: np.ndarray) -> np.ndarray:
    """(n,) int64: how many of the same label come before each."""
    sort = np.argsort(labels, kind="stable")
    place = np.empty(len(labels), np.int64)
    place[sort] = np.arange(len(labels)) - np.searchsorted(labels[sort], labels[sort])
    return place


def layers(arrays: GraphArrays, at: np.ndarray) -> np.ndarray:
    """(n,) int64 the same number for synapses between the same two populations."""
    place = {name: number for number, name in enumerate(arrays.populations)}
    population = np.array([place[name] for name in arrays.each_kind("population")], np.int64)
    return population[arrays.source[at]] * len(place) + population[arrays.target[at]]


def _weighted(arrays: GraphArrays, into: Sequence[str] | None) -> np.ndarray:
    """(E,) bool: the synapses that have weights, into these populations."""
    keep = arrays.pool >= 0
    if into is None:
        return keep
    if not into:
        raise OptionError("into names no population: name some that read, or leave it out for every one")
    population = arrays.each_kind("population")
    read = set(population[arrays.target])
    odd = [name for name in into if name not in read]
    if odd:
        raise OptionError(f"no synapse leads into {', '.join(odd)}; populations that read: {', '.join(sorted(read))}")
    return keep & np.isin(population[arrays.target].astype(str), list(into))


def _observed(
    net: compiler.CompiledNetwork, measure: Metric, batches: Iterable[Any], loss: Loss
) -> Observations | None:
    if measure.gradients:
        return net.observe(batches, loss=loss)
    return net.observe(batches) if measure.activations else None


def _traits(arrays: GraphArrays, at: np.ndarray, measure: Metric, seen: Observations | None, seed: int) -> Traits:
    absolute, square = np.zeros(len(at)), np.zeros(len(at))
    for number, pool in enumerate(arrays.pools):
        mine = arrays.pool[at] == number
        weights = pool[arrays.row[at[mine]]]
        numbers = tuple(range(1, weights.ndim))  # of each kernel
        absolute[mine], square[mine] = np.abs(weights).mean(numbers), (weights**2).mean(numbers)
    none = np.zeros(len(at))
    gradients = {"mean_absolute": none, "mean_square": none, "variance": none, "absolute_of_mean": none}
    if measure.gradients and seen is not None:
        gradients = {name: seen.of_synapses(f"gradient_{name}", arrays.ids[at]) for name in gradients}
    variance = none
    if measure.activations and seen is not None:
        variance = seen.of_neurons("activation_variance", arrays.keys[arrays.source[at]])
    moments = gradients["mean_absolute"], gradients["mean_square"], gradients["variance"]
    drawn = np.random.default_rng(seed).random(len(at))
    agreed = gradients["absolute_of_mean"]
    return Traits(absolute, square, *moments, variance, drawn, agreed)
