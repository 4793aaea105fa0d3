"""A graph numbered afresh: neurons 0, 1, 2, ... and synapses likewise, in the order that they had, and nothing besides.

What a long evolution leaves behind goes: rows of neurons that died, kinds, forms and shapes of weights that nobody has.
Innovations, names and all other attributes stay, and so does every place that follows from the order of the numbers.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from neurograph.core.columns import NeuronColumns
from neurograph.core.ranks import Ranks
from neurograph.schema.neuron import VALUES
from neurograph.storage.pools import Pool
from neurograph.storage.sparse import places
from neurograph.storage.table import EdgeTable

if TYPE_CHECKING:
    from neurograph.core.state import GraphState

Parts = tuple[EdgeTable, NeuronColumns, Ranks]


def compacted(graph: "GraphState") -> Parts:
    """A graph's synapses, neurons and ranks as a fresh graph would have them; the graph is left as it is."""
    keys = graph.table.keys()
    return _table(graph.table, keys), _columns(graph.neurons, keys), _ranks(graph.ranks, keys)


def compact(graph: Any, journal: Any) -> None:
    """Let a graph be as `compacted` says, with a journal that is empty; no network can follow."""
    table, neurons, ranks = compacted(graph)
    graph.version += 1
    graph.changes.abandon()
    graph.effects, graph._journal, graph._numbered = [], journal, None
    graph.replacements, graph.compiled_columns = {}, {}
    graph.table.guard = None  # of views that look into it
    graph.neurons, graph.ranks = neurons, ranks
    graph.adopt(table)


def _columns(old: NeuronColumns, keys: np.ndarray) -> NeuronColumns:
    new = NeuronColumns()
    kind, used = _renumbered(old.kind[keys])
    for code in used:
        new.number(old.kinds[code])
    new._hold(kind, {name: old.values[name][keys] for name in VALUES})
    if old.extra:
        new.extra = {at: old.extra[key].copy() for at, key in enumerate(keys.tolist()) if key in old.extra}
    return new


def _ranks(old: Ranks, keys: np.ndarray) -> Ranks:
    return Ranks(old.rank[keys], old.top)


def _table(old: EdgeTable, keys: np.ndarray) -> EdgeTable:
    return old.copy() if _is_compact(old, keys) else _table_anew(old, keys)


def _is_compact(table: EdgeTable, keys: np.ndarray) -> bool:
    """Whether a table is numbered as it would be afresh, so that a copy of its columns is all it takes."""
    size = table.size
    if table.dead or size != table.base or not size or table.next_id != size or len(table.pools) < 1:
        return False
    if len(keys) != len(table.names) or len(keys) != table.indexed or not isinstance(table.names, list):
        return False
    pool, pools = table.pool[:size], len(table.pools)
    if not np.bincount(table.form[:size], minlength=len(table.forms.bundles))[1:].all():
        return False
    if not np.bincount(pool, minlength=pools + 1)[2:].all():
        return False
    plain = np.arange(size)
    return all(
        np.array_equal(table.row[:size][pool == number], plain[: table.pools[number - 1].size])
        for number in range(1, pools + 1)
    )


def _table_anew(old: EdgeTable, keys: np.ndarray) -> EdgeTable:
    new = EdgeTable(old.interned)
    names = old.names
    new.names = [names[key] for key in keys.tolist()]
    new.index = dict(zip(new.names, range(len(keys)), strict=True))
    rows, place = old.live(), places(keys, len(names))
    order = np.argsort(old.id[rows], kind="stable")
    ids = np.empty(len(rows), np.int64)
    ids[order] = np.arange(len(rows))
    form, forms = _renumbered(old.form[rows], first=(0,))
    pool, pools = _renumbered(old.pool[rows].astype(np.int32), first=(0, 1))
    for code in forms:
        new.forms.number(old.forms.bundles[code])
    new.pools = [Pool(old.pools[code - 1].data[:0]) for code in pools[1:]]
    row = np.zeros(len(rows), np.int32)
    for number, code in enumerate(pools[1:], 1):
        mine = np.flatnonzero(pool == number)
        new.pools[number - 1] = old.pools[code - 1].take(old.row[rows[mine]], 0)
        row[mine] = np.arange(len(mine))
    columns = (place[old.src[rows]], place[old.dst[rows]], np.ones(len(rows), bool), pool, row, form, ids)
    for (name, dtype), column in zip(EdgeTable.COLUMNS.items(), columns, strict=True):
        setattr(new, name, column.astype(dtype))
    new.size = new.next_id = len(rows)
    new.extra = {at: old.extra[r].copy() for at, r in enumerate(rows.tolist()) if r in old.extra} if old.extra else {}
    new.reindex()
    return new


def _renumbered(codes: np.ndarray, first: tuple[int, ...] = ()) -> tuple[np.ndarray, list[int]]:
    """Codes as numbers among those that are used, and the codes these stand for; some come first, used or not."""
    used = [*first, *(code for code in np.flatnonzero(np.bincount(codes)).tolist() if code not in first)]
    number = np.zeros(max(used, default=0) + 1, np.int32)
    number[used] = np.arange(len(used))
    return number[codes], used
