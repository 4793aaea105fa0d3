"""The growth of a network as one figure for a paper: headline, errors over widths of populations, and what happened."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from neurograph.analysis.history import NeuronHistory, neurons_of
from neurograph.analysis.story import GrowthEvent, events_of, headline
from neurograph.analysis.timeline import MetricsRow
from neurograph.analysis.units import unit_of
from neurograph.core.graph import EditableGraph
from neurograph.draw.axes import bare
from neurograph.draw.growth import errors_over_epochs
from neurograph.draw.picture import Drawn, picture
from neurograph.draw.run_directory import read_run
from neurograph.draw.style import GREY, INK, NEWBORN, printable
from neurograph.errors import OptionError

WIDE, CHART, HEAD, LINE = 560.0, 250.0, 34.0, 11.0  # points
_LETTERS = 118  # of a line of a sentence
_AREAS = ("#0f7f5c", "#5aa98d", "#2f6f83", "#8bb7a6", "#6c8f9c")


def growth_story(
    network: EditableGraph | str | Path,
    path: str | Path | None = None,
    *,
    metrics: Sequence[MetricsRow] | None = None,
    test_error: float | None = None,
    most: int = 12,
    ax: Axes | None = None,
) -> Drawn:
    """Draw how a network grew and why, as one figure.

    Above, how many neurons there were and are; then the errors over the widths of the populations that changed, with a
    number at each event; below, the events as sentences with their reasons.

    Parameters
    ----------
    network
        A run's directory; or a network, with its journal.
    path
        Its ending says what to write: .svg, .pdf or .png. Unless given, "growth-story.png" in the run's directory; of a
        network a notebook shows what is returned.
    metrics
        Rows of the run's metrics, one an epoch; unless given, the directory's.
    test_error
        For the headline; unless given the last one that the metrics hold.
    most
        How many events are shown, those that changed most; the caption says how many are not.
    ax
        A subplot of matplotlib's to draw it in the place of; see `neurograph.draw.picture`.

    Returns
    -------
    drawn : pathlib.Path, Picture or matplotlib.axes.Axes
        Where the picture lies; without a path the picture, or the subplot.

    Raises
    ------
    OptionError
        No rows, a row without its epoch, a number of events below 0; a network without metrics.
    FileError
        Another ending, a path that cannot be written; a directory that is no run's, or damaged.
    """
    if isinstance(network, str | Path):
        run = read_run(network)
        graph = run.graph
        path = Path(network) / "growth-story.png" if path is None and ax is None else path
        metrics = run.metrics if metrics is None else metrics
        test_error = run.test_error if test_error is None else test_error
    else:
        graph = network
    if not metrics or any("epoch" not in row for row in metrics):
        raise OptionError("metrics must be rows with their 'epoch', at least one")
    if most < 0:
        raise OptionError(f"most must be at least 0, not {most!r}")
    rows, entries, neurons = sorted(metrics, key=lambda row: row["epoch"]), list(graph.journal), neurons_of(graph)
    known = (row.get("test_error") for row in reversed(rows))
    error = test_error if test_error is not None else next((e for e in known if e is not None), None)
    events = [event for event in events_of(entries, neurons) if not event.empty and event.epoch is not None]
    numbers = {id(event): number for number, event in enumerate(events, 1)}
    shown = sorted(sorted(events, key=_changed)[::-1][:most], key=lambda event: numbers[id(event)])
    lines = [_sentence(numbers[id(event)], event) for event in shown]
    tall = HEAD + CHART + LINE * (sum(map(len, lines)) + (len(shown) < len(events)) + 1)

    def paint(figure: Figure) -> None:
        head = headline(entries, neurons, error, unit_of(rows), graph.journal.forgotten)
        figure.text(0.02, 1 - 16 / tall, head, fontsize=12.5, weight="bold", color=INK)
        low = 1 - (HEAD + CHART - 30) / tall
        axes = figure.add_axes((0.09, low, 0.8, (CHART - 36) / tall))
        widths = axes.twinx()
        axes.set_zorder(widths.get_zorder() + 1)
        axes.patch.set_visible(False)
        _widths(widths, neurons, events, rows)
        errors_over_epochs(axes, rows)
        bare(axes)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
        for event in events:
            place = (float(event.epoch or 0) + 0.5, 1.0)
            axes.annotate(
                str(numbers[id(event)]), place, xycoords=axes.get_xaxis_transform(), ha="center", va="bottom",
                fontsize=6.5, color=NEWBORN,
            )  # fmt: skip
        _sentences(figure, lines, len(events) - len(shown), tall)

    return picture(path, (WIDE, tall), paint, ax)


def _changed(event: GrowthEvent) -> tuple[int, int]:
    return sum(event.born.values()) + sum(event.died.values()), sum(event.synapses)


def _sentence(number: int, event: GrowthEvent) -> list[str]:
    return wrap(f"{number}  {printable(event.sentence)}", _LETTERS, subsequent_indent="    ") or [str(number)]


def _sentences(figure: Figure, lines: list[list[str]], left: int, tall: float) -> None:
    y = HEAD + CHART + LINE
    for line in (line for sentence in lines for line in sentence):
        figure.text(0.04, 1 - y / tall, line, fontsize=7.5, color=INK)
        y += LINE
    if left:
        plural = "s are" if left != 1 else " is"
        figure.text(0.04, 1 - y / tall, f"{left} smaller event{plural} not shown", fontsize=7.5, color=GREY)


def _widths(axes: Axes, neurons: NeuronHistory, events: Sequence[GrowthEvent], rows: Sequence[MetricsRow]) -> None:
    """The populations that changed, one upon the other, as steps after each event."""
    names = list(dict.fromkeys(name for event in events for name in (*event.born, *event.died)))
    axes.set_axis_off()
    if not names:
        return
    places = np.array([0.0, *(float(event.epoch or 0) + 0.5 for event in events), float(rows[-1]["epoch"]) + 0.5])
    code = [kind.population for kind in neurons.kinds]
    under = np.zeros(len(places) - 1)
    moments = [0, *(event.last for event in events)]
    for name, colour in zip(names, _AREAS * (1 + len(names) // len(_AREAS)), strict=False):
        mine = np.array([population == name for population in code], bool)[neurons.kind]
        born, died = neurons.born[mine], neurons.died[mine]
        width = np.array([((born <= m) & ((died == 0) | (died > m))).sum() for m in moments])
        axes.stairs(under + width, places, baseline=under, fill=True, color=colour, alpha=0.22, linewidth=0)
        axes.annotate(
            f"{printable(name)} {width[-1]:,}", (places[-1], under[-1] + width[-1] / 2), xytext=(6, 0),
            textcoords="offset points", va="center", fontsize=7.5, color=colour, annotation_clip=False,
        )  # fmt: skip
        under = under + width
    axes.set_ylim(0, under.max() * 1.12)
