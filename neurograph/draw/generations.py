"""How a search over networks went: what individuals were worth, generation by generation, and the front they make."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from neurograph.draw.axes import bare, heading, label_ends
from neurograph.draw.picture import Drawn, picture
from neurograph.draw.style import FAINT, GREY, INK
from neurograph.errors import OptionError

WIDE, PANEL, MARGIN = 560.0, 150.0, 52.0  # points
FRONT = (480.0, 380.0)
BEST = "#6b4f9e"
_RAMP = LinearSegmentedColormap.from_list("age", ["#d5dbe0", "#a9b8cc", "#8088b8", "#6d4f97", "#5a1560"])
_CUT = 0.03  # of the individuals, the worst, may lie beyond the picture
_DECADES = 30.0  # times, beyond which a scale is by ratios


@dataclass(frozen=True)
class Objective:
    """What individuals are compared by, or something else that is counted of them.

    Parameters
    ----------
    name
        For the panel.
    born
        (generation, value) of each individual, in any order; those without a value left out.
    lines
        Name -> (generations, values), rising in the generations, drawn as steps beside.
    lower
        Whether less is better; None where it is no matter of better or worse, and no best is drawn.
    """

    name: str
    born: Sequence[tuple[int, float]] = ()
    lines: dict[str, tuple[Sequence[int], Sequence[float]]] = field(default_factory=dict)
    lower: bool | None = None


def generations(
    objectives: Sequence[Objective],
    path: str | Path | None = None,
    *,
    unit: str = "generation",
    title: str | None = None,
    ax: Axes | None = None,
) -> Drawn:
    """Draw what individuals were worth by generation, a panel for each objective: everyone, the median, the best.

    Parameters
    ----------
    objectives
        At least one; each with individuals or lines.
    path
        Its ending says what to write: .svg, .pdf or .png. Without one a notebook shows what is returned.
    unit
        What time is counted in.
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
        Nothing to draw.
    FileError
        Another ending, or a path that cannot be written.
    """
    if not objectives or not all(one.born or one.lines for one in objectives):
        raise OptionError("there is nothing to draw: each panel needs individuals or lines")
    high = PANEL * len(objectives) + MARGIN + 30

    def paint(figure: Figure) -> None:
        panels = figure.subplots(len(objectives), 1, sharex=True, squeeze=False)[:, 0]
        figure.subplots_adjust(left=0.1, right=0.83, top=1 - MARGIN / high, bottom=36 / high, hspace=0.42)
        last = max(g for one in objectives for g in _times(one))
        for axes, one in zip(panels, objectives, strict=True):
            axes.set_xlim(-0.2, max(last, 1) + 0.2)
            _panel(axes, one, last)
        panels[-1].set_xlabel(unit)
        panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
        if title:
            figure.text(0.1, 1 - 14 / high, title, fontsize=11.5, fontweight="bold", va="center", color=INK)

    return picture(path, (WIDE, high), paint, ax)


def front(
    individuals: Sequence[tuple[int, float, float]],
    names: tuple[str, str],
    lower: tuple[bool, bool],
    path: str | Path | None = None,
    *,
    title: str | None = None,
    ax: Axes | None = None,
) -> Drawn:
    """Draw individuals by two objectives, the later the darker, and those that nobody beats in both.

    Parameters
    ----------
    individuals
        (generation, first, second) of each, at least one.
    names
        Of the objectives.
    lower
        Whether less of each is better.
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
        No individuals.
    FileError
        Another ending, or a path that cannot be written.
    """
    if not individuals:
        raise OptionError("there are no individuals to draw")
    time, first, second = np.array(individuals, float).T
    values, best = (first, second), unbeaten(first, second, lower)

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        figure.subplots_adjust(left=0.13, right=0.97, top=0.9, bottom=0.13)
        bare(axes, "both")
        _scale(axes, values[0], lower[0], "x")
        _scale(axes, values[1], lower[1], "y")
        axes.scatter(*values, c=time, cmap=_RAMP, s=9, linewidths=0, rasterized=len(time) > 3000, zorder=2)
        line = np.stack([values[0][best], values[1][best]])
        axes.plot(*line, color=INK, linewidth=1.4, drawstyle="default", zorder=3)
        axes.scatter(*line, s=26, color=INK, edgecolors="white", linewidths=0.7, zorder=4)
        axes.set_xlabel(names[0])
        axes.set_ylabel(names[1])
        heading(axes, title)
        text = f"{len(best)} of {len(time):,} are beaten by nobody; later generations are darker"
        axes.text(1.0, 1.02, text, transform=axes.transAxes, ha="right", va="bottom", fontsize=7.5, color=GREY)

    return picture(path, FRONT, paint, ax)


def unbeaten(first: np.ndarray, second: np.ndarray, lower: tuple[bool, bool]) -> np.ndarray:
    """Who is beaten by nobody in both of two objectives.

    Parameters
    ----------
    first, second
        (n,) values.
    lower
        Whether less of each is better.

    Returns
    -------
    which : numpy.ndarray
        (m,) int64, by the first objective, the best first; of equal ones the first.
    """
    one, other = (values if low else -values for values, low in zip((first, second), lower, strict=True))
    order, found, least = np.lexsort((other, one)), [], np.inf
    for at in order.tolist():
        if other[at] < least:
            found.append(at)
            least = other[at]
    return np.array(found, np.int64)


def _times(one: Objective) -> list[int]:
    return [*(g for g, _ in one.born), *(g for times, _ in one.lines.values() for g in times)]


def _panel(axes: Axes, one: Objective, last: int) -> None:
    bare(axes)
    heading(axes, one.name, pad=5.0)
    everyone = [value for _, value in one.born] + [value for _, values in one.lines.values() for value in values]
    _scale(axes, np.array(everyone, float), one.lower, "y")
    ends = []
    if one.born:
        time, value = np.array(one.born, float).T
        axes.scatter(time, value, s=5, color=FAINT, linewidths=0, rasterized=len(time) > 3000, zorder=1)
        each = np.unique(time).tolist()
        median = [float(np.median(value[time == g])) for g in each]
        ends.append(_line(axes, "median born", each, median, GREY, 1.2, "default", last))
        if one.lower is not None:
            reach, end = (np.minimum, np.min) if one.lower else (np.maximum, np.max)
            best = reach.accumulate([end(value[time == g]) for g in each]).tolist()
            ends.append(_line(axes, "best", each, best, BEST, 2.0, "steps-post", last))
    for (name, (times, values)), colour in zip(one.lines.items(), (BEST, GREY, INK), strict=False):
        ends.append(_line(axes, name, times, values, colour, 1.6, "steps-post", last))
    label_ends(axes, max(last, 1) + 0.2, ends)


def _line(
    axes: Axes,
    name: str,
    times: Sequence[float],
    values: Sequence[float],
    colour: str,
    wide: float,
    style: str,
    last: int,
) -> tuple[float, str, str]:
    """Draw a line up to the last generation; returns where it ends, what it says there, and its colour."""
    x, y = [*times], [*values]
    if style == "steps-post" and x[-1] < last:
        x, y = [*x, last], [*y, y[-1]]
    axes.plot(x, y, color=colour, linewidth=wide, drawstyle=style, solid_joinstyle="round", zorder=3)
    return y[-1], f"{name} {y[-1]:.3g}", colour


def _scale(axes: Axes, values: np.ndarray, lower: bool | None, which: str) -> None:
    """Limits that leave out a few of the worst, by ratios where values span many of them."""
    ordered = np.sort(values)
    cut = int(_CUT * len(ordered)) if lower is not None and len(ordered) > 30 else 0
    shown = ordered[: len(ordered) - cut] if lower in (True, None) else ordered[cut:]
    low, high = float(shown[0]), float(shown[-1])
    axis, limits = (axes.xaxis, axes.set_xlim) if which == "x" else (axes.yaxis, axes.set_ylim)
    if low > 0 and high / low > _DECADES:
        (axes.set_xscale if which == "x" else axes.set_yscale)("log")
        limits(low / 1.3, high * 1.3)
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_locator(NullLocator())
        return
    room = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    limits(low - room, high + room)
    if (values == np.rint(values)).all():
        axis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 5, 10]))
