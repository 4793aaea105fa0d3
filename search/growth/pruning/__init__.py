"""Gradual pruning: a network in training loses the synapses that matter least, until few are left."""

from search.growth.pruning.events import Pruning
from search.growth.pruning.options import PruneOptions, PruningOptions
from search.growth.pruning.prune import prune
from search.growth.pruning.rules import moments, still_left

__all__ = [
    "PruneOptions",
    "Pruning",
    "PruningOptions",
    "moments",
    "prune",
    "still_left",
]
