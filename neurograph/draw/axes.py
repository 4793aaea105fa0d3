"""What the pictures' axes have in common: no frame, a faint grid, lines named at their ends."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from neurograph.draw.style import FAINT, INK


def bare(axes: Axes, grid: str = "y") -> None:
    """Take off the frame but for the axis below, and lay a faint grid behind."""
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.grid(axis=grid, color=FAINT, linewidth=0.6)  # type: ignore[arg-type]
    axes.set_axisbelow(True)
    axes.tick_params(length=0, pad=5)
    axes.minorticks_off()


def heading(axes: Axes, title: str | None, pad: float = 10.0) -> None:
    """A title above the axes, where there is one."""
    if title:
        axes.set_title(title, loc="left", fontsize=11.5, fontweight="bold", color=INK, pad=pad)


def label_ends(axes: Axes, last: float, ends: Sequence[tuple[float, str, str]], apart: float = 11.5) -> None:
    """Write what each line is at its end, apart enough to be read, instead of a legend.

    Parameters
    ----------
    axes
        With its limits set.
    last
        Where the lines end.
    ends
        (height, text, colour) of each.
    apart
        Points between two texts, at least.
    """
    if not ends:
        return
    from scipy.optimize import isotonic_regression  # a fifth of a second that only pictures need

    pixel = axes.transData.transform([(last, value) for value, _, _ in ends])[:, 1]
    gap = apart * axes.figure.dpi / 72
    order = np.argsort(pixel, kind="stable")
    steps, frame = gap * np.arange(len(order)), axes.get_window_extent()
    place = isotonic_regression(pixel[order] - steps).x  # the nearest places that keep the order and the gaps
    place = np.clip(place, frame.y0, max(frame.y0, frame.y1 - steps[-1])) + steps
    for at, y in zip(order.tolist(), place, strict=True):
        _, text, colour = ends[at]
        shift = (y - pixel[at]) * 72 / axes.figure.dpi
        axes.annotate(
            text, (last, ends[at][0]), xytext=(8, shift), textcoords="offset points",
            va="center", fontsize=8, color=colour, annotation_clip=False,
        )  # fmt: skip
