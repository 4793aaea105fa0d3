"""From arrays and JSON to a graph: checked as if somebody had written the file by hand, then put in place whole."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurograph import journal
from neurograph.codec import decode
from neurograph.columns import NeuronColumns
from neurograph.errors import FileError
from neurograph.files.container import Content
from neurograph.graph import NeuronGraph
from neurograph.order import Ranks
from neurograph.schema.neuron import VALUES, NeuronKind, change_kind
from neurograph.schema.synapse import check_fit, form_of, form_value
from neurograph.storage.pools import Pool, distinct
from neurograph.storage.table import EdgeTable
from neurograph.storage.values import Values

Arrays = Mapping[str, np.ndarray]


def unpack(content: Content) -> NeuronGraph:
    """The graph that was packed.

    Raises
    ------
    FileError
        Content that no graph could have: a cycle, ends that are not there, weights that do not fit, another wiring than
        the digest's. Missing or odd parts raise KeyError, ValueError, TypeError or IndexError.
    """
    arrays, text = content.arrays, content.text
    graph, table = NeuronGraph(), _table(arrays, text)
    graph._columns, graph._ranks = _columns(arrays, text), _ranks(arrays, text)
    _check_synapses(table, graph._columns, graph._ranks)
    table.reindex()
    graph._adopt(table)
    graph.graph.update(decode(text["attributes"]))
    graph._populations = dict.fromkeys(str(name) for name in text["populations"])
    graph._next_name, graph.version = int(text["next_name"]), int(text["version"])
    graph.journal.entries = [journal.from_state(state) for state in text["journal"]]
    graph.journal.undone = [journal.from_state(state) for state in text["undone"]]
    if graph.wiring_digest() != content.digest:
        raise FileError("its wiring is not the one its digest was made of")
    return graph


def _need(condition: Any, what: str) -> None:
    if not condition:
        raise FileError(what)


def _columns(arrays: Arrays, text: dict) -> NeuronColumns:
    keys, kinds = arrays["neuron.key"], arrays["neuron.kind"]
    columns = NeuronColumns()
    for fields in text["kinds"]:
        columns.number(change_kind(NeuronKind(), {name: decode(value) for name, value in fields.items()}))
    _need(len(columns.kinds) == len(text["kinds"]), "it names a kind of neuron twice")
    _need(_within(kinds, len(columns.kinds)), "a neuron is of a kind that is not there")
    _need({kind.population for kind in columns.kinds} <= set(text["populations"]), "a population is missing")
    columns.reserve(int(text["next_key"]))
    columns.kind[keys] = kinds
    for name in VALUES:
        values = arrays[f"neuron.{name}"]
        _need(not np.isinf(values).any(), f"a neuron's {name} is infinite")
        columns.values[name][keys] = values
    for key, own in text["neuron_attributes"]:
        columns.extra[int(key)] = decode(own)
    return columns


def _ranks(arrays: Arrays, text: dict) -> Ranks:
    ranks = Ranks(top=float(text["top_rank"]))
    ranks.reserve(int(text["next_key"]))
    ranks.rank[arrays["neuron.key"]] = arrays["neuron.rank"]
    _need(np.isfinite(arrays["neuron.rank"]).all(), "a neuron has no rank")
    return ranks


def _table(arrays: Arrays, text: dict) -> EdgeTable:
    table = EdgeTable(NeuronGraph.interned)
    keys, names = arrays["neuron.key"], decode(text["names"])
    _need(text["next_key"] <= np.iinfo(np.int32).max, "it has more neurons than a graph can have")
    _need(_within(keys, text["next_key"]) and (np.diff(keys) > 0).all(), "its neurons are not in order")
    table.names = [None] * int(text["next_key"])
    table.restore_names(keys.tolist(), names)
    _need(len(table.index) == len(keys), "two neurons have one name")
    for bundle in text["forms"]:
        table.forms.number({name: form_value(name, decode(value)) for name, value in bundle.items()})
    _need(len(table.forms.bundles) == len(text["forms"]), "it names a form of synapse twice")
    ids = table.id = arrays["synapse.id"].astype(np.int64)
    _need(_within(ids, text["next_id"]) and distinct(ids), "two synapses have one number")
    table.src, table.dst = arrays["synapse.source"].astype(np.int32), arrays["synapse.target"].astype(np.int32)
    table.form, table.kind = arrays["synapse.form"].astype(np.int32), arrays["synapse.weights"].astype(np.int8)
    table.alive, table.row = np.ones(len(ids), bool), np.zeros(len(ids), np.int32)
    table.next_id, table.size = int(text["next_id"]), len(ids)
    _need(all(len(getattr(table, column)) == len(ids) for column in table.COLUMNS), "its columns differ in length")
    table.pools = _pools(arrays, table)
    table.extra = {int(row): decode(own) for row, own in text["synapse_attributes"]}
    _need(all(0 <= row < len(ids) for row in table.extra), "it has attributes of a synapse that is not there")
    table._remap(Values())
    return table


def _pools(arrays: Arrays, table: EdgeTable) -> list[Pool]:
    """The weights of each shape, and in the table's rows where each synapse finds its own."""
    pools = []
    while f"weights.{len(pools) + 1}" in arrays:
        data = arrays[f"weights.{len(pools) + 1}"].astype(np.float64, copy=False)
        _need(np.isfinite(data).all(), "a weight is not finite")
        pools.append(Pool(data))
        mine = np.flatnonzero(table.kind == len(pools))
        _need(len(mine) == len(data), "there are more or fewer weights than synapses")
        table.row[mine] = np.arange(len(mine))
    _need(_within(table.kind, len(pools) + 1) and pools[0].data.ndim == 1, "a synapse's weight is not there")
    return pools


def _check_synapses(table: EdgeTable, columns: NeuronColumns, ranks: Ranks) -> None:
    """What the graph's own verbs would have refused: a cycle, strangers, two synapses on a pair, what does not fit."""
    living = np.zeros(len(table.names), bool)
    living[table.keys()] = True
    u, v = table.src, table.dst
    for ends in (u, v):
        _need(_within(ends, len(living)) and living[ends].all(), "a synapse joins a neuron that is not there")
    pair = (u.astype(np.int64) << 32) | v
    _need((pair[1:] > pair[:-1]).all(), "its synapses are not in order")
    _need((ranks.rank[u] < ranks.rank[v]).all(), "its synapses may close a cycle")
    _need(_within(table.form, len(table.forms.bundles)), "a synapse is of a form that is not there")
    counts = len(columns.kinds), len(columns.kinds), len(table.forms.bundles), len(table.pools) + 1
    codes = np.ravel_multi_index((columns.kind[u], columns.kind[v], table.form, table.kind), counts) if len(u) else u
    codes.sort()
    for code in codes[np.diff(codes, prepend=-1) > 0].tolist():
        source, target, form, weight = (int(part) for part in np.unravel_index(code, counts))
        shape = table.pools[weight - 1].data.shape[1:] if weight else None
        ends = columns.kinds[source].shape, columns.kinds[target].shape
        _need(columns.kinds[target].role != "input", "an input neuron has an incoming synapse")
        check_fit(form_of(table.forms.bundles[form]), shape, *ends)


def _within(numbers: np.ndarray, count: int) -> bool:
    return not len(numbers) or bool(numbers.min() >= 0 and numbers.max() < count)
