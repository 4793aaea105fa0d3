"""Where a picture goes: into a file, into a notebook, or into the place of a subplot of matplotlib's."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, SubFigure
from matplotlib.transforms import BboxTransformTo

from neurograph.disk.aside import written_aside
from neurograph.draw.style import METADATA, RC, RESOLUTION
from neurograph.errors import FileError, OptionError, listed

Drawn = Any  # a path where one was named, the axes where some were named, otherwise a `Picture`
_SHARP = 2  # pixels of a notebook's picture for each that it is shown in, each way


class Picture(Figure):
    """A picture that lies in no file: a notebook shows it, `savefig(path)` writes it."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        held = BytesIO()
        with mpl.rc_context(RC):
            self.savefig(held, format="png", dpi=_SHARP * self.dpi, metadata=METADATA["png"])
        width, height = (self.get_size_inches() * self.dpi).round().astype(int).tolist()
        return held.getvalue(), {"width": width, "height": height}

    def __repr__(self) -> str:
        width, height = self.get_size_inches()
        return f'<picture of {width:.1f} x {height:.1f} inches: a notebook shows it, savefig("net.svg") writes it>'


def picture(
    path: str | Path | None,
    size: tuple[float, float],
    paint: Callable[[Any], None],
    ax: Axes | None = None,
) -> Drawn:
    """Make a picture and write it, whole or not at all; or draw it in the place of a subplot; or hand it back.

    Parameters
    ----------
    path
        Its ending says which: .svg, .pdf or .png. None writes no file.
    size
        Width and height in points, 72 an inch; a subplot keeps its own.
    paint
        Draws on a figure, or on the part of one.
    ax
        A subplot of matplotlib's, in whose place it is drawn: it keeps its title, and shows nothing else of its own.

    Returns
    -------
    drawn : pathlib.Path, Picture or matplotlib.axes.Axes
        Where it lies; without a path what a notebook shows, or the subplot.

    Raises
    ------
    FileError
        Another ending, or a path that cannot be written.
    OptionError
        Both a path and a subplot, or something else in its place.
    """
    if ax is not None:
        return _in_place_of(ax, path, paint)
    if path is None:
        return _settled(_figure(Picture, size), paint)
    kind = Path(path).suffix.lower().lstrip(".")
    if kind not in METADATA:
        raise FileError(f"cannot draw {path}: its name must end in one of {listed('.' + k for k in METADATA)}")
    with mpl.rc_context(RC), written_aside(path) as aside:
        figure = _figure(Figure, size)
        paint(figure)
        figure.savefig(aside, format=kind, dpi=RESOLUTION, metadata=METADATA[kind])
    return Path(path)


class _Part(SubFigure):
    """The place of a subplot as a figure of its own, which no layout of the whole figure touches."""

    def __init__(self, ax: Axes) -> None:
        parent: Any = ax.figure
        super().__init__(parent, parent.add_gridspec()[0], facecolor="none")  # the cell is a formality
        self._axstack = type(parent._axstack)()  # its axes are none of the figure's, whose current ones stay
        self.bbox, self.transSubfigure = ax.bbox, BboxTransformTo(ax.bbox)
        self.patch.set_transform(self.transSubfigure)
        self.set_in_layout(False)

    def get_layout_engine(self) -> None:
        """None: it lays out itself."""


def _figure(kind: type[Figure], size: tuple[float, float]) -> Figure:
    with mpl.rc_context(RC):
        figure = kind(figsize=(size[0] / 72, size[1] / 72), facecolor="white")
        FigureCanvasAgg(figure)
    return figure


def _settled(figure: Figure | SubFigure, paint: Callable[[Any], None]) -> Figure | SubFigure:
    """Paint, and make what is otherwise made in the style of the moment when it is shown, such as ticks."""
    with mpl.rc_context(RC):
        paint(figure)
        figure.figure.draw_without_rendering()
    return figure


def _in_place_of(ax: Axes, path: str | Path | None, paint: Callable[[Any], None]) -> Axes:
    """Draw over a subplot, which is emptied but for its title; where it moves, the picture moves along."""
    if path is not None:
        raise OptionError(f"a picture goes to a path or to ax, and both are given: {str(path)!r} and {ax!r}")
    if not isinstance(ax, Axes):
        raise OptionError(f"ax must be one of matplotlib's axes, as figure.subplots() makes them, not {ax!r}")
    figure: Any = ax.figure
    figure.draw_without_rendering()  # where the layout puts it, since some text is set by where lines end
    part = _Part(ax)
    figure.artists.append(part)  # as a subfigure it would take part in the layout
    ax.set_axis_off()
    _settled(part, paint)
    return ax
