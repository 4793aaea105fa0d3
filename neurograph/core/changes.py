"""The change log: what a compiled network cannot see by comparing its wiring with the graph's.

Structure needs no log: a refresh plans the whole graph afresh and compares. What it cannot see are the values that
users wrote, and whose heir a newborn is. Entries are kept only while a network is there to read them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from neurograph.core.clock import Clock
from neurograph.errors import StaleError


@dataclass
class Changes:
    """What happened since a reader last looked, merged.

    Parameters
    ----------
    synapses
        (n,) int64 ids of synapses whose weight was written, ascending.
    neurons
        value name -> (n,) int64 keys of neurons whose value was written, ascending.
    synapse_heirs, neuron_heirs
        new number -> the old number it inherits from, composed over generations: the old ones existed when the reader
        last looked.
    renewed
        "neurons" -> (n,) int64 keys, "weight" -> ids, and value name -> keys, ascending: of neurons, and numbers of
        theirs, whose places others took. These have nothing of them; what they have was written, too.
    copied
        From a name ("weight", or that of a value of neurons) and numbers that a reader has never seen to those that
        their graph had them from when it was copied, -1 where it had none; None where no graph came.
    """

    synapses: np.ndarray
    neurons: dict[str, np.ndarray]
    synapse_heirs: dict[int, int] = field(default_factory=dict)
    neuron_heirs: dict[int, int] = field(default_factory=dict)
    renewed: dict[str, np.ndarray] = field(default_factory=dict)
    copied: Callable[[str, np.ndarray], np.ndarray] | None = None


@dataclass
class _Reader:
    """How far a reader has read, and which numbers users wrote since; those are worked out when they are asked for."""

    at: int
    before: tuple[tuple, ...] = ()  # what it had not read yet when it came here from another log
    seen: int = 0
    cuts: int = -1
    written: dict[str, set[int]] = field(default_factory=dict)


class ChangeLog:
    """An append-only list with readers, trimmed to the oldest of them that is alive and empty when there is none.

    Attributes
    ----------
    clock
        The version of the structure and how many times values were written.
    """

    def __init__(self, version: int = 0) -> None:
        self.clock = Clock(version)
        self._entries: list[tuple] = []
        self._start = 0  # number of the first entry that is kept
        self._cuts = 0  # how often entries were rolled back
        self.awaited = False  # whether there may be a reader, or something left of one
        self.renewals = 0  # how often numbers came to be others' than they were
        self._inherited = False  # whether a reader may have something to read that it took along from another log
        self._readers: WeakKeyDictionary[Any, _Reader] = WeakKeyDictionary()

    def __len__(self) -> int:
        return len(self._entries)

    def __getstate__(self):
        return {"version": self.clock.version}  # readers belong to the graph that was copied, not to its copy

    def __setstate__(self, state) -> None:
        self.__init__(**state)

    @property
    def writes(self) -> int:
        """How many times values were written."""
        return self.clock.writes

    @property
    def end(self) -> int:
        """The number the next entry will get."""
        return self._start + len(self._entries)

    def subscribe(self, reader: Any, before: tuple[tuple, ...] = ()) -> None:
        """Start to keep entries for a reader, from now on; it is held weakly.

        `before` is what `unread` returned of another log, where the reader's graph was copied from one that kept it.
        """
        self._readers[reader] = _Reader(self.end, before)
        self.awaited, self._inherited = True, self._inherited or bool(before)

    def advance(self, reader: Any) -> None:
        """Let a reader have seen everything so far."""
        held = self._readers.get(reader)
        if held is None or held.at != self.end or held.before or held.cuts != -1:
            self._readers[reader] = _Reader(self.end)
            self._trim()

    def has_news(self, reader: Any) -> bool:
        """Whether anything was recorded since a reader subscribed or advanced."""
        self.refuse_strangers(reader)
        held = self._readers[reader]
        return held.at != self.end or bool(held.before)

    def abandon(self) -> None:
        """Let go of all readers, because numbers mean something else from now on; nobody is ever fresh again."""
        self.clock.abandon()
        self.renewals += 1
        self._readers.clear()
        self._trim()

    def refuse_strangers(self, reader: Any) -> None:
        """Refuse, by `StaleError`, a reader that numbers have been taken from, see `abandon`."""
        if reader not in self._readers:
            raise StaleError(
                "the graph has been compacted since this network was compiled: its neurons and synapses have other "
                "numbers, so the network cannot follow. Compile the graph again; net.state_dict() and "
                "net.optimizer_state(optimizer) can be loaded there, since they go by order"
            )

    def unread(self, reader: Any) -> tuple[tuple, ...]:
        """The entries that a reader has not seen."""
        self.refuse_strangers(reader)
        held = self._readers[reader]
        return (*held.before, *self._entries[held.at - self._start :])

    def since(self, reader: Any) -> Changes:
        """What happened since a reader subscribed or advanced."""
        entries = self.unread(reader)
        synapses = [ids for tag, ids in entries if tag == "synapses"]
        neurons: dict[str, list[np.ndarray]] = {}
        for tag, what in entries:
            if tag == "neurons":
                neurons.setdefault(what[0], []).append(what[1])
        changes = Changes(_merged(synapses), {name: _merged(keys) for name, keys in neurons.items()})
        for tag, pairs in entries:
            if tag in ("synapse_heirs", "neuron_heirs"):
                known = getattr(changes, tag)
                known.update({new: known.get(old, old) for new, old in pairs})
        renewed: dict[str, list[np.ndarray]] = {}
        for name, numbers in ((n, held) for tag, what in entries if tag == "renewed" for n, held in what.items()):
            renewed.setdefault(name, []).append(numbers)
        changes.renewed = {name: _merged(parts) for name, parts in renewed.items()}
        return changes

    def written_since(self, reader: Any, name: str, number: int) -> bool:
        """Whether users wrote a number ("weight" of a synapse, "bias", ... of a neuron) since a reader last looked."""
        if not self._entries and not self._inherited:
            return False
        held = self._readers[reader]
        if held.cuts != self._cuts:
            held.written, held.seen, held.cuts = {}, held.at, self._cuts
            _mark(held.written, held.before)
        if held.seen < self.end:
            _mark(held.written, self._entries[held.seen - self._start :])
            held.seen = self.end
        return number in held.written.get(name, ())

    def synapses_written(self, ids: np.ndarray) -> None:
        """Record that users wrote weights."""
        if len(ids):
            self.clock.write()
            self._add(("synapses", ids))

    def neurons_written(self, name: str, keys: np.ndarray) -> None:
        """Record that users wrote values of neurons."""
        if len(keys):
            self.clock.write()
            self._add(("neurons", (name, keys)))

    def renewed(self, keys: np.ndarray, ids: np.ndarray, values: Mapping[str, np.ndarray]) -> None:
        """Record that others took the places of neurons, of weights by id, and of neurons' values by name and key."""
        self.synapses_written(ids)
        for name, some in values.items():
            self.neurons_written(name, some)
        self.renewals += 1
        self._add(("renewed", {"neurons": keys, "weight": ids, **values}))

    def heirs(self, synapses: list[tuple[int, int]], neurons: list[tuple[int, int]]) -> None:
        """Record (new, old) pairs of synapse ids and neuron keys."""
        self._add(("synapse_heirs", synapses))
        self._add(("neuron_heirs", neurons))

    def mark(self) -> tuple[int, int]:
        """What `cut` goes back to."""
        return self._start + len(self._entries), self.clock.writes

    def cut(self, mark: tuple[int, int]) -> None:
        """Forget what was recorded after a moment, because it was rolled back.

        Where a reader has read it meanwhile, the numbers were written once more instead: back to what they were.
        """
        end, writes = mark
        if self.was_read_since(mark):
            return
        del self._entries[max(0, end - self._start) :]
        self._cuts += 1
        self.clock.unwrite(writes)

    def was_read_since(self, mark: tuple[int, int]) -> bool:
        """Whether a reader has read what was recorded after a moment."""
        end, writes = mark
        return any(reader.at > end for reader in self._readers.values()) or self.clock.was_noted_since(writes)

    def _add(self, entry: tuple) -> None:
        if self._readers:
            self._entries.append(entry)
        elif self._entries:
            self._trim()
        else:
            self.awaited = False

    def _trim(self) -> None:
        oldest = min((reader.at for reader in self._readers.values()), default=self.end)
        del self._entries[: oldest - self._start]
        self._start = oldest


def _mark(written: dict[str, set[int]], entries: Iterable[tuple]) -> None:
    for tag, what in entries:
        if tag == "synapses":
            written.setdefault("weight", set()).update(what.tolist())
        elif tag == "neurons":
            written.setdefault(what[0], set()).update(what[1].tolist())


def _merged(parts: list[np.ndarray]) -> np.ndarray:
    if not parts:
        return np.empty(0, np.int64)
    together = np.sort(np.concatenate(parts).astype(np.int64, copy=False))
    first = np.ones(len(together), bool)
    np.not_equal(together[1:], together[:-1], out=first[1:])
    return together[first]
