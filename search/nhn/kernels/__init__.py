"""Dynamic network pruning: flat kernels are masked while a network trains, may come back, and go in the end."""

from search.nhn.kernels.events import KernelPruning, share_masked
from search.nhn.kernels.options import KernelPruningOptions, PruneNetworkOptions
from search.nhn.kernels.prune import PRUNE_NETWORK, prune_network

__all__ = [
    "PRUNE_NETWORK",
    "KernelPruning",
    "KernelPruningOptions",
    "PruneNetworkOptions",
    "prune_network",
    "share_masked",
]
