"""GEXF, as `export` writes it or Gephi does: what is alive at its end."""

from pathlib import Path
from typing import Any

import networkx as nx

from neurograph.core.graph import EditableGraph
from neurograph.disk.regular import regular
from neurograph.files.exchange import taken_back
from neurograph.files.from_plain import read_plain
from neurograph.files.gexf import EDGE, NODE


def read_gexf(path: str | Path, graph: EditableGraph) -> None:
    """Fill an empty graph from GEXF; of a dynamic one, with what has no end. See `from_plain` for attributes.

    Raises
    ------
    FileError
        A damaged file, edges without directions.
    """
    with open(path, "rb", opener=regular) as file:
        read_plain(path, graph, lambda _: _living(nx.read_gexf(file)))


def _living(plain: nx.DiGraph) -> nx.DiGraph:
    """The network at the end of the time axis, without what the format keeps for itself."""
    plain.remove_nodes_from([name for name, data in plain.nodes(data=True) if "end" in data])
    plain.remove_edges_from([(u, v) for u, v, data in plain.edges(data=True) if _over(data)])
    for taken, every in ((NODE, plain.nodes(data=True)), (EDGE, plain.edges(data=True))):
        for *_, data in every:
            for name in taken:
                data.pop(name, None)
    plain.graph = {"name": plain.graph["name"]} if plain.graph.get("name") else {}
    return taken_back(plain, NODE, EDGE)


def _over(data: dict[str, Any]) -> bool:
    """Whether a synapse has died for good; of several lives the last says so, for all of them are closed."""
    return not data["living"] if "living" in data else "end" in data
