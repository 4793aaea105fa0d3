"""Neurons go, with all their synapses."""

from collections.abc import Hashable

import numpy as np

from neurograph.core.effects.neurons import (
    NeuronBorn,
    NeuronsDied,
)
from neurograph.core.effects.synapses import SynapsesDied
from neurograph.core.mutations.owning import bring_neurons, bring_synapses
from neurograph.core.mutations.transactions import record
from neurograph.core.mutations.whole import whole
from neurograph.core.records import take_neurons, take_synapses
from neurograph.core.state import GraphState
from neurograph.storage.sparse import by_key


def drop_nodes(graph: GraphState, names: list[Hashable]) -> None:
    """Remove neurons by name, with all their synapses."""
    table = graph.table
    if len(names) == 1:
        _note_replacement(graph, table.index[names[0]])
    drop_keys(graph, np.sort(np.fromiter((table.index[name] for name in names), np.int64, len(names))))


def _note_replacement(graph: GraphState, key: int) -> None:
    """An input or output that dies right after one of its kind was born: networkx relabels in place like that."""
    last, kinds = graph.effects[-1] if graph.effects else None, graph.neurons.kind
    if isinstance(last, NeuronBorn) and last.key != key and kinds[last.key] == kinds[key]:
        kind = graph.neurons.of(key)
        if kind.role == "input" or kind.is_output:
            graph.replacements = {**graph.replacements, last.key: key}


@whole
def drop_keys(graph: GraphState, keys: np.ndarray) -> None:
    """Remove neurons and all their synapses."""
    table = graph.table
    if len(keys) * 8 > len(table.index):
        gone = by_key(keys, True, len(table.names))
        rows = table.live()
        rows = rows[gone[table.src[rows]] | gone[table.dst[rows]]]
    else:
        rows = [table.rows(key, side) for key in keys.tolist() for side in (table.out, table.inn)]
        rows = np.sort(np.concatenate(rows)) if rows else np.empty(0, np.int64)
        rows = rows[np.diff(rows, prepend=-1) > 0]
    bring_neurons(graph, keys)
    if len(rows):
        bring_synapses(graph, rows)
        record(graph, SynapsesDied(take_synapses(table, rows)))
        table.kill(rows)
    record(graph, NeuronsDied(take_neurons(table, graph.neurons, graph.ranks, keys)))
    table.forget_names(keys.tolist())
    for key in keys.tolist():
        graph.neurons.forget(key)
    table.settle()
