"""The search for a layer hierarchy: ENAS's macro space, weights that its networks share, ways to choose among them."""

from search.hierarchy.estimate import estimated_bytes
from search.hierarchy.find import Hierarchy, find_hierarchy, resume_hierarchy
from search.hierarchy.inherit import inherit
from search.hierarchy.options import HierarchyOptions
from search.hierarchy.ranking import Ranked, rank
from search.hierarchy.samplers import SAMPLERS, Chance, Controller, Evolution, Sampler, make_sampler
from search.hierarchy.space import Genes, MacroSpace, sketch
from search.hierarchy.supernet import Supernet

__all__ = [
    "SAMPLERS",
    "Chance",
    "Controller",
    "Evolution",
    "Genes",
    "Hierarchy",
    "HierarchyOptions",
    "MacroSpace",
    "Ranked",
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
