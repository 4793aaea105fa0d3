"""What formats of plain graphs leave out of a network or say otherwise, in words."""

from collections.abc import Callable, Iterable
from math import isfinite
from typing import Any

import numpy as np

from neurograph.core.graph import EditableGraph
from neurograph.errors import listed
from neurograph.files.formats import Losses, counted
from neurograph.files.from_plain import names_of
from neurograph.schema.neuron import SCHEMA as OF_NEURONS
from neurograph.schema.synapse import SCHEMA as OF_SYNAPSES
from neurograph.storage.sets import each_once

Columns = dict[str, list[Any]]


def plain_losses(
    taken: tuple[Iterable[str], Iterable[str]] = ((), ()), finite: bool = False, numbers: bool = False
) -> Callable[..., Losses]:
    """What every format of plain graphs loses, as a function of a graph.

    Parameters
    ----------
    taken
        Names that the format keeps for itself, of neurons and of synapses: attributes of these names get another.
    finite
        Whether it has no NaN and no infinity.
    numbers
        Whether it tells names that are whole numbers from text.
    """

    def losses(graph: EditableGraph) -> Losses:
        columns = own_columns(graph)
        found = [*_names(graph, numbers), *_types(columns)]
        for what, names, column in zip(("neurons", "synapses"), taken, columns, strict=True):
            renamed = sorted(name for name in column if name.rstrip("_") in set(names))
            if renamed:
                called = ", ".join(f"{name} is {name}_" for name in renamed)
                found.append(f"the names of attributes of {what} that the format keeps for itself: {called}")
        return found + (_infinite(graph, columns) if finite else [])

    return losses


def own_columns(graph: EditableGraph) -> tuple[Columns, Columns]:
    """The users' own attributes of neurons and of synapses: name -> the values that are not None."""
    found: tuple[Columns, Columns] = {}, {}
    nodes = graph.nodes(data=True)
    edges = ((None, data) for _, _, data in graph.edges(data=True)) if _has_own(graph) else ()
    for column, rows, usual in zip(found, (nodes, edges), (OF_NEURONS, OF_SYNAPSES), strict=True):
        for _, data in rows:
            for name in data:
                if name not in usual and data[name] is not None:
                    column.setdefault(str(name), []).append(data[name])
    return found


def own_losses(graph: EditableGraph) -> Losses:
    """Of a format that has no place for them: the users' own attributes, by name."""
    neurons, synapses = own_columns(graph)
    of_graph = sorted(str(name) for name in graph.graph if name != "name")
    named = (("neurons", sorted(neurons)), ("synapses", sorted(synapses)), ("the graph", of_graph))
    return [f"your own attributes of {what}: {listed(names, 20)}" for what, names in named if names]


def form_losses(graph: EditableGraph) -> Losses:
    """Of a format with a number for each synapse: what else they have, by name."""
    rows = graph.table.rows_of(graph.arrays().ids)
    used = [graph.table.forms.bundles[code] for code in each_once(graph.table.form[rows]).tolist()]
    names = sorted({str(name) for bundle in used for name in bundle} | set(own_columns(graph)[1]))
    return [f"what synapses have beside a number: {listed(names, 20)}"] if names else []


def _has_own(graph: EditableGraph) -> bool:
    """Whether any synapse has an attribute of the user's: looked for among a million takes seconds."""
    return bool(graph.table.extra) or any(set(bundle) - OF_SYNAPSES for bundle in graph.table.forms.bundles)


def _names(graph: EditableGraph, numbers: bool) -> Losses:
    """Names that come back as others: where all are whole numbers as text they become such, otherwise all are text."""
    names = list(graph)
    odd = sum(type(name) not in (str, int) for name in names)
    changed = [name for name, back in zip(names, names_of(map(str, names)), strict=True) if back != name]
    whole = [] if numbers else [name for name in changed if type(name) is int]
    alike = [name for name in changed if type(name) is str] if not whole else []
    return [
        *[f"what {counted(odd, 'name')} of neurons are beside text: they are written as text"] * bool(odd),
        *[f"that {counted(len(whole), 'name')} of neurons are numbers: they become text"] * bool(whole),
        *[f"that {counted(len(alike), 'name')} of neurons are text: they become numbers"] * bool(alike),
    ]


def _types(columns: tuple[Columns, Columns]) -> Losses:
    """Attributes that are of several types, or of one that plain graphs do not have."""
    found = []
    for what, column in zip(("neurons", "synapses"), columns, strict=True):
        several = sorted(name for name, values in column.items() if len({_type(value) for value in values}) > 1)
        packed = sorted(name for name, values in column.items() if any(_type(value) is object for value in values))
        if several:
            found.append(f"the types of attributes of {what} that are of several: {listed(several, 20)}")
        if packed:
            found.append(f"the types of attributes of {what} that are written as JSON: {listed(packed, 20)}")
    return found


def _type(value: Any) -> type:
    value = value.item() if isinstance(value, np.generic) else value
    return type(value) if isinstance(value, bool | int | float | str) else object


def _infinite(graph: EditableGraph, columns: tuple[Columns, Columns]) -> Losses:
    own = [value for column in columns for values in column.values() for value in values]
    odd = sum(isinstance(value, float) and not isfinite(value) for value in own)
    odd += sum(not np.isfinite(pool[arrays_row]).all() for pool, arrays_row in _weights(graph))
    return ["numbers that are not finite: each is null"] if odd else []


def _weights(graph: EditableGraph) -> list[tuple[np.ndarray, np.ndarray]]:
    arrays = graph.arrays()
    return [(data, arrays.row[arrays.pool == number]) for number, data in enumerate(arrays.pools)]
