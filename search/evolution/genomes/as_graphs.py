"""Genomes in arrays as graphs, and graphs as genomes in arrays."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurograph import NeuronGraph
from neurograph.core.made import Columns, made_of
from neurograph.core.merging import merge
from neurograph.schema.neuron import VALUES

from .arrays import Genomes
from .innovations import INNOVATION, innovations
from .vocabulary import Vocabulary


def graph_of(genomes: Genomes, at: int) -> NeuronGraph:
    """One of them as a graph of its own, with an empty journal."""
    (n, e), (many, wires) = (first[at] for first in genomes.first), (genomes.neurons[at], genomes.synapses[at])
    mine, theirs, words = slice(n, n + many), slice(e, e + wires), genomes.words
    columns = Columns(
        genomes.names[mine].tolist(),
        genomes.kind[mine],
        dict(zip(VALUES, genomes.values[:, mine], strict=True)),
        [{INNOVATION: words.genes[gene]} for gene in genomes.gene[mine].tolist()],
        genomes.source[theirs] - n,
        genomes.target[theirs] - n,
        genomes.form[theirs],
        genomes.weight[theirs],
        words.kinds,
        words.forms.bundles,
        genomes.populations[at],
        int(genomes.next_name[at]),
        genomes.attributes[at],
    )
    return made_of(NeuronGraph, columns)


def write_into(graph: Any, genomes: Genomes, at: int) -> None:
    """Write one of them's values into the graph that it is as."""
    n, e = (first[at] for first in genomes.first)
    mine = slice(n, n + genomes.neurons[at])
    table, keys = graph.table, graph.table.keys()
    if genomes.synapses[at]:
        graph.write_weights(np.sort(table.id[table.live()]), genomes.weight[e : e + genomes.synapses[at]])
    for name, column in zip(VALUES, genomes.values[:, mine], strict=True):
        there = ~np.isnan(column)
        if there.any():
            graph.write_values(name, keys[there], column[there])


class Graphs(Sequence):
    """Genomes as a sequence of graphs, each made where it is asked for."""

    def __init__(self, genomes: Genomes) -> None:
        self.genomes = genomes

    def __len__(self) -> int:
        return len(self.genomes)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        return graph_of(self.genomes, range(len(self))[at])


def as_arrays(graphs: Sequence[Any], words: Vocabulary) -> Genomes | None:
    """Graphs as arrays, as their copies without a journal would be numbered; None where arrays cannot say one.

    Parameters
    ----------
    graphs
        They are left as they are; neurons without an innovation have the one that `mark` would give.
    words
        Gets what it does not have.
    """
    for graph in graphs:
        graph.synchronise()
    if not all(map(_plain, graphs)):
        return None
    found = merge(graphs)
    kinds, forms = words.numbers(found.kinds, words.kind), words.numbers(_forms(graphs), words.form)
    by = np.argsort(found.ids, kind="stable")
    names, own = np.empty(len(found.keys), object), [innovations(graph) for graph in graphs]
    names[:] = [name for graph in graphs for name in graph.names_of(graph.table.keys())]
    counts = np.bincount(found.graph, minlength=len(graphs))
    return Genomes(
        words,
        found.graph,
        kinds[found.kind] if len(kinds) else np.zeros(0, np.int64),
        words.numbers((gene for known in own for gene in known.values()), words.gene),
        names,
        np.stack([found.values[name] for name in VALUES]),
        found.ids[by] >> 32,
        found.source[by].astype(np.int64),
        found.target[by].astype(np.int64),
        forms[found.form[by]] if len(by) else np.zeros(0, np.int64),
        found.pools[0][found.row[by]],
        np.array([graph.next_name for graph in graphs], np.int64),
        counts,
        [tuple(graph.population_names) for graph in graphs],
        [dict(graph.graph) for graph in graphs],
    )


def _forms(graphs: Sequence[Any]) -> list[dict[str, Any]]:
    """What synapses share, of all graphs, in the order in which `merge` numbers it."""
    keys = dict.fromkeys(key for graph in graphs for key in graph.table.forms.numbers)
    return [{name: value for name, _, value in key} for key in keys]


def _plain(graph: Any) -> bool:
    """Whether arrays can say all that a graph is."""
    table, columns = graph.table, graph.neurons
    if type(graph) is not NeuronGraph or any(table.extra.values()):
        return False
    if any(own.keys() - {INNOVATION} for own in columns.extra.values()):
        return False
    odd_kinds = [kind.shape != () or kind.aggregation == "product" for kind in columns.kinds]
    odd_forms = [form.get("op", "weight") != "weight" for form in table.forms.bundles]
    rows, keys = table.live(), table.keys()
    if (table.pool[rows] != 1).any() or (any(odd_forms) and np.array(odd_forms)[table.form[rows]].any()):
        return False
    return not any(odd_kinds) or not np.array(odd_kinds)[columns.kind[keys]].any()
