"""What a mutation did, in a form that can be toggled: undone, done again, undone again.

An effect is a small tuple whose first item is its tag. Toggling one changes the graph back and returns the effect that
toggles it forth again, so an undone entry holds what it takes to redo it. Births hold numbers only: what was born is
read from the graph when it dies.

| tag | holds | toggling it |
|---|---|---|
| s+  S+ | id, u, v; or ids | removes the synapses |
| s-  S- | id, u, v, form, weight, extra; or `SynapseRows` | puts them back |
| n+  N+ | key; or keys | removes the neurons |
| N- | `NeuronRows` | puts them back |
| kind | keys, numbers before and after, kinds | gives them their kinds back |
| form | ids, numbers before and after, bundles | gives them their forms back |
| reweigh | id, weight before and after (None: none) | a weight that appeared, went or changed shape |
| value | name, keys, before, after | sets back what is untouched since, and whether there is a value |
| weight | ids, before, after | sets back what is untouched since |
| rename | keys, names before and after | gives them their names back |
| population+  population- | name | forgets or registers it |
| extra | "neuron" or "synapse", number, the user's own attributes | sets them back; for rolling back only |
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from neurograph.rows import SynapseRows, take_neurons, take_synapses
from neurograph.storage.views import EdgeData

if TYPE_CHECKING:
    from neurograph.mutations import NeuronCore

Effect = tuple[Any, ...]


def toggle(graph: "NeuronCore", effect: Effect) -> Effect:
    """Change the graph back; returns the effect that changes it forth again."""
    return _TOGGLE[effect[0]](graph, *effect[1:])


def roll_back(graph: "NeuronCore", effects: list[Effect], mark: int = 0) -> list[Effect]:
    """Toggle the effects after a mark, newest first, and take them off the list; returns what would bring them back."""
    back = [toggle(graph, effect) for effect in reversed(effects[mark:])]
    del effects[mark:]
    return back


def _kill_synapses(graph: "NeuronCore", ids: np.ndarray) -> Effect:
    table = graph.table
    rows = table.rows_of(np.asarray(ids))
    taken = take_synapses(table, rows)
    table.kill(rows)
    table.settle()
    return ("S-", taken)


def _kill_synapse(graph: "NeuronCore", _id: int, u: int, v: int) -> Effect:
    table = graph.table
    row = table.find(u, v)
    taken = take_synapses(table, np.array([row]))
    table.kill_one(row, u, v)
    table.settle()
    return ("S-", taken)


def _revive_synapses(graph: "NeuronCore", rows: SynapseRows) -> Effect:
    graph._ranks.admit_many(graph.table, rows.source, rows.target)
    rows.put_back(graph.table)
    return ("S+", rows.ids)


def _revive_synapse(graph: "NeuronCore", edge_id: int, u: int, v: int, form: int, weight: Any, extra: Any) -> Effect:
    table = graph.table
    graph._ranks.admit(table, u, v)
    row = table.append(u, v, form, edge_id)
    if weight is not None:
        table.values.set_weight(row, weight)
    if extra:
        table.extra[row] = dict(extra)
    table.settle()
    return ("s+", edge_id, u, v)


def _kill_neurons(graph: "NeuronCore", keys: np.ndarray) -> Effect:
    keys = np.asarray(keys, np.int64)
    rows = take_neurons(graph.table, graph._columns, graph._ranks, keys)
    graph.table.forget_names(keys.tolist())
    for key in rows.keys.tolist():
        graph._columns.forget(key)
    return ("N-", rows)


def _kind(graph: "NeuronCore", keys: np.ndarray, before: np.ndarray, after: np.ndarray, kinds: list) -> Effect:
    columns = graph._columns
    code = np.array([columns.number(kind) for kind in kinds], np.int32)
    columns.kind[keys] = code[before]
    return ("kind", keys, after, before, kinds)


def _form(graph: "NeuronCore", ids: np.ndarray, before: np.ndarray, after: np.ndarray, bundles: list) -> Effect:
    table = graph.table
    code = np.array([table.forms.number(bundle) for bundle in bundles], np.int32)
    table.form[table.rows_of(ids)] = code[before]
    return ("form", ids, after, before, bundles)


def _reweigh(graph: "NeuronCore", edge_id: int, before: Any, after: Any) -> Effect:
    table = graph.table
    row = int(table.rows_of(np.array([edge_id]))[0])
    view = EdgeData(table, int(table.src[row]), int(table.dst[row]), row, table.values)
    now = view.get("weight")
    view.erase("weight") if before is None else view.write({"weight": before})
    return ("reweigh", edge_id, now if now is None or np.ndim(now) == 0 else np.array(now), before)


def _value(graph: "NeuronCore", name: str, keys: np.ndarray, before: np.ndarray, after: np.ndarray) -> Effect:
    column = graph._columns.values[name]
    now = column[keys]
    back = (now == after) | (np.isnan(before) != np.isnan(now))
    column[keys[back]] = before[back]
    graph.changes.neurons_written(name, keys[back])
    return ("value", name, keys[back], now[back], before[back])


def _weight(graph: "NeuronCore", ids: np.ndarray, before: np.ndarray, after: np.ndarray) -> Effect:
    if not len(ids):  # all of them had been written since, when this was toggled last
        return ("weight", ids, after, before)
    now = graph.read_weights(ids)
    back = (now == after).reshape(len(ids), -1).all(axis=1)
    graph._store_weights(ids[back], before[back])
    graph.changes.synapses_written(ids[back])
    return ("weight", ids[back], now[back], before[back])


def _rename(graph: "NeuronCore", keys: np.ndarray, before: list, after: list) -> Effect:
    graph._set_names(keys, before)
    return ("rename", keys, after, before)


def _forget_population(graph: "NeuronCore", name: str) -> Effect:
    del graph._populations[name]
    return ("population-", name)


def _register_population(graph: "NeuronCore", name: str) -> Effect:
    graph._populations[name] = None
    return ("population+", name)


def _extra(graph: "NeuronCore", what: str, number: int, before: dict) -> Effect:
    extra, at = graph._columns.extra, number
    if what == "synapse":
        extra, at = graph.table.extra, int(graph.table.rows_of(np.array([number]))[0])
    now = extra.pop(at, {})
    if before:
        extra[at] = before
    return ("extra", what, number, now)


def _revive_neurons(graph: "NeuronCore", rows: Any) -> Effect:
    rows.put_back(graph.table, graph._columns, graph._ranks)
    return ("N+", rows.keys)


_TOGGLE = {
    "s+": _kill_synapse,
    "S+": _kill_synapses,
    "s-": _revive_synapse,
    "S-": _revive_synapses,
    "n+": lambda graph, key: _kill_neurons(graph, np.array([key])),
    "N+": _kill_neurons,
    "N-": _revive_neurons,
    "kind": _kind,
    "form": _form,
    "reweigh": _reweigh,
    "value": _value,
    "weight": _weight,
    "rename": _rename,
    "population+": _forget_population,
    "population-": _register_population,
    "extra": _extra,
}


def is_structural(effect: Effect) -> bool:
    """Whether an effect is more than a number that was written over another."""
    if effect[0] == "value":
        return bool((np.isnan(effect[3]) != np.isnan(effect[4])).any())
    return effect[0] not in ("weight", "extra")
