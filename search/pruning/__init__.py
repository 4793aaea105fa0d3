"""Gradual pruning: a network in training loses the synapses that matter least, until few are left."""

from search.pruning.events import Pruning
from search.pruning.options import PruneOptions, PruningOptions
from search.pruning.prune import PRUNE, prune
from search.pruning.rules import moments, still_left

__all__ = [
    "PRUNE",
    "PruneOptions",
    "Pruning",
    "PruningOptions",
    "moments",
    "prune",
    "still_left",
]
