"""How a network changes: training, metabolism, expansion and other ways to grow."""

from search.evolution.neat import from_neat
from search.growth.expansion import expand
from search.growth.grown import Grown
from search.growth.metabolism import Metabolized, metabolize
from search.growth.metabolism.streaming.run import Lived, metabolize_stream
from search.growth.morphing import morph
from search.growth.pruning import prune
from search.growth.rewiring import rewire
from search.growth.train import train
from search.methods import METHODS, redraw, resume
from search.nhn.kernels import prune_network
from search.nhn.layers import find_hierarchy
from search.nhn.pipeline import NeuronHierarchy, neuron_hierarchy

__all__ = [
    "METHODS",
    "Grown",
    "Lived",
    "Metabolized",
    "NeuronHierarchy",
    "expand",
    "find_hierarchy",
    "from_neat",
    "metabolize",
    "metabolize_stream",
    "morph",
    "neuron_hierarchy",
    "prune",
    "prune_network",
    "redraw",
    "resume",
    "rewire",
    "train",
]
