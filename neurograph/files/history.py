"""Whether the journal of a file is one that its graph can have: it is undone and done again on a copy."""

from collections.abc import Iterable

import numpy as np

from neurograph.core.effects.content import check_content
from neurograph.core.entries import Entry
from neurograph.core.graph import EditableGraph
from neurograph.errors import JournalError, NeuroGraphError
from neurograph.files.parts import need
from neurograph.schema.neuron import VALUES, default_values, may_have
from neurograph.schema.synapse import check_fit, form_of


def check_history(graph: EditableGraph) -> None:
    """Refuse a journal with what cannot have been: unknown neurons, kinds or numbers, or one that cannot be undone.

    Raises
    ------
    FileError, JournalError
        Naming the entry and what is wrong.
    """
    journal = graph.journal
    for entry in (*journal.entries, *journal.undone):
        _check_entry(graph, entry)
    for entries in (journal.entries, journal.undone):
        if entries:
            _walk(graph.copy(), entries)


def _check_entry(graph: EditableGraph, entry: Entry) -> None:
    keys, ids = len(graph.table.names), graph.table.next_id
    need(type(entry.verb) is str, f"a journal's verb is {entry.verb!r}")
    for told in (entry.options, entry.details):
        need(isinstance(told, dict), f"the journal's entry {entry.verb} does not tell its options or details")
    for heirs, below in ((entry.neuron_heirs, keys), (entry.synapse_heirs, ids)):
        known = not heirs.size or (heirs.min() >= 0 and heirs.max() < below)
        need(known, f"the journal's entry {entry.verb} has heirs that were never born")
    for effect in entry.effects:
        try:
            check_content(effect, keys, ids)
        except NeuroGraphError as err:
            raise JournalError(f"the journal's entry {entry.verb}: {err}") from None


def _walk(graph: EditableGraph, entries: list[Entry]) -> None:
    """Toggle all entries, newest first, and all of them back, on a graph that is thrown away."""
    graph.restart_journal()
    turned = [_toggled(graph, entry.verb, entry.effects) for entry in reversed(entries)]
    _check_whole(graph)
    for effects, entry in zip(reversed(turned), entries, strict=True):
        _toggled(graph, entry.verb, effects)


def _toggled(graph: EditableGraph, verb: str, effects: list) -> list:
    turned = []
    try:
        for effect in reversed(effects):
            effect.check(graph)
            turned.append(effect.toggle(graph))
            _check_ends(graph, effect.synapses_died)
    except (NeuroGraphError, LookupError, ValueError, TypeError) as err:
        raise JournalError(f"the journal's entry {verb} does not fit its graph: {err}") from None
    graph.effects.clear()
    return turned


def _check_ends(graph: EditableGraph, ids: Iterable[int]) -> None:
    """Whether synapses that came back fit between their neurons."""
    table, columns = graph.table, graph.neurons
    numbers = np.asarray(ids, np.int64)
    for row in table.rows_of(numbers).tolist() if len(numbers) else ():
        source, target = columns.of(int(table.src[row])), columns.of(int(table.dst[row]))
        need(target.role != "input", "an input neuron has an incoming synapse")
        weight = table.values.weight(row)
        shape = None if weight is None else np.shape(weight)
        check_fit(form_of(table.forms.bundles[table.form[row]]), shape, source.shape, target.shape)


def _check_whole(graph: EditableGraph) -> None:
    """Whether a graph is one that its own verbs could have made: values fit kinds, weights and forms fit ends."""
    table, columns = graph.table, graph.neurons
    keys = table.keys()
    for code in np.unique(columns.kind[keys]).tolist():
        kind = columns.kinds[code]
        need(kind.population in graph.population_names, f"the journal leads to a lost population {kind.population!r}")
        for name in VALUES:
            missing = np.isnan(columns.values[name][keys[columns.kind[keys] == code]])
            fits = (may_have(kind, name) or missing.all()) and (name not in default_values(kind) or not missing.any())
            need(fits, f"the journal leads to a neuron whose {name} is not of its kind")
    _check_pairs(graph)


def _check_pairs(graph: EditableGraph) -> None:
    """Whether all synapses fit between their neurons; those between the same kinds, of one form and shape, once."""
    table, columns = graph.table, graph.neurons
    rows = table.live()
    parts = columns.kind[table.src[rows]], columns.kind[table.dst[rows]], table.form[rows], table.kind[rows]
    if len(rows):
        _, first = np.unique(np.stack(parts, 1), axis=0, return_index=True)
        _check_ends(graph, table.id[rows[first]])
