"""A table of synapses and neurons as CSV, as `export` writes it, or anybody's edge list: who reads whom."""

import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import networkx as nx

from neurograph.core.graph import EditableGraph
from neurograph.disk.regular import regular
from neurograph.errors import FileError
from neurograph.files.cells import from_cell
from neurograph.files.exchange import taken_back
from neurograph.files.from_plain import read_plain
from neurograph.files.tables import ENDS
from neurograph.schema.neuron import SCHEMA as OF_NEURONS
from neurograph.schema.synapse import SCHEMA as OF_SYNAPSES

_LIMIT = Lock()


def read_csv(path: str | Path, graph: EditableGraph) -> None:
    """Fill an empty graph from a table with the columns source and target, weight if there are weights.

    A line without a target describes a neuron. Where no line does, those that nothing leads to are inputs, those that
    lead nowhere outputs, and all are the identity, without a bias. Names that are all whole numbers become such, in
    their order unless neurons are described. Other attributes are numbers and truth values where they look like it;
    see `neurograph.files.cells`.

    Raises
    ------
    FileError
        No such columns, a row that is too short or too long, a cell that is nothing that it can be.
    """
    read_plain(path, graph, _plain)


def _plain(path: str | Path) -> nx.DiGraph:
    neurons, synapses = nx.DiGraph(), nx.DiGraph()
    with open(path, encoding="utf-8-sig", newline="", opener=regular) as file, _long_cells():
        rows = csv.DictReader(file)
        rows.fieldnames = [from_cell(name, typed=False) for name in rows.fieldnames or ()]
        if not set(ENDS) <= set(rows.fieldnames):
            raise FileError(f"{path} is damaged or no edge list: it needs the columns source and target")
        for number, row in enumerate(rows, 2):
            if None in row or None in row.values():
                raise FileError(f"{path} is damaged: line {number} has not as many cells as the header")
            source, target = (from_cell(row[end], typed=False) for end in ENDS)
            if row["target"] == "":
                if source in neurons:
                    raise FileError(f"{path}: line {number} describes neuron {source!r} a second time")
                neurons.add_node(source, **_cells(row, OF_NEURONS))
                continue
            if synapses.has_edge(source, target):
                raise FileError(f"{path}: line {number} is a second synapse {source!r} -> {target!r}")
            synapses.add_edge(source, target, **_cells(row, OF_SYNAPSES))
    return taken_back(_joined(neurons, synapses), ENDS, ENDS)


@contextmanager
def _long_cells() -> Iterator[None]:
    """Let cells be as long as kernels are; the module has one limit for all."""
    with _LIMIT:
        before = csv.field_size_limit(sys.maxsize)
        try:
            yield
        finally:
            csv.field_size_limit(before)


def _cells(row: dict[str, str], known: frozenset[str]) -> dict[str, Any]:
    cells = {n: from_cell(cell, typed=n not in known) for n, cell in row.items() if n not in ENDS and cell != ""}
    return cells | ({"delay": int(cells["delay"])} if "delay" in cells and "delay" in known else {})


def _joined(neurons: nx.DiGraph, synapses: nx.DiGraph) -> nx.DiGraph:
    """Neurons in the order in which they are described, otherwise whole numbers in theirs, and the rest as it came."""
    order = list(dict.fromkeys([*neurons, *synapses]))
    if not len(neurons) and all(name.isascii() and name.isdecimal() for name in order):
        order.sort(key=int)
    made = nx.DiGraph()
    made.add_nodes_from((name, neurons.nodes[name] if name in neurons else {}) for name in order)
    made.add_edges_from(synapses.edges(data=True))
    return made
