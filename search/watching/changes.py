"""What a run that goes on has new: rows for the curves, and a journal that grew, for the page."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from neurograph import NeuronGraph
from neurograph.analysis.timeline import timeline
from neurograph.errors import FileError
from neurograph.view.generations import generations_page
from neurograph.view.page import page
from neurograph.view.page_data import content

from ..runs import Run
from ..searched import is_search, searched

Event = tuple[str, Any]


def live_page(run: Run, title: str, test_error: float | None = None) -> str:
    """The page of a run as it is now, which asks to be told of what is new."""
    stamp = _stamp(run)
    if (found := searched(run)) is not None:
        return generations_page(found, live=f"{stamp} 0")
    graph = NeuronGraph.load(run.graph)
    edits = len(graph.journal) - len(NeuronGraph.load(run.start).journal)
    shown = content(graph, run.metrics(), title=title, test_error=test_error, past=run.past())
    return page(shown, live=f"{stamp} {edits}")


def news(run: Run, known: str, stopped: Callable[[], bool], every: float = 0.5, beat: float = 10.0) -> Iterator[Event]:
    """What happens in a run from now on.

    Parameters
    ----------
    run
        The run.
    known
        What the page said that it was made of.
    stopped
        Asked between looks; the end where it is so.
    every, beat
        Seconds between looks, and between signs of life while there is nothing new.

    Yields
    ------
    event : tuple of str and object
        "metrics" with the curves so far, "graph" with the number of entries in the journal (the page is to be read
        anew; of a search after each generation), or "" as a sign of life.
    """
    seen, _, edits = known.partition(" ")
    quiet, search = time.monotonic(), is_search(run)
    if not search:
        yield "metrics", _curves(run)
    while not stopped():
        now = _stamp(run)
        if now != seen:
            there = _edits(run)
            yield ("metrics", _curves(run)) if str(there) == edits and not search else ("graph", there)
            seen, edits, quiet = now, str(there), time.monotonic()
        time.sleep(every)
        if time.monotonic() - quiet > beat:
            yield "", None
            quiet = time.monotonic()


def as_text(event: Event) -> bytes:
    """An event as a server sends it."""
    name, data = event
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode() if name else b": still here\n\n"


def _stamp(run: Run) -> str:
    """Changes where the graph of the last checkpoint does, before which rows and entries are written.

    Of a search, which may have a graph only at its end, where its rows do.
    """
    try:
        found = (run.path / "metrics.jsonl" if is_search(run) else run.graph).stat()
    except OSError:
        return ""
    return f"{found.st_mtime_ns}-{found.st_ino}-{found.st_size}"


def _curves(run: Run) -> dict[str, Any]:
    try:
        found = timeline([], run.metrics())
    except FileError:
        return {}  # a row that is being written, or cut off
    return {"curves": found["curves"], "end": found["end"]}


def _edits(run: Run) -> int:
    try:
        return len(run.journal())
    except FileError:
        return 0
