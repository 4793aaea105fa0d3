"""How the synapses scored that were chosen, event by event."""

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from neurograph.draw.style import FAINT, GREY, INK, LINES, picture
from neurograph.errors import OptionError

SIZE = (420.0, 260.0)  # points


def scores(
    events: Sequence[tuple[int, Sequence[float]]],
    path: str | Path,
    *,
    metric: str = "score",
    threshold: float | None = None,
    title: str | None = None,
) -> Path:
    """Draw the scores of the synapses that each event chose, a dot each, and their mean.

    Parameters
    ----------
    events
        (epoch, scores in [0, 1]) of each.
    path
        Its ending says what to write: .svg, .pdf or .png.
    metric
        Name of what was scored, for the axis.
    threshold
        Drawn as a line where given.
    title
        Above the picture.

    Returns
    -------
    path : pathlib.Path
        Where the picture lies.

    Raises
    ------
    OptionError
        No events, or one that chose nothing.
    FileError
        Another ending, or a path that cannot be written.
    """
    if not events or not all(len(found) for _, found in events):
        raise OptionError("there are no scores to draw: no event, or one that chose nothing")

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        figure.subplots_adjust(left=0.12, right=0.97, top=0.88 if title else 0.95, bottom=0.16)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        axes.grid(axis="y", color=FAINT, linewidth=0.6)
        axes.tick_params(length=0, pad=5)
        wide = max(1.0, max(epoch for epoch, _ in events) / 60)
        for (epoch, found), colour in zip(events, cycle(LINES)):
            values = np.asarray(found, float)
            spread = np.linspace(-0.3, 0.3, len(values)) * wide if len(values) > 1 else np.zeros(1)
            axes.scatter(epoch + spread, values, s=12, color=colour, alpha=0.7, linewidths=0, zorder=2)
            axes.plot([epoch - 0.4 * wide, epoch + 0.4 * wide], [values.mean()] * 2, color=INK, linewidth=1.2, zorder=3)
            axes.annotate(
                f"{len(values)}", (epoch, values.max()), xytext=(0, 5), textcoords="offset points",
                ha="center", fontsize=8, color=colour,
            )  # fmt: skip
        if threshold is not None:
            axes.axhline(threshold, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
        axes.set_ylim(0.0, 1.1)
        axes.set_xlim(min(e for e, _ in events) - 2 * wide, max(e for e, _ in events) + 2 * wide)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("after epoch")
        axes.set_ylabel(metric.replace("_", " "))
        if title:
            axes.set_title(title, loc="left", fontsize=11.5, fontweight="bold", color=INK)

    return picture(path, SIZE, paint)
