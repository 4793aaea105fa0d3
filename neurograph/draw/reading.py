"""How much of each input a network reads: the number of synapses out of each, as an image where the inputs are one."""

from math import isqrt
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurograph.core.graph import EditableGraph
from neurograph.draw.axes import bare
from neurograph.draw.picture import Drawn, picture
from neurograph.draw.style import GREY, INK
from neurograph.errors import OptionError

SIDE, MARGIN = 300.0, 46.0  # points
LEAST = 4  # inputs, fewer of which are no picture


def reading(
    graph: EditableGraph,
    path: str | Path | None = None,
    *,
    title: str = "synapses out of each input",
    ax: Axes | None = None,
) -> Drawn:
    """Draw how many synapses lead out of each input: an image of a square number of inputs, a curve of others.

    Where synapses are free to move they leave pixels that never vary (Mocanu et al. 2018, figure 5).

    Parameters
    ----------
    graph
        The network.
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
        Fewer than four inputs.
    FileError
        Another ending, or a path that cannot be written.
    """
    counts = fan_out_of_inputs(graph)
    if len(counts) < LEAST:
        raise OptionError(f"a picture of what is read takes {LEAST} inputs at least, and there are {len(counts)}")
    side = isqrt(len(counts))

    def paint(figure: Figure) -> None:
        axes = figure.add_axes((0.12, 0.08, 0.72, 0.78))
        if side * side == len(counts):
            image = axes.imshow(counts.reshape(side, side), cmap="Blues", vmin=0, interpolation="nearest")
            axes.set_xticks([])
            axes.set_yticks([])
            bar = figure.colorbar(image, ax=axes, fraction=0.046, pad=0.04)
            bar.ax.tick_params(labelsize=8, colors=GREY)
            bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
        else:
            bare(axes)
            axes.step(np.arange(len(counts)), counts, where="mid", color=INK, linewidth=0.8)
            axes.set_ylim(bottom=0)
            axes.set_xlabel("input", fontsize=8)
        figure.text(0.12, 0.93, title, fontsize=10, fontweight="bold", va="center", color=INK)

    return picture(path, (SIDE + MARGIN, SIDE), paint, ax)


def fan_out_of_inputs(graph: EditableGraph) -> np.ndarray:
    """(inputs,) how many synapses lead out of each input, in the order in which a compiled network takes them."""
    table, keys = graph.table, graph.table.keys()
    inputs = keys[graph.neurons.each("role", keys) == "input"]
    return np.bincount(table.src[table.live()], minlength=int(keys.max(initial=0)) + 1)[inputs]
