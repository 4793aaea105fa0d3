"""Write the page; show a graph in a notebook."""

import os
import sys
import webbrowser
from collections.abc import Callable, Iterable
from html import escape
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from neurograph.analysis.examples import Examples
from neurograph.analysis.observations import Observations
from neurograph.analysis.past import PastWeights
from neurograph.analysis.timeline import MetricsRow
from neurograph.core.graph import EditableGraph
from neurograph.disk.aside import written_aside
from neurograph.disk.streams import is_stream
from neurograph.errors import FileError
from neurograph.view.page import page
from neurograph.view.page_data import content
from neurograph.view.picture import LINES, picture

MOST = 2_000_000  # synapses of a page
_PICTURED = 300_000  # synapses, beyond which a notebook shows words alone: the picture would take a second


def view(
    graph: EditableGraph,
    path: str | Path,
    *,
    metrics: Iterable[MetricsRow] = (),
    observations: Observations | None = None,
    max_synapses: int = MOST,
    title: str | None = None,
    test_error: float | None = None,
    past: Iterable[PastWeights] = (),
    data: Examples | None = None,
    force: bool = False,
) -> Path:
    """Write one HTML file in which the network can be explored, from disk and without a network connection.

    It shows populations in columns, every neuron and synapse that is or was since the journal's start, and the journal
    as a timeline. Bundles of many synapses are drawn as bands with histograms of their weights until they are opened.

    Parameters
    ----------
    graph
        The network.
    path
        The file, by custom ending in .html. It appears whole or not at all. A device, a pipe or /dev/stdout is written
        to where it is.
    metrics
        Rows of a run's metrics, one an epoch ("epoch", "train_error", "validation_error", ...), for the curve beside
        the timeline.
    observations
        What `net.observe(batches, loss=...)` saw: colours synapses by their mean absolute gradient.
    max_synapses
        How many go into the page; beyond that the strongest of each bundle, and the page says so. A million are about
        3 MB.
    title
        Of the page; unless given the graph's name.
    test_error
        On the test part of the data, in percent, for the headline; unless given the last one that the metrics hold.
    past
        Weights of moments of the past, as `Run.past` gives them: the page shows them where time stands there, and says
        "weights of today" where there are none. As many as make 3 million numbers, those of events first.
    data
        What neurons make of some examples, from `compiler.examples`: the page then shows what a neuron does (how its
        activations are distributed, the inputs that excite it most, its mean response to each class, its maps), and a
        chosen example lights the network up. At most 256 examples and 3 MB before packing.
    force
        Whether a file that lies there is overwritten.

    Returns
    -------
    path : pathlib.Path
        Where the page lies.

    Raises
    ------
    FileError
        A file that lies there already, a folder that does not exist, a path that cannot be written.
    OptionError
        A graph without neurons, rows without their epoch, a negative number of synapses.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> from tempfile import mkdtemp
    >>> page = view(mlp([2, 3, 1], seed=0), Path(mkdtemp()) / "net.html")
    >>> page.read_text(encoding="utf-8")[:15]
    '<!doctype html>'
    """
    path = refuse_overwriting(path, force)
    return write_page(path, page(content(graph, metrics, observations, max_synapses, title, test_error, past, data)))


def write_page(path: Path, text: str) -> Path:
    """Write a document, whole or not at all; returns where it lies."""
    with written_aside(path) as aside:
        aside.write_text(text, encoding="utf-8")
    return path


def refuse_overwriting(path: str | Path, force: bool) -> Path:
    """The path; `FileError` where a file lies there and is not to be overwritten."""
    path = Path(path)
    if os.path.exists(path) and not os.path.isdir(path) and not force and not is_stream(path):
        raise FileError(f"{path} is there already; force=True (--force) overwrites it")
    return path


def show(graph: EditableGraph, **options: Any) -> Path:
    """Write the page to a temporary folder and open it: in the notebook that asks for it, else in the browser.

    Parameters
    ----------
    graph
        The network.
    options
        See `view`.
    """
    path = view(graph, Path(mkdtemp(prefix="neurograph-")) / "network.html", **options)
    framed = _notebook_frame()
    if framed is None:
        webbrowser.open(path.as_uri())
    else:
        text = escape(path.read_text(encoding="utf-8"))
        framed(f'<iframe srcdoc="{text}" style="width:100%;height:640px;border:0" title="the network"></iframe>')
    return path


def _notebook_frame() -> Callable[[str], Any] | None:
    """What shows HTML in the notebook that this runs in; None where it runs in none."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is None or not hasattr(shell, "kernel"):
        return None
    from IPython.display import display  # pyright: ignore[reportMissingImports]

    shown = {"text/plain": "the page of a network"}
    return lambda text: display(shown | {"text/html": text}, raw=True)  # HTML(...) warns of any frame


def notebook(graph: EditableGraph) -> str:
    """What a notebook shows of a graph: its size in words, a small picture, the way to more."""
    neurons, synapses = len(graph), graph.number_of_edges()
    edits = f", {len(graph.journal)} edits in its journal" if len(graph.journal) else ""
    words = f"<div><b>{neurons:,} neurons, {synapses:,} synapses</b>{edits}</div>"
    still = picture(content(graph, limit=LINES)) if neurons and synapses <= _PICTURED else ""
    more = "<div style='opacity:.65;font-size:90%'>g.view() shows a page to explore, g.draw() a picture</div>"
    return f"<div style='max-width:860px'>{words}{still}{more}</div>"
