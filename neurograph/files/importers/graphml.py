"""GraphML, as `export` writes it or another program does."""

from pathlib import Path
from typing import BinaryIO

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
        read_plain(path, graph, lambda _: _plain(file))


def _plain(file: BinaryIO) -> nx.DiGraph:
    """What networkx reads, without the defaults of the file, which it keeps among the graph's own attributes."""
    plain = nx.read_graphml(file)
    for name in ("node_default", "edge_default"):
        plain.graph.pop(name, None)
    return plain
