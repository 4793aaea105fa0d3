"""From columns to `GraphArrays`: neurons numbered topologically, synapses by target."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from neurograph.core.arrays import GraphArrays
from neurograph.core.levels import levels
from neurograph.core.ranks import immediate
from neurograph.schema.synapse import form_of
from neurograph.storage.sparse import places
from neurograph.storage.table import EdgeTable

if TYPE_CHECKING:
    from neurograph.core.state import GraphState


def structure(graph: "GraphState", last: GraphArrays | None) -> GraphArrays:
    """The arrays of a graph without numbers; the last ones where nothing structural has changed."""
    return _structure(graph) if last is None or last.version != graph.version else last


def with_numbers(graph: "GraphState", arrays: GraphArrays) -> GraphArrays:
    """The same arrays with copies of the graph's numbers."""
    return replace(arrays, **_numbers(graph, arrays))


def _numbers(graph: "GraphState", arrays: GraphArrays) -> dict:
    """Copies of what training moves, for the neurons and synapses of some arrays."""
    table = graph.table
    return {
        "values": {name: column[arrays.keys] for name, column in graph.neurons.values.items()},
        "pools": tuple(pool.data[: pool.size].copy() for pool in table.pools),
        "row": _frozen(table.row[table.rows_of(arrays.ids)]) if arrays.pool.size else arrays.row,
    }


def _structure(graph: "GraphState") -> GraphArrays:
    table, columns = graph.table, graph.neurons
    keys = table.keys()
    place = places(keys, len(table.names))
    rows = _live_by_target(table)
    src, dst = place[table.src[rows]], place[table.dst[rows]]
    now = immediate(table, rows)
    level = levels(len(keys), place[table.src[now]], place[table.dst[now]]) if len(now) < len(rows) else None
    level = levels(len(keys), src, dst) if level is None else level
    order = np.lexsort((keys, level))
    position = np.empty(len(keys), np.int32)
    position[order] = np.arange(len(keys))
    source, target = position[src], position[dst]
    ends = (target.astype(np.int64) << 32) | source
    if not (ends[1:] > ends[:-1]).all():
        by = np.argsort(ends, kind="stable")  # adaptive: what is nearly in order costs little
        rows, source, target = rows[by], source[by], target[by]
    keys = keys[order]
    return GraphArrays(
        version=graph.version,
        keys=_frozen(keys),
        names=graph.names_of(keys),
        level=_frozen(level[order]),
        kind=_frozen(columns.kind[keys]),
        kinds=tuple(columns.kinds),
        values={},
        ids=_frozen(table.id[rows]),
        source=_frozen(source),
        target=_frozen(target),
        form=_forms(table, rows),
        forms=tuple(form_of(bundle) for bundle in table.forms.bundles),
        pool=_frozen(table.pool[rows] - np.int8(1)),
        row=np.empty(0, np.int32),
        pools=(),
        populations=tuple(graph.population_names),
    )


def _forms(table: EdgeTable, rows: np.ndarray) -> np.ndarray:
    """(rows,) the forms of some rows, read-only; where there is but one, one number stands for all."""
    if len(table.forms.bundles) == 1:
        return np.broadcast_to(np.int32(0), len(rows))
    return _frozen(table.form[rows])


def _live_by_target(table: EdgeTable) -> np.ndarray:
    """All live rows, by target where they are indexed; the table is left as it is, so that a small edit stays cheap."""
    base = table.inn.perm.astype(np.int64)
    if table.size == table.base and not table.dead:
        return base
    tail = np.arange(table.base, table.size)
    return np.concatenate([base[table.alive[base]], tail[table.alive[tail]]])


def _frozen(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array
