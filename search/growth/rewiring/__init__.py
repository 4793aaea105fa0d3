"""Synapses that move: a sparse network trains at a constant number of them, and they go where they are of use."""

from search.growth.rewiring.events import Rewiring
from search.growth.rewiring.options import RewireOptions, RewiringOptions
from search.growth.rewiring.rewire import rewire
from search.growth.rewiring.rules import moments, share_moved

__all__ = ["RewireOptions", "Rewiring", "RewiringOptions", "moments", "rewire", "share_moved"]
