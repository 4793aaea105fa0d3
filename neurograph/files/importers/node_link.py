"""Node-link JSON, as `export` writes it or another program does."""

from pathlib import Path

import networkx as nx

from neurograph.core.graph import EditableGraph
from neurograph.disk.regular import read_json_file
from neurograph.errors import FileError
from neurograph.files.exchange import NODE_LINK, taken_back
from neurograph.files.from_plain import read_plain


def read_json(path: str | Path, graph: EditableGraph) -> None:
    """Fill an empty graph from node-link JSON; see `from_plain` for what becomes of attributes.

    Raises
    ------
    FileError
        A damaged file, edges without directions.
    """
    read_plain(path, graph, _plain)


def _plain(path: str | Path) -> nx.DiGraph:
    data = read_json_file(path)
    if not isinstance(data, dict):
        raise FileError(f"{path} is damaged or no node-link JSON: it holds a {type(data).__name__}")
    edges = "links" if "links" in data else "edges"
    data = {"directed": True, "multigraph": False} | data  # d3's say nothing of these
    return taken_back(nx.node_link_graph(data, edges=edges), *NODE_LINK)
