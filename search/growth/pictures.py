"""The pictures that every run leaves, and what is kept in its journal to draw them from."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurograph import draw
from neurograph.core.entries import Entry
from neurograph.errors import FileError
from neurograph.network import NeuronGraph

from ..runs import Run

Rows = Sequence[Mapping[str, Any]]
Own = Callable[[list[dict[str, Any]], NeuronGraph, Path], None]
MOST = 400  # weights kept of an event and a population, to be drawn


def leave_pictures(
    run: Run,
    rows: list[dict[str, Any]],
    graph: NeuronGraph,
    own: Own | None = None,
    beside: Mapping[str, Rows] | None = None,
) -> None:
    """Draw a run into its directory.

    Parameters
    ----------
    run
        Whose directory.
    rows
        Its metrics; without any, only the network is drawn.
    graph
        The network at its end, with its journal.
    own
        Draws what its way to change has of its own.
    beside
        Name -> metrics of other runs, whose errors are drawn too.
    """
    if rows:
        draw.growth(rows, run.pictures / "growth.png", beside=beside)
    start = network_at_start(run)
    if start is not None:
        draw.before_and_after(start, graph, run.pictures / "topology.png")
    births = inherited(graph)
    if births:
        draw.weights(births, run.pictures / "weights.png")
    if own and rows:
        own(rows, graph, run.pictures)


def network_at_start(run: Run) -> NeuronGraph | None:
    """The network that a run began with; None, with a warning, where its file is missing or damaged: only pictures are
    drawn from it.
    """
    try:
        return NeuronGraph.load(run.start)
    except FileError as error:
        warnings.warn(f"{error}; the run goes without a picture of the network before and after", stacklevel=2)
        return None


def remember_weights(graph: NeuronGraph, entry: Entry, seed: int = 0) -> None:
    """Keep, in a journal entry's details, newborns' incoming weights and those of the neurons they took after.

    Call it when the entry has just been written: both go on changing. At most `MOST` pairs are kept, drawn by the seed.

    Parameters
    ----------
    graph
        The network.
    entry
        Of an edit that names heirs, such as `Proliferate`.
    seed
        Of which pairs are kept.
    """
    new, old = (np.ascontiguousarray(ends) for ends in entry.synapse_heirs.T)
    reads = np.isin(graph.table.dst[graph.table.rows_of(new)], entry.neurons_born) if len(new) else np.zeros(0, bool)
    reads &= graph.table.pool[graph.table.rows_of(old)] > 0 if len(old) else reads
    places = np.flatnonzero(reads)
    if len(places) > MOST:
        places = np.sort(np.random.default_rng(seed).choice(places, MOST, replace=False))
    if len(places):
        original, predicted = (_numbers(graph, ids[places]) for ids in (old, new))
        entry.details["weights"] = {"original": original, "predicted": predicted}


def inherited(graph: NeuronGraph) -> list[draw.Births]:
    """What `remember_weights` has kept in a graph's journal, an item an entry."""
    found = []
    for entry in graph.journal:
        kept, event = entry.details.get("weights"), entry.details.get("event")
        if kept and event:
            found.append(draw.Births(event["epoch"], str(entry.options.get("population")), **kept))
    return found


def _numbers(graph: NeuronGraph, ids: np.ndarray) -> list[float]:
    """The first number of each weight: a kernel's others are as good."""
    table = graph.table
    weights: list[Any] = [table.values.weight(row) for row in table.rows_of(ids).tolist()]
    return [round(float(np.ravel(weight)[0]), 6) for weight in weights]
