"""neurograph: a neural network is a graph of neurons; people edit the graph, a compiler runs it.

`NeuronGraph` is an `nx.DiGraph`. `neurograph.edits` are the verbs that change it, `neurograph.builders` make one.
`from neurograph import compiler, search` are the packages above it; `neurograph.compile(graph)` is `compiler.compile`.
"""

from typing import TYPE_CHECKING, Any

from neurograph import packages
from neurograph.core.editing import EditResult
from neurograph.errors import NeuroGraphError
from neurograph.network import NeuronGraph

if TYPE_CHECKING:
    from neurograph.packages import compile as compile
    from neurograph.packages import compiler as compiler
    from neurograph.packages import search as search

__all__ = ["EditResult", "NeuroGraphError", "NeuronGraph"]


def __getattr__(name: str) -> Any:
    """What lives above this package; see `neurograph.packages.above`."""
    return packages.above(name)


packages.install()
