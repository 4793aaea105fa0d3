"""Two networks side by side on one scale: what growth has made of a network."""

from collections.abc import Hashable, Iterable
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurograph.core.graph import EditableGraph
from neurograph.draw.layout import lay_out
from neurograph.draw.panel import Panel, flags, summary
from neurograph.draw.picture import Drawn, picture
from neurograph.draw.style import FAINT
from neurograph.draw.topology import (
    BOTTOM,
    SIDE,
    TOP,
    canvas,
    caption,
    check,
    column_positions,
    draw_panel,
    head,
    height,
    legend,
)

ROOM = 300.0  # points, for the columns of each


def before_and_after(
    before: EditableGraph,
    after: EditableGraph,
    path: str | Path | None = None,
    *,
    titles: tuple[str, str] = ("Before", "After"),
    columns: str | None = None,
    newborn: Iterable[Hashable] | None = None,
    max_synapses: int = 20_000,
    ax: Axes | None = None,
) -> Drawn:
    """Draw two networks side by side, so that equal heights mean equal numbers of neurons.

    Parameters
    ----------
    before, after
        The networks; see `topology` for how each is drawn.
    path
        Its ending says what to write: .svg, .pdf or .png. Without one a notebook shows what is returned.
    titles
        Above each.
    columns
        "populations" or "levels", for both; chosen unless given.
    newborn
        Names of neurons of `after` to set off; unless given those whose keys `before` does not have, which is right
        where one grew out of the other.
    max_synapses
        How many to draw of each network, at most.
    ax
        A subplot of matplotlib's to draw it in the place of; see `neurograph.draw.picture`.

    Returns
    -------
    drawn : pathlib.Path, Picture or matplotlib.axes.Axes
        Where the picture lies; without a path the picture, or the subplot.

    Raises
    ------
    FileError, OptionError
        As `topology`.
    """
    both = [before.arrays(), after.arrays()]
    check(min(len(arrays) for arrays in both), max_synapses)
    layouts = [lay_out(arrays, columns) for arrays in both]
    if len({layout.by for layout in layouts}) > 1:
        layouts = [lay_out(arrays, "levels") for arrays in both]
    new = ~np.isin(both[1].keys, both[0].keys) if newborn is None else flags(both[1], newborn)
    largest = max(int(layout.counts.max()) for layout in layouts)
    tall = height(layouts, largest)
    panels, left = [], 0.0
    for arrays, layout, some in zip(both, layouts, (np.zeros(len(both[0]), bool), new), strict=True):
        x = column_positions(len(layout.counts), ROOM)
        spread = max(x[-1], 190.0)
        x = left + SIDE + x + (spread - x[-1]) / 2
        panels.append(Panel(arrays, layout, x, BOTTOM + tall / 2, tall, largest, some))
        left += spread + 2 * SIDE
    size = (left, TOP + tall + BOTTOM)

    def paint(figure: Figure) -> None:
        axes = canvas(figure, size)
        shown = [draw_panel(axes, panel, max_synapses) for panel in panels]
        border = left - (max(panels[1].columns[-1] - panels[1].columns[0], 190.0) + 2 * SIDE)
        axes.plot([border, border], [BOTTOM - 40, size[1] - 14], color=FAINT, linewidth=0.8, zorder=0)
        for title, panel, x in zip(titles, panels, (14.0, border + 14.0), strict=True):
            head(axes, x, size[1] - 14.0, title, summary(panel.arrays))
        legend(axes, size, bool(new.any()))
        caption(axes, sum(shown), sum(len(arrays.ids) for arrays in both))

    return picture(path, size, paint, ax)
