"""Feature maps as tiles, each with the strongest kernel that it is read through."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb

from neurograph.core.arrays import GraphArrays
from neurograph.draw.strongest import strengths
from neurograph.draw.style import INK, NEGATIVE, NEWBORN, POSITIVE

PITCH, CLOSEST, MOST_ABREAST = 24.0, 7.0, 8  # points between two tiles, at most and at least; tiles side by side
SIDE = 0.82  # of the pitch
PAPER = "#dfe3e7"  # of a tile without a kernel
VECTORS = 4000  # cells of kernels, beyond which they are pixels inside a vector file


def pitch_of(counts: np.ndarray, heights: np.ndarray, maps: np.ndarray, room: float) -> tuple[np.ndarray, np.ndarray]:
    """How feature maps stand in a column, where there is room to see them as tiles.

    Parameters
    ----------
    counts, heights
        (C,) neurons of each column, and the points that it reaches over.
    maps
        (C,) bool: whether it is of feature maps alone.
    room
        Points between two columns.

    Returns
    -------
    pitch : numpy.ndarray
        (C,) points from one tile to the next; 0 where there are none.
    abreast : numpy.ndarray
        (C,) int64 how many stand side by side.
    """
    pitch, abreast = np.zeros(len(counts)), np.ones(len(counts), np.int64)
    for at in np.flatnonzero(maps).tolist():
        wide = np.arange(1, MOST_ABREAST + 1)
        gaps = np.maximum(-(-counts[at] // wide) - 1, 0)  # between rows
        apart = np.minimum(PITCH, np.where(gaps > 0, heights[at] / np.maximum(gaps, 1), PITCH))
        apart[(wide - 1) * apart > 0.5 * room] = 0.0
        widest = int(apart.argmax())  # of several the narrowest
        if apart[widest] >= CLOSEST:
            pitch[at], abreast[at] = apart[widest], wide[widest]
    return pitch, abreast


def strongest_kernels(arrays: GraphArrays, which: np.ndarray) -> dict[int, np.ndarray]:
    """Neuron -> the kernel of the largest norm among those of more than one cell that lead to it.

    Parameters
    ----------
    arrays
        The network.
    which
        (n,) int64 positions of neurons.
    """
    size, _ = strengths(arrays)
    flat = np.array([data.ndim == 3 and data.shape[1] * data.shape[2] > 1 for data in arrays.pools] + [False])
    some = np.flatnonzero(flat[arrays.pool] & np.isin(arrays.target, which))  # -1, no pool, is the last
    order = some[np.argsort(size[some], kind="stable")]
    best = dict(zip(arrays.target[order].tolist(), order.tolist(), strict=True))  # the strongest comes last
    return {neuron: arrays.pools[arrays.pool[at]][arrays.row[at]] for neuron, at in best.items()}


def draw_tiles(axes: Axes, arrays: GraphArrays, at: np.ndarray, side: np.ndarray, newborn: np.ndarray) -> None:
    """Draw feature maps as squares with their kernels in them: blue above zero, orange below.

    Parameters
    ----------
    axes
        Whose unit is the point.
    arrays
        The network.
    at
        (N, 2) points: the middle of each neuron.
    side
        (N,) points; 0 of those that are no tiles.
    newborn
        (N,) bool: those with a frame in the colour of newborns.
    """
    tiles = np.flatnonzero(side)
    if not len(tiles):
        return
    kernels = strongest_kernels(arrays, tiles)
    frames = _squares(at[tiles] - side[tiles, None] / 2, side[tiles])
    axes.add_collection(PolyCollection(list(frames), facecolors=PAPER, linewidths=0, zorder=3))
    drawn = [_cells(kernels[tile], at[tile] - side[tile] / 2, side[tile]) for tile in tiles.tolist() if tile in kernels]
    if drawn:
        cells, colours = (np.concatenate(each) for each in zip(*drawn, strict=True))
        over = PolyCollection(list(cells), facecolors=colours, linewidths=0, zorder=3.5)
        over.set_rasterized(len(cells) > VECTORS)
        axes.add_collection(over)
    young = newborn[tiles]
    for some, colour, wide in ((~young, INK, 0.4), (young, NEWBORN, 1.6)):
        if some.any():
            look = {"facecolors": "none", "edgecolors": colour, "linewidths": wide, "zorder": 4}
            axes.add_collection(PolyCollection(list(frames[some]), **look))


def _squares(corners: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """(n, 4, 2) corners of squares by their lower left ones."""
    return corners[:, None] + sides[:, None, None] * np.array([[0, 0], [1, 0], [1, 1], [0, 1]])


def _cells(kernel: np.ndarray, corner: np.ndarray, wide: float) -> tuple[np.ndarray, np.ndarray]:
    """(n, 4, 2) squares of a kernel's numbers within a tile, the first row above; and their (n, 3) colours."""
    rows, columns = kernel.shape
    step = wide / max(rows, columns)
    low = corner + (wide - step * np.array([columns, rows])) / 2
    down, right = np.divmod(np.arange(kernel.size), columns)
    first = low + step * np.stack([right, rows - 1 - down], axis=1)
    squares = _squares(first, np.full(kernel.size, step))
    share = np.nan_to_num(kernel.ravel() / max(float(np.abs(np.nan_to_num(kernel)).max()), 1e-300))[:, None]
    ink = np.where(share < 0, to_rgb(NEGATIVE), to_rgb(POSITIVE))
    return squares, 1 - np.abs(np.clip(share, -1, 1)) * (1 - ink)
