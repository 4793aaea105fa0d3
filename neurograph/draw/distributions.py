"""How weights and degrees are distributed: a row for each two populations that are joined, and for each population."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from neurograph.analysis.sizes import mean_and_deviation
from neurograph.core.arrays import GraphArrays
from neurograph.core.graph import EditableGraph
from neurograph.draw.axes import bare
from neurograph.draw.layout import GraphLayout, lay_out
from neurograph.draw.panel import summary
from neurograph.draw.picture import Drawn, picture
from neurograph.draw.style import FAINT, GREY, INK, LINES, NEGATIVE, POSITIVE, printable
from neurograph.draw.topology import check
from neurograph.errors import OptionError
from neurograph.storage.sets import each_once

WIDTH, ROW, HEAD, FOOT, LABEL = 700.0, 27.0, 76.0, 40.0, 66.0  # points; the last for the label behind a row
MOST = 24  # rows; of more, those with most synapses are shown
BINS = 80  # even, so that none holds both signs
INCOMING, OUTGOING = INK, LINES[3]
LETTER = 5.0  # points, about


@dataclass(frozen=True, eq=False)
class Weights:
    """The weights from one population to another: what it is called, how many synapses, and all their numbers."""

    name: str
    synapses: int
    values: np.ndarray


def distributions(
    graph: EditableGraph, path: str | Path | None = None, *, title: str | None = None, ax: Axes | None = None
) -> Drawn:
    """Draw the distribution of the weights between each two populations, and of the synapses each neuron has.

    Weights are histograms on one axis, each as high as its row, orange below zero and blue above; of kernels every
    number counts. Degrees are drawn as a thin line from least to most, a thick one over the middle half, and a dot at
    the median, incoming above outgoing.

    Parameters
    ----------
    graph
        The network.
    path
        Its ending says what to write: .svg, .pdf or .png. Without one a notebook shows what is returned.
    title
        Above the picture; unless given the graph's name.
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
        A graph without neurons, or without weights.
    """
    arrays = graph.arrays()
    check(len(arrays), 0)
    layout = lay_out(arrays, "populations")
    bundles = weights_of(arrays, layout)
    if not bundles:
        raise OptionError("no synapse has a weight, so there is no distribution to draw")
    shown = sorted(sorted(range(len(bundles)), key=lambda at: -bundles[at].synapses)[:MOST])
    populations = np.sort(np.argsort(-layout.counts, kind="stable")[:MOST])
    name = printable(title or graph.graph.get("name", ""))
    size = (WIDTH, HEAD + ROW * max(len(shown), len(populations)) + FOOT)
    left = 20 + LETTER * max(len(bundles[at].name) for at in shown)
    right = 14 + LETTER * max(len(_short(layout.labels[at])) for at in populations.tolist())

    def paint(figure: Figure) -> None:
        middle = left + (size[0] - left - right - LABEL - 30) * 0.58
        weights = _panel(figure, size, (left, middle), len(shown))
        degrees = _panel(figure, size, (middle + LABEL + right + 10, size[0] - 20), len(populations))
        _draw_weights(weights, [bundles[at] for at in shown])
        _draw_degrees(degrees, arrays, layout, populations)
        figure.text(14 / size[0], 1 - 14 / size[1], name, va="top", fontsize=11.5, fontweight="bold", color=INK)
        below = 1 - (31 if name else 14) / size[1]
        figure.text(14 / size[0], below, summary(arrays), va="top", fontsize=8.5, color=GREY)
        hidden = len(bundles) - len(shown)
        if hidden:
            label = f"the {MOST} largest of {len(bundles)} pairs of populations are shown"
            figure.text(14 / size[0], 10 / size[1], label, fontsize=7.5, color=GREY)

    return picture(path, size, paint, ax)


def weights_of(arrays: GraphArrays, layout: GraphLayout) -> list[Weights]:
    """The weights between each two populations, in the order of the sources, then of the targets."""
    many = len(layout.counts)
    pair = layout.column[arrays.source] * many + layout.column[arrays.target]
    found = []
    for code in each_once(pair[arrays.pool >= 0]).tolist():
        mine = np.flatnonzero((pair == code) & (arrays.pool >= 0))
        parts = [arrays.pools[at][arrays.row[mine[arrays.pool[mine] == at]]].ravel() for at in range(len(arrays.pools))]
        source, target = divmod(code, many)
        name = f"{_short(layout.labels[source])} → {_short(layout.labels[target])}"
        found.append(Weights(name, len(mine), np.concatenate(parts)))
    return found


def _short(name: str, most: int = 16) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def _panel(figure: Figure, size: tuple[float, float], ends: tuple[float, float], rows: int) -> Axes:
    """An axes between two points of the width, with a row of `ROW` points for each line of names."""
    height = ROW * rows
    box = (ends[0] / size[0], 1 - (HEAD + height) / size[1], (ends[1] - ends[0]) / size[0], height / size[1])
    axes = figure.add_axes(box)
    bare(axes, "x")
    axes.set_ylim(rows, 0)
    axes.yaxis.set_minor_locator(NullLocator())
    axes.tick_params(axis="y", labelsize=8, labelcolor=INK)
    axes.spines["bottom"].set_color(FAINT)
    return axes


def _draw_weights(axes: Axes, bundles: list[Weights]) -> None:
    reach = max(float(np.quantile(np.abs(found.values), 0.998)) for found in bundles) or 1.0
    reach = min(max(reach, 1e-290), 1e290)  # an axis adds a margin
    edges = np.linspace(-reach, reach, BINS + 1)
    for at, found in enumerate(bundles):
        high = np.histogram(np.clip(found.values, -reach, reach), edges)[0].astype(float)
        high *= 0.82 / max(high.max(), 1.0)
        for half, colour in ((slice(0, BINS // 2), NEGATIVE), (slice(BINS // 2, BINS), POSITIVE)):
            within = edges[half.start : half.stop + 1]
            axes.stairs(at + 0.92 - high[half], within, baseline=at + 0.92, fill=True, color=colour, alpha=0.85)
        axes.plot([-reach, reach], [at + 0.92] * 2, color=FAINT, linewidth=0.6, zorder=0)
        mean, deviation = mean_and_deviation(found.values)
        label = f"{mean:.1g} ± {deviation:.2g}"
        axes.annotate(
            label, (reach, at + 0.6), xytext=(5, 0), textcoords="offset points", va="center", fontsize=7, color=GREY,
            annotation_clip=False,
        )  # fmt: skip
    axes.set_yticks(np.arange(len(bundles)) + 0.6, [found.name for found in bundles])
    axes.set_xlim(-reach, reach)
    axes.xaxis.set_major_locator(MaxNLocator(5, symmetric=True))
    axes.set_title("weights", loc="left", fontsize=9, color=GREY, pad=8)


def _draw_degrees(axes: Axes, arrays: GraphArrays, layout: GraphLayout, which: np.ndarray) -> None:
    ends = ((arrays.target, INCOMING, 0.36), (arrays.source, OUTGOING, 0.68))
    for end, colour, height in ends:
        degree = np.bincount(end, minlength=len(arrays))
        for at, population in enumerate(which.tolist()):
            mine = degree[layout.column == population]
            if not mine.any():
                continue
            least, low, median, high, most = np.quantile(mine, [0, 0.25, 0.5, 0.75, 1])
            axes.plot([least, most], [at + height] * 2, color=colour, linewidth=1.0, solid_capstyle="round")
            axes.plot([low, high], [at + height] * 2, color=colour, linewidth=3.4, solid_capstyle="round")
            axes.scatter([median], [at + height], s=16, color=colour, edgecolors="white", linewidths=0.6, zorder=3)
    axes.set_yticks(np.arange(len(which)) + 0.52, [_short(layout.labels[at]) for at in which.tolist()])
    axes.set_xscale("symlog", linthresh=1.0, linscale=0.4)
    axes.set_xlim(0, max(2.0, 1.3 * float(np.bincount(np.concatenate([arrays.target, arrays.source])).max())))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_title("degree", loc="left", fontsize=9, color=GREY, pad=8)
    for text, colour, x in (("incoming", INCOMING, -48), ("outgoing", OUTGOING, 0)):
        axes.annotate(
            text, (1, 1), xycoords="axes fraction", xytext=(x, 8), textcoords="offset points",
            ha="right", fontsize=8, color=colour,
        )  # fmt: skip
