"""The journal: what was done to a graph, in a form that undoes, redoes, replays and fits on a line of JSON."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from neurograph.codec import decode, encode
from neurograph.effects import Effect, roll_back, toggle
from neurograph.errors import JournalError, NeuroGraphError
from neurograph.fits import check_fits
from neurograph.rows import NeuronRows, SynapseRows, take_neurons, take_synapses

if TYPE_CHECKING:
    from neurograph.graph import NeuronGraph
    from neurograph.mutations import NeuronCore

RAW = "raw"  # the verb of a run of mutations made without an edit


@dataclass
class Entry:
    """One edit, or one run of raw mutations.

    Parameters
    ----------
    verb, options
        The edit's name and fields; "raw" and none for mutations through networkx or the bulk verbs.
    effects
        What it did, to be toggled newest first; for an undone entry, what toggles it forth again.
    neuron_heirs, synapse_heirs
        (n, 2) int64 pairs (new, old): whose place a newborn takes in the optimizer.
    details
        What else is worth telling: counts, how far the function moved.
    """

    verb: str
    options: dict[str, Any]
    effects: list[Effect]
    neuron_heirs: np.ndarray = field(default_factory=lambda: np.empty((0, 2), np.int64))
    synapse_heirs: np.ndarray = field(default_factory=lambda: np.empty((0, 2), np.int64))
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def neurons_born(self) -> np.ndarray:
        """(n,) int64 keys."""
        return _numbers(self.effects, "n+", "N+", None)

    @property
    def neurons_died(self) -> np.ndarray:
        """(n,) int64 keys."""
        return _numbers(self.effects, None, None, "N-")

    @property
    def synapses_born(self) -> np.ndarray:
        """(n,) int64 ids."""
        return _numbers(self.effects, "s+", "S+", None)

    @property
    def synapses_died(self) -> np.ndarray:
        """(n,) int64 ids."""
        return _numbers(self.effects, "s-", None, "S-")

    def __str__(self) -> str:
        options = ", ".join(f"{name}={value!r}" for name, value in self.options.items())
        counts = [
            f"{len(numbers)} {what}{'s' * (len(numbers) != 1)} {fate}"
            for what, fate, numbers in (
                ("neuron", "born", self.neurons_born),
                ("neuron", "died", self.neurons_died),
                ("synapse", "born", self.synapses_born),
                ("synapse", "died", self.synapses_died),
            )
            if len(numbers)
        ]
        return f"{self.verb}({options}): {', '.join(counts) or 'nothing born or died'}"


def _numbers(effects: list[Effect], one: str | None, many: str | None, rows: str | None) -> np.ndarray:
    found: list[Any] = [np.empty(0, np.int64)]
    for effect in effects:
        if effect[0] == one:
            found.append(effect[1:2])
        elif effect[0] == many:
            found.append(effect[1])
        elif effect[0] == rows:
            found.append(effect[1].keys if isinstance(effect[1], NeuronRows) else effect[1].ids)
    return np.concatenate(found).astype(np.int64)


class Journal:
    """The entries of a graph, oldest first, and those that were undone.

    Printing it shows one line an entry; indexing and iterating give `Entry` objects.
    """

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.undone: list[Entry] = []

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, at):
        return self.entries[at]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __repr__(self) -> str:
        return "\n".join(f"{number}: {entry}" for number, entry in enumerate(self.entries)) or "an empty journal"

    def copy(self) -> "Journal":
        new = Journal()
        new.entries, new.undone = list(self.entries), list(self.undone)
        return new

    def write(self, entry: Entry) -> None:
        """Add an entry; what was undone can no longer be redone."""
        self.entries.append(entry)
        self.undone.clear()


def pack(effects: list[Effect]) -> list[Effect]:
    """The effects that an entry keeps, runs of single births joined."""
    packed: list[Effect] = []
    for effect in effects:
        if effect[0] == "extra":
            continue
        tag = {"s+": "S+", "n+": "N+"}.get(effect[0])
        if tag is None:
            packed.append(effect)
        elif packed and packed[-1][0] == tag and isinstance(packed[-1][1], list):
            packed[-1][1].append(effect[1])
        else:
            packed.append((tag, [effect[1]]))
    return [(e[0], np.array(e[1], np.int64)) if e[0] in ("S+", "N+") else e for e in packed]


def forward(graph: "NeuronCore", effects: list[Effect]) -> list[Effect]:
    """The effects that a copy of the graph as it was before would toggle, in order, to become as it is.

    Births carry what was born: read from the graph where it is still alive, else from the death that the same list
    holds.
    """
    dead_synapses: dict[int, tuple[SynapseRows, int]] = {}
    dead_neurons: dict[int, tuple[NeuronRows, int]] = {}
    names: dict[int, Any] = {}  # of neurons that are renamed further on, as they are at this place of the list
    ahead: list[Effect] = []
    for effect in reversed(effects):
        tag = effect[0]
        if tag in ("s-", "S-"):
            dead = _single(graph, effect) if tag == "s-" else effect[1]
            dead_synapses.update((int(i), (dead, at)) for at, i in enumerate(dead.ids))
            ahead.append(("S+", dead.ids))
        elif tag == "N-":
            dead_neurons.update((int(k), (effect[1], at)) for at, k in enumerate(effect[1].keys))
            ahead.append(("N+", effect[1].keys))
        elif tag in ("s+", "S+"):
            ids = np.atleast_1d(np.asarray(effect[1], np.int64))
            ahead.extend(("S-", rows) for rows in _synapse_parts(graph, ids, dead_synapses))
        elif tag in ("n+", "N+"):
            keys = np.atleast_1d(np.asarray(effect[1], np.int64))
            ahead.extend(("N-", _named(rows, names)) for rows in _neuron_parts(graph, keys, dead_neurons))
        elif tag in ("population+", "population-"):
            ahead.append(("population-" if tag == "population+" else "population+", effect[1]))
        else:  # tag, what, [number,] before, after, [table]
            at = {"kind": 2, "form": 2, "reweigh": 2, "value": 3, "weight": 2, "rename": 2}[tag]
            if tag == "rename":
                names.update(zip(effect[1].tolist(), effect[2], strict=True))
            ahead.append((*effect[:at], effect[at + 1], effect[at], *effect[at + 2 :]))
    return ahead[::-1]


def _single(graph: "NeuronCore", effect: Effect) -> SynapseRows:
    _, edge_id, u, v, form, weight, extra = effect
    pools = [] if weight is None else [np.asarray([weight], np.float64)]
    return SynapseRows(
        np.array([edge_id]), np.array([u]), np.array([v]), np.zeros(1, np.int32), [graph.table.forms.bundles[form]],
        np.array([len(pools)], np.int8), np.zeros(1, np.int32), pools, {0: extra} if extra else {},
    )  # fmt: skip


def _synapse_parts(graph: "NeuronCore", ids: np.ndarray, dead: dict) -> Iterator[SynapseRows]:
    rows = graph.table.rows_of(ids)
    if (rows >= 0).any():
        yield take_synapses(graph.table, rows[rows >= 0])
    for number in ids[rows < 0].tolist():
        yield _one_synapse(*dead[number])


def _one_synapse(rows: SynapseRows, at: int) -> SynapseRows:
    one = slice(at, at + 1)
    kind = int(rows.kind[at])
    pools = [rows.pools[kind - 1][rows.row[one]]] if kind else []
    extra = {0: rows.extra[at]} if at in rows.extra else {}
    return SynapseRows(
        rows.ids[one], rows.source[one], rows.target[one], np.zeros(1, np.int32), [rows.forms[rows.form[at]]],
        np.array([len(pools)], np.int8), np.zeros(1, np.int32), pools, extra,
    )  # fmt: skip


def _neuron_parts(graph: "NeuronCore", keys: np.ndarray, dead: dict) -> Iterator[NeuronRows]:
    names = graph.table.names
    alive = np.array([names[key] is not None for key in keys.tolist()], bool)
    if alive.any():
        yield take_neurons(graph.table, graph._columns, graph._ranks, keys[alive])
    for key in keys[~alive].tolist():
        rows, at = dead[key]
        one = slice(at, at + 1)
        values = {name: column[one] for name, column in rows.values.items()}
        extra = {0: rows.extra[at]} if at in rows.extra else {}
        yield NeuronRows(rows.keys[one], rows.names[one], rows.ranks[one], rows.kinds[one], values, extra)


def _named(rows: NeuronRows, names: dict[int, Any]) -> NeuronRows:
    """Births under the names they had then."""
    return replace(rows, names=[names.get(key, name) for key, name in zip(rows.keys.tolist(), rows.names, strict=True)])


def to_line(graph: "NeuronCore", entry: Entry) -> str:
    """An entry that has just been written, as one line of JSON that `replay` can carry out on an older copy."""
    return json.dumps(_told(entry) | {"forward": encode([list(e) for e in forward(graph, entry.effects)])})


def from_line(line: str) -> Entry:
    """The entry of a line, its effects ready to be toggled forth."""
    try:
        told = json.loads(line)
        effects = [tuple(effect) for effect in decode(told["forward"])]
        return _entry(told, effects)
    except (ValueError, KeyError, TypeError) as err:
        raise JournalError(f"not a line of a journal: {err}") from None


def to_state(entry: Entry) -> dict[str, Any]:
    """An entry as JSON has it, to be kept in a file beside the graph it belongs to."""
    return _told(entry) | {"effects": encode([list(effect) for effect in entry.effects])}


def from_state(state: dict[str, Any]) -> Entry:
    """The entry of a state that `to_state` made."""
    return _entry(state, [tuple(effect) for effect in decode(state["effects"])])


def _told(entry: Entry) -> dict[str, Any]:
    return {
        "verb": entry.verb,
        "options": encode(entry.options),
        "details": encode(entry.details),
        "neuron_heirs": entry.neuron_heirs.tolist(),
        "synapse_heirs": entry.synapse_heirs.tolist(),
    }


def _entry(told: dict[str, Any], effects: list[Effect]) -> Entry:
    neurons, synapses = (np.array(told[k], np.int64).reshape(-1, 2) for k in ("neuron_heirs", "synapse_heirs"))
    return Entry(told["verb"], decode(told["options"]), effects, neurons, synapses, decode(told["details"]))


def replay(graph: "NeuronGraph", entries: Iterable[Entry]) -> None:
    """Carry out entries read by `from_line` on a graph that is as theirs was before them; all or none.

    Raises
    ------
    JournalError
        The graph is not the one the journal starts from.
    """
    done: list[Entry] = []
    log = graph.changes.end
    try:
        for number, entry in enumerate(entries):
            done.append(replace(entry, effects=[]))
            _carry_out(graph, number, entry, done[-1].effects)
    except BaseException:
        for entry in reversed(done):
            roll_back(graph, entry.effects)
        graph.changes.cut(log)
        raise
    for entry in done:
        graph.version += len(entry.effects)
        graph.journal.write(entry)


def _carry_out(graph: "NeuronCore", number: int, entry: Entry, done: list[Effect]) -> None:
    for effect in entry.effects:
        try:
            check_fits(graph, effect)
            done.append(toggle(graph, effect))
        except (NeuroGraphError, LookupError, ValueError, TypeError) as err:
            raise JournalError(f"entry {number} ({entry.verb}) does not fit this graph: {err}") from err
