"""Error against size: curves of networks and points of others, sizes by decades."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter

from neurograph.draw.axes import bare, heading
from neurograph.draw.picture import Drawn, picture
from neurograph.draw.style import GREY, INK, LINES
from neurograph.errors import OptionError

SIZE = (620.0, 400.0)  # points
_ERRORS = (0.5, 1, 1.5, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 70, 100)
_SIZES = (1e2, 1e3, 1e4, 1e5, 1e6, 1e7)


@dataclass(frozen=True)
class Curve:
    """Networks of one making.

    Parameters
    ----------
    name
        In the key.
    sizes
        Parameters of each.
    errors
        In percent, one or more runs of each.
    strong
        Whether it is what the picture is about.
    """

    name: str
    sizes: Sequence[float]
    errors: Sequence[Sequence[float]]
    strong: bool = False


def tradeoff(
    curves: Sequence[Curve],
    points: Mapping[str, tuple[float, float]],
    path: str | Path | None = None,
    *,
    title: str | None = None,
    note: str | None = None,
    marks: Mapping[str, float] | None = None,
    others: str = "reported by others:",
    size_name: str = "parameters",
    error_name: str = "test error (%)",
    ax: Axes | None = None,
) -> Drawn:
    """Draw error against size, both by ratios; each curve with the range of its runs, each point numbered.

    Parameters
    ----------
    curves
        Drawn as lines through their means, in this order of colours.
    points
        Name -> (size, error) of single networks of others.
    path
        Its ending says what to write: .svg, .pdf or .png. Without one a notebook shows what is returned.
    title, note
        Above the picture, and small below it.
    marks
        Name -> size of what is known by its size alone: a line upwards.
    others
        What the points are, above their names.
    size_name, error_name
        What is counted and measured, for the axes.
    ax
        A subplot of matplotlib's to draw it in the place of; see `neurograph.draw.picture`.

    Returns
    -------
    drawn : pathlib.Path, Picture or matplotlib.axes.Axes
        Where the picture lies; without a path the picture, or the subplot.

    Raises
    ------
    OptionError
        No curve, or one whose sizes and errors are not as many.
    FileError
        Another ending, or a path that cannot be written.
    """
    odd = [curve.name for curve in curves if not curve.sizes or len(curve.sizes) != len(curve.errors)]
    if not curves or odd:
        raise OptionError(f"each curve needs sizes, and errors for each of them; these do not have them: {odd}")

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        figure.subplots_adjust(left=0.085, right=0.97, top=0.9 if title else 0.96, bottom=0.17 if note else 0.12)
        bare(axes, "both")
        axes.set_xscale("log")
        axes.set_yscale("log")
        for curve, colour in zip(curves, LINES, strict=False):
            _curve(axes, curve, colour)
        _others(axes, points, marks or {})
        _scales(axes, curves, points)
        _key(axes, curves, points, others)
        axes.set_xlabel(size_name)
        axes.set_ylabel(error_name)
        heading(axes, title)
        if note:
            figure.text(0.085, 0.025, note, fontsize=7.5, color=GREY)

    return picture(path, SIZE, paint, ax)


def _curve(axes: Axes, curve: Curve, colour: str) -> None:
    order = np.argsort(curve.sizes)
    sizes = np.asarray(curve.sizes, float)[order]
    errors = [np.asarray(curve.errors[at], float) for at in order]
    means = np.array([some.mean() for some in errors])
    low, high = np.array([some.min() for some in errors]), np.array([some.max() for some in errors])
    axes.fill_between(sizes, low, high, color=colour, alpha=0.15, linewidth=0)
    wide, dot, edge, above = (2.6, 28, 0.8, 4) if curve.strong else (1.4, 12, 0.4, 3)
    axes.plot(sizes, means, color=colour, linewidth=wide, solid_joinstyle="round", zorder=above)
    axes.scatter(sizes, means, s=dot, color=colour, edgecolors="white", linewidths=edge, zorder=above + 0.5)


def _others(axes: Axes, points: Mapping[str, tuple[float, float]], marks: Mapping[str, float]) -> None:
    """Numbered diamonds, whose names stand in the key; lines upwards, named at their upper ends."""
    for at, (size, error) in enumerate(points.values(), 1):
        axes.scatter([size], [error], s=86, marker="D", color=INK, edgecolors="white", linewidths=0.8, zorder=5)
        axes.text(size, error, str(at), ha="center", va="center_baseline", fontsize=6.5, color="white", zorder=6)
    for name, size in marks.items():
        axes.axvline(size, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
        axes.annotate(
            name, (size, 1.0), xycoords=axes.get_xaxis_transform(), xytext=(4, -4), textcoords="offset points",
            va="top", fontsize=7.5, color=GREY,
        )  # fmt: skip


def _key(axes: Axes, curves: Sequence[Curve], points: Mapping[str, tuple[float, float]], others: str) -> None:
    """What is what, in the upper right, which curves that fall leave free."""
    lines = [(curve.name, colour, curve.strong) for curve, colour in zip(curves, LINES, strict=False)]
    lines += [("", INK, False), (others, GREY, False)] if points else []
    lines += [
        (f"{at}  {name}: {size:,.0f}, {error:g} %", INK, False)
        for at, (name, (size, error)) in enumerate(points.items(), 1)
    ]
    for row, (text, colour, strong) in enumerate(lines):
        axes.annotate(
            text, (1.0, 1.0), xycoords="axes fraction", xytext=(-4, -8 - 13.0 * row), textcoords="offset points",
            ha="right", va="top", fontsize=9 if strong else 8, fontweight="bold" if strong else "normal",
            color=colour, zorder=6, bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
        )  # fmt: skip


def _scales(axes: Axes, curves: Sequence[Curve], points: Mapping[str, tuple[float, float]]) -> None:
    sizes = np.array([*(s for curve in curves for s in curve.sizes), *(s for s, _ in points.values())], float)
    errors = np.array(
        [*(e for curve in curves for some in curve.errors for e in some), *(e for _, e in points.values())]
    )
    axes.set_xlim(sizes.min() / 1.25, sizes.max() * 1.4)
    axes.set_ylim(errors.min() / 1.12, errors.max() * 1.12)
    low, high = axes.get_ylim()
    axes.yaxis.set_major_locator(FixedLocator([tick for tick in _ERRORS if low <= tick <= high]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    low, high = axes.get_xlim()
    decades = [tick for tick in _SIZES if low <= tick <= high]
    between = [some * tick for tick in _SIZES for some in (1, 2, 5) if low <= some * tick <= high]
    axes.xaxis.set_major_locator(FixedLocator(decades if len(decades) > 2 else between))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.minorticks_off()
