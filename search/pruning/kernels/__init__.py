"""Dynamic network pruning: flat kernels are masked while a network trains, may come back, and go in the end."""

from search.pruning.kernels.events import KernelPruning, share_masked
from search.pruning.kernels.options import KernelPruningOptions, PruneNetworkOptions
from search.pruning.kernels.prune import PRUNE_NETWORK, prune_network

__all__ = [
    "PRUNE_NETWORK",
    "KernelPruning",
    "KernelPruningOptions",
    "PruneNetworkOptions",
    "prune_network",
    "share_masked",
]
