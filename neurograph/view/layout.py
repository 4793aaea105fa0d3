"""Where neurons stand on the page: each population a block, blocks in columns from the inputs to the outputs."""

from dataclasses import dataclass

import numpy as np

from neurograph.analysis.history import NeuronHistory, SynapseHistory, levels_of
from neurograph.core.levels import levels
from neurograph.storage.sets import difference, each_once

TILE = 2.4  # units between two feature maps; between two numbers it is 1
APART = 3.0  # units between two neurons of a small population, at most
WIDEST = 2.4  # widths of a network over its height that are good to look at


@dataclass(frozen=True, eq=False)
class PopulationBlock:
    """The place of a population.

    Parameters
    ----------
    name
        Of the population.
    members
        (n,) int64 positions of its neurons, by key.
    column
        Which column it stands in.
    tiles
        Whether its neurons are feature maps.
    pitch
        Units between two of its neurons.
    x, y, width, height
        Units; the lower left corner, and how far it reaches.
    inside
        Whether its neurons are wired among themselves, and so stand by level.
    """

    name: str
    members: np.ndarray
    column: int
    tiles: bool
    pitch: float
    x: float
    y: float
    width: float
    height: float
    inside: bool


@dataclass(frozen=True, eq=False)
class PageLayout:
    """Blocks, and (N,) float64 places of the neurons in them; upwards is positive."""

    blocks: list[PopulationBlock]
    block: np.ndarray
    x: np.ndarray
    y: np.ndarray


def lay_out(neurons: NeuronHistory, synapses: SynapseHistory, order: list[str]) -> PageLayout:
    """Put every neuron that ever was in its place, so that nothing moves while the timeline plays.

    Parameters
    ----------
    neurons, synapses
        All there are.
    order
        The populations as they were added; those that are gone come last.
    """
    names, block = _members(neurons, order)
    level = levels_of(neurons, synapses)
    column = _columns(block, synapses, level, len(names))
    first = np.argsort(column, kind="stable")  # blocks in the order of their columns
    names, block, column = [names[at] for at in first], np.argsort(first)[block], column[first]
    inside = np.zeros(len(names), bool)
    inside[block[synapses.source[block[synapses.source] == block[synapses.target]]]] = True
    for slim in (1.0, 2.0, 4.0, 8.0):  # blocks of deep networks are slimmer, so that the whole is not a thread
        shapes = [_arranged(neurons, np.flatnonzero(block == at), level, bool(i), slim) for at, i in enumerate(inside)]
        layout = _placed(names, block, column, inside, shapes)
        if _extent(layout.x) <= WIDEST * _extent(layout.y):
            break
    return layout


def _extent(place: np.ndarray) -> float:
    return float(place.max() - place.min()) + 1.0


def _members(neurons: NeuronHistory, order: list[str]) -> tuple[list[str], np.ndarray]:
    """The populations that have or had neurons, and (N,) which each neuron is of."""
    of_kind = [kind.population for kind in neurons.kinds]
    used = {of_kind[code] for code in each_once(neurons.kind).tolist()}
    names = [name for name in dict.fromkeys([*order, *of_kind]) if name in used]
    code = {name: at for at, name in enumerate(names)}
    return names, np.array([code.get(name, -1) for name in of_kind], np.int64)[neurons.kind]


def _columns(block: np.ndarray, synapses: SynapseHistory, level: np.ndarray, count: int) -> np.ndarray:
    """(P,) the depth of each population; where they feed each other in circles, one column each by mean level."""
    now = synapses.immediate
    ways = each_once(block[synapses.source[now]] * count + block[synapses.target[now]])
    source, target = ways // max(1, count), ways % max(1, count)
    source, target = source[source != target], target[source != target]
    depth = levels(count, source, target)
    if (depth >= 0).all():
        return _pulled(depth.astype(np.int64), source, target)
    mean = np.bincount(block, level, count) / np.maximum(1, np.bincount(block, minlength=count))
    return np.argsort(np.argsort(mean, kind="stable"), kind="stable")


def _pulled(depth: np.ndarray, source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """What reads nothing stands just before its first reader, unless it stands at the very front."""
    for at in difference(np.arange(len(depth)), target).tolist():
        readers = target[source == at]
        if len(readers):
            depth[at] = depth[readers].min() - 1
    return np.unique(depth, return_inverse=True)[1]


@dataclass(frozen=True, eq=False)
class _Shape:
    """Neurons of a block in a grid: (n,) columns and rows from its upper left corner."""

    members: np.ndarray
    right: np.ndarray
    down: np.ndarray
    tiles: bool


def _arranged(neurons: NeuronHistory, members: np.ndarray, level: np.ndarray, inside: bool, slim: float) -> _Shape:
    kinds = [neurons.kinds[code] for code in each_once(neurons.kind[members])]
    tiles = all(len(kind.shape) == 2 for kind in kinds)
    if inside:
        return _Shape(members, *_by_level(level[members], slim), tiles)
    count, at = len(members), np.arange(len(members))
    side = round(count**0.5)
    if side * side == count >= 25 and not tiles and all(kind.role == "input" for kind in kinds):
        return _Shape(members, at % side, at // side, tiles)  # pixels of a square image, as one reads it
    rows = _rows(count, tiles, slim)
    return _Shape(members, at // rows, at % rows, tiles)


def _rows(count: int, tiles: bool, slim: float) -> int:
    """Of a block that is higher than wide, its columns as equal as they can be."""
    most = max(8 if tiles else 40, int(np.ceil(((2.5 if tiles else 3.2) * slim * count) ** 0.5)))
    return -(-count // -(-count // most))


def _by_level(level: np.ndarray, slim: float) -> tuple[np.ndarray, np.ndarray]:
    """A strip of columns for each level, with room between the strips to see the synapses."""
    known, strip = np.unique(level, return_inverse=True)
    counts = np.bincount(strip)
    rows = min(int(counts.max()), max(12, int(np.ceil((2.0 * slim * len(level)) ** 0.5))))
    wide = -(-counts // rows)
    gap = max(2.0, min(0.15 * rows, (2.0 * rows - wide.sum()) / max(1, len(known) - 1)))
    start = np.concatenate([[0], np.cumsum(wide + gap)[:-1]])
    order = np.argsort(strip, kind="stable")
    nth = np.empty(len(level), np.int64)
    nth[order] = np.arange(len(level)) - np.repeat(np.cumsum(counts) - counts, counts)
    high = -(-counts // wide)
    middle = (high.max() - high) / 2
    return start[strip] + nth // high[strip], middle[strip] + nth % high[strip]


def _placed(
    names: list[str], block: np.ndarray, column: np.ndarray, inside: np.ndarray, shapes: list[_Shape]
) -> PageLayout:
    tall = max((shape.down.max() * (TILE if shape.tiles else 1.0) for shape in shapes), default=1.0) + 1.0
    pitch = [_pitch(shape, tall) for shape in shapes]
    width = [float(s.right.max()) * p for s, p in zip(shapes, pitch, strict=True)]
    height = [float(s.down.max()) * p for s, p in zip(shapes, pitch, strict=True)]
    stacks = [np.flatnonzero(column == at).tolist() for at in range(int(column.max(initial=-1)) + 1)]
    between = 0.24 * tall + 6.0
    tallest = max((sum(height[at] for at in stack) + between * (len(stack) - 1) for stack in stacks), default=tall)
    widths = [max(width[at] for at in stack) for stack in stacks]
    gap = _gap(sum(widths), len(stacks), max(tallest, 12.0))
    blocks: dict[int, PopulationBlock] = {}
    left, x, y = 0.0, np.zeros(len(block)), np.zeros(len(block))
    for number, (stack, wide) in enumerate(zip(stacks, widths, strict=True)):
        top = (sum(height[at] for at in stack) + between * (len(stack) - 1)) / 2
        for at in stack:
            shape, corner = shapes[at], left + (wide - width[at]) / 2
            x[shape.members] = corner + shape.right * pitch[at]
            y[shape.members] = top - shape.down * pitch[at]
            place = (pitch[at], corner, top - height[at], width[at], height[at])
            blocks[at] = PopulationBlock(names[at], shape.members, number, shape.tiles, *place, bool(inside[at]))
            top -= height[at] + between
        left += wide + gap
    return PageLayout([blocks[at] for at in range(len(names))], block, x, y)


def _pitch(shape: _Shape, tall: float) -> float:
    """Small populations stand wider apart, up to three fifths of the tallest's height."""
    unit, rows = (TILE if shape.tiles else 1.0), float(shape.down.max()) + 1.0
    return unit * float(np.clip(0.6 * tall / (rows * unit), 1.0, APART if len(shape.members) < 200 else 1.0))


def _gap(widths: float, count: int, tall: float) -> float:
    """Units between two columns: wide for a few, narrow for many."""
    if count < 2:
        return 0.0
    return float(np.clip((2.1 * tall - widths) / (count - 1), max(7.0, 0.14 * tall), max(16.0, 0.75 * tall)))
