"""MetaNet: a network that grows while it trains, and eats what it does not need (paper: Metabolize Neural Network)."""

from search.growing import Grown as Metabolized
from search.metabolism.events import Metabolism, growing_populations
from search.metabolism.metabolize import METABOLIZE, metabolize
from search.metabolism.options import MetabolismOptions, MetabolizeOptions
from search.metabolism.rules import cycle_length, growth_due, loss_slope, newborn_counts, room

__all__ = [
    "METABOLIZE",
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
