"""The wiring of a network as matrices: one block of the picture for each two populations that are joined."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from neurograph.core.graph import EditableGraph
from neurograph.draw.layout import GraphLayout, lay_out
from neurograph.draw.panel import summary
from neurograph.draw.picture import Drawn, picture
from neurograph.draw.strongest import strengths
from neurograph.draw.style import FAINT, GREY, INK, NEGATIVE, POSITIVE, RESOLUTION, number, printable
from neurograph.draw.topology import canvas, check, head, legend
from neurograph.errors import OptionError
from neurograph.storage.sets import each_once

LONG, ROOM = 240.0, 560.0  # points: the side of the largest population, and of all of them together
SHORT, LEAST, WIDEST = 34.0, 12.0, 26.0  # points: a small population, where there is room and where not; one neuron
GAP, RIGHT, BOTTOM, HEAD = 6.0, 24.0, 50.0, 52.0  # points between blocks, and around them
LINES = 22.0  # points that a name with its count below it takes
LETTER = 5.2  # points, about
EMPTY = "#f6f8fa"  # where no synapse joins two populations


@dataclass(frozen=True, eq=False)
class Side:
    """Populations along one side of the picture.

    Parameters
    ----------
    which
        (P,) int64: the populations, as columns of the layout.
    names, counts
        What they are called, and their neurons.
    start, length
        (P,) points: where each begins, counted from the corner, and how long it is.
    """

    which: np.ndarray
    names: list[str]
    counts: np.ndarray
    start: np.ndarray
    length: np.ndarray

    @property
    def end(self) -> float:
        """Points, of the last population."""
        return float(self.start[-1] + self.length[-1])


def adjacency(
    graph: EditableGraph, path: str | Path | None = None, *, title: str | None = None, ax: Axes | None = None
) -> Drawn:
    """Draw the adjacency of a network, block by block: sources down the side, targets along the top.

    A cell is blue where the weight is positive and orange where it is negative, and the stronger the darker, compared
    with the others of its block; white where there is no synapse. The sides of blocks grow with the root of their
    counts. Of kernels the norm and the sign of the sum are shown, identities and pools in grey.

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
        A graph without neurons, or without synapses.
    """
    arrays = graph.arrays()
    check(len(arrays), 0)
    if not len(arrays.ids):
        raise OptionError("the graph has no synapses, so there is no adjacency to draw")
    layout = lay_out(arrays, "populations")
    largest, many = int(layout.counts.max()), len(layout.counts)
    source, target = layout.column[arrays.source], layout.column[arrays.target]
    rows, columns = (_side(layout, each_once(end), largest) for end in (source, target))
    bundles = _bundles(source * many + target)
    strength, sign = strengths(arrays)
    left = 26.0 + LETTER * max(
        len(name) + 5 * (long < LINES) for name, long in zip(rows.names, rows.length, strict=True)
    )
    steep = any(len(name) * LETTER > length for name, length in zip(columns.names, columns.length, strict=True))
    top = HEAD + (26.0 if not steep else 16.0 + 0.75 * LETTER * max(map(len, columns.names)))
    size = (max(left + columns.end + RIGHT + 40.0 * steep, 380.0), top + rows.end + BOTTOM)

    def paint(figure: Figure) -> None:
        axes = canvas(figure, size)
        corner = size[1] - top
        for i, row in enumerate(rows.which):
            for j, column in enumerate(columns.which):
                box = (left + columns.start[j], corner - rows.start[i], columns.length[j], rows.length[i])
                mine = bundles.get(int(row * many + column))
                colours = None
                if mine is not None:
                    ends = layout.place[arrays.source[mine]], layout.place[arrays.target[mine]]
                    counts = int(layout.counts[row]), int(layout.counts[column])
                    colours = cells(ends, counts, strength[mine], sign[mine], (_dots(box[3]), _dots(box[2])))
                _block(axes, box, colours)
        _labels(axes, rows, columns, (left, corner), steep)
        head(axes, 14.0, size[1] - 14.0, printable(title or graph.graph.get("name", "")), summary(arrays))
        legend(axes, size, False)
        if (sign == 0).any():
            axes.text(14.0, 18.0, "grey: identities and pools", va="center", fontsize=7.5, color=GREY)

    return picture(path, size, paint, ax)


def _side(layout: GraphLayout, which: np.ndarray, largest: int) -> Side:
    counts = layout.counts[which]
    length = np.minimum(np.maximum(SHORT, LONG * np.sqrt(counts / largest)), np.maximum(SHORT, WIDEST * counts))
    room = ROOM - GAP * len(which)
    length = length if length.sum() <= room else np.maximum(LEAST, length * room / length.sum())
    start = np.cumsum(length + GAP) - length - GAP
    return Side(which, [_short(layout.labels[at]) for at in which.tolist()], counts, start, length)


def _short(name: str, most: int = 22) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def _bundles(pair: np.ndarray) -> dict[int, np.ndarray]:
    """The synapses of each pair of populations."""
    order = np.argsort(pair, kind="stable")
    starts = np.flatnonzero(np.diff(pair[order], prepend=-1))
    return {int(pair[group[0]]): group for group in np.split(order, starts[1:])}


def _dots(length: float) -> int:
    """How many dots of a PNG a length in points is."""
    return int(length * RESOLUTION / 72)


def cells(
    ends: tuple[np.ndarray, np.ndarray],
    counts: tuple[int, int],
    strength: np.ndarray,
    sign: np.ndarray,
    most: tuple[int, int],
) -> np.ndarray:
    """The colours of one block.

    Parameters
    ----------
    ends
        Places of the sources and of the targets of its synapses.
    counts
        Neurons of both populations.
    strength, sign
        Of its synapses.
    most
        Rows and columns that can be seen; where neurons are more, several share a cell.

    Returns
    -------
    colours : numpy.ndarray
        (rows, columns, 3) in [0, 1]: white where there is no synapse.
    """
    shape = min(counts[0], most[0]), min(counts[1], most[1])
    row, column = (end * seen // n for end, seen, n in zip(ends, shape, counts, strict=True))
    cell, many = row * shape[1] + column, shape[0] * shape[1]
    weight = np.maximum(strength, 1e-12)
    negative, neither, positive = (np.bincount(cell, weight * (sign == s), many) for s in (-1, 0, 1))
    count, total = np.bincount(cell, minlength=many), np.maximum(negative + neither + positive, 1e-30)
    side = np.clip((positive - negative) / total * np.sqrt(count), -1, 1)  # else weights that share a cell turn grey
    hues = np.array([to_rgb(colour) for colour in (NEGATIVE, GREY, POSITIVE)])
    parts = np.stack([(1 - side) / 2, np.zeros(many), (1 + side) / 2]) * (1 - neither / total)
    parts[1] = neither / total
    mixed = parts.T @ hues
    wide = [np.bincount(np.arange(n) * seen // n) for seen, n in zip(shape, counts, strict=True)]
    total /= np.outer(*wide).ravel()  # by pair of neurons: some cells have more of them than others
    there = count > 0
    dark = np.clip(total / np.quantile(total[there], 0.98), 0.0, 1.0) ** 0.75
    ink = np.where(there, 0.1 + 0.9 * dark, 0.0)[:, None]
    return (1 - ink * (1 - mixed)).reshape(*shape, 3)


def _block(axes: Axes, box: tuple[float, float, float, float], colours: np.ndarray | None) -> None:
    x, y, width, height = box
    if colours is not None:
        extent = (x, x + width, y - height, y)
        axes.imshow(colours, extent=extent, aspect="auto", interpolation="nearest", zorder=1)
    fill = EMPTY if colours is None else "none"
    edge = "none" if colours is None else FAINT
    axes.add_patch(Rectangle((x, y - height), width, height, facecolor=fill, edgecolor=edge, linewidth=0.8, zorder=2))


def _labels(axes: Axes, rows: Side, columns: Side, corner: tuple[float, float], steep: bool) -> None:
    """Names and counts of the populations."""
    left, top = corner
    for name, count, start, length in zip(rows.names, rows.counts, rows.start, rows.length, strict=True):
        middle = top - start - length / 2
        if length < LINES:
            label = f"{name}  {number(int(count))}"
            axes.text(left - 8, middle, label, ha="right", va="center", fontsize=7.5, color=INK)
            continue
        axes.text(left - 8, middle + 1, name, ha="right", va="bottom", fontsize=8.5, color=INK)
        axes.text(left - 8, middle - 1, number(int(count)), ha="right", va="top", fontsize=7.5, color=GREY)
    for name, count, start, length in zip(columns.names, columns.counts, columns.start, columns.length, strict=True):
        middle, label = left + start + length / 2, f"{name}  {number(int(count))}"
        if steep:
            axes.text(
                middle - 4, top + 6, label, ha="left", va="bottom", fontsize=8, color=INK, rotation=45,
                rotation_mode="anchor",
            )  # fmt: skip
        else:
            axes.text(middle, top + 17, name, ha="center", va="bottom", fontsize=8.5, color=INK)
            axes.text(middle, top + 6, number(int(count)), ha="center", va="bottom", fontsize=7.5, color=GREY)
