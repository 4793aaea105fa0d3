"""The journal: what was done to a graph, in a form that undoes, redoes, replays and fits on a line of JSON."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from neurograph.core.codec import decode, encode
from neurograph.core.effects.base import Effect
from neurograph.core.effects.forward import forward
from neurograph.core.effects.neurons import NeuronBorn, NeuronsBorn
from neurograph.core.effects.plain import from_plain
from neurograph.core.effects.synapses import SynapseBorn, SynapsesBorn
from neurograph.core.effects.unjournaled import JournalWritten
from neurograph.core.entries import Entry
from neurograph.core.replaying import forward_entries, read_lines, refuse_unreadable, write_lines
from neurograph.core.soundness import check_entry, check_heirs, check_touched
from neurograph.core.unpacked import back_claims, refuse_claims
from neurograph.errors import JournalError, NeuroGraphError

if TYPE_CHECKING:
    from pathlib import Path

    from neurograph.core.state import GraphState


class Journal:
    """The entries of a graph, oldest first, and those that were undone.

    Printing it shows one line an entry; indexing and iterating give `Entry` objects. `graph.replay(journal)` carries it
    out on a graph that is as the journal's own was at its start, such as a copy that was made then.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from neurograph.builders import mlp
    >>> from neurograph.edits import AddNeuron, RemoveNeurons
    >>> g = mlp([2, 3, 1], seed=0)
    >>> start = g.copy()
    >>> (n,) = g.apply(AddNeuron(incoming={0: 0.5}, outgoing={5: 1.0})).born
    >>> _ = g.apply(RemoveNeurons([3]))
    >>> g.journal.save(f"{mkdtemp()}/growth.journal")
    >>> start.replay(g.journal)
    >>> list(start.edges(data="weight")) == list(g.edges(data="weight"))
    True
    """

    past: "Callable[[], GraphState | None] | None" = None  # makes a copy of the graph whose journal it is
    _ahead = False  # whether its entries are those of a file, ready to be carried out on another graph

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.undone: list[Entry] = []
        self.forgotten: dict[str, int] = {}  # counts of the entries before the oldest that is kept

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "past"}

    def save(self, path: "str | Path") -> None:
        """Write the entries to a text file, a line of JSON each, below one that holds a checksum of them.

        What was undone is left out. Structure is recorded exactly, and so are values that edits wrote (`SetValues`,
        `Reinitialize`, ...); what training or raw writes did to values is not in a journal: what was born later comes
        back with the values it has today, or had when it died.

        Parameters
        ----------
        path
            The file; it appears whole or not at all.

        Raises
        ------
        FileError
            A path that cannot be written; an attribute that a file cannot hold.
        """
        write_lines(path, [_line(entry) for entry in self.ahead()], self.forgotten)

    @classmethod
    def load(cls, path: "str | Path") -> "Journal":
        """Read a journal that `save` wrote, for `graph.replay`; never runs code.

        Raises
        ------
        FileError
            A file that is missing, damaged, or no journal.
        """
        new = cls()
        new._ahead = True
        try:
            lines, new.forgotten = read_lines(path)
            new.entries = [from_line(line) for line in lines]
        except JournalError as err:
            refuse_unreadable(path, err)
        return new

    def ahead(self) -> list[Entry]:
        """The entries, oldest first, with effects that a graph as it was at their start toggles to become as this."""
        if self._ahead:
            return list(self.entries)
        return forward_entries(self.past and self.past(), self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, at):
        return self.entries[at]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __repr__(self) -> str:
        older = self.forgotten.get("entries", 0)
        lines = [f"{older} older entries, of which counts are kept"] * (older > 0)
        lines += [f"{number}: {entry}" for number, entry in enumerate(self.entries, older)]
        return "\n".join(lines) or "an empty journal"

    def shortened(self, most: int) -> "Journal":
        """The journal with its newest entries, `most` of them, and counts of all that were before."""
        new = self.copy()
        gone = self.entries[: max(0, len(self.entries) - most)]
        new.entries = self.entries[len(gone) :]
        for entry in gone:
            for name, count in {"entries": 1, f"verb {entry.verb}": 1, **entry.counts()}.items():
                new.forgotten[name] = new.forgotten.get(name, 0) + count
        return new

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update({"forgotten": {}} | state)

    def copy(self) -> "Journal":
        new = Journal()
        new._ahead, new.forgotten = self._ahead, dict(self.forgotten)
        new.entries, new.undone = list(self.entries), list(self.undone)
        return new

    def write(self, entry: Entry) -> None:
        """Add an entry; what was undone can no longer be redone."""
        self.entries.append(entry)
        self.undone.clear()

    def before_writing(self) -> JournalWritten:
        """What puts the journal back to where it stands, once entries were written."""
        return JournalWritten((self.entries, len(self.entries), []), (self.undone, 0, list(self.undone)))

    def before_undoing(self) -> JournalWritten:
        """What puts the journal back to where it stands, once its newest entry was undone."""
        end = len(self.entries) - 1
        return JournalWritten((self.entries, end, self.entries[end:]), (self.undone, len(self.undone), []))

    def before_redoing(self) -> JournalWritten:
        """What puts the journal back to where it stands, once the entry that was undone last was done again."""
        end = len(self.undone) - 1
        return JournalWritten((self.entries, len(self.entries), []), (self.undone, end, self.undone[end:]))


def pack(effects: list[Effect]) -> list[Effect]:
    """The effects that an entry keeps, runs of single births joined."""
    packed: list[Effect] = []
    for single, run in groupby((e for e in effects if e.journaled), _single_birth):
        if single is SynapseBorn:
            ids, source, target = np.array(list(run), np.int64).T.copy()
            packed.append(SynapsesBorn(ids, (source, target)))
        elif single is NeuronBorn:
            packed.append(NeuronsBorn(np.array(list(run), np.int64)[:, 0]))
        else:
            packed.extend(run)
    return packed


def _single_birth(effect: Effect) -> type | None:
    return type(effect) if isinstance(effect, SynapseBorn | NeuronBorn) else None


def to_line(graph: "GraphState", entry: Entry) -> str:
    """An entry that has just been written, as one line of JSON that `replay` can carry out on an older copy."""
    return _line(replace(entry, effects=forward(graph, entry.effects)))


def _line(entry: Entry) -> str:
    written = _as_plain(entry) | {"forward": encode([effect.plain() for effect in entry.effects])}
    back_claims(written)
    return json.dumps(written)


def from_line(line: str) -> Entry:
    """The entry of a line, its effects ready to be toggled forth."""
    try:
        written = json.loads(line)
        refuse_claims(written, len(line))
        entry = _entry(written, [from_plain(effect) for effect in decode(written["forward"])])
        check_entry(entry)
        return entry
    except (NeuroGraphError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as err:
        raise JournalError(f"not a line of a journal: {err}") from None


def to_state(entry: Entry) -> dict[str, Any]:
    """An entry as JSON has it, to be kept in a file beside the graph it belongs to."""
    return _as_plain(entry) | {"effects": encode([effect.plain() for effect in entry.effects])}


def from_state(state: dict[str, Any]) -> Entry:
    """The entry of a state that `to_state` made."""
    return _entry(state, [from_plain(effect) for effect in decode(state["effects"])])


def _as_plain(entry: Entry) -> dict[str, Any]:
    return {
        "verb": entry.verb,
        "options": encode(entry.options),
        "details": encode(entry.details),
        "neuron_heirs": entry.neuron_heirs.tolist(),
        "synapse_heirs": entry.synapse_heirs.tolist(),
    }


def _entry(written: dict[str, Any], effects: list[Effect]) -> Entry:
    neurons, synapses = (np.array(written[k], np.int64).reshape(-1, 2) for k in ("neuron_heirs", "synapse_heirs"))
    return Entry(written["verb"], decode(written["options"]), effects, neurons, synapses, decode(written["details"]))


def replay(graph: "GraphState", journal: Journal, entries: Iterable[Entry]) -> None:
    """Carry out entries read by `from_line` on a graph that is as theirs was before them, inside a transaction.

    They are entered in a journal, the graph's.

    Raises
    ------
    JournalError
        The graph is not the one the journal starts from.
    """
    graph.effects.append(journal.before_writing())
    for number, entry in enumerate(entries):
        done = replace(entry, effects=_carried_out(graph, number, entry))
        graph.version += len(done.effects)
        journal.write(done)


def _carried_out(graph: "GraphState", number: int, entry: Entry) -> list[Effect]:
    done: list[Effect] = []
    try:
        for effect in entry.effects:
            effect.check(graph)
            done.append(effect.today(graph).toggle(graph))
        check_touched(graph, done)
        check_heirs(entry, len(graph.table.names), graph.table.next_id)
    except (NeuroGraphError, LookupError, ValueError, TypeError) as err:
        raise JournalError(f"entry {number} ({entry.verb}) does not fit this graph: {err}") from err
    return done
