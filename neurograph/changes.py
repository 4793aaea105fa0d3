"""The change log: what a compiled network cannot see by comparing its wiring with the graph's.

Structure needs no log: a refresh plans the whole graph afresh and compares. What it cannot see are the values that
users wrote, and whose heir a newborn is. Entries are kept only while a network is there to read them.
"""

from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np


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
    """

    synapses: np.ndarray
    neurons: dict[str, np.ndarray]
    synapse_heirs: dict[int, int] = field(default_factory=dict)
    neuron_heirs: dict[int, int] = field(default_factory=dict)


class ChangeLog:
    """An append-only list with readers, trimmed to the oldest of them that is alive and empty when there is none."""

    def __init__(self) -> None:
        self._entries: list[tuple] = []
        self._start = 0  # number of the first entry that is kept
        self.awaited = False  # whether there may be a reader, or something left of one
        self._readers: WeakKeyDictionary[Any, int] = WeakKeyDictionary()

    def __len__(self) -> int:
        return len(self._entries)

    def __getstate__(self):
        return {}  # readers belong to the graph that was copied, not to its copy

    def __setstate__(self, state) -> None:
        self.__init__()

    @property
    def end(self) -> int:
        """The number the next entry will get."""
        return self._start + len(self._entries)

    def subscribe(self, reader: Any) -> None:
        """Start to keep entries for a reader, from now on; it is held weakly."""
        self._readers[reader] = self.end
        self.awaited = True

    def advance(self, reader: Any) -> None:
        """Let a reader have seen everything so far."""
        self._readers[reader] = self.end
        self._trim()

    def since(self, reader: Any) -> Changes:
        """What happened since a reader subscribed or advanced."""
        entries = self._entries[self._readers[reader] - self._start :]
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
        return changes

    def synapses_written(self, ids: np.ndarray) -> None:
        self._add(("synapses", ids))

    def neurons_written(self, name: str, keys: np.ndarray) -> None:
        self._add(("neurons", (name, keys)))

    def heirs(self, synapses: list[tuple[int, int]], neurons: list[tuple[int, int]]) -> None:
        """Record (new, old) pairs of synapse ids and neuron keys."""
        self._add(("synapse_heirs", synapses))
        self._add(("neuron_heirs", neurons))

    def cut(self, end: int) -> None:
        """Forget what was recorded after a moment, because it was rolled back."""
        del self._entries[max(0, end - self._start) :]

    def _add(self, entry: tuple) -> None:
        if self._readers:
            self._entries.append(entry)
        elif self._entries:
            self._trim()
        else:
            self.awaited = False

    def _trim(self) -> None:
        oldest = min(self._readers.values(), default=self.end)
        del self._entries[: oldest - self._start]
        self._start = oldest


def _merged(parts: list[np.ndarray]) -> np.ndarray:
    if not parts:
        return np.empty(0, np.int64)
    together = np.sort(np.concatenate(parts).astype(np.int64))
    return together[np.diff(together, prepend=-1) > 0]
