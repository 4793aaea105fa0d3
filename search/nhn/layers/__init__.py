"""The search for a layer hierarchy: ENAS's macro space, weights that its networks share, ways to choose among them."""

from search.nhn.layers.estimate import estimated_bytes
from search.nhn.layers.find import Hierarchy, find_hierarchy, resume_hierarchy
from search.nhn.layers.inherit import inherit
from search.nhn.layers.options import HierarchyOptions
from search.nhn.layers.ranking import RankedHierarchy, rank
from search.nhn.layers.samplers import SAMPLERS, Chance, Controller, Evolution, Sampler, make_sampler
from search.nhn.layers.space import Genes, MacroSpace, sketch
from search.nhn.layers.supernet import Supernet

__all__ = [
    "SAMPLERS",
    "Chance",
    "Controller",
    "Evolution",
    "Genes",
    "Hierarchy",
    "HierarchyOptions",
    "MacroSpace",
    "RankedHierarchy",
    "Sampler",
    "Supernet",
    "estimated_bytes",
    "find_hierarchy",
    "inherit",
    "make_sampler",
    "rank",
    "resume_hierarchy",
    "sketch",
]
