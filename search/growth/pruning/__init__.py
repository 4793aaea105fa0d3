"""Gradual pruning: a network in training loses the synapses that matter least, until few are left."""

from .events import Pruning
from .options import PruneOptions, PruningOptions
from .prune import prune
from .rules import moments, still_left

__all__ = [
    "PruneOptions",
    "Pruning",
    "PruningOptions",
    "moments",
    "prune",
    "still_left",
]
