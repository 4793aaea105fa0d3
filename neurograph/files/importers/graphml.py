"""GraphML, as `export` writes it or another program does."""

from pathlib import Path

import networkx as nx

from neurograph.core.graph import EditableGraph
from neurograph.disk.regular import regular
from neurograph.files.from_plain import read_plain


def read_graphml(path: str | Path, graph: EditableGraph) -> None:
    """Fill an empty graph from GraphML; see `from_plain` for what becomes of attributes.

    Raises
    ------
    FileError
        A damaged file, edges without directions.
    """
    with open(path, "rb", opener=regular) as file:
        read_plain(path, graph, lambda _: nx.read_graphml(file))
