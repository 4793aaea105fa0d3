"""The search for a layer hierarchy: ENAS's macro space, weights that its networks share, ways to choose among them."""

from .estimate import estimated_bytes
from .find import Hierarchy, find_hierarchy, resume_hierarchy
from .inherit import inherit
from .options import HierarchyOptions
from .ranking import RankedHierarchy, rank
from .redraw import redraw_hierarchy
from .samplers import SAMPLERS, Chance, Controller, Evolution, Sampler, make_sampler
from .space import Genes, MacroSpace, sketch
from .supernet import Supernet

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
    "redraw_hierarchy",
    "resume_hierarchy",
    "sketch",
]
