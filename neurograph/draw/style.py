"""How pictures look: one palette, one type, the same bytes for the same network.

Colours are of Okabe and Ito's palette, which stays apart in the common forms of colour blindness ("Color universal
design", 2008). Figures are made without pyplot, so nothing global is left behind.
"""

from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

INK = "#22272e"  # neurons, titles
GREY = "#6e7781"  # what explains
FAINT = "#d8dee4"  # what holds together
POSITIVE = "#0072b2"
NEGATIVE = "#d55e00"
NEWBORN = "#009e73"
LINES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")

RESOLUTION = 200  # dots an inch, of PNGs and of what is too much for vectors
RC: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so it is the same everywhere
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "svg.hashsalt": "neurograph",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
    "path.simplify": True,
    "text.parse_math": False,  # a name may hold dollar signs
}
METADATA = {
    "svg": {"Date": None, "Creator": "neurograph"},
    "pdf": {"CreationDate": None, "Creator": "neurograph"},
    "png": {"Software": None},
}


def bitmap(size: tuple[float, float], dpi: float, paint: Callable[[Figure], None]) -> np.ndarray:
    """A figure as pixels.

    Parameters
    ----------
    size
        Width and height in points.
    dpi
        Dots an inch.
    paint
        Draws on the figure.

    Returns
    -------
    pixels : numpy.ndarray
        (height, width, 3) uint8, both even numbers.
    """
    with mpl.rc_context(RC):
        figure = Figure(figsize=(size[0] / 72, size[1] / 72), dpi=dpi, facecolor="white")
        drawn = FigureCanvasAgg(figure)
        paint(figure)
        drawn.draw()
        pixels = np.asarray(drawn.buffer_rgba())[..., :3]
    height, width = (side // 2 * 2 for side in pixels.shape[:2])
    return np.ascontiguousarray(pixels[:height, :width])


def printable(text: object) -> str:
    """Text as a font can set it: half a pair of surrogates becomes its escape."""
    return str(text).encode("utf-8", "backslashreplace").decode()


def number(count: int) -> str:
    """A count with its thousands apart."""
    return f"{count:,}"


def counted(count: int, what: str) -> str:
    """A count and what is counted: "1 neuron", "1,024 neurons"."""
    return f"{count:,} {what}{'s' * (count != 1)}"
