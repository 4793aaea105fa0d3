"""A network growing, as a film: its journal played back."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from neurograph.analysis.units import PERCENT, unit_of
from neurograph.core.graph import EditableGraph
from neurograph.disk.aside import written_aside
from neurograph.draw.films import Frame, writer_of
from neurograph.draw.panel import Panel, summary
from neurograph.draw.replay import ReplayStep, replay_steps
from neurograph.draw.strongest import strengths, strongest
from neurograph.draw.style import FAINT, GREY, INK, LINES, NEGATIVE, NEWBORN, POSITIVE, bitmap, number, printable
from neurograph.draw.topology import canvas, column_positions
from neurograph.errors import OptionError

SIDE, TOP, TALL, LABELS, CURVE = 56.0, 66.0, 320.0, 50.0, 92.0  # points: around the columns, and below them
SIZE = 560.0  # points, the least width
DPI = 86
MOVE, SMOOTH = 45, 6  # milliseconds of a frame in which something moves, and how many there are between two steps
STILL, FIRST, LAST = 650, 1200, 2600  # milliseconds of a step, of the first and of the last one
_GIF = "film.gif"
MetricsRow = Mapping[str, Any]


def animation(
    graph: EditableGraph,
    path: str | Path | None = None,
    *,
    rows: Sequence[MetricsRow] = (),
    title: str | None = None,
    max_steps: int = 24,
    max_synapses: int = 700,
) -> Any:
    """Write a film of how a network grew.

    The journal is played from its start: newborn neurons come in green, the dead fade. Structure is that of the time;
    synapses have the weights they have today, or died with. With `rows` the error curve runs along below.

    Parameters
    ----------
    graph
        The network, with its journal.
    path
        Ending in .gif, or in .mp4 where ffmpeg is installed. Without one a notebook shows what is returned.
    rows
        The metrics of the run that it grew in: "epoch", and "validation_error" or else "train_error" in percent.
    title
        Above; unless given the graph's name.
    max_steps
        Of more events than these, neighbours are joined.
    max_synapses
        How many are drawn at a time: the strongest, an equal share between each two columns.

    Returns
    -------
    film : pathlib.Path or ShownFilm
        Where the film lies; without a path what a notebook shows.

    Raises
    ------
    OptionError
        An empty journal, a graph without neurons, a number that makes no sense.
    FileError
        Another ending, no ffmpeg for .mp4, a path that cannot be written.
    """
    write = writer_of(path or _GIF)
    for name, value in (("max_steps", max_steps), ("max_synapses", max_synapses)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise OptionError(f"{name} must be a whole number of at least 1, not {value!r}")
    steps = replay_steps(graph, max_steps)
    if len(steps) == 1:
        raise OptionError("the journal has no birth and no death, so there is nothing that a film could show")
    film = Film(steps, rows, printable(title or graph.graph.get("name", "")), max_synapses)
    if path is None:
        return _shown(film)
    with written_aside(path) as aside:
        write(film.frames(), aside, MOVE)
    return Path(path)


@dataclass(frozen=True)
class ShownFilm:
    """A film that lies in no file: a notebook shows it.

    Parameters
    ----------
    gif
        The bytes of a GIF.
    """

    gif: bytes = field(repr=False)

    def _repr_html_(self) -> str:
        return f'<img alt="how the network grew" src="data:image/gif;base64,{b64encode(self.gif).decode()}">'


def _shown(film: "Film") -> ShownFilm:
    with TemporaryDirectory(prefix="neurograph-") as folder:
        aside = Path(folder) / _GIF
        writer_of(_GIF)(film.frames(), aside, MOVE)
        return ShownFilm(aside.read_bytes())


class Film:
    """The frames of a film.

    Parameters
    ----------
    steps
        What is shown.
    rows
        Metrics, perhaps none.
    title
        Perhaps empty.
    most
        Synapses to draw at a time.
    """

    def __init__(self, steps: list[ReplayStep], rows: Sequence[MetricsRow], title: str, most: int) -> None:
        self.steps, self.title = steps, title
        self.unit = unit_of(rows)
        self.curve = _curve(rows) if any(step.epoch is not None for step in steps) else None
        largest = max(1, *(int(step.layout.counts.max(initial=0)) for step in steps))
        columns = SIDE + column_positions(len(steps[0].layout.labels))
        width = max(columns[-1] + SIDE, SIZE)
        self.columns = columns + (width - columns[-1] - SIDE) / 2
        self.below = LABELS + (CURVE if self.curve is not None else 14.0)
        self.size = tuple(2 * round(side / 2) for side in (width, TOP + TALL + self.below))
        middle = self.below + TALL / 2
        none = [np.zeros(len(step.arrays), bool) for step in steps]
        panels = [
            Panel(step.arrays, step.layout, self.columns, middle, TALL, largest, new)
            for step, new in zip(steps, none, strict=True)
        ]
        self.places = [np.column_stack([panel.x, panel.y]) for panel in panels]
        self.wires = [_Wires(step, most) for step in steps]
        dense = max(panel.layout.spacing(largest)[panel.layout.counts > 1].min(initial=9.0) for panel in panels)
        self.dot = float(np.clip(dense * 0.8, 1.6, 6.5))

    def frames(self) -> Iterator[Frame]:
        """(height, width, 3) uint8 pixels and how many milliseconds they stand, one after the other."""
        last = len(self.steps) - 1
        yield self.frame(0, 1.0), FIRST
        for at in range(1, last + 1):
            for part in range(1, SMOOTH):
                yield self.frame(at, part / SMOOTH), MOVE
            yield self.frame(at, 1.0), LAST if at == last else STILL

    def frame(self, at: int, done: float) -> np.ndarray:
        """The pixels on the way to step `at`, from 0 (still the one before) to 1."""
        done = done * done * (3 - 2 * done)  # slow at both ends
        return bitmap((self.size[0], self.size[1]), DPI, lambda figure: self._paint(figure, at, done))

    def _paint(self, figure: Figure, at: int, done: float) -> None:
        axes = canvas(figure, (self.size[0], self.size[1]))
        now, before = self.steps[at], self.steps[max(0, at - 1)]
        old, new = self.places[max(0, at - 1)], self.places[at].copy()
        _, there, here = np.intersect1d(before.arrays.keys, now.arrays.keys, return_indices=True)
        new[here] = old[there] + (new[here] - old[there]) * done
        gone, born = np.ones(len(old), bool), np.ones(len(new), bool)
        gone[there], born[here] = False, at == 0
        still = old.copy()
        still[there] = new[here]
        if done < 1:
            self.wires[max(0, at - 1)].draw(axes, still, 1 - done)
        self.wires[at].draw(axes, new, done)
        self._dots(axes, still[gone], GREY, 1 - done)
        self._dots(axes, new[~born], INK, 1.0)
        self._dots(axes, new[born], INK if at == 0 else NEWBORN, done if at else 1.0)
        self._say(axes, now)
        if self.curve is not None:
            self._draw_curve(figure, self._epoch(at - 1) + (self._epoch(at) - self._epoch(at - 1)) * done)

    def _dots(self, axes: Axes, places: np.ndarray, colour: str, alpha: float) -> None:
        if len(places) and alpha > 0:
            axes.scatter(places[:, 0], places[:, 1], s=self.dot**2, c=colour, alpha=alpha, linewidths=0, zorder=3)

    def _say(self, axes: Axes, step: ReplayStep) -> None:
        """Title, what happened, and the columns' names."""
        top = self.size[1] - 14.0
        if self.title:
            axes.text(14, top, self.title, va="top", fontsize=11.5, fontweight="bold", color=INK)
        epoch = f"epoch {step.epoch:g}   " if step.epoch is not None else ""
        description = f"{epoch}{step.description}" if step.description else "the start"
        axes.text(
            14,
            top - 18 * bool(self.title),
            description,
            va="top",
            fontsize=9,
            color=NEWBORN if step.description else GREY,
        )
        axes.text(self.size[0] - 14, top, summary(step.arrays), ha="right", va="top", fontsize=8.5, color=GREY)
        shown = range(0, len(self.columns), -(-len(self.columns) // 14))
        for at in shown:
            count, name = int(step.layout.counts[at]), step.layout.labels[at]
            name = name if len(name) <= 14 else name[:13] + "…"
            x = self.columns[at]
            if count:
                axes.text(x, self.below - 12, name, ha="center", va="top", fontsize=8.5, color=INK)
                axes.text(x, self.below - 25, number(count), ha="center", va="top", fontsize=8, color=GREY)

    def _epoch(self, at: int) -> float:
        """Where on the curve a step stands: the last one at its end."""
        assert self.curve is not None
        if at < 0:
            return float(self.curve[0, 0])
        known = [step.epoch for step in self.steps[: at + 1] if step.epoch is not None]
        return float(self.curve[0, -1] if at == len(self.steps) - 1 else known[-1] if known else self.curve[0, 0])

    def _draw_curve(self, figure: Figure, epoch: float) -> None:
        assert self.curve is not None
        (epochs, errors), unit = self.curve, self.unit
        width, height = self.size
        axes = figure.add_axes((64 / width, 30 / height, (width - 128) / width, (CURVE - 36) / height))
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        axes.tick_params(length=0, pad=3, labelsize=7)
        axes.plot(epochs, errors, color=FAINT, linewidth=1.4)
        run = np.append(epochs[epochs < epoch], epoch)
        line = np.interp(run, epochs, errors)
        axes.plot(run, line, color=LINES[0], linewidth=1.8, solid_capstyle="round")
        axes.scatter(run[-1:], line[-1:], s=22, color=LINES[0], zorder=3)
        now = _figure(line[-1], unit, 1) + " %" * unit.startswith(PERCENT)
        axes.annotate(
            now, (run[-1], line[-1]), xytext=(6, 5), textcoords="offset points", fontsize=8, color=LINES[0],
            annotation_clip=False,
        )  # fmt: skip
        axes.set_ylim(0, float(errors.max()) * 1.08 or 1.0)
        axes.set_yticks([0, float(errors.max())], ["0", _figure(float(errors.max()), unit, 0)])
        axes.set_ylabel(f"error, {unit}" if unit else "error", fontsize=7.5, labelpad=2)
        axes.set_xlabel("epoch", fontsize=7.5, labelpad=1)


def _figure(error: float, unit: str, digits: int) -> str:
    return f"{error:.{digits}f}" if unit.startswith(PERCENT) else f"{error:.3g}"


class _Wires:
    """The synapses that are drawn of one step."""

    def __init__(self, step: ReplayStep, most: int) -> None:
        arrays, column = step.arrays, step.layout.column
        size, sign = strengths(arrays)
        pair = column[arrays.source] * len(step.layout.labels) + column[arrays.target]
        chosen, strength = strongest(size, pair, most)
        self.source, self.target = arrays.source[chosen], arrays.target[chosen]
        hues = np.array([to_rgb(NEGATIVE), to_rgb(GREY), to_rgb(POSITIVE)])
        self.colours, crowd = hues[sign[chosen].astype(int) + 1], max(1.0, len(chosen) / 250)
        self.alpha = 0.06 + 0.7 * strength ** np.clip(crowd, 1.2, 5.0)
        self.width = 0.4 + 0.7 * strength**2

    def draw(self, axes: Axes, places: np.ndarray, alpha: float) -> None:
        """Draw them between neurons at these places."""
        if len(self.source):
            lines = np.stack([places[self.source], places[self.target]], axis=1)
            colours = np.column_stack([self.colours, self.alpha * alpha])
            axes.add_collection(LineCollection(list(lines), colors=colours, linewidths=self.width, zorder=1))


def _curve(rows: Sequence[MetricsRow]) -> np.ndarray | None:
    """(2, n) epochs and errors, those on held-out examples where there are any."""
    for name in ("validation_error", "train_error"):
        known = sorted((row["epoch"], row[name]) for row in rows if row.get(name) is not None)
        if len(known) > 1:
            return np.array(known, float).T
    return None
