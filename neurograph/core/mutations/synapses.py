"""Synapses come, change and go."""

from collections.abc import Mapping
from typing import Any

import networkx as nx
import numpy as np

from neurograph.core.columns import NeuronColumns
from neurograph.core.effects.synapses import (
    FormsChanged,
    SynapseBorn,
    SynapseDied,
    SynapsesBorn,
    SynapsesDied,
    ends_to_keep,
)
from neurograph.core.effects.unjournaled import note_ranks
from neurograph.core.effects.values import WeightReplaced, WeightsWritten
from neurograph.core.live import without_views
from neurograph.core.mutations.owning import bring_synapses
from neurograph.core.mutations.transactions import note_extra, record, take_back
from neurograph.core.mutations.whole import in_turn, whole
from neurograph.core.records import take_synapses
from neurograph.core.state import GraphState
from neurograph.errors import NeuroGraphError, SynapseError
from neurograph.schema import synapse
from neurograph.schema.spelling import warn_of_misspelled
from neurograph.schema.synapse import (
    DELAY,
    FORM_FIELDS,
    WEIGHT,
    canonical_form,
    check_fit,
    form_of,
    weight_array,
    weight_value,
)
from neurograph.storage import ArrayDiGraph
from neurograph.storage.edge_data import EdgeData
from neurograph.storage.sets import each_once

_INPUT = "the target is an input neuron, which reads data and no synapse"
_new = tuple.__new__  # of a named tuple: twice as fast as calling its class


def fault_of(graph: GraphState, u: int, v: int, error: Exception) -> SynapseError:
    """An error that names the synapse."""
    names = graph.table.names
    return SynapseError(f"synapse {names[u]!r} -> {names[v]!r}: {error}")


def _parse_edge(graph: GraphState, u: int, v: int, attr: Mapping, have: Mapping) -> tuple[dict, Any, dict]:
    """Attributes sorted into form, weight and the user's own; what they make with what is there is checked."""
    columns = graph.neurons
    try:
        form = canonical_form({k: x for k, x in attr.items() if k in FORM_FIELDS})
        if have and DELAY in attr:
            _refuse_other_delay(have.get(DELAY, 0), form.get(DELAY, 0))
        weight = weight_value(attr[WEIGHT]) if WEIGHT in attr else None
        whole = form_of({k: x for k, x in have.items() if k in FORM_FIELDS} | form)
        shape = _shape(weight if weight is not None else have.get(WEIGHT))
        check_fit(whole, shape, columns.of(u).shape, columns.of(v).shape)
    except NeuroGraphError as err:
        raise fault_of(graph, u, v, err) from None
    extra = {k: x for k, x in attr.items() if k not in synapse.SCHEMA}
    warn_of_misspelled(extra, synapse.SCHEMA, "synapse")
    return form, weight, without_views(extra)


def put_edge(graph: GraphState, u: int, v: int, attr: dict) -> None:
    """Add a synapse, or write attributes of the one that is there."""
    row = graph._adj.table.find(u, v)
    if row < 0:
        graph._new_edge(u, v, attr)
    elif attr:
        graph._set_edge(row, u, v, attr)
    else:  # nothing is done; the others give the turn up as they commit
        graph._leave_turn()


def new_edge(graph: GraphState, u: int, v: int, attr: Mapping) -> None:
    """Add a synapse: a number between scalars goes a fast way."""
    table, columns = graph._adj.table, graph.neurons
    code = columns.item[v]
    if columns.reads_data[code]:
        raise fault_of(graph, u, v, SynapseError(_INPUT))
    weight = attr.get(WEIGHT)
    if len(attr) != (type(weight) is float) or not (columns.scalar[code] and columns.scalar[columns.item[u]]):
        return new_edge_of_any_form(graph, u, v, attr)  # and nothing after: the commit is the last line
    if weight is not None and weight - weight != 0.0:
        raise fault_of(graph, u, v, SynapseError(f"a weight must be finite, not {weight}"))
    effects, ranks = graph.effects, graph.ranks
    outer, mark, version, edge_id, top = graph._savepoint, len(effects), graph.version, table.next_id, ranks.top
    try:
        try:
            if ranks.item[u] >= ranks.item[v]:
                ranks.admit(table, u, v, note_ranks(effects))
            effects.append(_new(SynapseBorn, (edge_id, u, v)))
            row = table.append(u, v)
            if weight is not None:
                values = table.values
                values.row[row] = table.pools[0].append(weight)
                values.pool[row] = 1
            table.settle()
            if outer is not None:
                graph.version = version + 1
            else:  # moved ranks are for rolling back alone
                graph.version, effects[mark:], graph.turn = version + 1, effects[-1:], {}
        except BaseException:
            take_back(graph, outer=outer, mark=mark, version=version, next_id=edge_id, top=top)
            raise
    except BaseException:
        take_back(graph, outer=outer, mark=mark, version=version, next_id=edge_id, top=top)
        raise


@whole
def new_edge_of_any_form(graph: GraphState, u: int, v: int, attr: Mapping) -> None:
    """Add a synapse: checked as a whole, then stored and recorded."""
    table = graph._adj.table
    changes, weight, extra = _parse_edge(graph, u, v, attr, {})
    if DELAY not in changes:
        graph.ranks.admit(table, u, v, note_ranks(graph.effects))
    record(graph, SynapseBorn(table.next_id, u, v))
    row = table.append(u, v, table.forms.number(changes))
    if weight is not None:
        table.values.set_weight(row, weight)
    if extra:
        table.extra[row] = extra
    table.settle()


@whole
def add_edge_and_ends(graph: GraphState, u_of_edge, v_of_edge, attr: dict) -> None:
    """Add a synapse and those of its ends that are not there."""
    if u_of_edge is None or v_of_edge is None:
        raise ValueError("None cannot be a node")
    ArrayDiGraph._add_edge_and_ends(graph, u_of_edge, v_of_edge, attr)


def set_edge(graph: GraphState, row: int, u: int, v: int, attr: Mapping) -> None:
    """Write attributes of the synapse in a row."""
    update_edge(graph, EdgeData(graph.table, u, v, row, graph.table.values), attr)


@whole
def update_edge(graph: GraphState, edge: EdgeData, attr: Mapping) -> None:
    """Write attributes of one synapse: checked as a whole, then stored and recorded."""
    graph.writable_table()
    form, weight, extra = _parse_edge(graph, edge.u, edge.v, attr, edge)
    if form:
        have = {k: x for k, x in edge.items() if k in FORM_FIELDS}
        _change_form(graph, edge, have | form)
    if weight is not None:
        before = edge.get(WEIGHT)
        _note_weight(graph, edge, before if before is None or np.ndim(before) == 0 else np.array(before), weight)
        edge.write({WEIGHT: weight})
    if extra:
        table = graph.table
        note_extra(graph, table.extra, "synapse", edge.id, edge.row, (edge.u, edge.v))
        edge.write(extra)


def _change_form(graph: GraphState, edge: EdgeData, bundle: dict) -> None:
    table = graph.table
    before, after = table.values.form[edge.row], table.forms.number(bundle)
    if after != before:
        codes = np.array([before]), np.array([after])
        record(graph, FormsChanged(np.array([edge.id]), *codes, table.forms.bundles, _ends(edge)))
        table.values.form[edge.row] = after


def _note_weight(graph: GraphState, edge: EdgeData, before: Any, after: Any) -> None:
    if _shape(before) != _shape(after):
        record(graph, WeightReplaced(edge.id, before, after, (edge.u, edge.v)))
    else:
        numbers = np.array([edge.id]), np.array([before]), np.array([after])
        graph.effects.append(WeightsWritten(*numbers, _ends(edge)))
    graph.changes.synapses_written(np.array([edge.id]))


@whole
def delete_edge_item(graph: GraphState, edge: EdgeData, key: str) -> None:
    """Delete an attribute of a synapse: its weight, an option (back to the default), or the user's own."""
    table = graph.writable_table()
    if key == WEIGHT:
        before = edge[WEIGHT]
        before = before if np.ndim(before) == 0 else np.array(before)
        record(graph, WeightReplaced(edge.id, before, None, (edge.u, edge.v)))
        edge.erase(WEIGHT)
    elif key in FORM_FIELDS:
        _refuse_other_delay(edge.get(DELAY, 0), 0 if key == DELAY else edge.get(DELAY, 0))
        bundle = {k: x for k, x in edge.items() if k in FORM_FIELDS and k != key}
        ends = graph.neurons.of(edge.u).shape, graph.neurons.of(edge.v).shape
        try:
            check_fit(form_of(bundle), _shape(edge.get(WEIGHT)), *ends)
        except NeuroGraphError as err:
            raise fault_of(graph, edge.u, edge.v, err) from None
        _change_form(graph, edge, bundle)
    else:
        note_extra(graph, table.extra, "synapse", edge.id, edge.row, (edge.u, edge.v))
        edge.erase(key)


@in_turn
def remove_edge(graph: GraphState, u, v) -> None:
    """As `networkx.DiGraph.remove_edge`."""
    table = graph.writable_table()
    i, j = table.index.get(u), table.index.get(v)
    row = -1 if i is None or j is None else table.find(i, j)
    if row < 0 or i is None or j is None:
        raise nx.NetworkXError(f"The edge {u}-{v} not in graph.")
    if table.holder is not None:
        bring_synapses(graph, np.array([row]))
    values, extra, effects = table.values, table.extra.get(row) if table.extra else None, graph.effects
    weight = values.weight(row)
    if weight is not None and type(weight) is not float:
        weight = np.array(weight)
    died = _new(SynapseDied, (values.id[row], i, j, values.form[row], weight, extra and dict(extra)))
    outer, mark, version = graph._savepoint, len(effects), graph.version
    try:
        try:
            effects.append(died)
            table.kill_one(row, i, j)
            table.settle()
            graph.version, graph.turn = version + 1, {} if outer is None else graph.turn
        except BaseException:
            take_back(graph, outer=outer, mark=mark, version=version)
            raise
    except BaseException:
        take_back(graph, outer=outer, mark=mark, version=version)
        raise


@whole
def drop_rows(graph: GraphState, rows: np.ndarray) -> None:
    """Remove synapses by their rows in the table, (n,) distinct and alive; with what a network has learned."""
    if len(rows):
        bring_synapses(graph, rows)
        record(graph, SynapsesDied(take_synapses(graph.table, rows)))
        graph.table.kill(rows)
        graph.table.settle()


@whole
def add_rows(graph: GraphState, u: np.ndarray, v: np.ndarray, weight: np.ndarray | None, form: dict) -> np.ndarray:
    """Add synapses known to be new, (n,) keys of sources and targets; returns their ids."""
    table, columns = graph.table, graph.neurons
    form = canonical_form(form)
    if weight is not None:
        weight = weight_array(weight)
        if not np.isfinite(weight).all():
            at = int(np.flatnonzero(~np.isfinite(weight.reshape(len(weight), -1)).all(axis=1))[0])
            raise fault_of(graph, int(u[at]), int(v[at]), SynapseError("a weight must be finite"))
    _check_ends(graph, u, v, columns, form_of(form), None if weight is None else weight.shape[1:])
    if DELAY not in form:
        graph.ranks.admit_many(table, u, v, note_ranks(graph.effects))
    ids = np.arange(table.next_id, table.next_id + len(u))
    if len(ids):
        record(graph, SynapsesBorn(ids, ends_to_keep(table, u, v)))
    return table.extend(u, v, weight, table.forms.number(form), ids)


def _check_ends(
    graph: GraphState, u, v, columns: NeuronColumns, form: synapse.SynapseForm, shape: tuple | None
) -> None:
    """One check for each pair of kinds that occurs."""
    pairs = columns.kind[u].astype(np.int64) * len(columns.kinds) + columns.kind[v]
    seen = np.flatnonzero(np.bincount(pairs)) if len(columns.kinds) < 1000 else each_once(pairs)
    for pair in seen.tolist() if len(u) else ():
        a, b = divmod(pair, len(columns.kinds))
        try:
            if columns.reads_data[b]:
                raise SynapseError(_INPUT)
            check_fit(form, shape, columns.kinds[a].shape, columns.kinds[b].shape)
        except NeuroGraphError as err:
            at = int(np.flatnonzero(pairs == pair)[0])
            raise fault_of(graph, int(u[at]), int(v[at]), err) from None


def _refuse_other_delay(now: int, wanted: int) -> None:
    if now != wanted:
        raise SynapseError(
            f"it has delay={now}, and a synapse keeps the delay that it was born with. Remove it first, or, where the "
            'pair is to have both, let one of them go by a relay: a neuron of the activation "identity" in between'
        )


def _shape(weight: Any) -> tuple[int, ...] | None:
    return None if weight is None else np.shape(weight)


def _ends(edge: EdgeData) -> tuple[np.ndarray, np.ndarray]:
    return np.array([edge.u]), np.array([edge.v])
