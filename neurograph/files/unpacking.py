"""From arrays and JSON to a graph: checked as if somebody had written the file by hand, then put in place whole."""

from typing import Any

import numpy as np

from neurograph.core import journal
from neurograph.core.codec import decode
from neurograph.core.columns import NeuronColumns
from neurograph.core.graph import EditableGraph
from neurograph.core.ranks import Ranks
from neurograph.core.replaying import is_counts
from neurograph.core.soundness import MOST_KEYS
from neurograph.errors import FileError
from neurograph.files.container import Content
from neurograph.files.history import check_history
from neurograph.files.parts import Parts, need, need_attributes, within
from neurograph.files.synapses import check_synapses
from neurograph.schema import synapse
from neurograph.schema.neuron import SCHEMA, VALUES, NeuronKind, change_kind, default_values, may_have
from neurograph.schema.synapse import canonical_form
from neurograph.storage.pools import Pool
from neurograph.storage.sets import distinct
from neurograph.storage.table import EdgeTable

_HIGHEST = 2.0**53  # of a rank: whole numbers that a float holds


def unpack(content: Content, graph: EditableGraph) -> None:
    """Fill a new graph with what was packed.

    Raises
    ------
    FileError
        Content that no graph could have: a part that is missing or of another type, a cycle, ends that are not there,
        weights that do not fit, a journal that cannot be undone, another wiring than the digest's.
    """
    parts = Parts(content)
    table = _table(parts)
    graph.neurons, graph.ranks = _columns(parts), _ranks(parts)
    check_synapses(table, graph.neurons, graph.ranks)
    table.reindex()
    graph.adopt(table)
    graph.graph.update(need_attributes(decode(parts.text.get("attributes")), (), "the graph"))
    graph.population_names = dict.fromkeys(_names(parts, "populations"))
    _check_populations(graph)
    graph.next_name, graph.version = parts.whole("next_name"), parts.whole("version")
    graph.journal.entries = [journal.from_state(state) for state in parts.sequence("journal")]
    graph.journal.undone = [journal.from_state(state) for state in parts.sequence("undone")]
    graph.journal.forgotten = forgotten = parts.text.get("forgotten", {})
    need(is_counts(forgotten), "its counts of older entries of the journal are none")
    if content.digest is not None and graph.wiring_digest() != content.digest:
        raise FileError("its wiring is not the one its digest was made of")
    check_history(graph)


def _names(parts: Parts, what: str) -> list[str]:
    names = parts.sequence(what)
    need(all(type(name) is str and name for name in names), f"its {what} are not names")
    return names


def _check_populations(graph: EditableGraph) -> None:
    """Whether those of the neurons are registered; a kind may be left of a population that is gone."""
    kinds = graph.neurons.kinds
    used = np.flatnonzero(np.bincount(graph.neurons.kind[graph.table.keys()], minlength=1)).tolist() if kinds else []
    missing = {kinds[code].population for code in used} - graph.population_names.keys()
    need(not missing, f"a population is missing: {', '.join(sorted(missing))}")


def _columns(parts: Parts) -> NeuronColumns:
    keys = parts.numbers("neuron.key")
    codes, columns = parts.numbers("neuron.kind", len(keys)), NeuronColumns()
    for fields in parts.sequence("kinds"):
        need(isinstance(fields, dict), "a kind of neuron is no dictionary")
        columns.number(change_kind(NeuronKind(), {name: decode(value) for name, value in fields.items()}))
    need(len(columns.kinds) == len(parts.sequence("kinds")), "it names a kind of neuron twice")
    need(within(codes, len(columns.kinds)), "a neuron is of a kind that is not there")
    columns.reserve(parts.whole("next_key", MOST_KEYS), len(keys))
    columns.kind[keys] = codes
    for name in VALUES:
        values = parts.values(f"neuron.{name}", len(keys))
        _check_values(name, values, columns, codes)
        columns.values[name][keys] = values
    living = set(keys.tolist())
    for key, own in parts.pairs("neuron_attributes", len(columns.kind)):
        need(key in living, f"it has attributes of neuron {key}, which is not there")
        columns.extra[key] = need_attributes(decode(own), SCHEMA, f"neuron {key}")
    return columns


def _check_values(name: str, values: np.ndarray, columns: NeuronColumns, codes: np.ndarray) -> None:
    """Whether neurons of each kind have a value where they must and none where they cannot."""
    need(not np.isinf(values).any(), f"a neuron's {name} is infinite")
    need(name != "running_var" or not (values < 0).any(), "a neuron's running_var is negative")
    for code in np.flatnonzero(np.bincount(codes, minlength=1)).tolist() if len(codes) else ():
        kind, mine = columns.kinds[code], np.isnan(values[codes == code])
        what = f"role {kind.role!r}, activation {kind.activation!r} and norm {kind.norm!r}"
        need(may_have(kind, name) or mine.all(), f"a neuron with {what} has a {name}")
        need(name not in default_values(kind) or not mine.any(), f"a neuron with {what} has no {name}")


def _ranks(parts: Parts) -> Ranks:
    keys = parts.numbers("neuron.key")
    rank, top = parts.values("neuron.rank", len(keys)), parts.text.get("top_rank")
    need(type(top) in (int, float) and 0 <= top <= _HIGHEST, f"top_rank is {top!r}")
    need((np.abs(rank) <= _HIGHEST).all(), "a neuron has no rank")
    ranks = Ranks(top=float(top))
    ranks.reserve(parts.whole("next_key", MOST_KEYS), len(keys))
    ranks.rank[keys] = rank
    return ranks


def _table(parts: Parts) -> EdgeTable:
    table, keys, count = EdgeTable(EditableGraph.interned), parts.numbers("neuron.key"), 0
    next_key = parts.whole("next_key", MOST_KEYS)
    need(within(keys, next_key) and (np.diff(keys) > 0).all(), "its neurons are not in order")
    _restore_names(table, keys, decode(parts.sequence("names")))
    table.reach(next_key, 0)
    for bundle in parts.sequence("forms"):
        need(isinstance(bundle, dict), "a form of synapse is no dictionary")
        table.forms.number(canonical_form({name: decode(value) for name, value in bundle.items()}))
    need(len(table.forms.bundles) == len(parts.sequence("forms")), "it names a form of synapse twice")
    table.id, table.next_id = parts.numbers("synapse.id"), parts.whole("next_id")
    count = table.size = len(table.id)
    need(within(table.id, table.next_id) and distinct(table.id), "two synapses have one number")
    for column, name, below in (
        ("src", "source", next_key),
        ("dst", "target", next_key),
        ("form", "form", len(table.forms.bundles)),
        ("pool", "weights", 128),
    ):
        numbers = parts.numbers(f"synapse.{name}", count, dtype=None)
        need(within(numbers, below), f"a synapse's {name} is not there")
        setattr(table, column, numbers.astype(EdgeTable.COLUMNS[column], copy=False))
    table.alive, table.row = np.ones(count, bool), np.zeros(count, np.int32)
    table.pools = _pools(parts, table)
    for row, own in parts.pairs("synapse_attributes", count):
        table.extra[row] = need_attributes(decode(own), synapse.SCHEMA, f"synapse {table.id[row]}")
    table.install()
    return table


def _restore_names(table: EdgeTable, keys: np.ndarray, names: list[Any]) -> None:
    need(len(names) == len(keys), f"it has {len(keys)} neurons and {len(names)} names")
    try:
        need(None not in set(names), "a neuron has no name")
    except TypeError as err:
        raise FileError(f"a neuron has a name that is none: {err}") from None
    table.restore_names(keys.tolist(), names)
    need(len(table.index) == len(keys), "two neurons have one name")


def _pools(parts: Parts, table: EdgeTable) -> list[Pool]:
    """The weights of each shape, and in the table's rows where each synapse finds its own."""
    pools, shapes = [], set()
    while f"weights.{len(pools) + 1}" in parts.arrays:
        data = parts.values(f"weights.{len(pools) + 1}")
        need(np.isfinite(data).all(), "a weight is not finite")
        need(data.ndim == (3 if pools else 1) and 0 not in data.shape[1:], "weights are neither numbers nor kernels")
        need(data.shape[1:] not in shapes, "two pools hold weights of one shape")
        shapes.add(data.shape[1:])
        pools.append(Pool(data))
        mine = table.pool == len(pools)
        need(np.count_nonzero(mine) == len(data), "there are more or fewer weights than synapses")
        table.row[slice(None) if len(data) == len(mine) else mine] = np.arange(len(data), dtype=np.int32)
    need(pools and within(table.pool, len(pools) + 1), "a synapse's weight is not there")
    return pools
