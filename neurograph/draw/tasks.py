"""How well networks learn one task after the other: a line each, its runs' spread around it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from neurograph.draw.axes import bare, heading, label_ends
from neurograph.draw.picture import Drawn, picture
from neurograph.draw.style import LINES, NEWBORN
from neurograph.errors import OptionError

SIZE = (560.0, 280.0)  # points


def tasks(
    curves: Mapping[str, Sequence[Sequence[float]]],
    path: str | Path | None = None,
    *,
    axis: str = "accuracy (%)",
    title: str | None = None,
    ax: Axes | None = None,
) -> Drawn:
    """Draw what networks came to in each task of a stream.

    Parameters
    ----------
    curves
        Name -> runs, each a number a task, all of equal length; the first name is drawn strongest.
    path
        Its ending says what to write: .svg, .pdf or .png. Without one a notebook shows what is returned.
    axis
        What the numbers are.
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
        No curve, or runs of different lengths.
    FileError
        Another ending, or a path that cannot be written.
    """
    lengths = [{len(run) for run in runs} for runs in curves.values()]
    if not lengths or any(len(some) != 1 or 0 in some for some in lengths):
        raise OptionError("every curve needs a run, and runs of as many tasks as each other")
    right = 1 - (24 + 4.8 * max(map(len, curves))) / SIZE[0]  # a letter is about 4.8 points wide
    colours = [NEWBORN, *(colour for colour in LINES if colour != NEWBORN)]

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        figure.subplots_adjust(left=0.09, right=right, top=0.87 if title else 0.95, bottom=0.15)
        bare(axes)
        ends, last = [], 0
        for at, (name, runs) in enumerate(curves.items()):
            values, colour = np.asarray(runs, float), colours[at % len(colours)]
            places = np.arange(1, values.shape[1] + 1)
            mean = values.mean(0)
            if len(values) > 1:
                axes.fill_between(places, values.min(0), values.max(0), color=colour, alpha=0.12, linewidth=0)
            axes.plot(places, mean, color=colour, linewidth=1.4 if at else 2.4, solid_joinstyle="round")
            ends.append((float(mean[-1]), name, colour))
            last = max(last, len(places))
        axes.set_xlim(1, max(last, 2))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
        axes.set_xlabel("task")
        axes.set_ylabel(axis)
        heading(axes, title)
        figure.canvas.draw()
        label_ends(axes, last, ends)

    return picture(path, SIZE, paint, ax)
