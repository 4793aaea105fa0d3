"""Where a network would gain most by growing: newborns by the natural-gradient score, population by population."""

from collections.abc import Mapping

import numpy as np

from neurograph.analysis.natural_score import NaturalScore
from neurograph.analysis.observations import Observations
from neurograph.initializers.newborns import Fresh, Growth
from neurograph.initializers.newborns.candidates import draw_candidates
from neurograph.initializers.newborns.signals import ends_through
from neurograph.network import NeuronGraph


def natural_gains(
    graph: NeuronGraph, seen: Observations, counts: Mapping[str, int], rng: np.random.Generator, damping: float = 1e-3
) -> dict[str, float]:
    """By what share newborns would raise the natural-gradient score of the layer that reads their population.

    "Self expanding neural networks" (Mitchell, Mundt and Kersting 2023) expand where and when (new score) / (score) is
    above a threshold. Here the newborns are drawn with fresh weights, as many as are to be born, and their outgoing
    weights are zero; they are not optimized before they are scored.

    Parameters
    ----------
    graph
        The network.
    seen
        Values and deltas of it, `net.observe(batches, loss=..., activations=True, deltas=True)`.
    counts
        Population -> how many newborns; those that would get none are left out of the answer.
    rng
        Draws them.
    damping
        See `NaturalScore`.

    Returns
    -------
    dict
        Population -> share of the layer's score of today, not negative.

    Raises
    ------
    MissingError, EditError
        What was not recorded; feature maps, or neurons that do not add up what they read.
    """
    found = {}
    for name, count in counts.items():
        if not count:
            continue
        keys = graph.population_keys(name)
        born = draw_candidates(Growth(graph, keys, count, rng, seen), Fresh(), count, "the natural-gradient score")
        _, readers = ends_through(graph, keys)
        sources, _ = ends_through(graph, readers)
        values = seen.values_of(sources)
        if not np.isnan(graph.read_values("bias", readers)).all():
            values = np.column_stack([values, np.ones(len(values))])
        layer = NaturalScore(values, seen.deltas_of(readers), damping)
        found[name] = layer.gain_together(born.activity) / max(layer.score, np.finfo(float).tiny)
    return found
