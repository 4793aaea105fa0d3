"""The journal played back: what a network was made of at each step of its growth, in columns that stay in place."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from neurograph.core.arrays import GraphArrays
from neurograph.core.entries import RAW, Entry
from neurograph.core.graph import EditableGraph
from neurograph.draw.layout import GraphLayout, lay_out
from neurograph.draw.style import counted


@dataclass(frozen=True, eq=False)
class ReplayStep:
    """A network at one moment of its growth.

    Parameters
    ----------
    arrays
        What it was made of; survivors have today's weights.
    layout
        Its columns, the same in all steps.
    epoch
        After which this happened, or None where the journal does not say.
    description
        What happened, in words; empty at the start.
    """

    arrays: GraphArrays
    layout: GraphLayout
    epoch: float | None
    description: str


def replay_steps(graph: EditableGraph, most: int) -> list[ReplayStep]:
    """The network at its journal's start, after each event, and now.

    Entries of one epoch are one event. The graph is left as it is.

    Parameters
    ----------
    graph
        The network.
    most
        How many events to show, at most; of more, neighbours are joined.
    """
    entries = list(graph.journal)
    ends = _ends(entries, most)
    past, found = graph.copy(), []
    at = len(entries)
    ends = [*ends[:-1], at] if ends else []
    for end in reversed([0, *ends]):
        while at > end:
            past.undo()
            at -= 1
        found.append(past.arrays())
    found.reverse()
    labels = _columns(graph, found)
    description = [("", None), *(_describe(entries[a:b]) for a, b in pairwise([0, *ends]))]
    return [
        ReplayStep(arrays, _layout(arrays, labels), epoch, text)
        for arrays, (text, epoch) in zip(found, description, strict=True)
    ]


def _epoch(entry: Entry) -> float | None:
    event = entry.details.get("event")
    epoch = event.get("epoch") if isinstance(event, dict) else None
    return epoch if isinstance(epoch, int | float) else None


def _ends(entries: list[Entry], most: int) -> list[int]:
    """After how many entries each event is over; those that nobody was born or died in go with the next."""
    epochs = [_epoch(entry) for entry in entries]
    ends, changed = [], False
    for at, entry in enumerate(entries):
        changed |= any(len(numbers) for numbers in _fates(entry))
        if changed and (epochs[at] is None or epochs[at] not in epochs[at + 1 : at + 2]):
            ends.append(at + 1)
            changed = False
    if len(ends) <= most:
        return ends
    return [ends[at] for at in np.unique(np.linspace(-1, len(ends) - 1, most + 1).round().astype(int))[1:].tolist()]


def _fates(entry: Entry) -> tuple[np.ndarray, ...]:
    """Neurons born and died, synapses born and died."""
    return entry.neurons_born, entry.neurons_died, entry.synapses_born, entry.synapses_died


def _describe(entries: list[Entry]) -> tuple[str, float | None]:
    """What some entries did, in words, and after which epoch."""
    acting = [entry for entry in entries if any(len(numbers) for numbers in _fates(entry))]
    verbs = dict.fromkeys("by hand" if entry.verb == RAW else entry.verb for entry in acting)
    counts = np.array([[len(numbers) for numbers in _fates(entry)] for entry in acting]).sum(0).tolist()
    whats = ("neuron", "neuron", "synapse", "synapse")
    description = [
        f"{counted(n, what)} {fate}" for n, what, fate in zip(counts, whats, ("born", "died") * 2, strict=True) if n
    ]
    known = [epoch for epoch in map(_epoch, entries) if epoch is not None]
    return f"{', '.join(verbs)}: {', '.join(description[:2])}", known[-1] if known else None


def _columns(graph: EditableGraph, found: list[GraphArrays]) -> list[str]:
    """All populations that there ever were: those of today in their order, the others before what came after them."""
    today = found[-1]
    labels = lay_out(today, "populations").labels if len(today) else []
    for name in reversed(list(graph.population_names)):
        if name not in labels and any((arrays.each_kind("population") == name).any() for arrays in found):
            order = list(graph.population_names)
            later = [labels.index(other) for other in order[order.index(name) + 1 :] if other in labels]
            labels.insert(min(later, default=len(labels)), name)
    for arrays in found:
        for name in dict.fromkeys(arrays.each_kind("population").tolist()):
            if name not in labels:  # a population that is forgotten since
                labels.insert(max(0, len(labels) - 1), name)
    return labels


def _layout(arrays: GraphArrays, labels: list[str]) -> GraphLayout:
    code = {name: at for at, name in enumerate(labels)}
    column = np.array([code[name] for name in arrays.each_kind("population")], np.int64)
    counts = np.bincount(column, minlength=len(labels))
    order = np.lexsort((arrays.keys, column))
    place = np.empty(len(column), np.int64)
    place[order] = np.arange(len(column)) - np.repeat(np.cumsum(counts) - counts, counts)
    return GraphLayout("populations", labels, column, place, counts)
