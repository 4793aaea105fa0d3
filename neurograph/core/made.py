"""A graph made of columns at once: what holds many genomes in arrays makes one of them a graph where somebody asks."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurograph.core.columns import NeuronColumns
from neurograph.core.levels import levels
from neurograph.core.ranks import Ranks
from neurograph.core.state import GraphState
from neurograph.schema.neuron import VALUES, NeuronKind
from neurograph.schema.synapse import DELAY
from neurograph.storage.pools import Pool
from neurograph.storage.table import EdgeTable


@dataclass(frozen=True, eq=False)
class Columns:
    """Scalar neurons and weighted synapses, each numbered from 0 in the order in which it was born.

    Parameters
    ----------
    names
        N networkx nodes, all different.
    kind
        (N,) numbers among `kinds`.
    values
        name -> (N,) float64, NaN where a neuron has no such value.
    extra
        (N,) the user's own attributes of each neuron.
    source, target
        (E,) neurons by number; no cycle among synapses without delay.
    form
        (E,) numbers among `forms`.
    weight
        (E,) float64, finite.
    kinds, forms
        What the numbers stand for.
    populations
        Names in the order in which they were added.
    next_name
        No free whole number is below it.
    attributes
        Of the graph.
    """

    names: Sequence[Hashable]
    kind: np.ndarray
    values: Mapping[str, np.ndarray]
    extra: Sequence[dict[str, Any]]
    source: np.ndarray
    target: np.ndarray
    form: np.ndarray
    weight: np.ndarray
    kinds: Sequence[NeuronKind]
    forms: Sequence[Mapping[str, Any]]
    populations: Sequence[str]
    next_name: int = 0
    attributes: Mapping[str, Any] = field(default_factory=dict)


def made_of(kind: type, columns: Columns) -> Any:
    """A graph of a class, with an empty journal, of columns that are taken as they are: nothing is checked."""
    graph: GraphState = kind()
    graph.graph.update(columns.attributes)
    graph.neurons, table = _neurons(columns), _table(columns, graph.interned)
    now = ~np.array([bool(form.get(DELAY)) for form in columns.forms], bool)[columns.form]
    level = levels(len(columns.names), columns.source[now], columns.target[now])
    graph.ranks = Ranks(level.astype(np.float64), float(level.max(initial=0)))
    graph.adopt(table)
    graph.population_names, graph.next_name = dict.fromkeys(columns.populations), columns.next_name
    return graph


def _neurons(columns: Columns) -> NeuronColumns:
    new = NeuronColumns()
    used, code = np.unique(columns.kind, return_inverse=True)
    for number in used.tolist():
        new.number(columns.kinds[number])
    new._hold(code.astype(np.int32), {name: columns.values[name].copy() for name in VALUES})
    new.extra = {at: dict(own) for at, own in enumerate(columns.extra) if own}
    return new


def _table(columns: Columns, interned: tuple[str, ...]) -> EdgeTable:
    new, count = EdgeTable(interned), len(columns.source)
    new.names = list(columns.names)
    new.index = dict(zip(new.names, range(len(new.names)), strict=True))
    used, code = np.unique(columns.form, return_inverse=True)
    form = np.array([new.forms.number(columns.forms[number]) for number in used.tolist()], np.int32)
    order = np.lexsort((columns.target, columns.source))
    new.src, new.dst = columns.source[order].astype(np.int32), columns.target[order].astype(np.int32)
    new.alive, new.pool = np.ones(count, np.bool_), np.ones(count, np.int8)
    new.row, new.id = np.arange(count, dtype=np.int32), order.astype(np.int64)
    new.form = form[code][order] if count else np.zeros(0, np.int32)
    new.pools = [Pool(columns.weight[order])]
    new.size = new.next_id = count
    new.reindex()
    return new
