"""Variants side by side: each run a dot, each variant's mean a bar through them, sizes written beside."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurograph.draw.axes import bare, heading
from neurograph.draw.picture import Drawn, picture
from neurograph.draw.style import GREY, INK, LINES, NEWBORN
from neurograph.errors import OptionError

WIDE, STEP = 520.0, 26.0  # points: the picture, and a row of it
TOP, BOTTOM = 26.0, 42.0


@dataclass(frozen=True)
class Variant:
    """Runs of one variant.

    Parameters
    ----------
    name
        Written at the left.
    values
        One for each run, such as test errors in percent.
    aside
        What else there is to say in a word or two, such as its parameters; written at the right.
    kind
        Variants of one kind share a colour, in the order the kinds come.
    """

    name: str
    values: Sequence[float]
    aside: str = ""
    kind: str = ""


def comparison(
    variants: Sequence[Variant],
    path: str | Path | None = None,
    *,
    axis: str = "test error (%)",
    title: str | None = None,
    reference: float | None = None,
    ax: Axes | None = None,
) -> Drawn:
    """Draw what each run of each variant came to.

    Parameters
    ----------
    variants
        From top to bottom.
    path
        Its ending says what to write: .svg, .pdf or .png. Without one a notebook shows what is returned.
    axis
        What the values are.
    title
        Above the picture.
    reference
        A value that all are to be held against: a line upwards.
    ax
        A subplot of matplotlib's to draw it in the place of; see `neurograph.draw.picture`.

    Returns
    -------
    drawn : pathlib.Path, Picture or matplotlib.axes.Axes
        Where the picture lies; without a path the picture, or the subplot.

    Raises
    ------
    OptionError
        No variant, or one without values.
    FileError
        Another ending, or a path that cannot be written.
    """
    if not variants or not all(len(variant.values) for variant in variants):
        raise OptionError("a comparison needs variants, each with at least one value")
    left = 24 + 5.0 * max(len(variant.name) for variant in variants)  # a letter is about 5 points wide
    right = 24 + 4.6 * max(len(variant.aside) for variant in variants)
    top = TOP + (20 if title else 0)
    high = STEP * len(variants) + top + BOTTOM

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        figure.subplots_adjust(left=left / WIDE, right=1 - right / WIDE, top=1 - top / high, bottom=BOTTOM / high)
        bare(axes, "x")
        kinds = list(dict.fromkeys(variant.kind for variant in variants))
        colours = [NEWBORN, *(colour for colour in LINES if colour != NEWBORN)]
        for row, variant in enumerate(variants):
            _variant(axes, row, variant, colours[kinds.index(variant.kind) % len(colours)])
        if reference is not None:
            axes.axvline(reference, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
        axes.set_ylim(len(variants) - 0.4, -0.6)
        axes.set_yticks(range(len(variants)), [variant.name for variant in variants])
        axes.tick_params(axis="y", labelcolor=INK, labelsize=8.5)
        axes.margins(x=0.06)
        axes.set_xlabel(axis)
        heading(axes, title)

    return picture(path, (WIDE, high), paint, ax)


def _variant(axes: Axes, row: int, variant: Variant, colour: str) -> None:
    values = np.asarray(variant.values, float)
    axes.plot([values.min(), values.max()], [row, row], color=colour, alpha=0.35, linewidth=2.0, zorder=2)
    axes.scatter(values, np.full(len(values), row), s=18, color=colour, alpha=0.55, linewidths=0, zorder=3)
    axes.scatter([values.mean()], [row], s=52, marker="|", color=colour, linewidths=2.2, zorder=4)
    axes.annotate(
        f"{values.mean():.2f}", (values.mean(), row), xytext=(0, 7), textcoords="offset points",
        ha="center", fontsize=7.5, color=colour,
    )  # fmt: skip
    axes.annotate(
        variant.aside, (1.0, row), xycoords=axes.get_yaxis_transform(), xytext=(8, 0), textcoords="offset points",
        va="center", fontsize=8, color=GREY, annotation_clip=False,
    )  # fmt: skip
