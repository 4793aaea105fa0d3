"""Dynamic network pruning: flat kernels are masked while a network trains, may come back, and go in the end."""

from .events import KernelPruning, share_masked
from .options import KernelPruningOptions, PruneNetworkOptions
from .prune import prune_network

__all__ = [
    "KernelPruning",
    "KernelPruningOptions",
    "PruneNetworkOptions",
    "prune_network",
    "share_masked",
]
