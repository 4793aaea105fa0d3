"""MetaNet: a network that grows while it trains, and eats what it does not need (paper: Metabolize Neural Network)."""

from ..grown import Grown as Metabolized
from .events import Metabolism, growing_populations
from .metabolize import metabolize
from .options import MetabolismOptions, MetabolizeOptions
from .rules import cycle_length, growth_due, loss_slope, newborn_counts, room

__all__ = [
    "Metabolism",
    "MetabolismOptions",
    "MetabolizeOptions",
    "Metabolized",
    "cycle_length",
    "growing_populations",
    "growth_due",
    "loss_slope",
    "metabolize",
    "newborn_counts",
    "room",
]
