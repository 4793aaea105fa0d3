"""Networks for other programs, through networkx's own writers.

What a format keeps for itself (GEXF's "start", DOT's "shape") would change the meaning of an attribute of that name, so
such attributes are written with an underscore behind their name.
"""

import json
import re
import warnings
from collections.abc import Iterable
from math import isfinite
from pathlib import Path
from typing import Any

import networkx as nx

from neurograph.core.graph import EditableGraph
from neurograph.disk.aside import written_aside
from neurograph.errors import FileError
from neurograph.files.formats import counted
from neurograph.files.losses import plain_losses
from neurograph.files.plain import to_plain

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DOT_NODE = ("name", "obj_dict", "shape", "label", "style", "pos", "width", "height")
_DOT_EDGE = ("src", "dst", "obj_dict", "label", "style", "pos")
DOT_MOST = 1000  # synapses
NODE_LINK = ("id",), ("source", "target")  # what node-link JSON keeps for itself, of nodes and of edges
CYTOSCAPE = ("id", "value", "name"), ("source", "target", "id")
_DOT_GRAPH = ("graph_name", "graph_type", "strict", "suppress_disconnected", "simplify", "obj_dict")


def write_graphml(graph: EditableGraph, path: str | Path) -> None:
    """Write GraphML, which yEd, Gephi, Cytoscape, igraph and networkx read.

    Parameters
    ----------
    graph
        The network; see `to_plain` for how it is flattened.
    path
        The file; it appears whole or not at all.

    Raises
    ------
    FileError
        Names that are the same as text, text that XML cannot hold, a path that cannot be written.
    """
    plain = to_plain(graph)
    check_xml(plain)
    with written_aside(path) as aside:
        nx.write_graphml_xml(plain, str(aside))


def write_dot(graph: EditableGraph, path: str | Path) -> None:
    """Write DOT, which Graphviz and pydot read; parameters are those of `write_graphml`.

    Every text is quoted. Kernels are left out. More than `DOT_MOST` synapses are refused: Graphviz takes minutes for
    some thousand, and nobody could read the picture.
    """
    if graph.number_of_edges() > DOT_MOST:
        raise FileError(
            f"{graph.number_of_edges():,} synapses are more than Graphviz can lay out ({DOT_MOST:,} at most): "
            "`neurograph view FILE`, or graph.view(path), shows networks of any size; GraphML and GEXF hold them"
        )
    plain = set_apart(to_plain(graph), _DOT_NODE, _DOT_EDGE)
    for _, _, data in plain.edges(data=True):
        data.pop("kernel", None)
    own = {_apart(name, _DOT_GRAPH): _quoted(value) for name, value in plain.graph.items() if name != "name"}
    quoted = nx.DiGraph(graph=own)
    quoted.add_nodes_from((_quoted(n), _quoted_all(data)) for n, data in plain.nodes(data=True))
    quoted.add_edges_from((_quoted(u), _quoted(v), _quoted_all(data)) for u, v, data in plain.edges(data=True))
    with written_aside(path) as aside, warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # networkx has had one on its pydot writer, and took it back
        text = nx.nx_pydot.to_pydot(quoted).to_string()
        aside.write_text(text, encoding="utf-8", errors="backslashreplace")


def dot_losses(graph: EditableGraph) -> list[str]:
    """What DOT leaves out of a graph."""
    kernels = int((graph.arrays().pool > 0).sum())
    left_out = [f"the numbers of {counted(kernels, 'kernel')}"] if kernels else []
    return left_out + plain_losses((_DOT_NODE, _DOT_EDGE))(graph)


json_losses = plain_losses(NODE_LINK, finite=True, numbers=True)
cytoscape_losses = plain_losses(CYTOSCAPE, finite=True)
graphml_losses = plain_losses()


def write_json(graph: EditableGraph, path: str | Path) -> None:
    """Write node-link JSON, which `networkx.node_link_graph` reads as it is; parameters are those of `write_graphml`.

    Names that are whole numbers stay numbers. d3 calls "links" what networkx calls "edges".
    """
    plain = set_apart(to_plain(graph), *NODE_LINK)
    own = {str(name): name for name in graph if isinstance(name, int) and not isinstance(name, bool)}
    _dump(nx.node_link_data(nx.relabel_nodes(plain, own), edges="edges"), path)


def write_cytoscape(graph: EditableGraph, path: str | Path) -> None:
    """Write Cytoscape's JSON; parameters are those of `write_graphml`."""
    plain = set_apart(to_plain(graph), *CYTOSCAPE)
    _dump(nx.cytoscape_data(plain), path)


def _apart(name: str, taken: Iterable[str]) -> str:
    return name + "_" if name.rstrip("_") in taken else name


def set_apart(plain: nx.DiGraph, node: Iterable[str], edge: Iterable[str]) -> nx.DiGraph:
    """Rename the attributes that a format would take for something of its own."""
    for taken, all_data in ((node, plain.nodes(data=True)), (edge, plain.edges(data=True))):
        for *_, data in all_data:
            renamed = {_apart(name, taken): value for name, value in data.items()}
            data.clear()
            data.update(renamed)
    return plain


def taken_back(plain: nx.DiGraph, node: Iterable[str], edge: Iterable[str]) -> nx.DiGraph:
    """Give the attributes that `set_apart` renamed their own names again."""
    for taken, all_data in ((node, plain.nodes(data=True)), (edge, plain.edges(data=True))):
        for *_, data in all_data:
            own = {n.removesuffix("_") if n.rstrip("_") in taken and n[-1] == "_" else n: x for n, x in data.items()}
            data.clear()
            data.update(own)
    return plain


def check_xml(plain: nx.DiGraph) -> None:
    """Refuse the control characters that no XML file can hold."""
    whole = [("the graph", plain.graph)]
    neurons = [(f"neuron {n!r}", {"name": n, **data}) for n, data in plain.nodes(data=True)]
    synapses = [(f"synapse {u!r} -> {v!r}", data) for u, v, data in plain.edges(data=True)]
    for what, data in (*whole, *neurons, *synapses):
        for name, value in data.items():
            if isinstance(value, str) and _NOT_IN_XML.search(name + value):
                raise FileError(f"{what}: {name} is {value!r}, which XML cannot hold; write JSON instead")


def _quoted(value: object) -> str:
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _quoted_all(data: dict) -> dict[str, str]:
    return {name if name.isidentifier() and name.isascii() else _quoted(name): _quoted(v) for name, v in data.items()}


def _dump(data: dict, path: str | Path) -> None:
    with written_aside(path) as aside:
        aside.write_text(json.dumps(_finite(data), separators=(",", ":"), allow_nan=False), encoding="utf-8")


def _finite(value: Any) -> Any:
    """The same with null for NaN and infinity, which JSON has not."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value
