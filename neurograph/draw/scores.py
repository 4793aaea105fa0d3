"""How the synapses of a network scored, event by event, and which of them were chosen."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurograph.draw.axes import bare
from neurograph.draw.picture import Drawn, picture
from neurograph.draw.style import FAINT, GREY, INK, NEWBORN, counted
from neurograph.errors import OptionError

WIDE, PANEL, MARGINS = 460.0, 84.0, (64.0, 118.0, 16.0, 38.0)  # points: left, right, top, bottom


class Scored(NamedTuple):
    """One event.

    chosen are scores in [0, 1]; histogram, which may be empty, counts all synapses that could have been chosen in as
    many equal bins of [0, 1] as it is long.
    """

    epoch: int
    chosen: Sequence[float]
    histogram: Sequence[int] = ()


def scores(
    events: Sequence[Scored],
    path: str | Path | None = None,
    *,
    metric: str = "score",
    threshold: float | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Drawn:
    """Draw the distribution of the scores at each event, those of the chosen synapses marked.

    Parameters
    ----------
    events
        What was scored and chosen after which epoch.
    path
        Its ending says what to write: .svg, .pdf or .png. Without one a notebook shows what is returned.
    metric
        Name of what was scored, for the axis.
    threshold
        Drawn as a line where given.
    title
        Above the picture.
    ax
        A subplot of matplotlib's to draw it in the place of; see `neurograph.draw.picture`.

    Returns
    -------
    drawn : pathlib.Path, Picture or matplotlib.axes.Axes
        Where the picture lies; without a path the picture, or the subplot.

    Raises
    ------
    OptionError
        No events, or one that chose nothing.
    FileError
        Another ending, or a path that cannot be written.
    """
    events = [Scored(*event) for event in events]
    if not events or not all(len(event.chosen) for event in events):
        raise OptionError("there are no scores to draw: no event, or one that chose nothing")
    left, right, top, bottom = MARGINS
    top += 22 if title else 0
    high = PANEL * len(events) + top + bottom

    def paint(figure: Figure) -> None:
        panels = figure.subplots(len(events), 1, sharex=True, squeeze=False)[:, 0]
        figure.subplots_adjust(
            left=left / WIDE, right=1 - right / WIDE, top=1 - top / high, bottom=bottom / high, hspace=0.25
        )
        for axes, event in zip(panels, events, strict=True):
            _panel(axes, event)
            if threshold is not None:
                axes.axvline(threshold, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=4)
        panels[-1].set_xlabel(f"{metric.replace('_', ' ')}, 0 to 1 within a layer")
        if title:
            figure.text(left / WIDE, 1 - 15 / high, title, fontsize=11.5, fontweight="bold", va="center", color=INK)

    return picture(path, (WIDE, high), paint, ax)


def _panel(axes: Axes, event: Scored) -> None:
    bins = len(event.histogram) or 40
    edges = np.linspace(0.0, 1.0, bins + 1)
    chosen = np.histogram(event.chosen, edges)[0]
    everyone = np.maximum(np.asarray(event.histogram or chosen, float), chosen)
    bare(axes)
    axes.set_yscale("symlog", linthresh=1.0, linscale=0.4)  # the chosen are few: a linear scale would hide them
    axes.bar(edges[:-1], everyone, width=1 / bins, align="edge", color=FAINT, linewidth=0, zorder=2)
    axes.bar(edges[:-1], chosen, width=1 / bins, align="edge", color=NEWBORN, linewidth=0, zorder=3)
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(0.0, max(10.0, everyone.max() * 2))
    ticks = [10**power for power in range(7) if 10**power <= axes.get_ylim()[1]]
    axes.set_yticks(ticks[:: 1 + len(ticks) // 4], [f"{tick:,}" for tick in ticks[:: 1 + len(ticks) // 4]])
    axes.minorticks_off()
    axes.set_ylabel("synapses", fontsize=8)
    axes.text(1.02, 0.9, f"after epoch {event.epoch}", transform=axes.transAxes, va="top", fontsize=8.5, color=INK)
    lines = [f"{len(event.chosen):,} chosen"]
    if len(event.histogram):
        lines.append(f"of {counted(int(sum(event.histogram)), 'synapse')}")
    for line, text in enumerate(lines):
        colour = (NEWBORN, GREY)[line]
        axes.text(1.02, 0.62 - 0.24 * line, text, transform=axes.transAxes, va="top", fontsize=8, color=colour)
