"""GraphML, as `export` writes it or another program does."""

from pathlib import Path

import networkx as nx

from neurograph.core.graph import EditableGraph
from neurograph.files.from_plain import read_plain


def read_graphml(path: str | Path, graph: EditableGraph) -> None:
    """Fill an empty graph from GraphML; see `from_plain` for what becomes of attributes.

    Raises
    ------
    FileError
        A damaged file, edges without directions.
    """
    read_plain(path, graph, nx.read_graphml)
