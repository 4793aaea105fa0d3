"""PyTorch modules as neuron graphs: trace, read operator by operator, draw up populations, make the graph."""

from .lift import lift

__all__ = ["lift"]
