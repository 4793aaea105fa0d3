"""One network on an axes whose unit is the point: synapses, neurons, and the names of the columns."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.patches import FancyBboxPatch, Rectangle

from neurograph.core.arrays import GraphArrays
from neurograph.draw.layout import APART, GraphLayout
from neurograph.draw.strongest import strengths, strongest
from neurograph.draw.style import GREY, INK, NEGATIVE, NEWBORN, POSITIVE, counted, number
from neurograph.draw.tiles import SIDE, draw_tiles, pitch_of

DOT, STRANDS, WIDE = 4.5, 4, 60.0  # points between dots, below which a column wide enough becomes several strands
TIGHT = 1.9  # points between dots, below which a column that is not becomes a bar
BAR = 9.0  # points, its width
VECTORS = 1500  # synapses, beyond which they are drawn as pixels inside the vector file
MANY = 14  # columns, beyond which names no longer fit side by side
LONGEST = 15  # letters of a slanted name
_BEND = np.linspace(0.0, 1.0, 13)


@dataclass(frozen=True, eq=False)
class Panel:
    """A network in its place.

    Parameters
    ----------
    arrays, layout
        The network and its columns.
    columns
        (C,) points: where the columns stand.
    middle, tall
        Points: the height of their middle, and how high the highest is.
    largest
        Neurons of the largest column in the whole picture.
    newborn
        (N,) bool.
    """

    arrays: GraphArrays
    layout: GraphLayout
    columns: np.ndarray
    middle: float
    tall: float
    largest: int
    newborn: np.ndarray

    @cached_property
    def strands(self) -> np.ndarray:
        """(C,) int64: on how many lines side by side the neurons of a column stand; 0 where it is drawn as a bar."""
        spacing = self.layout.spacing(self.largest)
        strands = np.where(spacing < TIGHT, 0, 1)
        if len(self.columns) < 2 or self.columns[1] - self.columns[0] >= WIDE:
            strands = np.ceil(DOT / np.maximum(spacing, 1e-9)).astype(np.int64)
            strands[strands > STRANDS] = 0
        strands[(self.layout.counts <= 1) | (self.tiles[0] > 0)] = 1
        return strands

    @cached_property
    def tiles(self) -> tuple[np.ndarray, np.ndarray]:
        """(C,) points from one tile to the next where a column is drawn as feature maps, else 0; how many abreast."""
        layout = self.layout
        flat = np.array([len(kind.shape) == 2 for kind in self.arrays.kinds])[self.arrays.kind]
        maps = np.bincount(layout.column[flat], minlength=len(self.columns)) == layout.counts
        room = self.columns[1] - self.columns[0] if len(self.columns) > 1 else 2 * WIDE
        return pitch_of(layout.counts, layout.heights(self.largest), maps, room)

    @cached_property
    def x(self) -> np.ndarray:
        """(N,) points."""
        layout, strands = self.layout, np.maximum(1, self.strands)[self.layout.column]
        pitch, abreast = (each[layout.column] for each in self.tiles)
        last = np.minimum(abreast, layout.counts[layout.column])
        aside = np.where(
            pitch > 0,
            (layout.place % abreast - (last - 1) / 2) * pitch,
            (layout.place % strands - (strands - 1) / 2) * DOT * 0.9,
        )
        return self.columns[layout.column] + aside

    @cached_property
    def y(self) -> np.ndarray:
        """(N,) points."""
        layout = self.layout
        pitch, abreast = (each[layout.column] for each in self.tiles)
        rows = -(-layout.counts[layout.column] // abreast)
        tiled = pitch * ((rows - 1) / 2 - layout.place // abreast)
        return self.middle + np.where(pitch > 0, tiled, layout.y(self.largest))

    @property
    def bars(self) -> np.ndarray:
        """(C,) bool: which columns are too dense for dots."""
        return self.strands == 0


def flags(arrays: GraphArrays, newborn: Iterable) -> np.ndarray:
    """(N,) bool: which of a network's neurons are among some names."""
    names = set(newborn)
    return np.array([name in names for name in arrays.names], bool)


def draw_synapses(axes: Axes, panel: Panel, most: int) -> int:
    """Draw the strongest synapses of a network; returns how many."""
    arrays, column = panel.arrays, panel.layout.column
    source, target = column[arrays.source], column[arrays.target]
    size, sign = strengths(arrays)
    chosen, strength = strongest(size, source * len(panel.columns) + target, most)
    if not len(chosen):
        return 0
    crowd = _crowd(source[chosen], target[chosen], len(panel.columns))
    colours = np.array([to_rgb(NEGATIVE), to_rgb(GREY), to_rgb(POSITIVE)])[sign[chosen].astype(int) + 1]
    contrast = np.clip(crowd / 350, 1.2, 9.0)  # the more there are, the fewer stand out
    alpha = np.clip(12.0 / crowd, 0.01, 0.08) + np.clip(40 / np.sqrt(crowd), 0.45, 0.75) * strength**contrast
    late = arrays.delayed[chosen]
    dashes = {"linestyles": ["--" if one else "-" for one in late.tolist()]} if late.any() else {}
    axes.add_collection(
        LineCollection(
            list(_lines(panel, arrays.source[chosen], arrays.target[chosen])),
            colors=np.column_stack([colours, alpha]),
            linewidths=0.3 + np.clip(16.0 / np.sqrt(crowd), 0.3, 1.1) * strength**2,
            rasterized=len(chosen) > VECTORS,
            zorder=1,
            **dashes,
        )
    )
    return len(chosen)


def _crowd(source: np.ndarray, target: np.ndarray, columns: int) -> np.ndarray:
    """How many lines pass between two columns, for each line where it is most of them."""
    low, high = np.minimum(source, target), np.maximum(source, target)
    passing = np.cumsum(np.bincount(low, minlength=columns) - np.bincount(high, minlength=columns))
    return np.maximum(1, np.maximum(passing[low], passing[np.maximum(low, high - 1)]))


def _lines(panel: Panel, source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Straight between neighbours; over a longer way bent outwards, not to hide behind the columns between."""
    column, x, y = panel.layout.column, panel.x, panel.y - panel.middle
    reach = np.where(panel.bars, BAR / 2, 0.0)[column]
    x0, x1, y0, y1 = x[source] + reach[source], x[target] - reach[target], y[source], y[target]
    span = np.abs(column[target] - column[source])
    room = np.minimum(panel.tall / 2 + 9 - np.abs(y0 + y1) / 2, np.minimum(9.0 * (span - 1), 30.0))
    bulge = np.where(y0 + y1 >= 0, room, -room)
    t = _BEND[None, :] if bulge.any() else _BEND[None, [0, -1]]
    along = x0[:, None] + (x1 - x0)[:, None] * t
    bent = y0[:, None] + (y1 - y0)[:, None] * t + bulge[:, None] * 4 * t * (1 - t)
    return np.stack([along, bent + panel.middle], axis=2)


def draw_neurons(axes: Axes, panel: Panel) -> None:
    """Draw neurons as dots, or a column as a bar where dots would run together; newborn ones in their colour.

    Feature maps are tiles with their kernels where there is room, else squares.
    """
    column, x, y = panel.layout.column, panel.x, panel.y
    pitch = panel.tiles[0][column]
    dots = ~panel.bars[column] & (pitch == 0)
    draw_tiles(axes, panel.arrays, np.stack([x, y], axis=1), pitch * SIDE, panel.newborn)
    apart = np.where(panel.layout.counts == 1, APART[0], panel.layout.spacing(panel.largest) * panel.strands)
    diameter = np.clip(apart * 0.72, 1.5, 7.0)
    maps = np.array([len(kind.shape) == 2 for kind in panel.arrays.kinds])[panel.arrays.kind]
    looks = [
        (who & form, colour, layer, marker)
        for who, colour, layer in ((~panel.newborn, INK, 3), (panel.newborn, NEWBORN, 4))
        for form, marker in ((~maps, "o"), (maps, "s"))  # feature maps are squares
    ]
    for who, colour, layer, marker in looks:
        here = np.flatnonzero(dots & who)
        if len(here):
            sizes = diameter[column[here]] ** 2
            axes.scatter(
                x[here],
                y[here],
                s=sizes,
                c=colour,
                marker=marker,
                linewidths=(0.5 * (sizes > 16)).tolist(),
                edgecolors="white",
                zorder=layer,
            )
    for at in np.flatnonzero(panel.bars).tolist():
        _draw_bar(axes, panel, at)


def _draw_bar(axes: Axes, panel: Panel, at: int) -> None:
    here = np.flatnonzero(panel.layout.column == at)
    here = here[np.argsort(panel.layout.place[here])]
    high, low = float(panel.y[here[0]]), float(panel.y[here[-1]])
    left, step = float(panel.columns[at]) - BAR / 2, (high - low) / len(here)
    style = "round,pad=0,rounding_size=3"
    shape = FancyBboxPatch((left, low), BAR, high - low, boxstyle=style, facecolor=INK, edgecolor="none", zorder=3)
    axes.add_patch(shape)
    new = np.flatnonzero(panel.newborn[here])
    for run in np.split(new, np.flatnonzero(np.diff(new) > 1) + 1) if len(new) else ():
        corner = (left, high - step * (int(run[-1]) + 1))
        part = Rectangle(corner, BAR, step * len(run), facecolor=NEWBORN, edgecolor="none", zorder=4)
        axes.add_patch(part)
        part.set_clip_path(shape)


def draw_labels(axes: Axes, panel: Panel, height: float) -> None:
    """Write below each column what it is and how many neurons it has."""
    layout = panel.layout
    gap = panel.columns[1] - panel.columns[0] if len(panel.columns) > 1 else 100.0
    if len(panel.columns) > MANY:
        write = _slanted if layout.by == "populations" else _numbered
        write(axes, panel, height, gap)
        return
    kinds = panel.arrays.each_kind("activation")
    for at, x in enumerate(panel.columns):
        axes.text(x, height, _fitted(layout.labels[at], gap), ha="center", va="top", fontsize=9, zorder=5)
        if layout.by == "populations":
            own = set(kinds[layout.column == at]) - {"identity"}
            count = number(int(layout.counts[at]))
            axes.text(x, height - 13, count, ha="center", va="top", fontsize=8, color=GREY)
            if len(own) == 1:
                axes.text(x, height - 25, own.pop(), ha="center", va="top", fontsize=7.5, color=GREY)
    if layout.by == "levels":
        _say_level(axes, panel, height)


def _slanted(axes: Axes, panel: Panel, height: float, gap: float) -> None:
    """Names of many populations, each leading up to its column; where they would touch, only some of them."""
    for at in range(0, len(panel.columns), max(1, -(-12 // int(max(1, gap))))):
        name = panel.layout.labels[at]
        name = name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
        x = panel.columns[at] + 3
        axes.text(x, height, name, ha="right", va="top", rotation=35, rotation_mode="anchor", fontsize=6.5, zorder=5)


def _numbered(axes: Axes, panel: Panel, height: float, gap: float) -> None:
    """Every so many of many levels."""
    for at in range(0, len(panel.columns), -(-len(panel.columns) // MANY)):
        axes.text(panel.columns[at], height, panel.layout.labels[at], ha="center", va="top", fontsize=8, zorder=5)
    _say_level(axes, panel, height)


def _say_level(axes: Axes, panel: Panel, height: float) -> None:
    axes.text(panel.columns.mean(), height - 14, "level", ha="center", va="top", fontsize=8, color=GREY)


def _fitted(text: str, gap: float) -> str:
    """A name, shortened where it would run into its neighbour's (a letter is about 5.4 points wide)."""
    most = max(4, int(gap / 5.4))
    return text if len(text) <= most else text[: most - 1] + "…"


def summary(arrays: GraphArrays) -> str:
    """How large a network is, in words."""
    return f"{counted(len(arrays), 'neuron')}, {counted(len(arrays.ids), 'synapse')}"
