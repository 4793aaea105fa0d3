"""Crossover of many pairs of genomes in arrays at once: what `crossover` makes of two graphs."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

import numpy as np

from .arrays import Genomes
from .changing import turn
from .crossover import checked_rate
from .tied import bring_the_rest

Draw = Callable[[int], np.ndarray]


@dataclass(frozen=True, eq=False)
class Matched:
    """The genes that pairs of genomes have in common.

    Parameters
    ----------
    neurons, synapses
        (n, 2) places in the first and in the second genome of a pair, rising by the first.
    """

    neurons: np.ndarray
    synapses: np.ndarray


def matched(a: Genomes, b: Genomes) -> Matched:
    """Align genomes with others by innovation, the first with the first.

    Parameters
    ----------
    a, b
        As many genomes, of one vocabulary.
    """
    many = len(a.words.genes)
    neurons = _in_both(a.owner * many + a.gene, b.owner * many + b.gene)
    mine = np.full(len(b.owner), -1)  # where each neuron of `b` is in `a`
    mine[neurons[:, 1]] = neurons[:, 0]
    source, target, size = mine[b.source], mine[b.target], len(a.owner)
    both = np.flatnonzero((source >= 0) & (target >= 0))
    forms = len(a.words.forms.bundles)
    theirs = (source[both] * size + target[both]) * forms + b.form[both]
    synapses = _in_both((a.source * size + a.target) * forms + a.form, theirs)
    synapses[:, 1] = both[synapses[:, 1]]
    return Matched(neurons, synapses)


def _in_both(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(n, 2) places of the codes that are in both, of codes that are each there once, rising in the first."""
    by = np.argsort(b, kind="stable")
    if not len(by):
        return np.zeros((0, 2), np.int64)
    at = np.minimum(np.searchsorted(b[by], a), len(by) - 1)
    there = np.flatnonzero(b[by[at]] == a)
    return np.stack([there, by[at[there]]], 1)


def crossed(
    a: Genomes,
    b: Genomes,
    rng: np.random.Generator,
    tie: np.ndarray,
    rate: float = 0.5,
    neurons: int | None = None,
    synapses: int | None = None,
) -> Genomes:
    """Children of pairs of genomes, as `crossover` makes them.

    Parameters
    ----------
    a, b
        As many genomes, of one vocabulary; `a` the fitter ones.
    rng
        What is drawn comes from it, for all of them together.
    tie
        (genomes,) bool: in which pairs none is the fitter.
    rate, neurons, synapses
        As in `crossover`.
    """
    checked_rate(rate)
    found = matched(a, b)
    child = _weights_from(a, b, found.synapses[rng.random(len(found.synapses)) < rate])
    child = _neurons_from(child, b, found.neurons[rng.random(len(found.neurons)) < rate])
    if tie.any():
        limits = inf if neurons is None else neurons, inf if synapses is None else synapses
        child = bring_the_rest(child, b, found.neurons, found.synapses, tie, rng, limits)
    return child


def _weights_from(a: Genomes, b: Genomes, taken: np.ndarray) -> Genomes:
    weight = a.weight.copy()
    weight[taken[:, 0]] = b.weight[taken[:, 1]]
    return a.changed(weight=weight)


def _neurons_from(a: Genomes, b: Genomes, taken: np.ndarray) -> Genomes:
    """With values, activations and aggregations of the neurons that come from `b`."""
    mine, theirs = taken.T
    kind, values, words = a.kind.copy(), a.values.copy(), a.words
    sort = words.does()
    for at in np.flatnonzero(sort[kind[mine]] != sort[b.kind[theirs]]).tolist():
        other = words.kinds[b.kind[theirs[at]]]
        turn(words, kind, values, int(mine[at]), {"activation": other.activation, "aggregation": other.aggregation})
    donated = b.values[:, theirs]
    own = values[:, mine]
    values[:, mine] = np.where(np.isnan(own) | np.isnan(donated), own, donated)
    return a.changed(kind=kind, values=values)
