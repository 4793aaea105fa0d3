"""Whether what a journal from a file leads to is a graph that its own verbs could have made.

Journals of files are walked with these checks when a graph is loaded, and when another graph replays one: entry by
entry, looking at no more than an entry has touched.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from neurograph.core.effects.base import Effect
from neurograph.core.effects.checks import alive
from neurograph.core.effects.neurons import KindsChanged, NeuronsBorn, PopulationRemoved
from neurograph.core.effects.requirements import check_content
from neurograph.core.effects.synapses import FormsChanged, SynapseBorn, SynapsesBorn
from neurograph.core.effects.values import ValuesWritten, WeightReplaced
from neurograph.core.entries import Entry
from neurograph.core.state import GraphState
from neurograph.errors import JournalError, NeuroGraphError
from neurograph.schema.neuron import VALUES, default_values, may_have
from neurograph.schema.synapse import check_fit, form_of
from neurograph.storage.sets import each_once

MOST_KEYS = 2**30  # of neurons that were ever born: as many again still have 32 bits
MOST_IDS = 2**62  # of synapses likewise, so that sums of two ids still fit 64 bits


def check_entry(entry: Entry, keys: int = MOST_KEYS, ids: int = MOST_IDS) -> None:
    """Refuse an entry read from a file that holds what no entry can.

    Parameters
    ----------
    entry
        The entry.
    keys, ids
        The next key and the next id of the graph that it led to, where that is known: all that were given are below.

    Raises
    ------
    JournalError
        Naming the entry and what is wrong.
    """
    _need(type(entry.verb) is str, f"a journal's verb is {entry.verb!r}")
    for given in (entry.options, entry.details):
        _need(isinstance(given, dict), f"the journal's entry {entry.verb} lacks its options or details")
    check_heirs(entry, keys, ids)
    for effect in entry.effects:
        try:
            check_content(effect, keys, ids)
        except NeuroGraphError as err:
            raise JournalError(f"the journal's entry {entry.verb}: {err}") from None


def check_heirs(entry: Entry, keys: int, ids: int) -> None:
    """Refuse an entry that tells of heirs which were never born; see `check_entry`."""
    for heirs, below in ((entry.neuron_heirs, keys), (entry.synapse_heirs, ids)):
        known = not heirs.size or (heirs.min() >= 0 and heirs.max() < below)
        _need(known, f"the journal's entry {entry.verb} has heirs that were never born")


def check_touched(graph: GraphState, effects: Sequence[Effect]) -> None:
    """Refuse what an entry has made of a graph: values, weights and forms that do not fit, a population that is lost.

    Parameters
    ----------
    graph
        The graph, right after the entry was carried out.
    effects
        Those that would take it back. Neurons and synapses that they are not about are taken to be sound.

    Raises
    ------
    JournalError, SynapseError
        Saying what does not fit.
    """
    table = graph.table
    keys = _joined(each.keys for each in effects if isinstance(each, NeuronsBorn | KindsChanged | ValuesWritten))
    changed = _joined(each.keys for each in effects if isinstance(each, KindsChanged))
    around = (table.rows(key, side) for key in each_once(changed).tolist() for side in (table.inn, table.out))
    rows = _joined([table.rows_of(_joined(map(_numbers, effects))), *around])
    if any(isinstance(each, PopulationRemoved) for each in effects):
        keys = table.keys()
    _check_neurons(graph, keys)
    _check_synapses(graph, rows[rows >= 0])


def _numbers(effect: Effect) -> np.ndarray:
    """(n,) int64 ids of synapses that may not fit between their neurons; the effect takes back what they got."""
    if isinstance(effect, SynapseBorn | WeightReplaced):
        return np.array([effect.number])
    return effect.ids if isinstance(effect, SynapsesBorn | FormsChanged) else np.empty(0, np.int64)


def _check_neurons(graph: GraphState, keys: np.ndarray) -> None:
    """Whether neurons, those of them that live, belong to a population and have the values of their kinds."""
    columns = graph.neurons
    keys = keys[alive(graph, keys)]
    for code in each_once(columns.kind[keys]).tolist():
        kind, mine = columns.kinds[code], keys[columns.kind[keys] == code]
        _need(kind.population in graph.population_names, f"the journal leads to a lost population {kind.population!r}")
        for name in VALUES:
            missing = np.isnan(columns.values[name][mine])
            fits = (may_have(kind, name) or missing.all()) and (name not in default_values(kind) or not missing.any())
            _need(fits, f"the journal leads to a neuron whose {name} is not of its kind")


def _check_synapses(graph: GraphState, rows: np.ndarray) -> None:
    """Whether synapses fit between their neurons; those between the same kinds, of one form and shape, once."""
    table, columns = graph.table, graph.neurons
    parts = columns.kind[table.src[rows]], columns.kind[table.dst[rows]], table.form[rows], table.pool[rows]
    counts = len(columns.kinds), len(columns.kinds), len(table.forms.bundles), len(table.pools) + 1
    codes = each_once(np.ravel_multi_index(parts, counts)) if len(rows) else np.empty(0, np.int64)
    for source, target, form, pool in zip(*(part.tolist() for part in np.unravel_index(codes, counts)), strict=True):
        ends = columns.kinds[source], columns.kinds[target]
        _need(ends[1].role != "input", "an input neuron has an incoming synapse")
        shape = table.pools[pool - 1].data.shape[1:] if pool else None
        check_fit(form_of(table.forms.bundles[form]), shape, ends[0].shape, ends[1].shape)


def _joined(parts: Iterable[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.empty(0, np.int64), *(np.asarray(part, np.int64) for part in parts)])


def _need(condition: Any, what: str) -> None:
    if not condition:
        raise JournalError(what)
