"""`EditableGraph`: a neuron graph with edits, a journal that undoes them, and copies; what the doors stand on."""

from collections.abc import Callable, Hashable, Iterable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Protocol
from weakref import ref

import networkx as nx
import numpy as np

from neurograph.core.arrays import GraphArrays
from neurograph.core.columns import NeuronColumns
from neurograph.core.compacting import compact, compacted
from neurograph.core.copied import Copied
from neurograph.core.digest import wiring_digest
from neurograph.core.entries import RAW, Entry
from neurograph.core.journal import Journal, pack, replay
from neurograph.core.mutations.whole import in_turn, whole_entry
from neurograph.core.numbering import graph_arrays
from neurograph.core.outcome import Outcome, checked_outcome
from neurograph.core.populations import Populations
from neurograph.core.ranks import Ranks
from neurograph.errors import JournalError
from neurograph.schema.synapse import DELAY
from neurograph.storage import ArrayDiGraph
from neurograph.storage.sparse import by_key
from neurograph.storage.table import EdgeTable


class Edit(Protocol):
    """Anything `graph.apply` takes."""

    def apply(self, graph: Any) -> Outcome:
        """Change the graph, an `EditableGraph`; an exception undoes all of it."""
        ...


@dataclass(frozen=True)
class EditResult:
    """What an edit did.

    Parameters
    ----------
    entry
        Its entry in the journal.
    born, died
        Names of the neurons.
    """

    entry: Entry
    born: list[Hashable]
    died: list[Hashable]

    @property
    def details(self) -> dict[str, Any]:
        """What else the edit reports."""
        return self.entry.details


class EditableGraph(Populations):
    """A neuron graph that edits change and that a journal remembers; `neurograph.NeuronGraph` is the one people hold.

    Whatever works on a graph, and does not make one, is written against this class.

    Parameters
    ----------
    incoming_graph_data
        Anything networkx takes. Edges become synapses, their "weight" the weight.
    attr
        Attributes of the graph.
    """

    def __init__(self, incoming_graph_data=None, **attr) -> None:
        self._journal = Journal()
        super().__init__(incoming_graph_data, **attr)

    # ------------------------------------------------------------------------------------- edits and the journal
    @property
    def journal(self) -> Journal:
        """What was done to the graph, oldest first; a run of raw mutations that is going on becomes an entry."""
        self._close_run()
        self._journal.past = _past(self)
        return self._journal

    def own(self, network: Any) -> None:
        self._close_run()
        super().own(network)

    own.__doc__ = Populations.own.__doc__

    def _close_run(self) -> None:
        if self.effects and self._savepoint is None:
            self._write_run()

    @whole_entry
    def _write_run(self) -> None:
        run = Entry(RAW, {}, pack(self.effects))
        self.effects.append(self._journal.before_writing())
        self._journal.write(run)

    @in_turn
    def restart_journal(self) -> None:
        """Forget how the graph came to be: what is done from here on can be undone, what was done before cannot."""
        self._between_edits("restart the journal")
        self.effects, self._journal, self.turn = [], Journal(), {}

    @in_turn
    def shorten_journal(self, most: int) -> None:
        """Keep the newest entries of the journal, and of older ones counts (`journal.forgotten`).

        What is kept can be undone, and replayed on a copy that was made where it begins; what was before cannot. For
        networks that are edited without end.

        Parameters
        ----------
        most
            How many entries to keep; what was undone and could be redone is kept as well.
        """
        self._between_edits("shorten the journal")
        self._close_run()
        self._journal, self.turn = self._journal.shortened(most), {}

    def _between_edits(self, what: str) -> None:
        self._check_turn()
        if self._savepoint is not None and self._is_my_turn():
            raise JournalError(f"cannot {what} in the middle of an edit or of atomic(); do it afterwards")

    def apply(self, edit: Edit) -> EditResult:
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
        self.writable_table()
        self._check_turn()
        if self._savepoint is not None and self._is_my_turn():
            raise JournalError("an edit cannot apply another edit; call its apply(graph) instead")
        if not getattr(edit, "looks_up", False):
            self.synchronise()
        self._close_run()
        return self._apply(edit)

    @whole_entry
    def _apply(self, edit: Edit) -> EditResult:
        outcome = checked_outcome(edit, edit.apply(self))
        effects, heirs = pack(self.effects), (outcome.neuron_heirs, outcome.synapse_heirs)
        entry = Entry(type(edit).__name__, outcome.options, effects, *heirs, outcome.details)
        self.effects.append(self._journal.before_writing())
        self._journal.write(entry)
        self.changes.heirs(entry.synapse_heirs.tolist(), entry.neuron_heirs.tolist())
        dead = [(effect.dead_neurons(), effect.neurons_died) for effect in effects]
        died = [name for rows, keys in dead for name in (rows.names if rows else self.names_of(keys))]
        born = [name for name in self.names_of(entry.neurons_born) if name is not None]
        return EditResult(entry, born, died)

    def undo(self) -> Entry:
        """Undo the newest entry: structure comes back as it was, with ids, order and places.

        What died gets the weights it died with. What survived keeps today's weights, but for those that the entry
        itself wrote and nobody has touched since: they are set back. Returns the entry. An exception on the way leaves
        the graph and the entry as they were.
        """
        self.writable_table()
        self._between_edits("undo")
        self.synchronise()
        self._close_run()
        return self._undo()

    @whole_entry
    def _undo(self) -> Entry:
        if not self._journal.entries:
            older = self._journal.forgotten.get("entries", 0)
            gone = f"of the {older} entries before, counts are kept alone" if older else "the journal is empty"
            raise JournalError(f"nothing to undo: {gone}")
        entry = self._toggled(self._journal.entries[-1])
        self.effects.append(self._journal.before_undoing())
        del self._journal.entries[-1]
        self._journal.undone.append(entry)
        return entry

    def redo(self) -> Entry:
        """Do the entry again that was undone last; returns it. An exception leaves everything as it was."""
        self.writable_table()
        self._between_edits("redo")
        self.synchronise()
        return self._redo()

    @whole_entry
    def _redo(self) -> Entry:
        if self.effects or not self._journal.undone:
            raise JournalError("nothing to redo: nothing was undone, or the graph was edited since")
        entry = self._toggled(self._journal.undone[-1])
        self.changes.heirs(entry.synapse_heirs.tolist(), entry.neuron_heirs.tolist())
        self.effects.append(self._journal.before_redoing())
        del self._journal.undone[-1]
        self._journal.entries.append(entry)
        return entry

    def _toggled(self, entry: Entry) -> Entry:
        nx._clear_cache(self)
        effects = [effect.toggle(self) for effect in reversed(entry.effects)]
        self.version += 1
        return Entry(entry.verb, entry.options, effects, entry.neuron_heirs, entry.synapse_heirs, entry.details)

    def replay(self, entries: Journal | Iterable[Entry]) -> None:
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
            self._refuse_later(entries)
            entries = entries.ahead()
        self.writable_table()
        self._between_edits("replay")
        self.synchronise()
        self._close_run()
        self._replay(entries)

    def _refuse_later(self, journal: Journal) -> None:
        """Refuse a journal that does not begin where the graph is, because older entries are gone from it."""
        older, here = journal.forgotten.get("entries", 0), self._journal
        if older and older != here.forgotten.get("entries", 0) + len(here.entries):
            raise JournalError(
                f"this journal has kept its last {len(journal)} entries, and {older} came before: it can be carried "
                "out on a copy of its graph that was made after those"
            )

    @whole_entry
    def _replay(self, entries: Iterable[Entry]) -> None:
        nx._clear_cache(self)
        replay(self, self._journal, entries)

    # ------------------------------------------------------------------------------------- whole graphs
    def arrays(self) -> GraphArrays:
        """The whole network as arrays, neurons numbered topologically; see `GraphArrays`."""
        self.synchronise()
        numbered = graph_arrays(self, self._numbered)
        if self._savepoint is None:  # a transaction may yet be rolled back, and another reach the same version
            self._numbered = numbered
        return numbered

    def topological_order(self) -> list[Hashable]:
        """The neurons in a topological order, read off the ranks: no synapse is visited."""
        keys = self.table.keys()
        return self.names_of(keys[np.lexsort((keys, self.ranks.rank[keys]))])

    def immediate(self) -> nx.DiGraph:
        """A view of the graph without the synapses that have a delay: acyclic, whatever these join."""
        if not self.table.forms.having(DELAY):
            return nx.subgraph_view(self)
        return nx.subgraph_view(self, filter_edge=lambda u, v: not self[u][v].get(DELAY))

    def wiring_digest(self) -> str:
        """A hexadecimal digest of the wiring: kinds and connections by position, never names, ids or weights.

        Parameters saved for one graph fit another with the same digest.
        """
        return wiring_digest(self)

    def _copy_all(self):
        self.synchronise()
        self._close_run()
        keys = self.table.keys()
        new = self._copy_with(self.table.copy(), self.neurons.copy(keys), self.ranks.copy(keys))
        new.replacements, new.compiled_columns = dict(self.replacements), self.compiled_columns
        new._journal, new._numbered = self._journal.copy(), self._numbered
        new.copied_from = Copied.of(self)
        return new

    def _copy_with(self, table: EdgeTable, neurons: NeuronColumns, ranks: Ranks):
        """A graph of its own of these parts, with everything else that this one has and no journal."""
        new = self.__class__()
        new.graph.update(self.graph)
        new.neurons, new.ranks = neurons, ranks
        new.adopt(table)
        new.population_names, new.next_name, new.version = dict(self.population_names), self.next_name, self.version
        return new

    @in_turn
    def compact(self) -> None:
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
        self._between_edits("compact")
        self.writable_table()
        self.release()
        nx._clear_cache(self)
        compact(self, Journal())

    def _compact_copy(self):
        self.synchronise()
        return self._copy_with(*compacted(self))

    def _copy_induced(self, names, graph_attr):
        new = self._copy_all()
        new.graph.clear()
        new.graph.update(graph_attr)
        keys = new.table.keys()
        keep = by_key(new.keys_of(names), True, len(new.table.names))[keys]
        if not keep.all():
            new._drop_keys(keys[~keep])
        new.restart_journal()
        return new

    def __getstate__(self):
        if self.has_table():
            self.synchronise()
        return super().__getstate__() | {"_numbered": None}

    def __deepcopy__(self, memo: dict):
        new = memo[id(self)] = self.__class__.__new__(self.__class__)
        state = self.__getstate__()
        if self.has_table():  # columns are copied as columns, not item by item
            keys = self.table.keys()
            table, columns, ranks = self.table.copy(), self.neurons.copy(keys), self.ranks.copy(keys)
            table.extra = table.values.extra = deepcopy(table.extra, memo)  # by the rows of the copy
            columns.extra = deepcopy(self.neurons.extra, memo)
            kept = {self.table: table, self.neurons: columns, self.ranks: ranks}
            memo |= {id(old): copied for old, copied in kept.items()}
            memo[id(self._journal)] = self._journal.copy()
        new.__setstate__(deepcopy(state, memo))
        new.copied_from = Copied.of(self) if self.has_table() else None
        return new

    def copy(self, as_view: bool = False, journal: bool = True):
        """A graph of its own with the same names, values and attributes; as networkx's, or a view.

        Parameters
        ----------
        as_view
            Whether to return a view that shows this graph.
        journal
            Whether the copy has this one's journal, keys and ids. Without, it is as `compact` leaves a graph: numbered
            afresh and as small as one that was built as it is, which is what a search over generations wants.
        """
        if as_view:
            return super().copy(as_view)
        whole = self._whole_graph()
        whole.synchronise()
        if journal:
            return super().copy()
        return self._compact_copy() if whole is self else super().copy()._compact_copy()

    def _whole_graph(self) -> "EditableGraph":
        """The graph itself, where this is a view of it."""
        graph = self
        while not graph.has_table():
            graph = graph._graph
        return graph

    def reverse(self, copy: bool = True):
        """The reverse of the graph, an `ArrayDiGraph` (inputs would have incoming synapses), or a view."""
        self.synchronise()
        return ArrayDiGraph.reverse(self, copy)


def _past(graph: EditableGraph) -> "Callable[[], EditableGraph | None]":
    """What makes a copy of a graph to be taken back to where its journal starts; None once the graph is gone."""
    there = ref(graph)

    def past() -> EditableGraph | None:
        graph = there()
        if graph is None:
            return None
        copied = graph.copy()
        copied.restart_journal()  # its entries are no longer those of where it is
        return copied

    return past
