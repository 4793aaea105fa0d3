"""Newborns' weights beside those they were made from: MetaNet's figure 4."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurograph.draw.axes import bare
from neurograph.draw.picture import Drawn, picture
from neurograph.draw.style import FAINT, GREY, INK, NEWBORN, POSITIVE
from neurograph.errors import OptionError

PANEL, MARGINS, COLUMNS = 118.0, (52.0, 20.0, 42.0, 40.0), 6  # points: a panel; left, right, top, bottom


class Births(NamedTuple):
    """The weights of the newborns of one event in one population, and of those they stand in for.

    original and predicted are equally many numbers: a weight, and what the newborn in its place got.
    """

    epoch: int
    population: str
    original: Sequence[float]
    predicted: Sequence[float]


def weights(
    births: Sequence[Births], path: str | Path | None = None, *, title: str | None = None, ax: Axes | None = None
) -> Drawn:
    """Draw predicted against original weights, a row of panels for each population and a column for each epoch.

    Where newborns are like those they came from, dots lie on the diagonal; where a fit draws them together, flat.

    Parameters
    ----------
    births
        In any order; of more than six epochs, six are drawn, from first to last.
    path
        Its ending says what to write: .svg, .pdf or .png. Without one a notebook shows what is returned.
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
        There is nothing to draw, or the two sets of weights are not equally many.
    FileError
        Another ending, or a path that cannot be written.
    """
    if not births or any(len(b.original) != len(b.predicted) or not len(b.original) for b in births):
        raise OptionError("births need original and predicted weights, at least one and equally many")
    epochs = sorted({b.epoch for b in births})
    if len(epochs) > COLUMNS:
        epochs = [epochs[round(at)] for at in np.linspace(0, len(epochs) - 1, COLUMNS)]
    populations = list(dict.fromkeys(b.population for b in births))
    left, right, top, bottom = MARGINS
    top += 18 if title else 0
    wide, high = PANEL * len(epochs) + left + right, PANEL * len(populations) + top + bottom

    def paint(figure: Figure) -> None:
        panels = figure.subplots(len(populations), len(epochs), squeeze=False, sharex="row", sharey="row")
        figure.subplots_adjust(
            left=left / wide, right=1 - right / wide, top=1 - top / high, bottom=bottom / high, wspace=0.1, hspace=0.16
        )
        for across, population in zip(panels, populations, strict=True):
            shown = {b.epoch: b for b in births if b.population == population and b.epoch in epochs}
            reach = max(np.abs([*b.original, *b.predicted]).max() for b in shown.values()) * 1.05 or 1.0
            for axes, epoch in zip(across, epochs, strict=True):
                _panel(axes, shown.get(epoch), reach)
            across[0].set_ylabel(f"{population}\npredicted", fontsize=8)
        for axes, epoch in zip(panels[0], epochs, strict=True):
            axes.set_title(f"epoch {epoch}", fontsize=8.5, color=INK, pad=5)
        for axes in panels[-1]:
            axes.set_xlabel("original", fontsize=8)
        if title:
            figure.text(left / wide, 1 - 14 / high, title, fontsize=11.5, fontweight="bold", va="center")

    return picture(path, (wide, high), paint, ax)


def _panel(axes: Axes, born: Births | None, reach: float) -> None:
    bare(axes, "both")
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-reach, reach)
    axes.set_aspect("equal")
    axes.locator_params(nbins=3)
    axes.tick_params(labelsize=7)
    axes.plot([-reach, reach], [-reach, reach], color=FAINT, linewidth=1.0, zorder=1)
    if born is None:
        axes.text(0, 0, "none born", ha="center", va="center", fontsize=7.5, color=GREY)
        return
    original, predicted = np.asarray(born.original, float), np.asarray(born.predicted, float)
    colour = POSITIVE if np.allclose(original, predicted) else NEWBORN
    axes.scatter(original, predicted, s=5, color=colour, alpha=0.35, linewidths=0, zorder=2, rasterized=True)
