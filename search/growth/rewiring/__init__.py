"""Synapses that move: a sparse network trains at a constant number of them, and they go where they are of use."""

from .events import Rewiring
from .options import RewireOptions, RewiringOptions
from .rewire import rewire
from .rules import moments, share_moved

__all__ = ["RewireOptions", "Rewiring", "RewiringOptions", "moments", "rewire", "share_moved"]
