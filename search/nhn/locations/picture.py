"""A search as a picture: how individuals did, cycle by cycle, and where the best of the last cycle have add-ons."""

from collections import Counter
from collections.abc import Sequence
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch
from matplotlib.ticker import MaxNLocator

from neurograph.draw.axes import bare, heading, label_ends
from neurograph.draw.picture import Drawn, picture
from neurograph.draw.style import FAINT, GREY, INK, LINES

from ..addons import Locations
from .genes import Genome, Space

_BEST, _MEDIAN = LINES[2], LINES[0]
_SIZES = (LINES[0], LINES[1], LINES[3], LINES[4])  # of kernels, in the order of genes
_WIDTH, _MARGIN, _LAYER = 640.0, 80.0, 26.0  # points; the last: from a layer to the next
_SURVIVORS = 10


def draw_search(
    rows: Sequence[dict[str, Any]],
    best: Genome,
    space: Space,
    path: str | Path | None = None,
    ax: Axes | None = None,
) -> Drawn:
    """Draw the errors of a search over its cycles and, where genomes are locations, the best with its competitors.

    Parameters
    ----------
    rows
        As `Found.rows`, at least one.
    best
        The genome that was found.
    space
        Of the genomes.
    path
        Its ending says what to write: .svg, .pdf or .png. Without one a notebook shows what is returned.
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
    """
    layers = _layers(space) if isinstance(space, Locations) else []
    high = max(260.0, _MARGIN + _LAYER * len(layers))

    def paint(figure: Figure) -> None:
        frame = {"left": 0.075, "top": 1 - 34 / high, "bottom": 40 / high}
        if not layers:
            figure.subplots_adjust(right=0.84, **frame)
            _errors(figure.subplots(), rows)
            return
        errors, places = figure.subplots(1, 2, width_ratios=(5, 3.6))
        figure.subplots_adjust(right=0.985, wspace=0.5, **frame)
        _errors(errors, rows)
        assert isinstance(space, Locations)
        _places(places, rows[-1], best, space, layers)

    return picture(path, (_WIDTH, high), paint, ax)


def _errors(axes: Axes, rows: Sequence[dict[str, Any]]) -> None:
    bare(axes)
    heading(axes, "error of the individuals")
    cycles = [row["cycle"] for row in rows]
    dots = [(row["cycle"], one["error"]) for row in rows for one in row["individuals"] if one["error"] is not None]
    axes.plot(*zip(*dots, strict=True), ".", color=FAINT, markersize=3, zorder=1)
    ends = []
    for name, colour, key in (("median", _MEDIAN, "median_error"), ("best", _BEST, "error")):
        values = np.array([np.nan if row[key] is None else row[key] for row in rows])
        axes.plot(cycles, values, color=colour, linewidth=1.8, solid_joinstyle="round", zorder=2)
        if np.isfinite(values[-1]):
            ends.append((values[-1], f"{name} {values[-1]:.1f} %", colour))
    axes.set_ylim(0, 1.15 * float(np.percentile([error for _, error in dots], 95)) or 1.0)
    axes.set_xlabel("cycle")
    axes.set_ylabel("error (%)")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    label_ends(axes, cycles[-1], ends)


def _places(axes: Axes, row: dict[str, Any], best: Genome, space: Locations, layers: list[list[str]]) -> None:
    heading(axes, "add-ons of the best")
    axes.axis("off")
    height = {name: -(at + 0.7 * part) for part, names in enumerate(layers) for at, name in _numbered(layers, part)}
    for names in layers:
        axes.plot([0, 0], [height[names[0]], height[names[-1]]], color=FAINT, linewidth=1.4, zorder=1)
        for name in names:
            axes.plot(0, height[name], "o", color=INK, markersize=4.5, zorder=3)
            axes.text(0.55, height[name], name, va="center", fontsize=7.5, color=INK)
    sizes = list(dict.fromkeys(size for _, size in space.genes))
    survivors = sorted((one for one in row["individuals"] if one["error"] is not None), key=lambda one: one["error"])
    shares = Counter(place for one in survivors[:_SURVIVORS] for place in space.places(one["genome"]))
    chosen = set(space.places(best))
    for place in shares | dict.fromkeys(chosen, 1):
        read, fed, size = place
        strength = 1.0 if place in chosen else 0.5 * shares[place] / _SURVIVORS
        axes.add_patch(_arc(height[read], height[fed], sizes.index(size), strength))
    for at, size in enumerate(sizes):
        side = (-0.36, 0.36)[at % 2]
        axes.text(side, 0.75 + 0.5 * (at // 2), f"{size} × {size}", color=_SIZES[at % 4], fontsize=8, ha="center")
    lowest = min(height.values())
    axes.text(0, lowest - 0.9, "faint: of other survivors", color=GREY, fontsize=7.5, ha="center", va="top")
    axes.set_xlim(-0.75, 1.05)
    axes.set_ylim(lowest - 1.2, 1.2)


def _arc(start: float, end: float, size: int, strength: float) -> FancyArrowPatch:
    """From what is read to what is fed: the first kernel size on the left, the second on the right, and so on."""
    bend = 1.3 / sqrt(abs(end - start)) * (1, -1)[size % 2]
    return FancyArrowPatch(
        (0, start), (0, end), connectionstyle=f"arc3,rad={bend}", arrowstyle="-|>", shrinkA=3, shrinkB=4,
        mutation_scale=6, linewidth=1.6, color=_SIZES[size % 4], alpha=strength, zorder=2 + strength,
    )  # fmt: skip


def _layers(space: Locations) -> list[list[str]]:
    """The populations that genes speak of, segment by segment, in order."""
    first = space.genes[0][1]
    segments: list[list[str]] = []
    for gene, (layer, size) in enumerate(space.genes):
        if size != first:
            break
        if len(space.choices(gene)) == 1:
            segments.append([space.choices(gene)[0]])
        segments[-1].append(layer)
    return segments


def _numbered(layers: list[list[str]], part: int) -> list[tuple[int, str]]:
    before = sum(len(names) for names in layers[:part])
    return list(enumerate(layers[part], before))
