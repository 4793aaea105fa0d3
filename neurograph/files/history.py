"""Whether the journal of a file is one that its graph can have: it is undone and done again on a copy."""

from neurograph.core.effects.base import Effect
from neurograph.core.entries import Entry
from neurograph.core.graph import EditableGraph
from neurograph.core.soundness import check_entry, check_touched
from neurograph.errors import JournalError, NeuroGraphError


def check_history(graph: EditableGraph) -> None:
    """Refuse a journal with what cannot have been: unknown neurons, kinds or numbers, or one that cannot be undone.

    Raises
    ------
    JournalError
        Naming the entry and what is wrong.
    """
    journal = graph.journal
    for entry in (*journal.entries, *journal.undone):
        check_entry(entry, len(graph.table.names), graph.table.next_id)
    for entries in (journal.entries, journal.undone):
        if entries:
            _walk(graph.copy(), entries)


def _walk(graph: EditableGraph, entries: list[Entry]) -> None:
    """Toggle all entries, newest first, and all of them back, on a graph that is thrown away."""
    graph.restart_journal()
    turned = [_toggled(graph, entry.verb, entry.effects) for entry in reversed(entries)]
    for effects, entry in zip(reversed(turned), entries, strict=True):
        _toggled(graph, entry.verb, effects)


def _toggled(graph: EditableGraph, verb: str, effects: list[Effect]) -> list[Effect]:
    turned = []
    try:
        for effect in reversed(effects):
            effect.check(graph)
            turned.append(effect.toggle(graph))
        check_touched(graph, turned)
    except (NeuroGraphError, LookupError, ValueError, TypeError) as err:
        raise JournalError(f"the journal's entry {verb} does not fit its graph: {err}") from None
    graph.effects.clear()
    return turned
