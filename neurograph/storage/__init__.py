"""A networkx DiGraph whose edges are rows of numpy columns; no neuron in sight."""

from neurograph.storage.digraph import ArrayDiGraph
from neurograph.storage.table import EdgeTable

__all__ = ["ArrayDiGraph", "EdgeTable"]
