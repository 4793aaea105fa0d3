"""How a network changes: training, metabolism, expansion and other ways to grow."""

from search.expansion import expand
from search.growing import Grown
from search.metabolism import Metabolized, metabolize
from search.methods import METHODS, resume

__all__ = ["METHODS", "Grown", "Metabolized", "expand", "metabolize", "resume"]
