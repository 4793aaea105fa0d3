"""MetaNet: a network that grows while it trains, and eats what it does not need (paper: Metabolize Neural Network)."""

from search.growth.grown import Grown as Metabolized
from search.growth.metabolism.events import Metabolism, growing_populations
from search.growth.metabolism.metabolize import metabolize
from search.growth.metabolism.options import MetabolismOptions, MetabolizeOptions
from search.growth.metabolism.rules import cycle_length, growth_due, loss_slope, newborn_counts, room

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
