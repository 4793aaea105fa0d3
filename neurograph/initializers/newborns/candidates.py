"""Candidates: newborns that are drawn to be looked at, and what they would say to the examples that were recorded."""

from dataclasses import dataclass

import numpy as np

from neurograph.errors import EditError
from neurograph.initializers.newborns.base import Growth, NewbornInitializer, Newborns
from neurograph.initializers.newborns.signals import activity_of, observations_for, sums_of, synapses_of


@dataclass(frozen=True, eq=False)
class Candidates:
    """Neurons that could be born.

    Parameters
    ----------
    newborns
        Whose wiring they would take, and what their synapses would weigh.
    ids, which, weights
        (m,) the donors' incoming synapses, for which candidate each, and what that would weigh.
    activity
        (samples, candidates) float64 what they would say.
    """

    newborns: Newborns
    ids: np.ndarray
    which: np.ndarray
    weights: np.ndarray
    activity: np.ndarray


def draw_candidates(growth: Growth, of: NewbornInitializer, count: int, what: str) -> Candidates:
    """Draw candidates.

    Parameters
    ----------
    growth
        The population, with what was recorded of it.
    of
        The initializer that draws them.
    count
        How many.
    what
        Who asks, for errors.

    Raises
    ------
    MissingError, EditError
        No recorded values and deltas; feature maps, or neurons that do not add up what they read.
    """
    seen, graph = observations_for(growth.observations, what), growth.graph
    drawn = of(Growth(graph, growth.keys, count, growth.rng, seen))
    rows = [synapses_of(graph, [key], True) for key in drawn.donors.tolist()]
    ids = graph.table.id[np.concatenate(rows)].astype(np.int64)
    which = np.repeat(np.arange(count), [len(one) for one in rows])
    if any(graph.neurons.each("shape", drawn.donors)):
        raise EditError(f"{what} scores scalars; these newborns are feature maps")
    weights = graph.read_weights(ids) if drawn.weights is None else drawn.weights(ids, which)
    activity = activity_of(graph, drawn.donors, sums_of(graph, seen, ids, which, weights, count))
    return Candidates(drawn, ids, which, weights, activity)
