"""An edge list as CSV, as `export` writes it or anybody's: who reads whom, with what weight."""

import csv
from pathlib import Path
from typing import Any

import networkx as nx

from neurograph.core.graph import EditableGraph
from neurograph.disk.regular import regular
from neurograph.errors import FileError
from neurograph.files.exchange import taken_back
from neurograph.files.from_plain import read_plain

ENDS = ("source", "target")


def read_csv(path: str | Path, graph: EditableGraph) -> None:
    """Fill an empty graph from a table with the columns source and target, weight if there are weights.

    A table of synapses says nothing of neurons: those that nothing leads to are inputs, those that lead nowhere
    outputs, and all are the identity, without a bias. Names that are all whole numbers become such, in their order.

    Raises
    ------
    FileError
        No such columns, a row that is too short or too long, a cell that is nothing that it can be.
    """
    read_plain(path, graph, _plain)


def _plain(path: str | Path) -> nx.DiGraph:
    plain = nx.DiGraph()
    with open(path, encoding="utf-8-sig", newline="", opener=regular) as file:
        rows = csv.DictReader(file)
        if not set(ENDS) <= set(rows.fieldnames or ()):
            raise FileError(f"{path} is damaged or no edge list: it needs the columns source and target")
        for number, row in enumerate(rows, 2):
            if None in row or None in row.values():
                raise FileError(f"{path} is damaged: line {number} has not as many cells as the header")
            if plain.has_edge(row["source"], row["target"]):
                raise FileError(f"{path}: line {number} is a second synapse {row['source']!r} -> {row['target']!r}")
            plain.add_edge(row["source"], row["target"], **_cells(row))
    return taken_back(_ordered(plain), (), ENDS)


def _cells(row: dict[str, str]) -> dict[str, Any]:
    cells = {name: value for name, value in row.items() if name not in ENDS and value != ""}
    return cells | ({"delay": int(cells["delay"])} if "delay" in cells else {})


def _ordered(plain: nx.DiGraph) -> nx.DiGraph:
    """Whole numbers in their order, as networks have them; other names as they came."""
    if not all(name.isascii() and name.isdecimal() for name in plain):
        return plain
    made = nx.DiGraph()
    made.add_nodes_from(sorted(plain, key=int))
    made.add_edges_from(plain.edges(data=True))
    return made
