"""Genomes in arrays as plain data: what a run directory keeps of a population, and the genomes again, checked."""

from collections.abc import Mapping
from dataclasses import asdict
from itertools import pairwise
from typing import Any

import numpy as np

from neurograph import NeuronGraph
from neurograph.core.codec import encode
from neurograph.core.levels import levels
from neurograph.errors import NeuroGraphError
from neurograph.files.container import Content
from neurograph.files.unpacking import unpack
from neurograph.schema.neuron import VALUES
from neurograph.schema.synapse import DELAY

from ...runs.shapes import ANYTHING, TABLE, TEXT, Misfit, check, need
from .arrays import Genomes
from .as_graphs import as_arrays
from .innovations import odd_innovation
from .vocabulary import Vocabulary

_COLUMNS = ("neurons", "synapses", "kind", "gene", "source", "target", "form", "next_name", "populations")
_HELD = {
    "kinds": [TABLE],
    "forms": [TABLE],
    "genes": [TEXT],
    "orders": [[TEXT]],
    "names": [ANYTHING],
    "attributes": [TABLE],
    "values": ANYTHING,
    "weight": ANYTHING,
    **dict.fromkeys(_COLUMNS, ANYTHING),
}


def packed(genomes: Genomes) -> dict[str, Any]:
    """Genomes as arrays, texts and lists."""
    words, (neurons, _) = genomes.words, genomes.first
    genes, gene = np.unique(genomes.gene, return_inverse=True)
    orders: dict[tuple[str, ...], int] = {}
    which = [orders.setdefault(names, len(orders)) for names in genomes.populations]
    shift = neurons[genomes.reader]
    return {
        "kinds": [{name: encode(value) for name, value in asdict(kind).items()} for kind in words.kinds],
        "forms": [encode(form) for form in words.forms.bundles],
        "genes": [words.genes[at] for at in genes.tolist()],
        "orders": [list(names) for names in orders],
        "names": [name if type(name) in (int, str) else encode(name) for name in genomes.names.tolist()],
        "attributes": [encode(own) for own in genomes.attributes],
        "values": genomes.values,
        "weight": genomes.weight,
        "neurons": genomes.neurons,
        "synapses": genomes.synapses,
        "kind": genomes.kind,
        "gene": gene.astype(np.int64),
        "source": genomes.source - shift,
        "target": genomes.target - shift,
        "form": genomes.form,
        "next_name": genomes.next_name,
        "populations": np.array(which, np.int64),
    }


def unpacked(held: Any, words: Vocabulary) -> Genomes:
    """Genomes again, each of them checked as a graph that is read from a file; `FileError` where one is none."""
    check(held, _HELD, "genomes")
    columns = {name: _whole(held[name], name) for name in _COLUMNS}
    total, wires = len(columns["kind"]), len(columns["source"])
    _check_lengths(held, columns, total, wires)
    columns["values"] = _real(held["values"], "values", (len(VALUES), total))
    columns["weight"] = _real(held["weight"], "weight", (wires,))
    for name, of in (("gene", "genes"), ("form", "forms"), ("populations", "orders")):
        need((columns[name] < len(held[of])).all(), f"genomes.{name}", "has a number that stands for nothing")
    many = len(columns["neurons"])
    n, e = (np.concatenate([[0], np.cumsum(columns[name])]).tolist() for name in ("neurons", "synapses"))
    parts = zip(range(many), pairwise(n), pairwise(e), strict=True)
    graphs = [_graph(held, columns, at, slice(*mine), slice(*theirs)) for at, mine, theirs in parts]
    found = as_arrays(graphs, words)
    if found is None:
        raise Misfit("genomes: one of them is none that arrays hold")
    return found


def _check_lengths(held: Mapping[str, Any], columns: Mapping[str, np.ndarray], total: int, wires: int) -> None:
    """Refuse columns that are not as long as the counts of neurons and synapses say."""
    many = len(columns["neurons"])
    lengths = dict.fromkeys(("synapses", "next_name", "populations", "attributes"), many)
    lengths |= dict.fromkeys(("gene", "names"), total) | dict.fromkeys(("target", "form"), wires)
    for name, length in lengths.items():
        found = len(columns.get(name, held[name]))
        need(found == length, f"genomes.{name}", f"has {found} items, and not {length}")
    for name, length in (("neurons", total), ("synapses", wires)):
        counts = columns[name]
        need((counts <= length).all() and counts.sum() == length, f"genomes.{name}", f"are not {length} in all")


def _graph(held: Mapping[str, Any], columns: Mapping[str, np.ndarray], at: int, mine: slice, theirs: slice) -> Any:
    graph = NeuronGraph()
    try:
        unpack(_content(held, columns, at, mine, theirs), graph)
    except NeuroGraphError as error:
        raise Misfit(f"genome {at}: {error}") from None
    if odd := odd_innovation(graph):
        raise Misfit(f"genome {at}: {odd}")
    return graph


def _content(
    held: Mapping[str, Any], columns: Mapping[str, np.ndarray], at: int, mine: slice, theirs: slice
) -> Content:
    """One genome as a file has it."""
    size, source, target, form = (
        mine.stop - mine.start,
        *(columns[name][theirs] for name in ("source", "target", "form")),
    )
    need((source < size).all() and (target < size).all(), f"genome {at}", "has a synapse of a neuron that is not there")
    order = np.lexsort((target, source))
    late = np.array([bool(bundle.get(DELAY)) for bundle in held["forms"]], bool)[form]
    level = levels(size, source[~late], target[~late])
    arrays = {
        "neuron.key": np.arange(size),
        "neuron.kind": columns["kind"][mine],
        "neuron.rank": level.astype(np.float64),
        **{f"neuron.{name}": column[mine] for name, column in zip(VALUES, columns["values"], strict=True)},
        "synapse.source": source[order],
        "synapse.target": target[order],
        "synapse.id": order,
        "synapse.form": form[order],
        "synapse.weights": np.ones(len(order), np.int8),
        "weights.1": columns["weight"][theirs][order],
    }
    genes = [held["genes"][gene] for gene in columns["gene"][mine].tolist()]
    text = {
        "names": held["names"][mine],
        "kinds": held["kinds"],
        "forms": held["forms"],
        "populations": held["orders"][int(columns["populations"][at])],
        "next_key": size,
        "next_id": len(order),
        "next_name": int(columns["next_name"][at]),
        "version": 0,
        "top_rank": float(level.max(initial=0)),
        "attributes": held["attributes"][at],
        "neuron_attributes": [[key, {"innovation": gene}] for key, gene in enumerate(genes)],
        "synapse_attributes": [],
        "journal": [],
        "undone": [],
    }
    return Content(arrays, text, None)


def _whole(column: Any, name: str) -> np.ndarray:
    """A column of whole numbers of at least 0."""
    found = isinstance(column, np.ndarray) and column.dtype.kind in "iu" and column.ndim == 1
    need(found and (column >= 0).all(), f"genomes.{name}", "is no column of whole numbers of at least 0")
    return column.astype(np.int64)


def _real(column: Any, name: str, shape: tuple[int, ...]) -> np.ndarray:
    found = isinstance(column, np.ndarray) and column.dtype == np.float64 and column.shape == shape
    need(found, f"genomes.{name}", f"is no array {shape} of numbers")
    return column
