"""How a network changes: training, metabolism, expansion and other ways to grow."""

from search.expansion import expand
from search.growing import Grown
from search.hierarchy import find_hierarchy
from search.metabolism import Metabolized, metabolize
from search.methods import METHODS, redraw, resume
from search.morphing import morph
from search.neuron_hierarchy import NeuronHierarchy, neuron_hierarchy
from search.plain import train
from search.pruning import prune
from search.pruning.kernels import prune_network

__all__ = [
    "METHODS",
    "Grown",
    "Metabolized",
    "NeuronHierarchy",
    "expand",
    "find_hierarchy",
    "metabolize",
    "morph",
    "neuron_hierarchy",
    "prune",
    "prune_network",
    "redraw",
    "resume",
    "train",
]
