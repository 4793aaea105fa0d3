"""Dynamic network pruning: flat kernels are masked while a network trains, may come back, and go in the end."""

from search.nhn.kernels.events import KernelPruning, share_masked
from search.nhn.kernels.options import KernelPruningOptions, PruneNetworkOptions
from search.nhn.kernels.prune import prune_network

__all__ = [
    "KernelPruning",
    "KernelPruningOptions",
    "PruneNetworkOptions",
    "prune_network",
    "share_masked",
]
