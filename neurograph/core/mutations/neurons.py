"""Neurons come, change and go."""

from collections.abc import Hashable, Mapping
from typing import Any

import networkx as nx
import numpy as np

from neurograph.core.effects.neurons import (
    KindsChanged,
    NeuronBorn,
    NeuronsBorn,
    PopulationAdded,
    PopulationRemoved,
)
from neurograph.core.effects.values import ValuesWritten
from neurograph.core.live import without_views
from neurograph.core.mutations.owning import bring_neurons
from neurograph.core.mutations.transactions import note_extra, record, take_back
from neurograph.core.mutations.whole import in_turn, whole
from neurograph.core.state import GraphState
from neurograph.errors import NeuroGraphError, NeuronError
from neurograph.schema import neuron
from neurograph.schema.neuron import KIND_FIELDS, NeuronKind
from neurograph.schema.spelling import warn_of_misspelled
from neurograph.schema.synapse import check_fit, form_of
from neurograph.storage import ArrayDiGraph

_PLAIN = NeuronKind()
_new = tuple.__new__  # of a named tuple: twice as fast as calling its class


def parse_neuron(attr: Mapping, base: NeuronKind | None = None) -> tuple[NeuronKind, dict, dict]:
    """Attributes sorted into kind, values and the user's own, and checked."""
    changes = {k: v for k, v in attr.items() if k in KIND_FIELDS}
    if base is None:
        changes.setdefault("population", changes.get("role", "hidden"))
    kind = neuron.change_kind(base or NeuronKind(), changes)
    values = {}
    for name in neuron.VALUES:
        if name in attr:
            given = attr[name]
            values[name] = np.nan if given is None and name == "bias" else neuron.value(name, given)
            if given is not None and not neuron.may_have(kind, name):
                raise NeuronError(
                    f"a neuron with role {kind.role!r}, activation {kind.activation!r} and norm "
                    f"{kind.norm!r} has no {name}"
                )
    extra = {k: v for k, v in attr.items() if k not in neuron.SCHEMA}
    warn_of_misspelled(extra, neuron.SCHEMA, "neuron")
    return kind, values, without_views(extra)


@whole
def new_node(graph: GraphState, name: Hashable, attr: Mapping) -> None:
    """Add a neuron: checked, then stored and recorded."""
    try:
        kind, values, extra = parse_neuron(attr)
    except NeuroGraphError as err:
        raise type(err)(f"neuron {name!r}: {err}") from None
    register(graph, kind.population)
    columns, key = graph.neurons, len(graph.table.names)
    record(graph, NeuronBorn(key))
    graph.table.new_key(name)
    columns.reserve(key + 1)
    columns.item[key] = columns.number(kind)
    for value_name, value in (neuron.default_values(kind) | values).items():
        columns.value_items[value_name][key] = value
    if extra:
        columns.extra[key] = dict(extra)
    graph.ranks.add(key)


def register(graph: GraphState, population: str) -> None:
    """Let there be a population of that name."""
    if population not in graph.population_names:
        record(graph, PopulationAdded(population))
        graph.population_names = {**graph.population_names, population: None}


@in_turn
def add_node(graph: GraphState, node_for_adding, **attr) -> None:
    """As `networkx.DiGraph.add_node`; a plain hidden neuron goes a fast way."""
    columns = graph.neurons
    code = None if attr or "hidden" not in graph.population_names else columns.numbers.get(_PLAIN)
    if code is None or node_for_adding is None or node_for_adding in graph._node:
        if not attr and node_for_adding in graph._node:
            nx._clear_cache(graph)
            return graph._leave_turn()
        return ArrayDiGraph.add_node(graph, node_for_adding, **attr)  # and nothing after: the commit is the last line
    # from here on the fast path: a plain hidden neuron
    table, effects, ranks = graph._adj.table, graph.effects, graph.ranks
    outer, key, mark, version, top = graph._savepoint, len(table.names), len(effects), graph.version, ranks.top
    try:
        try:
            effects.append(_new(NeuronBorn, (key,)))
            table.new_key(node_for_adding)
            if key >= len(columns.item):
                columns.reserve(key + 1)
            columns.item[key] = code
            ranks.add(key)
            graph.version, graph.turn = version + 1, {} if outer is None else graph.turn
        except BaseException:
            take_back(graph, outer=outer, mark=mark, version=version, names=key, top=top)
            raise
    except BaseException:
        take_back(graph, outer=outer, mark=mark, version=version, names=key, top=top)
        raise


@whole
def add_neurons(
    graph: GraphState, names: list[Hashable], kind: NeuronKind, values: Mapping[str, Any], extra: Mapping
) -> np.ndarray:
    """Add new neurons of one kind; values are numbers or one per neuron. Returns their keys."""
    nx._clear_cache(graph)
    table, columns = graph.writable_table(), graph.neurons
    keys = np.arange(len(table.names), len(table.names) + len(names))
    register(graph, kind.population)
    record(graph, NeuronsBorn(keys))
    table.new_keys(names)
    columns.reserve(len(table.names))
    columns.kind[keys] = columns.number(kind)
    for name, value in (neuron.default_values(kind) | dict(values)).items():
        columns.values[name][keys] = value
    for key in keys.tolist() if extra else ():
        columns.extra[key] = dict(extra)
    graph.ranks.add_many(keys)
    return keys


def set_node(graph: GraphState, name: Hashable, attr: Mapping) -> None:
    """Write attributes of a neuron by its name."""
    update_neuron(graph, graph.table.index[name], attr)


@whole
def set_nodes(graph: GraphState, attributes: Mapping[Hashable, Mapping]) -> None:
    """Write attributes of many neurons, all or none.

    Where they are of all the neurons of a graph without a synapse, the graph is being made of another one: its
    populations are then in the order of their first neurons, wherever neurons were put for the moment.
    """
    index = graph.table.index
    for name, attr in attributes.items():
        update_neuron(graph, index[name], attr)
    if len(attributes) == len(index) and not len(graph.table):
        _order_populations(graph)


def _order_populations(graph: GraphState) -> None:
    columns, keys = graph.neurons, graph.table.keys()
    first = list(dict.fromkeys(columns.kinds[code].population for code in columns.kind[keys].tolist()))
    if list(graph.population_names) == first:
        return
    for population in list(graph.population_names):
        record(graph, PopulationRemoved(population))
    for population in first:
        record(graph, PopulationAdded(population))
    graph.population_names = dict.fromkeys(first)


@whole
def update_neuron(graph: GraphState, key: int, attr: Mapping) -> None:
    """Write attributes of one neuron: checked as a whole, then stored and recorded."""
    graph.writable_table()
    columns, name = graph.neurons, graph.table.names[key]
    try:
        kind, values, extra = parse_neuron(attr, columns.of(key))
        if kind != columns.of(key):
            _check_new_kind(graph, key, kind)
    except NeuroGraphError as err:
        raise type(err)(f"neuron {name!r}: {err}") from None
    nx._clear_cache(graph)
    if kind != columns.of(key):
        _change_kind(graph, np.array([key]), kind)
    for value_name, value in values.items():
        change_values(graph, value_name, np.array([key]), np.array([value]))
        graph.changes.neurons_written(value_name, np.array([key]))  # also where it is what was there
    if extra:
        note_extra(graph, columns.extra, "neuron", key, key)
        columns.extra[key] = columns.extra.get(key, {}) | extra


@whole
def delete_neuron_item(graph: GraphState, key: int, name: str) -> None:
    """Delete an attribute of the user's own."""
    extra = graph.neurons.extra
    note_extra(graph, extra, "neuron", key, key)
    extra[key] = {own: value for own, value in extra[key].items() if own != name}


def _check_new_kind(graph: GraphState, key: int, kind: NeuronKind) -> None:
    """Whether a neuron's synapses allow it to become of this kind."""
    table, columns = graph.table, graph.neurons
    if kind.role == "input" and table.degree(key, table.inn):
        raise NeuronError("it has incoming synapses, and an input neuron cannot; remove them first")
    if kind.shape != columns.of(key).shape:
        for side in (table.inn, table.out):
            for row in table.rows(key, side).tolist():
                far = columns.of(int(getattr(table, side.far)[row])).shape
                ends = (far, kind.shape) if side is table.inn else (kind.shape, far)
                check_fit(form_of(table.forms.bundles[table.form[row]]), _weight_shape(table, row), *ends)


def _change_kind(graph: GraphState, keys: np.ndarray, kind: NeuronKind) -> None:
    """Give neurons a new kind and the values it brings along."""
    columns = graph.neurons
    bring_neurons(graph, keys)
    register(graph, kind.population)
    before, after = columns.kind[keys], np.full(len(keys), columns.number(kind), np.int32)
    record(graph, KindsChanged(keys, before, after, columns.kinds))
    columns.kind[keys] = after
    defaults = neuron.default_values(kind)
    for name, column in columns.values.items():
        if name == "bias":
            continue
        now = column[keys]
        default = defaults.get(name, np.nan)
        change_values(graph, name, keys, np.where(np.isnan(now), default, now) if name in defaults else now * np.nan)
    if kind.role == "input":
        change_values(graph, "bias", keys, np.full(len(keys), np.nan))


def change_values(graph: GraphState, name: str, keys: np.ndarray, values: np.ndarray) -> None:
    """Store values of neurons, inside a transaction; a run of raw mutations keeps the effect if it is structure."""
    column = graph.neurons.values[name]
    if np.isnan(values).any():  # numbers go, and undoing brings them back
        bring_neurons(graph, keys)
    before = column[keys]
    moved = (before != values) & ~(np.isnan(before) & np.isnan(values))
    if not moved.any():
        return
    keys, before, values = keys[moved], before[moved], np.asarray(values, np.float64)[moved]
    effect = ValuesWritten(name, keys, before, values)
    graph.effects.append(effect)
    graph.version += effect.structural
    graph.changes.neurons_written(name, keys)
    column[keys] = values


def _weight_shape(table, row: int) -> tuple[int, ...] | None:
    weight = table.values.weight(row)
    return None if weight is None else np.shape(weight)
