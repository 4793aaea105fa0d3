"""Neurons get other names."""

from collections import Counter
from collections.abc import Hashable, Mapping

from neurograph.core.effects.neurons import (
    NeuronsRenamed,
)
from neurograph.core.mutations.whole import whole
from neurograph.core.state import GraphState
from neurograph.errors import NeuronError, listed


@whole
def rename(graph: GraphState, names: Mapping[Hashable, Hashable]) -> None:
    """Give neurons other names; their keys, and with them their places among inputs and outputs, stay.

    `networkx.relabel_nodes(graph, names, copy=False)` removes neurons and adds new ones behind all others instead.

    Parameters
    ----------
    names
        Old name -> new name; all at once, so that names can be exchanged.

    Raises
    ------
    MissingError
        A neuron that is not in the graph.
    NeuronError
        A name that is taken, given twice, or cannot be one.
    """
    graph.writable_table()
    before = [old for old, new in names.items() if old not in graph._node or old != new]
    keys, after = graph.keys_of(before), [names[old] for old in before]
    _check_new_names(graph, set(before), after)
    if before:
        graph.effects.append(NeuronsRenamed(keys, before, after))  # no structure: a compiled network goes on running
        graph._set_names(keys, after)


def _check_new_names(graph: GraphState, free: set, names: list[Hashable]) -> None:
    odd = [name for name in names if name is None or not isinstance(name, Hashable)]
    if odd:
        raise NeuronError(f"a name is anything that can be a networkx node; these cannot: {listed(odd)}")
    taken = [name for name in names if name in graph._node and name not in free]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if taken or twice:
        raise NeuronError(f"names must be free and different; these are not: {listed(taken or twice)}")
