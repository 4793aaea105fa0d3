"""Edits and the journal: applied, undone, redone, replayed; runs of raw mutations become entries."""

from collections.abc import Iterable

import networkx as nx

from neurograph.core.compacting import compact as renumber
from neurograph.core.editing import Edit, EditResult
from neurograph.core.entries import RAW, Entry
from neurograph.core.journal import Journal, pack
from neurograph.core.journal import replay as carry_out
from neurograph.core.mutations.owning import release, synchronise
from neurograph.core.mutations.whole import in_turn, whole_entry
from neurograph.core.outcome import checked_outcome
from neurograph.core.state import GraphState
from neurograph.errors import JournalError
from neurograph.memory import give_back


def close_run(graph: GraphState) -> None:
    """Make an entry of the raw mutations that no entry holds yet."""
    if graph.effects and graph._savepoint is None:
        _write_run(graph)


@whole_entry
def _write_run(graph: GraphState) -> None:
    run = Entry(RAW, {}, pack(graph.effects))
    graph.effects.append(graph._journal.before_writing())
    graph._journal.write(run)


def restart_journal(graph: GraphState) -> None:
    """Forget how the graph came to be: what is done from here on can be undone, what was done before cannot."""
    _restart_journal(graph)
    give_back(graph.table.size)


@in_turn
def _restart_journal(graph: GraphState) -> None:
    between_edits(graph, "restart the journal")
    graph.effects, graph._journal, graph.turn = [], Journal(), {}


@in_turn
def shorten_journal(graph: GraphState, most: int) -> None:
    """Keep the newest entries of the journal, and of older ones counts (`journal.forgotten`).

    What is kept can be undone, and replayed on a copy that was made where it begins; what was before cannot. For
    networks that are edited without end.

    Parameters
    ----------
    most
        How many entries to keep; what was undone and could be redone is kept as well.
    """
    between_edits(graph, "shorten the journal")
    close_run(graph)
    graph._journal, graph.turn = graph._journal.shortened(most), {}


def between_edits(graph: GraphState, what: str) -> None:
    """Refuse what cannot be done in the middle of an edit."""
    graph._check_turn()
    if graph._savepoint is not None and graph._is_my_turn():
        raise JournalError(f"cannot {what} in the middle of an edit or of atomic(); do it afterwards")


def apply(graph: GraphState, edit: Edit) -> EditResult:
    """Carry out an edit: all of it, as one journal entry, or, where it raises, nothing.

    Parameters
    ----------
    edit
        One of `neurograph.edits`, or any frozen dataclass with `apply(graph)` that returns an `Outcome`. What a
        network has learned is written back first, unless the edit has an attribute `looks_up` that is true: it then
        reads no value but through what looks up today's, as `graph.renew` does.

    Raises
    ------
    EditError
        Of the edit; or what it returned is no `Outcome`.
    """
    graph.writable_table()
    graph._check_turn()
    if graph._savepoint is not None and graph._is_my_turn():
        raise JournalError(
            "an edit is an entry of its own, and no part of another or of atomic(): apply one after the other, or call "
            "its apply(graph), which makes what it does a part of what is under way"
        )
    if not getattr(edit, "looks_up", False):
        synchronise(graph)
    close_run(graph)
    return _apply(graph, edit)


@whole_entry
def _apply(graph: GraphState, edit: Edit) -> EditResult:
    outcome = checked_outcome(edit, edit.apply(graph))
    effects, heirs = pack(graph.effects), (outcome.neuron_heirs, outcome.synapse_heirs)
    entry = Entry(type(edit).__name__, outcome.options, effects, *heirs, outcome.details)
    graph.effects.append(graph._journal.before_writing())
    graph._journal.write(entry)
    graph.changes.heirs(entry.synapse_heirs.tolist(), entry.neuron_heirs.tolist())
    dead = [(effect.dead_neurons(), effect.neurons_died) for effect in effects]
    died = [name for rows, keys in dead for name in (rows.names if rows else graph.names_of(keys))]
    born = [name for name in graph.names_of(entry.neurons_born) if name is not None]
    return EditResult(entry, born, died)


def undo(graph: GraphState) -> Entry:
    """Undo the newest entry: structure comes back as it was, with ids, order and places.

    What died gets the weights it died with. What survived keeps today's weights, but for those that the entry
    itself wrote and nobody has touched since: they are set back. Returns the entry. An exception on the way leaves
    the graph and the entry as they were.
    """
    graph.writable_table()
    between_edits(graph, "undo")
    synchronise(graph)
    close_run(graph)
    return _undo(graph)


@whole_entry
def _undo(graph: GraphState) -> Entry:
    if not graph._journal.entries:
        older = graph._journal.forgotten.get("entries", 0)
        gone = f"of the {older} entries before, counts are kept alone" if older else "the journal is empty"
        raise JournalError(f"nothing to undo: {gone}")
    entry = _toggled(graph, graph._journal.entries[-1])
    graph.effects.append(graph._journal.before_undoing())
    del graph._journal.entries[-1]
    graph._journal.undone.append(entry)
    return entry


def redo(graph: GraphState) -> Entry:
    """Do the entry again that was undone last; returns it. An exception leaves everything as it was."""
    graph.writable_table()
    between_edits(graph, "redo")
    synchronise(graph)
    return _redo(graph)


@whole_entry
def _redo(graph: GraphState) -> Entry:
    if graph.effects or not graph._journal.undone:
        raise JournalError("nothing to redo: nothing was undone, or the graph was edited since")
    entry = _toggled(graph, graph._journal.undone[-1])
    graph.changes.heirs(entry.synapse_heirs.tolist(), entry.neuron_heirs.tolist())
    graph.effects.append(graph._journal.before_redoing())
    del graph._journal.undone[-1]
    graph._journal.entries.append(entry)
    return entry


def _toggled(graph: GraphState, entry: Entry) -> Entry:
    nx._clear_cache(graph)
    effects = [effect.toggle(graph) for effect in reversed(entry.effects)]
    graph.version += 1
    return Entry(entry.verb, entry.options, effects, entry.neuron_heirs, entry.synapse_heirs, entry.details)


def replay(graph: GraphState, entries: Journal | Iterable[Entry]) -> None:
    """Carry out another graph's journal on a graph that is as that was before it: all of it or nothing.

    Parameters
    ----------
    entries
        A journal, `other.journal` or one that `Journal.load` read; or entries that `from_line` read.

    Raises
    ------
    JournalError
        The graph is not the one that the journal starts from; naming the entry and what does not fit.
    """
    if isinstance(entries, Journal):
        _refuse_later(graph, entries)
        entries = entries.ahead()
    graph.writable_table()
    between_edits(graph, "replay")
    synchronise(graph)
    close_run(graph)
    _replay(graph, entries)


def _refuse_later(graph: GraphState, journal: Journal) -> None:
    """Refuse a journal that does not begin where the graph is, because older entries are gone from it."""
    older, here = journal.forgotten.get("entries", 0), graph._journal
    if older and older != here.forgotten.get("entries", 0) + len(here.entries):
        raise JournalError(
            f"this journal has kept its last {len(journal)} entries, and {older} came before: it can be carried "
            "out on a copy of its graph that was made after those"
        )


@whole_entry
def _replay(graph: GraphState, entries: Iterable[Entry]) -> None:
    nx._clear_cache(graph)
    carry_out(graph, graph._journal, entries)


@in_turn
def compact(graph: GraphState) -> None:
    """Number neurons and synapses afresh, 0, 1, 2, ... in the order they have, and forget the journal.

    A graph that was edited for long is then as small as one that was built as it is now, in memory and on disk.
    Names, attributes (innovations among them), values, populations and the wiring digest stay. Keys and ids are
    others: a network that was compiled before is written back first and cannot follow, its `refresh` says so, and
    one that is compiled anew takes its `state_dict()` and `optimizer_state(...)`, which go by order. `Observations`
    that were made before, and views of nodes and edges, are of the graph as it was.

    Raises
    ------
    JournalError
        In the middle of an edit.
    """
    between_edits(graph, "compact")
    graph.writable_table()
    release(graph)
    nx._clear_cache(graph)
    renumber(graph, Journal())
