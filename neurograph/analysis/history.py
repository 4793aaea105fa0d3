"""Everything that ever lived in a network: what is there now, and what its journal says died."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurograph.analysis.sizes import signed_sizes
from neurograph.core.entries import Entry
from neurograph.core.graph import EditableGraph
from neurograph.core.levels import levels
from neurograph.core.records import NeuronRecords, SynapseRecords
from neurograph.schema.neuron import VALUES, NeuronKind
from neurograph.schema.synapse import DELAY

NEVER = 0  # the moment of death of what lives


@dataclass(frozen=True, eq=False)
class NeuronHistory:
    """Neurons, by rising key.

    Parameters
    ----------
    keys, names
        (N,) int64 numbers, and networkx nodes.
    kind, kinds
        (N,) int64; `kinds[kind[i]]` is neuron i's kind, for the dead the one it died with.
    values
        name -> (N,) float64, NaN where a neuron has none.
    born, died
        (N,) int64 moments: moment m is just after entry m - 1 of the journal, 0 the start; `NEVER` for the living.
    heir
        (N,) int64: the position of the neuron whose heir each is, -1 where there is none.
    extra
        position -> the user's own attributes.
    """

    keys: np.ndarray
    names: list
    kind: np.ndarray
    kinds: list[NeuronKind]
    values: dict[str, np.ndarray]
    born: np.ndarray
    died: np.ndarray
    heir: np.ndarray
    extra: dict[int, dict]


@dataclass(frozen=True, eq=False)
class SynapseHistory:
    """Synapses, in no order.

    Parameters
    ----------
    ids
        (E,) int64.
    source, target
        (E,) int64 positions among the neurons.
    form, forms
        (E,) int64; `forms[form[e]]` is the bundle of attributes of synapse e.
    weight
        (E,) float64: the number; of a kernel its norm with the sign of its sum; NaN where there is none.
    born, died
        (E,) int64 moments; see `NeuronHistory`.
    pool, row
        (E,) int64: of the living, where the weight lies in `pools`; pool -1 where there is none, and for the dead.
    pools
        Arrays of weights by shape; see `GraphArrays`.
    """

    ids: np.ndarray
    source: np.ndarray
    target: np.ndarray
    form: np.ndarray
    forms: list[dict[str, Any]]
    weight: np.ndarray
    born: np.ndarray
    died: np.ndarray
    pool: np.ndarray
    row: np.ndarray
    pools: tuple[np.ndarray, ...]

    @property
    def size(self) -> np.ndarray:
        """(E,) float64: how strong each is; 0 where there is no weight."""
        return np.nan_to_num(np.abs(self.weight))

    @property
    def immediate(self) -> np.ndarray:
        """(E,) bool: which of them read values of the same step, and so take part in the order of neurons."""
        return np.array([not form.get(DELAY) for form in self.forms], bool)[self.form]


def neurons_of(graph: EditableGraph) -> NeuronHistory:
    """All neurons that are or were, since the journal's start."""
    columns, keys = graph.neurons, graph.table.keys()
    dead = [(moment, rows) for moment, entry in _moments(graph) for rows in _dead_neurons(entry)]
    born, died = _fates(((moment, entry.neurons_born, entry.neurons_died) for moment, entry in _moments(graph)), keys)
    kinds = list(columns.kinds)
    code = {kind: at for at, kind in enumerate(kinds)}
    parts = [(keys, graph.names_of(keys), columns.kind[keys], {n: columns.values[n][keys] for n in VALUES})]
    for moment, rows in dead:
        mine = np.array([died.get(key, NEVER) == moment for key in rows.keys.tolist()], bool)
        number = np.array([code.setdefault(kind, len(code)) for kind in rows.kinds], np.int64)
        names = [name for name, it in zip(rows.names, mine, strict=True) if it]
        parts.append((rows.keys[mine], names, number[mine], {n: rows.values[n][mine] for n in VALUES}))
    every = np.concatenate([part[0] for part in parts]).astype(np.int64)
    order = np.argsort(every, kind="stable")
    names = [name for part in parts for name in part[1]]
    every = every[order]
    return NeuronHistory(
        every,
        [names[at] for at in order.tolist()],
        np.concatenate([part[2] for part in parts])[order].astype(np.int64),
        list(code),
        {name: np.concatenate([part[3][name] for part in parts])[order] for name in VALUES},
        np.array([born.get(key, 0) for key in every.tolist()], np.int64),
        np.array([died.get(key, NEVER) for key in every.tolist()], np.int64),
        _heirs(graph, every),
        {at: columns.extra[key] for at, key in enumerate(every.tolist()) if key in columns.extra},
    )


def synapses_of(graph: EditableGraph, neurons: NeuronHistory) -> SynapseHistory:
    """All synapses that are or were, since the journal's start."""
    arrays, table = graph.arrays(), graph.table
    fates = ((moment, entry.synapses_born, entry.synapses_died) for moment, entry in _moments(graph))
    born, died = _fates(fates, arrays.ids)
    rows = table.rows_of(arrays.ids)
    bundles = [dict(bundle) for bundle in table.forms.bundles]
    weight = _living_weights(arrays.pool, arrays.row, arrays.pools)
    ends = arrays.keys[arrays.source], arrays.keys[arrays.target]
    where = arrays.pool.astype(np.int64), arrays.row.astype(np.int64)
    parts = [(arrays.ids, *ends, table.form[rows].astype(np.int64), weight, *where)]
    for moment, entry in _moments(graph):
        for dead in _dead_synapses(graph, entry):
            mine = np.flatnonzero([died.get(number, NEVER) == moment for number in dead.ids.tolist()])
            form = np.array([_code(bundles, bundle) for bundle in dead.forms], np.int64)[dead.form[mine]]
            gone = _dead_weights(dead)[mine], np.full(len(mine), -1), np.zeros(len(mine), np.int64)
            parts.append((dead.ids[mine], dead.source[mine], dead.target[mine], form, *gone))
    ids, source, target, form, weight, pool, row = (np.concatenate(column) for column in zip(*parts, strict=True))
    source, target = (np.searchsorted(neurons.keys, end) for end in (source, target))
    fates = _moments_of(ids, born), _moments_of(ids, died)
    return SynapseHistory(ids, source, target, form, bundles, weight, *fates, pool, row, arrays.pools)


def levels_of(neurons: NeuronHistory, synapses: SynapseHistory) -> np.ndarray:
    """(N,) int64: the longest path to each neuron, over all that ever was; 0 where that went in circles."""
    now = synapses.immediate
    level = levels(len(neurons.keys), synapses.source[now], synapses.target[now])
    return np.maximum(level, 0).astype(np.int64)


def _moments(graph: EditableGraph) -> Iterator[tuple[int, Entry]]:
    return enumerate(graph.journal, 1)


def _fates(
    entries: Iterator[tuple[int, np.ndarray, np.ndarray]], alive: np.ndarray
) -> tuple[dict[int, int], dict[int, int]]:
    """Number -> moment of birth, and of death; what was born and died in one entry was never seen and has neither."""
    born: dict[int, int] = {}
    died: dict[int, int] = {}
    for moment, births, deaths in entries:
        passing = set(births.tolist()) & set(deaths.tolist())
        born.update((number, moment) for number in births.tolist() if number not in passing)
        died.update((number, moment) for number in deaths.tolist() if number not in passing)
    for number in alive[np.isin(alive, np.fromiter(died, np.int64, len(died)))].tolist():
        del died[number]  # it came back by an entry of its own
    return born, died


def _moments_of(ids: np.ndarray, moments: dict[int, int]) -> np.ndarray:
    """(n,) the moment of each number, 0 for those that have none."""
    known = np.array(sorted(moments), np.int64)
    if not len(known):
        return np.zeros(len(ids), np.int64)
    value = np.array([moments[number] for number in known.tolist()], np.int64)
    near = np.minimum(np.searchsorted(known, ids), len(known) - 1)
    return np.where(known[near] == ids, value[near], 0)


def _heirs(graph: EditableGraph, keys: np.ndarray) -> np.ndarray:
    heir = np.full(len(keys), -1)
    for entry in graph.journal:
        if len(entry.neuron_heirs):
            new, old = np.searchsorted(keys, entry.neuron_heirs.T)
            known = (new < len(keys)) & (old < len(keys))
            new, old = new[known], old[known]
            same = (keys[new] == entry.neuron_heirs[known, 0]) & (keys[old] == entry.neuron_heirs[known, 1])
            heir[new[same]] = old[same]
    return heir


def _dead_neurons(entry: Entry) -> Iterator[NeuronRecords]:
    return (rows for rows in (effect.dead_neurons() for effect in entry.effects) if rows is not None)


def _dead_synapses(graph: EditableGraph, entry: Entry) -> Iterator[SynapseRecords]:
    bundles = graph.table.forms.bundles
    return (rows for rows in (effect.dead_synapses(bundles) for effect in entry.effects) if rows is not None)


def _code(bundles: list[dict[str, Any]], bundle: dict[str, Any]) -> int:
    if bundle not in bundles:
        bundles.append(dict(bundle))
    return bundles.index(bundle)


def _living_weights(pool: np.ndarray, row: np.ndarray, pools: tuple[np.ndarray, ...]) -> np.ndarray:
    weight = np.full(len(pool), np.nan)
    for number, data in enumerate(pools):
        mine = np.flatnonzero(pool == number)
        weight[mine] = signed_sizes(data[row[mine]])
    return weight


def _dead_weights(rows: SynapseRecords) -> np.ndarray:
    weight = np.full(len(rows), np.nan)
    for number, data in enumerate(rows.pools, 1):
        mine = np.flatnonzero(rows.pool == number)
        weight[mine] = signed_sizes(data[rows.row[mine]])
    return weight
