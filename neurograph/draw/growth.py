"""How a network grew: its error and its neurons, epoch by epoch."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from neurograph.draw.style import FAINT, GREY, INK, LINES, NEWBORN, picture
from neurograph.errors import OptionError

SIZE = (560.0, 400.0)  # points
_TICKS = (0, 0.5, 1, 2, 5, 10, 20, 50, 100)
Row = Mapping[str, Any]


def growth(rows: Sequence[Row], path: str | Path, *, title: str | None = None) -> Path:
    """Draw the errors and the neurons of each population over the epochs, with a mark where the network was edited.

    Parameters
    ----------
    rows
        One mapping an epoch: "epoch", "train_error" and "validation_error" in percent, "neurons" (population -> count)
        and "edit" (what was done after the epoch, or None). An error may be missing or None.
    path
        Its ending says what to write: .svg, .pdf or .png.
    title
        Above the picture.

    Returns
    -------
    path : pathlib.Path
        Where the picture lies.

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

    def paint(figure: Figure) -> None:
        errors, neurons = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        figure.subplots_adjust(left=0.09, right=0.84, top=0.89 if title else 0.95, bottom=0.1, hspace=0.14)
        for axes in (errors, neurons):
            _clean(axes)
            places = _mark_edits(axes, rows)
        _name_edits(errors, places)
        _errors(errors, rows)
        _neurons(neurons, rows)
        neurons.set_xlabel("epoch")
        if title:
            errors.set_title(title, loc="left", fontsize=11.5, fontweight="bold", color=INK, pad=18)

    return picture(path, SIZE, paint)


def _clean(axes: Axes) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, pad=5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    axes.margins(x=0.01)


def _column(rows: Sequence[Row], name: str) -> np.ndarray:
    return np.array([np.nan if row.get(name) is None else row[name] for row in rows], float)


def _errors(axes: Axes, rows: Sequence[Row]) -> None:
    epochs, ends = _column(rows, "epoch"), []
    for name, label, colour, width in (
        ("train_error", "training", GREY, 1.2),
        ("validation_error", "validation", LINES[0], 2.0),
    ):
        error = _column(rows, name)
        known = np.flatnonzero(np.isfinite(error))
        if len(known):
            axes.plot(epochs[known], error[known], color=colour, linewidth=width, solid_joinstyle="round")
            ends.append((error[known[-1]], f"{label} {error[known[-1]]:.2f} %", colour))
    axes.set_ylabel("error (%)")
    _fit(axes, [_column(rows, name) for name in ("train_error", "validation_error")])
    _label_ends(axes, epochs[-1], ends)


def _fit(axes: Axes, errors: list[np.ndarray]) -> None:
    """From zero up; where errors fall a long way by decades, but for the last per cent, which may reach zero."""
    known = np.concatenate(errors)
    highest = known[np.isfinite(known)].max(initial=0.0)
    if highest > 10:
        axes.set_yscale("symlog", linthresh=1.0, linscale=0.5)
        axes.yaxis.set_major_locator(FixedLocator([tick for tick in _TICKS if tick <= highest * 1.15]))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_ylim(0, highest * 1.08 or 1.0)


def _neurons(axes: Axes, rows: Sequence[Row]) -> None:
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
    _label_ends(axes, epochs[-1], ends)
    if changing and len(changing) < len(counts):
        still = ", ".join(f"{name} {int(count[-1]):,}" for name, count in counts.items() if name not in changing)
        axes.figure.text(0.09, 0.025, f"unchanged: {still}", fontsize=7.5, color=GREY)


def _populations(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row.get("neurons") or ()))


def _counts(rows: Sequence[Row], name: str) -> np.ndarray:
    return np.array([(row.get("neurons") or {}).get(name, 0) for row in rows], float)


def _mark_edits(axes: Axes, rows: Sequence[Row]) -> list[float]:
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


def _label_ends(axes: Axes, last: float, ends: list[tuple[float, str, str]]) -> None:
    """Write what each line is at its end, apart enough to be read, instead of a legend."""
    if not ends:
        return
    pixel = axes.transData.transform([(last, value) for value, _, _ in ends])[:, 1]
    apart = 11.5 * axes.figure.dpi / 72
    order = np.argsort(pixel)
    place = pixel[order].copy()
    for at in range(1, len(place)):
        place[at] = max(place[at], place[at - 1] + apart)
    place -= (place - pixel[order]).mean()
    for at, y in zip(order.tolist(), place, strict=True):
        _, text, colour = ends[at]
        shift = (y - pixel[at]) * 72 / axes.figure.dpi
        axes.annotate(
            text, (last, ends[at][0]), xytext=(8, shift), textcoords="offset points",
            va="center", fontsize=8, color=colour, annotation_clip=False,
        )  # fmt: skip
