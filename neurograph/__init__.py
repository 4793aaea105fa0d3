"""neurograph: a neural network is a graph of neurons; people edit the graph, a compiler runs it.

`NeuronGraph` is an `nx.DiGraph`. `neurograph.edits` are the verbs that change it, `neurograph.builders` make one.
"""

from neurograph.core.graph import EditResult
from neurograph.errors import NeuroGraphError
from neurograph.network import NeuronGraph

__all__ = ["EditResult", "NeuroGraphError", "NeuronGraph"]
