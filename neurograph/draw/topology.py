"""The wiring of a network as a picture."""

from collections.abc import Hashable, Iterable
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from neurograph.analysis.history import NEVER, neurons_of
from neurograph.analysis.story import headline
from neurograph.core.arrays import GraphArrays
from neurograph.core.graph import EditableGraph
from neurograph.draw.layout import LOW, GraphLayout, lay_out
from neurograph.draw.panel import Panel, draw_labels, draw_neurons, draw_synapses, flags, summary
from neurograph.draw.picture import Drawn, picture
from neurograph.draw.style import GREY, INK, NEGATIVE, NEWBORN, POSITIVE, counted, number, printable
from neurograph.errors import OptionError

SIDE, TOP, BOTTOM = 52.0, 58.0, 82.0  # points around the columns
WIDE, NARROW = 150.0, 20.0  # points between two columns, at most and at least
_SIGNS = (("positive", POSITIVE), ("negative", NEGATIVE))


def topology(
    graph: EditableGraph,
    path: str | Path | None = None,
    *,
    title: str | None = None,
    columns: str | None = None,
    newborn: Iterable[Hashable] | None = None,
    max_synapses: int = 20_000,
    ax: Axes | None = None,
) -> Drawn:
    """Draw a network to an SVG, PDF or PNG.

    Columns are populations, or levels where populations are wired in circles. Their heights grow with the root of their
    counts; a column too dense for dots becomes a bar. Synapses are blue where their weight is positive and orange where
    it is negative, and the stronger the darker, compared with the others between the same two columns. Feature maps are
    tiles, each with the strongest kernel that leads to it, where there is room for them.

    Parameters
    ----------
    graph
        The network.
    path
        Its ending says what to write: .svg, .pdf or .png. Without one a notebook shows what is returned.
    title
        Above the picture; unless given the graph's name.
    columns
        "populations" or "levels"; chosen unless given.
    newborn
        Names of neurons to set off from the others; unless given those born since the journal's start.
    max_synapses
        How many to draw, at most: the strongest, an equal share between each two columns. The caption says so.
    ax
        A subplot of matplotlib's to draw it in the place of; see `neurograph.draw.picture`.

    Returns
    -------
    drawn : pathlib.Path, Picture or matplotlib.axes.Axes
        Where the picture lies; without a path the picture, or the subplot.

    Raises
    ------
    FileError
        Another ending, or a path that cannot be written.
    OptionError
        Another word for `columns`, a negative number of synapses, or a graph without neurons.
    """
    arrays = graph.arrays()
    check(len(arrays), max_synapses)
    layout = lay_out(arrays, columns)
    x = SIDE + column_positions(len(layout.counts))
    largest = int(layout.counts.max())
    tall = height([layout], largest)
    size = (max(x[-1] + SIDE, 340.0), TOP + tall + BOTTOM)
    x = x + (size[0] - x[-1] - SIDE) / 2
    since, text = _growth(graph, arrays)
    panel = Panel(
        arrays, layout, x, BOTTOM + tall / 2, tall, largest, flags(arrays, since if newborn is None else newborn)
    )

    def paint(figure: Figure) -> None:
        axes = canvas(figure, size)
        shown = draw_panel(axes, panel, max_synapses)
        head(axes, 14.0, size[1] - 14.0, printable(title or graph.graph.get("name", "")), text)
        legend(axes, size, bool(panel.newborn.any()))
        caption(axes, shown, len(arrays.ids))

    return picture(path, size, paint, ax)


def _growth(graph: EditableGraph, arrays: GraphArrays) -> tuple[list[Hashable], str]:
    """The living that were born since the journal's start, and how large the network is and became in words."""
    if not len(graph.journal):
        return [], summary(arrays)
    neurons = neurons_of(graph)
    born = np.flatnonzero((neurons.born > 0) & (neurons.died == NEVER)).tolist()
    if not neurons.born.any() and not neurons.died.any():
        return [], summary(arrays)
    words = f"{headline(list(graph.journal), neurons)}, {counted(len(arrays.ids), 'synapse')}"
    return [neurons.names[at] for at in born], words


def check(neurons: int, most: int) -> None:
    """Refuse what cannot be drawn."""
    if not neurons:
        raise OptionError("the graph has no neurons, so there is nothing to draw")
    if not isinstance(most, int | np.integer) or most < 0:
        raise OptionError(f"max_synapses must be a whole number of at least 0, not {most!r}")


def height(layouts: Iterable[GraphLayout], largest: int) -> float:
    """Points, of the highest column."""
    return max(LOW, *(layout.heights(largest).max() for layout in layouts))


def column_positions(count: int, room: float = 660.0) -> np.ndarray:
    """(C,) points: equal distances, wide for a few columns and narrow for many."""
    return np.arange(count) * float(np.clip(room / max(1, count - 1), NARROW, WIDE))


def canvas(figure: Figure, size: tuple[float, float]) -> Axes:
    """An axes over the whole figure, measured in points from its lower left corner."""
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, size[0])
    axes.set_ylim(0, size[1])
    return axes


def draw_panel(axes: Axes, panel: Panel, most: int) -> int:
    """Draw a network with its labels; returns how many synapses are shown."""
    shown = draw_synapses(axes, panel, most)
    draw_neurons(axes, panel)
    draw_labels(axes, panel, BOTTOM - 14.0)
    return shown


def head(axes: Axes, x: float, y: float, title: str, text: str) -> None:
    """Write a title and what stands below it."""
    if title:
        axes.text(x, y, title, ha="left", va="top", fontsize=11.5, fontweight="bold", color=INK)
        y -= 17
    axes.text(x, y, text, ha="left", va="top", fontsize=8.5, color=GREY)


def legend(axes: Axes, size: tuple[float, float], newborn: bool) -> None:
    """Say what the colours mean, in the lower right corner."""
    line = {"linewidth": 1.6, "solid_capstyle": "round"}
    entries = [Line2D([], [], color=colour, label=f"{what} weight", **line) for what, colour in _SIGNS]
    if newborn:
        dot = {"marker": "o", "markersize": 5, "linestyle": "none"}
        entries.append(Line2D([], [], color=NEWBORN, label="newborn neuron", **dot))
    axes.legend(
        handles=entries,
        loc="center right",
        bbox_to_anchor=(size[0] - 8, 18.0),
        bbox_transform=axes.transData,
        ncols=3,
        frameon=False,
        fontsize=7.5,
        labelcolor=GREY,
        handlelength=1.4,
        handletextpad=0.6,
        columnspacing=1.6,
        borderpad=0.0,
    )


def caption(axes: Axes, shown: int, there: int) -> None:
    """Say that not all synapses are shown, where that is so."""
    if shown < there:
        text = f"the strongest {number(shown)} of {number(there)} synapses are shown"
        axes.text(14.0, 18.0, text, ha="left", va="center", fontsize=7.5, color=GREY)
