"""Layers that were inserted: what the Lasso made of each neuron, and how networks went on from there."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from neurograph.draw.axes import bare, heading, label_ends
from neurograph.draw.picture import Drawn, picture
from neurograph.draw.style import GREY, LINES, NEGATIVE, POSITIVE
from neurograph.errors import OptionError

SIZE = (520.0, 250.0)  # points
CURVES = (560.0, 320.0)
FAR = 10.0  # points of accuracy, beyond which a curve's start is not worth the room


def sparsity(
    beta: Sequence[float],
    kept: Sequence[int],
    path: str | Path | None = None,
    *,
    title: str | None = None,
    ax: Axes | None = None,
) -> Drawn:
    """Draw beta against neuron: those that stay in blue, and below the axis a mark for each that went.

    Parameters
    ----------
    beta
        Of each neuron that was drawn.
    kept
        Places of those that stay.
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
        There are no neurons.
    FileError
        Another ending, or a path that cannot be written.
    """
    values = np.asarray(beta, float)
    if not len(values):
        raise OptionError("there is no beta to draw")
    stay = np.zeros(len(values), bool)
    stay[np.asarray(kept, np.int64)] = True

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        figure.subplots_adjust(left=0.11, right=0.97, top=0.86 if title else 0.95, bottom=0.17)
        bare(axes)
        place = np.arange(len(values))
        thin = max(0.6, min(4.0, 340.0 / len(values)))
        axes.vlines(place[stay], 0, values[stay], color=POSITIVE, linewidth=thin)
        high = float(np.abs(values).max()) or 1.0
        axes.vlines(place[~stay], -0.09 * high, -0.03 * high, color=NEGATIVE, linewidth=thin)
        axes.set_ylim(min(-0.12 * high, 1.08 * float(values.min())), 1.12 * high)
        axes.set_xlim(-0.02 * len(values) - 0.5, 1.02 * len(values) - 0.5)
        axes.axhline(0, color=GREY, linewidth=0.6)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("neuron, as drawn")
        axes.set_ylabel("β")
        axes.text(1.0, 1.01, f"{stay.sum()} stay", transform=axes.transAxes, ha="right", fontsize=8, color=POSITIVE)
        axes.text(0.86, 1.01, f"{(~stay).sum()} go", transform=axes.transAxes, ha="right", fontsize=8, color=NEGATIVE)
        heading(axes, title, pad=14)

    return picture(path, SIZE, paint, ax)


def morphed(
    curves: Mapping[str, Sequence[float]],
    path: str | Path | None = None,
    *,
    level: float | None = None,
    axis: str = "test accuracy (%)",
    title: str | None = None,
    ax: Axes | None = None,
) -> Drawn:
    """Draw how networks went on from the same parent, epoch by epoch (CompNet, figures 2 to 4).

    Parameters
    ----------
    curves
        Name -> accuracy in percent: right after the insertion, then after each epoch. NaN where it is not known.
    path
        Its ending says what to write: .svg, .pdf or .png. Without one a notebook shows what is returned.
    level
        The parent's accuracy, a line.
    axis
        What the values are.
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
        There are no curves, or one of which nothing is known.
    FileError
        Another ending, or a path that cannot be written.
    """
    if not curves or not all(np.isfinite(np.asarray(curve, float)).any() for curve in curves.values()):
        raise OptionError("there is nothing to draw: no curve, or one of which nothing is known")

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        figure.subplots_adjust(left=0.11, right=0.72, top=0.88 if title else 0.95, bottom=0.14)
        bare(axes)
        last, ends = max(len(curve) for curve in curves.values()) - 1, []
        for number, (name, curve) in enumerate(curves.items()):
            values, colour = np.asarray(curve, float), LINES[number % len(LINES)]
            style = {"marker": "o", "markersize": 2.5, "linestyle": "-" if number < len(LINES) else (0, (4, 2))}
            axes.plot(np.arange(len(values)), values, color=colour, linewidth=1.4, **style)
            end = _last(values)
            ends.append((end, f"{name} {end:.2f}", colour))
        if level is not None:
            axes.axhline(level, color=GREY, linewidth=0.8, linestyle=(0, (1, 2)), zorder=1)
            ends.append((level, f"parent, before {level:.2f}", GREY))
        _fit(axes, curves, level)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("epochs after the insertion")
        axes.set_ylabel(axis)
        label_ends(axes, last, ends)
        heading(axes, title)

    return picture(path, CURVES, paint, ax)


def _fit(axes: Axes, curves: Mapping[str, Sequence[float]], level: float | None) -> None:
    """Show where the curves are: of one that starts from nothing, where it ends."""
    values = [np.asarray(curve, float) for curve in curves.values()]
    lows = [np.nanmin(v) if _last(v) - v[0] < FAR else _last(v) for v in values]
    marks = [] if level is None else [float(level)]
    low, high = float(np.min([*lows, *marks])), float(np.max([*map(np.nanmax, values), *marks]))
    room = 0.12 * (high - low) or 0.5
    axes.set_ylim(low - room, high + room)


def _last(values: np.ndarray) -> float:
    """The last that is known."""
    return float(values[np.isfinite(values)][-1])
