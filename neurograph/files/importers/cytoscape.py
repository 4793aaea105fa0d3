"""Cytoscape's JSON, as `export` writes it or Cytoscape does."""

from pathlib import Path
from typing import Any

import networkx as nx

from neurograph.core.graph import EditableGraph
from neurograph.disk.regular import read_json_file
from neurograph.errors import FileError
from neurograph.files.exchange import CYTOSCAPE, taken_back
from neurograph.files.from_plain import read_plain


def read_cytoscape(path: str | Path, graph: EditableGraph) -> None:
    """Fill an empty graph from Cytoscape's JSON; see `from_plain` for what becomes of attributes.

    Raises
    ------
    FileError
        A damaged file, edges without directions.
    """
    read_plain(path, graph, _plain)


def _plain(path: str | Path) -> nx.DiGraph:
    held = read_json_file(path)
    if not isinstance(held, dict) or not isinstance(held.get("elements"), dict):
        raise FileError(f"{path} is damaged or no Cytoscape JSON: it has no elements")
    about = held.get("data", [])
    plain = nx.DiGraph(**{str(name): value for name, value in (about.items() if isinstance(about, dict) else about)})
    names: dict[Any, Any] = {}
    for element in held["elements"].get("nodes", []):
        data = dict(element["data"])
        names[data["id"]] = data.get("value", data["id"])
        plain.add_node(names[data["id"]], **_own(data, CYTOSCAPE[0]))
    for element in held["elements"].get("edges", []):
        data = dict(element["data"])
        ends = [names.get(str(data[end]), data[end]) for end in ("source", "target")]
        if not all(end in plain for end in ends):
            raise FileError(f"{path} is damaged: an edge leads from {ends[0]!r} to {ends[1]!r}, and one is not there")
        plain.add_edge(*ends, **_own(data, CYTOSCAPE[1]))
    return taken_back(plain, *CYTOSCAPE)


def _own(data: dict[str, Any], taken: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in taken and value is not None}
