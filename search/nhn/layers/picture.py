"""A search as a picture: how the networks did, epoch by epoch, and the winner."""

from collections.abc import Sequence
from math import sqrt
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch
from matplotlib.ticker import MaxNLocator

from neurograph.draw.axes import bare, heading, label_ends
from neurograph.draw.picture import Drawn, picture
from neurograph.draw.style import FAINT, GREY, INK, LINES

from .space import Genes, MacroSpace

_COLOURS = {
    "conv3": LINES[4],
    "conv5": LINES[1],
    "separable3": LINES[5],
    "separable5": LINES[0],
    "average": LINES[3],
    "maximum": GREY,
}
_WIDTH, _MARGIN, _LAYER = 640.0, 74.0, 24.0  # points; the last: from a layer to the next


def draw_search(
    rows: Sequence[dict[str, Any]],
    genes: Genes,
    space: MacroSpace,
    path: str | Path | None = None,
    ax: Axes | None = None,
) -> Drawn:
    """Draw the errors of a search over its epochs, and the network it found with what each layer reads.

    Parameters
    ----------
    rows
        As `Hierarchy.rows`, at least one.
    genes, space
        The winner.
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
    high = max(260.0, _MARGIN + _LAYER * (space.layers + space.segments))

    def paint(figure: Figure) -> None:
        errors, winner = figure.subplots(1, 2, width_ratios=(5, 3.4))
        figure.subplots_adjust(left=0.075, right=0.985, top=1 - 34 / high, bottom=40 / high, wspace=0.55)
        _errors(errors, rows)
        _winner(winner, genes, space)

    return picture(path, (_WIDTH, high), paint, ax)


def _errors(axes: Axes, rows: Sequence[dict[str, Any]]) -> None:
    bare(axes)
    heading(axes, "error of the networks")
    epochs, ends, highest = [row["epoch"] for row in rows], [], 0.0
    lines = [
        ("training", GREY, 1.2, [row["train_error"] for row in rows]),
        ("best so far", LINES[2], 2.0, [row["search"]["best_error"] for row in rows]),
    ]
    if all(row["search"]["reward"] is not None for row in rows):
        lines.append(("rated, mean", LINES[0], 2.0, [100 - 100 * row["search"]["reward"] for row in rows]))
    for name, colour, width, values in lines:
        axes.plot(epochs, values, color=colour, linewidth=width, solid_joinstyle="round")
        ends.append((values[-1], f"{name} {values[-1]:.1f} %", colour))
        highest = max(highest, *values)
    axes.set_ylim(0, highest * 1.05 or 1.0)
    axes.set_xlabel("epoch")
    axes.set_ylabel("error (%)")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    label_ends(axes, epochs[-1], ends)


def _winner(axes: Axes, genes: Genes, space: MacroSpace) -> None:
    heading(axes, "the winner")
    axes.axis("off")
    place = [layer + 0.8 * space.segment(layer) for layer in range(space.layers)]
    for layer, gene in enumerate(genes):
        if layer:
            axes.plot([0, 0], [place[layer - 1], place[layer]], color=INK, linewidth=1.4, zorder=1)
        for earlier in gene.skips:
            axes.add_patch(_arc(place[earlier], place[layer]))
        axes.plot(0, place[layer], "o", color=_COLOURS[gene.operation], markersize=10, zorder=2)
        axes.text(0, place[layer], str(layer), ha="center", va="center", fontsize=6.5, color="white", zorder=3)
        axes.text(0.16, place[layer], gene.operation, va="center", fontsize=8.5)
        if not layer or space.segment(layer) > space.segment(layer - 1):
            _segment(axes, place[layer] - 0.9, space.side(space.segment(layer)), line=layer > 0)
    axes.set_xlim(-0.5, 1.0)
    axes.set_ylim(place[-1] + 0.6, -0.8)


def _arc(start: float, end: float) -> FancyArrowPatch:
    """From an earlier layer, past those between, on the left; the longer, the flatter, so that none leaves its room."""
    return FancyArrowPatch(
        (0, start), (0, end), connectionstyle=f"arc3,rad={1.1 / sqrt(end - start)}", arrowstyle="-|>",
        shrinkA=5, shrinkB=5, mutation_scale=6, linewidth=0.9, color=GREY, zorder=0,
    )  # fmt: skip


def _segment(axes: Axes, height: float, side: int, line: bool) -> None:
    if line:
        axes.plot([-0.5, 1.0], [height, height], color=FAINT, linewidth=1.0, zorder=0)
    axes.text(1.0, height + 0.12, f"{side} × {side}", ha="right", va="top", fontsize=7, color=GREY)
