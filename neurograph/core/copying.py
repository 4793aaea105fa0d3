"""Copies of a graph: whole, induced, numbered afresh, as networkx and `copy` ask for them."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any
from weakref import ref

import numpy as np

from neurograph.core.applying import close_run, restart_journal
from neurograph.core.columns import NeuronColumns
from neurograph.core.compacting import compacted
from neurograph.core.copied import Copied
from neurograph.core.mutations.owning import synchronise
from neurograph.core.ranks import Ranks
from neurograph.core.state import GraphState
from neurograph.storage import ArrayDiGraph
from neurograph.storage.induced import induced
from neurograph.storage.table import EdgeTable


def copy_all(graph: GraphState):
    """A copy with keys, ids and journal."""
    new = _same_numbers(graph, graph.table.copy)
    new._journal, new._numbered = graph._journal.copy(), graph._numbered
    return new


def _same_numbers(graph: GraphState, table: Callable[[], EdgeTable]):
    """A copy with keys and ids, of the neurons that a table made of the graph's has."""
    synchronise(graph)
    close_run(graph)
    made = table()
    keys = made.keys()
    new = _copy_with(graph, made, graph.neurons.copy(keys), graph.ranks.copy(keys))
    new.replacements, new.compiled_columns = dict(graph.replacements), graph.compiled_columns
    new.copied_from = Copied.of(graph)
    return new


def _copy_with(graph: GraphState, table: EdgeTable, neurons: NeuronColumns, ranks: Ranks):
    """A graph of its own of these parts, with everything else that this one has and no journal."""
    new = graph.__class__()
    new.graph.update(graph.graph)
    new.neurons, new.ranks = neurons, ranks
    new.adopt(table)
    new.population_names, new.next_name, new.version = dict(graph.population_names), graph.next_name, graph.version
    return new


def _compact_copy(graph: GraphState):
    synchronise(graph)
    return _copy_with(graph, *compacted(graph))


def copy_induced(graph: GraphState, keys: np.ndarray, graph_attr: dict):
    """A copy of some neurons and the synapses among them, its journal empty."""
    new = _same_numbers(graph, lambda: induced(graph.table, keys))
    new.graph.clear()
    new.graph.update(graph_attr)
    restart_journal(new)
    return new


def state_of(graph: GraphState):
    """What a pickle holds."""
    if graph.has_table():
        synchronise(graph)
    return GraphState.__getstate__(graph) | {"_numbered": None}


def deep_copy(graph: GraphState, memo: dict):
    """For `copy.deepcopy`: columns are copied as columns, not item by item."""
    new = memo[id(graph)] = graph.__class__.__new__(graph.__class__)
    state = state_of(graph)
    if graph.has_table():  # columns are copied as columns, not item by item
        keys = graph.table.keys()
        table, columns, ranks = graph.table.copy(), graph.neurons.copy(keys), graph.ranks.copy(keys)
        table.extra = table.values.extra = deepcopy(table.extra, memo)  # by the rows of the copy
        columns.extra = deepcopy(graph.neurons.extra, memo)
        kept = {graph.table: table, graph.neurons: columns, graph.ranks: ranks}
        memo |= {id(old): copied for old, copied in kept.items()}
        memo[id(graph._journal)] = graph._journal.copy()
    new.__setstate__(deepcopy(state, memo))
    new.copied_from = Copied.of(graph) if graph.has_table() else None
    return new


def copy_of(graph: GraphState, as_view: bool = False, journal: bool = True):
    """A graph of its own with the same names, values and attributes; as networkx's, or a view.

    Parameters
    ----------
    as_view
        Whether to return a view that shows this graph.
    journal
        Whether the copy has this one's journal, keys and ids. Without, it is as `compact` leaves a graph: numbered
        afresh and as small as one that was built as it is, which is what a search over generations wants.
    """
    if as_view:
        return ArrayDiGraph.copy(graph, as_view)
    whole = _whole_graph(graph)
    whole.synchronise()
    if journal:
        return ArrayDiGraph.copy(graph)
    induced: Any = graph if whole is graph else ArrayDiGraph.copy(graph)
    return _compact_copy(induced)


def _whole_graph(graph: GraphState) -> Any:
    """The graph itself, where this is a view of it."""
    whole: Any = graph
    while not whole.has_table():
        whole = whole._graph
    return whole


def reverse_of(graph: GraphState, copy: bool = True):
    """The reverse of the graph, an `ArrayDiGraph` (inputs would have incoming synapses), or a view."""
    synchronise(graph)
    return ArrayDiGraph.reverse(graph, copy)


def past_of(graph: GraphState) -> Callable[[], Any]:
    """What makes a copy of a graph to be taken back to where its journal starts; None once the graph is gone."""
    there = ref(graph)

    def past() -> Any:
        graph = there()
        if graph is None:
            return None
        copied = graph.copy()
        restart_journal(copied)  # its entries are no longer those of where it is
        return copied

    return past
