"""How a network grew: its error and its neurons, epoch by epoch."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from neurograph.analysis.units import PERCENT, unit_of
from neurograph.draw.axes import bare, heading, label_ends
from neurograph.draw.picture import Drawn, picture
from neurograph.draw.style import GREY, LINES, NEWBORN
from neurograph.errors import OptionError

SIZE = (560.0, 400.0)  # points
_TICKS = (0, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
MetricsRow = Mapping[str, Any]


def growth(
    rows: Sequence[MetricsRow],
    path: str | Path | None = None,
    *,
    title: str | None = None,
    beside: Mapping[str, Sequence[MetricsRow]] | None = None,
    ax: Axes | None = None,
) -> Drawn:
    """Draw the errors and the neurons of each population over the epochs, with a mark where the network was edited.

    Beside other runs, only the errors that networks are watched by are drawn: those on the test part where rows have
    them, else on held-out examples, else while training.

    Parameters
    ----------
    rows
        One mapping an epoch: "epoch", "train_error" and "validation_error" in percent of the examples or in "unit",
        "neurons" (population -> count) and "edit" (what was done after the epoch, or None). An error may be missing or
        None. "test_error" is drawn where it is there.
    path
        Its ending says what to write: .svg, .pdf or .png. Without one a notebook shows what is returned.
    title
        Above the picture.
    beside
        Name -> rows of other runs, such as fixed networks trained by the same recipe.
    ax
        A subplot of matplotlib's to draw it in the place of; see `neurograph.draw.picture`.

    Returns
    -------
    drawn : pathlib.Path, Picture or matplotlib.axes.Axes
        Where the picture lies; without a path the picture, or the subplot.

    Raises
    ------
    OptionError
        No rows, or a row without its epoch.
    FileError
        Another ending, or a path that cannot be written.
    """
    if not rows:
        raise OptionError("there are no rows of metrics, so there is nothing to draw")
    if any("epoch" not in row for row in rows):
        raise OptionError("every row of metrics needs its 'epoch'")
    rows = sorted(rows, key=lambda row: row["epoch"])
    others = {name: sorted(found, key=lambda row: row["epoch"]) for name, found in (beside or {}).items() if found}

    names = [f"{name} 00.00 %" for name in others] + [f"{name} 1,000" for name in _populations(rows)]
    right = 1 - max(90.0, 20 + 4.6 * max(map(len, names), default=0)) / SIZE[0]  # a letter is about 4.6 points wide

    def paint(figure: Figure) -> None:
        errors, neurons = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        figure.subplots_adjust(left=0.09, right=right, top=0.89 if title else 0.95, bottom=0.1, hspace=0.14)
        for axes in (errors, neurons):
            bare(axes)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
            axes.margins(x=0.01)
            places = _mark_edits(axes, rows)
        _name_edits(errors, places)
        _errors(errors, _beside(rows, others) if others else _own(rows), unit_of(rows))
        _neurons(neurons, rows)
        neurons.set_xlabel("epoch")
        heading(errors, title, pad=18)

    return picture(path, SIZE, paint, ax)


def errors_over_epochs(axes: Axes, rows: Sequence[MetricsRow]) -> None:
    """Draw the errors of one run, each kind a line that is named at its end in the picture's upper right corner."""
    ends, unit = 0.0, unit_of(rows)
    for line in _own(rows):
        known = np.flatnonzero(np.isfinite(line.error))
        if not len(known):
            continue
        axes.plot(line.epochs[known], line.error[known], color=line.colour, linewidth=line.width)
        text = f"{line.label} {_amount(float(line.error[known[-1]]), unit)}"
        axes.text(
            0.99, 0.95 - ends, text, transform=axes.transAxes, ha="right", va="top", fontsize=8, color=line.colour
        )
        ends += 0.075
    axes.set_ylabel(_named("error", unit))
    _fit(axes, [line.error for line in _own(rows)])


def _amount(error: float, unit: str) -> str:
    return f"{error:.2f} %" if unit.startswith(PERCENT) else f"{error:.4g}"


def _named(what: str, unit: str) -> str:
    return f"{what} ({unit})" if unit else what


def _column(rows: Sequence[MetricsRow], name: str) -> np.ndarray:
    return np.array([np.nan if row.get(name) is None else row[name] for row in rows], float)


class _Line(NamedTuple):
    """One curve of errors."""

    label: str
    epochs: np.ndarray
    error: np.ndarray
    colour: str
    width: float


def _own(rows: Sequence[MetricsRow]) -> list[_Line]:
    """The errors of one run, each kind of its own."""
    epochs = _column(rows, "epoch")
    return [
        _Line(label, epochs, _column(rows, name), colour, width)
        for name, label, colour, width in (
            ("train_error", "training", GREY, 1.2),
            ("validation_error", "validation", LINES[0], 2.0),
            ("test_error", "test", LINES[1], 2.0),
        )
    ]


def _beside(rows: Sequence[MetricsRow], others: Mapping[str, Sequence[MetricsRow]]) -> list[_Line]:
    """One kind of error of several runs, the first one drawn strongest."""
    runs = {"this run": rows, **others}
    name = next(
        (n for n in ("test_error", "validation_error") if all(r[-1].get(n) is not None for r in runs.values())),
        "train_error",
    )
    styles = zip([NEWBORN, *_colours(len(others))], [2.2] + [1.2] * len(others), strict=True)
    return [
        _Line(label, _column(found, "epoch"), _column(found, name), colour, width)
        for (label, found), (colour, width) in zip(runs.items(), styles, strict=True)
    ]


def _colours(count: int) -> list[str]:
    """Colours for that many lines beside the one of newborns."""
    others = [colour for colour in LINES if colour != NEWBORN]
    return [others[at % len(others)] for at in range(count)]


def _errors(axes: Axes, lines: Sequence[_Line], unit: str) -> None:
    ends, last = [], 0.0
    for line in lines:
        known = np.flatnonzero(np.isfinite(line.error))
        if len(known):
            axes.plot(
                line.epochs[known], line.error[known], color=line.colour, linewidth=line.width, solid_joinstyle="round"
            )
            last = max(last, float(line.epochs[known[-1]]))
            ends.append(
                (line.error[known[-1]], f"{line.label} {_amount(float(line.error[known[-1]]), unit)}", line.colour)
            )
    axes.set_ylabel(_named("error", unit))
    _fit(axes, [line.error for line in lines])
    label_ends(axes, last, ends)


def _fit(axes: Axes, errors: list[np.ndarray]) -> None:
    """From zero up; where errors fall a long way by ratios, but for the last per cent where they reach zero."""
    known = np.concatenate(errors)
    known = known[np.isfinite(known)]
    highest, lowest = known.max(initial=0.0), known.min(initial=np.inf)
    if highest <= 10:
        axes.set_ylim(0, highest * 1.08 or 1.0)
        return
    if lowest > 0.05:
        axes.set_yscale("log")
        axes.set_ylim(lowest / 1.25, highest * 1.15)
    else:
        axes.set_yscale("symlog", linthresh=1.0, linscale=0.5)
        axes.set_ylim(0, highest * 1.08)
    low, high = axes.get_ylim()
    ticks = [tick for tick in _TICKS if low <= tick <= high]
    if len(ticks) < 3:  # errors that fall by less than a factor of four
        ticks = [tick for tick in MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(low, high) if low <= tick <= high]
    axes.yaxis.set_major_locator(FixedLocator(ticks))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")


def _neurons(axes: Axes, rows: Sequence[MetricsRow]) -> None:
    """Populations that change, as steps; if none does, all of them."""
    counts = {name: _counts(rows, name) for name in _populations(rows)}
    changing = {name: count for name, count in counts.items() if count.min() != count.max()}
    epochs, ends = _column(rows, "epoch"), []
    for (name, count), colour in zip((changing or counts).items(), cycle(LINES)):
        axes.step(epochs, count, where="mid", color=colour, linewidth=1.8, solid_joinstyle="round")
        ends.append((count[-1], f"{name} {int(count[-1]):,}", colour))
    axes.set_ylabel("neurons")
    axes.set_ylim(0, max([1.0, *(count.max() for count in (changing or counts).values())]) * 1.1)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True, steps=[1, 2, 2.5, 5, 10]))
    label_ends(axes, epochs[-1], ends)
    if changing and len(changing) < len(counts):
        still = ", ".join(f"{name} {int(count[-1]):,}" for name, count in counts.items() if name not in changing)
        axes.figure.text(0.09, 0.025, f"unchanged: {still}", fontsize=7.5, color=GREY)


def _populations(rows: Sequence[MetricsRow]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row.get("neurons") or ()))


def _counts(rows: Sequence[MetricsRow], name: str) -> np.ndarray:
    return np.array([(row.get("neurons") or {}).get(name, 0) for row in rows], float)


def _mark_edits(axes: Axes, rows: Sequence[MetricsRow]) -> list[float]:
    """A thin line after each epoch that an edit followed; returns where."""
    places = [row["epoch"] + 0.5 for row in rows if row.get("edit")]
    for place in places:
        axes.axvline(place, color=NEWBORN, linewidth=0.8, alpha=0.55, zorder=0.5)
    return places


def _name_edits(axes: Axes, places: list[float]) -> None:
    """Say above the first line what the lines are."""
    if places:
        axes.annotate(
            "edit", (places[0], 1.0), xycoords=axes.get_xaxis_transform(), xytext=(0, 2), textcoords="offset points",
            ha="center", va="bottom", fontsize=7.5, color=NEWBORN,
        )  # fmt: skip
