"""The story of a growth: each event of the journal as a sentence with its reason, and the whole as one headline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np

from neurograph.analysis.history import NEVER, NeuronHistory
from neurograph.analysis.units import PERCENT, with_unit
from neurograph.core.entries import RAW, Entry

_LONGEST = 160  # letters of what a record says


@dataclass(frozen=True)
class GrowthEvent:
    """Entries of the journal that belong together: those of one event of a run, else a single one.

    Parameters
    ----------
    first, last
        The moments after the first and the last of its entries; moment m is just after entry m - 1.
    epoch
        After which it came, or None.
    because
        Why, with the rules that fired by name and value; empty where no reason was recorded.
    born, died
        Population -> neurons.
    renewed
        Population -> neurons that died and were born again in their places.
    synapses
        How many were born and died.
    sentence
        All of it, for people.
    """

    first: int
    last: int
    epoch: int | None
    because: str
    born: dict[str, int] = field(default_factory=dict)
    died: dict[str, int] = field(default_factory=dict)
    synapses: tuple[int, int] = (0, 0)
    sentence: str = ""
    renewed: dict[str, int] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether nothing was born and nothing died."""
        return not (self.born or self.died or self.renewed or any(self.synapses))


def events_of(entries: Sequence[Entry], neurons: NeuronHistory) -> list[GrowthEvent]:
    """The events of a journal, oldest first.

    Parameters
    ----------
    entries
        The journal, oldest first.
    neurons
        All that are or were.
    """
    code = [kind.population for kind in neurons.kinds]
    born, died = (_by_moment(neurons, moments, code) for moments in (neurons.born, neurons.died))
    numbered = list(enumerate(entries, 1))
    groups = [list(group) for _, group in groupby(numbered, _group_of)]
    renewed = _renewed(numbered, neurons, code)
    return [_event(group, born, died, renewed) for group in groups]


def _renewed(numbered: list[tuple[int, Entry]], neurons: NeuronHistory, code: list[str]) -> dict[int, dict[str, int]]:
    """Moment -> population -> how many neurons died and were born again in their places."""
    found: dict[int, dict[str, int]] = {}
    for moment, entry in numbered:
        both = np.intersect1d(entry.neurons_born, entry.neurons_died)
        places = np.flatnonzero(np.isin(neurons.keys, both)) if len(both) else both
        for at in places.tolist():
            counts, name = found.setdefault(moment, {}), code[neurons.kind[at]]
            counts[name] = counts.get(name, 0) + 1
    return found


def headline(
    entries: Sequence[Entry],
    neurons: NeuronHistory,
    error: float | None = None,
    unit: str = PERCENT,
    forgotten: Mapping[str, int] | None = None,
) -> str:
    """One line: how many neurons there were and are, by how many events, and how well it does.

    Parameters
    ----------
    entries, neurons
        See `events_of`.
    error
        On the test part of the data; None where it is not known.
    unit
        Of the error; see `neurograph.analysis.units`.
    forgotten
        Counts of older entries, of a shortened journal: `graph.journal.forgotten`.
    """
    older = forgotten or {}
    first, now = int((neurons.born == 0).sum()), int((neurons.died == NEVER).sum())
    first += older.get("neurons died", 0) - older.get("neurons born", 0)
    events = len([event for event in events_of(entries, neurons) if not event.empty])
    count, what = (older["entries"] + len(entries), "edit") if older.get("entries") else (events, "event")
    parts = [f"{first:,} → {now:,} neurons", f"{count:,} {what}{'s' * (count != 1)}"]
    known = "" if error is None else f"{error:.2f} %" if unit == PERCENT else with_unit(error, unit)
    return ", ".join(parts + ([f"test error {known}"] if known else []))


def _record(entry: Entry) -> Mapping[str, Any]:
    found = entry.details.get("event")
    return found if isinstance(found, Mapping) else {}


def _epoch(entry: Entry) -> int | None:
    epoch = _record(entry).get("epoch")
    return epoch if isinstance(epoch, int) else None


def _group_of(numbered: tuple[int, Entry]) -> tuple:
    """Alike for the entries of one event, and for no others."""
    number, entry = numbered
    epoch = _epoch(entry)
    return (number, None) if epoch is None else (epoch, str(_record(entry).get("kind")))


def _by_moment(neurons: NeuronHistory, moments: np.ndarray, code: list[str]) -> dict[int, dict[str, int]]:
    """Moment -> population -> how many neurons."""
    found: dict[int, dict[str, int]] = {}
    for at in np.flatnonzero(moments).tolist():
        counts, name = found.setdefault(int(moments[at]), {}), code[neurons.kind[at]]
        counts[name] = counts.get(name, 0) + 1
    return found


def _event(group: list[tuple[int, Entry]], born: dict, died: dict, renewed: dict) -> GrowthEvent:
    moments, entries = [number for number, _ in group], [entry for _, entry in group]
    counts = [(len(entry.synapses_born), len(entry.synapses_died)) for entry in entries]
    event = GrowthEvent(
        moments[0],
        moments[-1],
        _epoch(entries[0]),
        _because(_record(entries[0])),
        _summed(born, moments),
        _summed(died, moments),
        (sum(b for b, _ in counts), sum(d for _, d in counts)),
        renewed=_summed(renewed, moments),
    )
    sentence = _sentence(event, list(dict.fromkeys(entry.verb for entry in entries)))
    return GrowthEvent(**{**vars(event), "sentence": sentence})


def _summed(found: dict[int, dict[str, int]], moments: list[int]) -> dict[str, int]:
    total: dict[str, int] = {}
    for counts in (found.get(moment, {}) for moment in moments):
        for name, count in counts.items():
            total[name] = total.get(name, 0) + count
    return total


def _because(record: Mapping[str, Any]) -> str:
    reasons = record.get("reasons")
    if isinstance(reasons, list | tuple):
        return " and ".join(_reason(reason) for reason in reasons if isinstance(reason, Mapping))
    slope = record.get("slope")  # of runs that did not record their reasons
    return f"the loss had stopped falling (slope {slope:.2g})" if isinstance(slope, float) else ""


def _reason(reason: Mapping[str, Any]) -> str:
    words, value, limit = (reason.get(name) for name in ("because", "value", "limit"))
    rule = str(reason.get("rule", "")).replace("_", " ")
    text = str(words or rule)[:_LONGEST]
    if not isinstance(value, int | float):
        return text
    against = f" {reason.get('side', 'at most')} {limit:.2g}" if isinstance(limit, int | float) else ""
    return f"{text} ({rule[:_LONGEST]} {value:.2g}{against})"


def _sentence(event: GrowthEvent, verbs: list[str]) -> str:
    when = f"edit {event.first}" if event.epoch is None else f"epoch {event.epoch}"
    what = _changes(event)
    if event.because:
        return f"{when}: {event.because}, so {what}"
    by = ", ".join("by hand" if verb == RAW else f"by {verb}" for verb in verbs)
    return f"{when}: {what} ({by})"


def _changes(event: GrowthEvent) -> str:
    """What happened to populations; to synapses only where no neuron was born or died."""
    names = dict.fromkeys([*event.born, *event.died, *event.renewed])
    if names:
        return ", ".join(_population(event, name) for name in names)
    born, died = event.synapses
    parts = [f"{n:,} synapse{'s' * (n != 1)} {_was(n, fate)}" for n, fate in ((born, "born"), (died, "died")) if n]
    return " and ".join(parts) or "nothing was born or died"


def _was(count: int, fate: str) -> str:
    return fate if fate == "died" else f"{'was' if count == 1 else 'were'} born"


def _population(event: GrowthEvent, name: str) -> str:
    counts = (("gained", event.born), ("lost", event.died), ("renewed", event.renewed))
    parts = [f"{verb} {of[name]:,}" for verb, of in counts if of.get(name)]
    return f"{name} {' and '.join(parts)}"
