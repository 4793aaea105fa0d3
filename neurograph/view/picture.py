"""The network as a small SVG: what a notebook shows, and a page where it cannot draw."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from itertools import product

import numpy as np

from neurograph.view.layout import PopulationBlock
from neurograph.view.page_data import PageContent

LINES = 600  # synapses, at most
DOTS = 4_000  # neurons, beyond which a block stands for its own
WIDE, TALL, SIDE, FOOT = 860.0, 380.0, 40.0, 40.0
SMALL = (150.0, 76.0)  # points, of one among many
_DASHES = ' stroke-dasharray="4 3"'  # of synapses that read the step before
NEWBORN = "#009e73"
_COLOURS = {1: "#0072b2", -1: "#d55e00", 0: "#8a949e"}


@dataclass(frozen=True, eq=False)
class Newer:
    """What is newer in a network than in another: (n,) int64 keys of neurons and (m,) int64 ids of synapses."""

    neurons: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    synapses: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))


def picture(content: PageContent, labels: bool = True, newer: Newer | None = None) -> str:
    """An SVG element without scripts or style sheets; every name in it is escaped.

    Parameters
    ----------
    content
        What it shows.
    labels
        Whether populations are named and counted below; else it is one of many small ones, which fill their frames.
    newer
        What is drawn in green, and all else in grey; None: synapses are coloured by their signs.
    """
    frame = _Frame(content) if labels else _SmallFrame(content)
    lines = _lines(content, frame) if newer is None else _lines_by_age(content, frame, newer)
    young = np.zeros(0, np.int64) if newer is None else newer.neurons
    parts = [*lines, *_neurons(content, frame, young), *(_labels(content, frame) if labels else ())]
    box = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {frame.width:.0f} {frame.height:.0f}"'
    attributes = f'role="img" aria-label="{escape(_summary(content))}" style="max-width:{frame.width:.0f}px"'
    return f'<svg {box} {attributes} font-family="system-ui, sans-serif" font-size="11">{"".join(parts)}</svg>'


class _Frame:
    """From units of the layout to points of the picture."""

    def __init__(self, content: PageContent) -> None:
        blocks = content.layout.blocks
        left, right = min(b.x for b in blocks), max(b.x + b.width for b in blocks)
        low, high = min(b.y for b in blocks), max(b.y + b.height for b in blocks)
        self.unit = min((WIDE - 2 * SIDE) / max(right - left, 1.0), (TALL - FOOT - 20) / max(high - low, 1.0), 14.0)
        self.width = max(260.0, (right - left) * self.unit + 2 * SIDE)
        self.height = (high - low) * self.unit + FOOT + 34
        self.left, self.high = (self.width - (right + left) * self.unit) / 2, high

    def x(self, x):
        return self.left + x * self.unit

    def y(self, y):
        return 17 + (self.high - y) * self.unit


class _SmallFrame(_Frame):
    """A frame of one size for every network, each way stretched to it."""

    def __init__(self, content: PageContent) -> None:
        super().__init__(content)
        blocks = content.layout.blocks
        self.right, self.low = min(b.x for b in blocks), min(b.y for b in blocks)
        self.wide = max(b.x + b.width for b in blocks) - self.right
        self.tall = max(b.y + b.height for b in blocks) - self.low
        self.width, self.height = SMALL
        self.unit = min((self.height - 16) / max(self.tall, 1.0), 9.0)

    def x(self, x):
        return 8 + (self.width - 16) * ((x - self.right) / self.wide if self.wide else 0.5 + 0 * x)

    def y(self, y):
        return 8 + (self.height - 16) * (1 - (y - self.low) / self.tall if self.tall else 0.5 + 0 * y)


def _lines(content: PageContent, frame: _Frame) -> Iterator[str]:
    """The strongest synapses of each bundle, in four strengths of either sign."""
    synapses, share = content.synapses, max(1, LINES // max(1, len(content.bundles)))
    for bundle in content.bundles:
        living = bundle.synapses[synapses.died[bundle.synapses] == 0]
        size = synapses.size[living]
        chosen = np.argsort(size, kind="stable")[-share:]
        living, size = living[chosen], size[chosen]
        strength = np.clip(4 * (size / (size.max(initial=0.0) or 1.0)), 1, 4).astype(int)
        sign = np.sign(np.nan_to_num(synapses.weight[living])).astype(int)
        now = synapses.immediate[living]
        for level, (way, colour), dashed in product(range(1, 5), _COLOURS.items(), (False, True)):
            some = living[(strength == level) & (sign == way) & (now != dashed)]
            yield from _path(content, frame, some, colour, 0.06 + 0.15 * level, dashed)


def _lines_by_age(content: PageContent, frame: _Frame, newer: Newer) -> Iterator[str]:
    """The strongest synapses in grey, and above them those that are newer."""
    synapses = content.synapses
    living = np.flatnonzero(synapses.died == 0)
    young = np.isin(synapses.ids[living], newer.synapses)
    for some, colour, opacity, wide in ((living[~young], _COLOURS[0], 0.5, 0.8), (living[young], NEWBORN, 0.9, 1.4)):
        strongest = some[np.argsort(synapses.size[some], kind="stable")[-LINES:]]
        for dashed in (False, True):
            yield from _path(
                content, frame, strongest[synapses.immediate[strongest] != dashed], colour, opacity, dashed, wide
            )


def _path(
    content: PageContent,
    frame: _Frame,
    some: np.ndarray,
    colour: str,
    opacity: float,
    dashed: bool,
    wide: float = 0.8,
) -> Iterator[str]:
    if not len(some):
        return
    ends = (content.synapses.source[some], content.synapses.target[some])
    points = [(frame.x(content.layout.x[end]), frame.y(content.layout.y[end])) for end in ends]
    steps = "".join(_step(*ends) for ends in zip(*points[0], *points[1], strict=True))
    drawn = f'stroke="{colour}" stroke-opacity="{opacity:.2f}" stroke-width="{wide}"{_DASHES * dashed}'
    yield f'<path d="{steps}" {drawn} fill="none"/>'


def _step(x: float, y: float, to_x: float, to_y: float) -> str:
    """A line, or a loop to the upper right where it ends where it began."""
    if (x, y) == (to_x, to_y):
        return f"M{x:.1f} {y:.1f}c0-16 16 0 0 0"
    return f"M{x:.1f} {y:.1f}L{to_x:.1f} {to_y:.1f}"


def _neurons(content: PageContent, frame: _Frame, newer: np.ndarray) -> Iterator[str]:
    """Blocks of dots, those of the keys given in green; bars where there are too many."""
    for block in content.layout.blocks:
        alive = block.members[content.neurons.died[block.members] == 0]
        young = np.isin(content.neurons.keys[alive], newer)
        if len(block.members) > DOTS or block.pitch * frame.unit < 2.2:
            yield _bar(block, frame)
            continue
        for some, colour, opacity in ((alive[~young], "currentColor", 0.75), (alive[young], NEWBORN, 1.0)):
            if len(some):
                yield _dots(content, frame, block, some, f'stroke="{colour}" stroke-opacity="{opacity}"')


def _dots(content: PageContent, frame: _Frame, block: PopulationBlock, some: np.ndarray, look: str) -> str:
    x, y = frame.x(content.layout.x[some]), frame.y(content.layout.y[some])
    dots = "".join(f"M{a:.1f} {b:.1f}h0" for a, b in zip(x, y, strict=True))
    cap, wide = ("square", 0.62) if block.tiles else ("round", 0.68)
    wide = min(wide * block.pitch * frame.unit, 9.0)
    return f'<path d="{dots}" {look} stroke-linecap="{cap}" stroke-width="{wide:.1f}" fill="none"/>'


def _bar(block: PopulationBlock, frame: _Frame) -> str:
    room = 0.5 * block.pitch
    x, y = frame.x(block.x - room), frame.y(block.y + block.height + room)
    wide, high = frame.x(block.x + block.width + room) - x, frame.y(block.y - room) - y
    size = f'width="{wide:.1f}" height="{high:.1f}"'
    return f'<rect x="{x:.1f}" y="{y:.1f}" {size} rx="3" fill="currentColor" fill-opacity="0.45"/>'


def _labels(content: PageContent, frame: _Frame) -> Iterator[str]:
    """Below the blocks, but for those that would run into the last one."""
    data, taken = content.data["populations"], []
    for block, population in zip(content.layout.blocks, data, strict=True):
        x, y = frame.x(block.x + block.width / 2), frame.y(block.y) + 16
        name = population["name"] if len(population["name"]) <= 16 else population["name"][:15] + "…"
        half = 3.2 * max(len(name), 4)
        if any(abs(x - at) < half + wide and abs(y - down) < 26 for at, down, wide in taken):
            continue
        taken.append((x, y, half))
        text = f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" fill="currentColor"'
        yield f'{text}>{escape(name)}</text>{text.replace(f"{y:.1f}", f"{y + 13:.1f}")} opacity="0.6">'
        yield f"{population['living']:,}</text>"


def _summary(content: PageContent) -> str:
    names = ", ".join(f"{p['name']} {p['living']}" for p in content.data["populations"][:20])
    return f"network of {content.data['living'][0]} neurons and {content.data['living'][1]} synapses: {names}"
