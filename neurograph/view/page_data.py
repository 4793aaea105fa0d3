"""What goes into a page: populations, bundles, neurons, synapses and the journal, as plain data and arrays."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurograph.analysis.examples import Examples
from neurograph.analysis.history import NEVER, NeuronHistory, SynapseHistory, neurons_of, synapses_of
from neurograph.analysis.observations import Observations
from neurograph.analysis.past import PastWeights
from neurograph.analysis.story import GrowthEvent, events_of, headline
from neurograph.analysis.timeline import MetricsRow, timeline
from neurograph.analysis.units import unit_of
from neurograph.core.graph import EditableGraph
from neurograph.errors import OptionError
from neurograph.schema.synapse import form_of
from neurograph.view.bundles import Connection, bundles_of
from neurograph.view.columns import neuron_arrays, synapse_arrays
from neurograph.view.describe import (
    describe_connection,
    describe_form,
    describe_kind,
    describe_own,
    describe_population,
    name_of,
)
from neurograph.view.examples import example_arrays
from neurograph.view.kernels import kernel_arrays
from neurograph.view.layout import PageLayout, lay_out
from neurograph.view.matrices import matrix_arrays
from neurograph.view.past import past_arrays

DOTS = 30_000  # neurons, beyond which the largest populations are drawn as a whole


@dataclass(frozen=True, eq=False)
class PageContent:
    """Everything a page shows.

    Parameters
    ----------
    data
        Plain data: "title", "populations", "kinds", "forms", "bundles", "timeline", "headline", "unit",
        "events", "notes", "names", "own".
    arrays
        Name -> numbers of neurons (their order is by population) and of synapses (by bundle).
    layout, neurons, synapses, bundles
        What they were made of.
    """

    data: dict[str, Any]
    arrays: dict[str, np.ndarray]
    layout: PageLayout
    neurons: NeuronHistory
    synapses: SynapseHistory
    bundles: list[Connection]


def content(
    graph: EditableGraph,
    rows: Iterable[MetricsRow] = (),
    observations: Observations | None = None,
    limit: int = 2_000_000,
    title: str | None = None,
    test_error: float | None = None,
    past: Iterable[PastWeights] = (),
    data: Examples | None = None,
) -> PageContent:
    """Gather what a page shows; see `neurograph.view.view` for the parameters."""
    if not isinstance(limit, int | np.integer) or isinstance(limit, bool) or limit < 0:
        raise OptionError(f"max_synapses must be a whole number of at least 0, not {limit!r}")
    graph.synchronise()
    neurons = neurons_of(graph)
    if not len(neurons.keys):
        raise OptionError("the graph has no neurons, so there is nothing to show")
    synapses = synapses_of(graph, neurons)
    layout = lay_out(neurons, synapses, list(graph.population_names))
    bundles = bundles_of(layout, synapses, limit)
    order = np.concatenate([block.members for block in layout.blocks])
    place = np.argsort(order)
    arrays = neuron_arrays(neurons, synapses, layout, order, observations)
    arrays |= synapse_arrays(synapses, bundles, place, observations)
    matrices, places = matrix_arrays(neurons, synapses, layout)
    rows, entries = list(rows), list(graph.journal)
    times = timeline(entries, rows)
    chosen = np.concatenate([np.zeros(0, np.int64), *(bundle.synapses for bundle in bundles)])
    kernels, left_out = kernel_arrays(synapses, bundles)
    before, moments, kept = past_arrays(past, neurons, synapses, chosen, order, times, kernels)
    closed = _undotted(layout)
    head = headline(entries, neurons, test_error_of(rows, test_error), unit_of(rows), graph.journal.forgotten)
    seen, about, unseen = example_arrays(data, neurons.keys[order])
    notes = [*_older(graph.journal.forgotten), *_notes(layout, bundles, closed, left_out)]
    plain = {
        "title": name_of(title if title is not None else graph.graph.get("name", "")),
        "living": [int((some.died == NEVER).sum()) for some in (neurons, synapses)],
        "populations": [
            describe_population(neurons, block, at in closed) | {"matrix": places.get(at)}
            for at, block in enumerate(layout.blocks)
        ],
        "kinds": [describe_kind(kind) for kind in neurons.kinds],
        "forms": [describe_form(form_of(form)) for form in synapses.forms],
        "bundles": [describe_connection(synapses, bundle) for bundle in bundles],
        "timeline": times,
        "past": moments,
        "headline": name_of(head) if entries else "",
        "unit": name_of(unit_of(rows)),
        "older": graph.journal.forgotten.get("entries", 0),
        "events": [_described(event) for event in events_of(entries, neurons)],
        "names": [name_of(neurons.names[at]) for at in order.tolist()],
        "own": describe_own(neurons, place),
        "notes": notes + _past_note(len(moments), kept) + unseen,
        "examples": about,
    }
    return PageContent(plain, arrays | seen | kernels | matrices | before, layout, neurons, synapses, bundles)


def test_error_of(rows: list[MetricsRow], known: float | None) -> float | None:
    """The one that is known, else the last that was measured beside the epochs."""
    measured = (row.get("test_error") for row in reversed(rows))
    return known if known is not None else next((error for error in measured if error is not None), None)


def _past_note(held: int, kept: int) -> list[str]:
    return [f"weights of {held:,} of the {kept:,} moments that were kept are in the page"] if held < kept else []


def _described(event: GrowthEvent) -> dict[str, Any]:
    return {
        "first": event.first,
        "last": event.last,
        "empty": event.empty,
        "because": name_of(event.because, 400),
        "sentence": name_of(event.sentence, 600),
    }


def _undotted(layout: PageLayout) -> set[int]:
    """The largest populations, until what is left can be drawn neuron by neuron."""
    counts = {at: len(block.members) for at, block in enumerate(layout.blocks)}
    closed: set[int] = set()
    while sum(n for at, n in counts.items() if at not in closed) > DOTS:
        closed.add(max((at for at in counts if at not in closed), key=lambda at: counts[at]))
    return closed


def _notes(layout: PageLayout, bundles: list[Connection], closed: set[int], kernels: int) -> list[str]:
    """What the page does not show, or not at once."""
    notes = []
    held, ever = sum(len(bundle.synapses) for bundle in bundles), sum(bundle.ever for bundle in bundles)
    if held < ever:
        notes.append(f"the strongest {held:,} of {ever:,} synapses are in the page; histograms count them all")
    bands = [bundle for bundle in bundles if bundle.band]
    if bands:
        text = "bundle is" if len(bands) == 1 else "bundles are"
        notes.append(f"{len(bands)} {text} drawn whole; a neuron's synapses show when it is pointed at")
    if closed:
        names = ", ".join(name_of(layout.blocks[at].name) for at in sorted(closed))
        notes.append(f"drawn as a whole, without single neurons: {names}")
    if kernels:
        notes.append(f"{kernels:,} kernels are not in the page one by one; their sizes are")
    return notes


def _older(forgotten: Mapping[str, int]) -> list[str]:
    """That a shortened journal has counts alone of what came first."""
    count = forgotten.get("entries", 0)
    of = f"of the {count:,} oldest edits counts are kept" if count > 1 else "of the oldest edit counts are kept"
    return [f"{of}: births and deaths are shown from then on"] if count else []
