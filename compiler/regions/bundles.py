"""Which synapses run together: a bundle is every synapse of one operation from one block to another."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurograph.core.arrays import GraphArrays
from neurograph.storage.sorting import stable_order

from .blocks import Blocks, run_starts
from .status import statuses
from .windows import SAME, OpCodes, Window, find_windows


@dataclass(frozen=True, eq=False)
class Ends:
    """Where the synapses of some bundles of one block lie.

    Parameters
    ----------
    row
        (n,) int32 places in the target block.
    source, column
        (n,) int32 source blocks, and places in these.
    """

    row: np.ndarray
    source: np.ndarray
    column: np.ndarray


@dataclass(frozen=True, eq=False)
class BundleSizes:
    """All bundles as far as planning looks at their sizes; whoever has their synapses says where these are.

    Parameters
    ----------
    target, source
        (B,) blocks at both ends; bundles are sorted by (target, source, op_code).
    op_code
        (B,) what their synapses do: numbers, identities, or one of the windows; each makes bundles of its own.
    count
        (B,) synapses per bundle.
    sources, targets
        (B,) how many neurons of either block the bundle touches.
    windows
        What each op code does to feature maps; None for numbers and identities between scalars.
    """

    target: np.ndarray
    source: np.ndarray
    op_code: np.ndarray
    count: np.ndarray
    sources: np.ndarray
    targets: np.ndarray
    windows: OpCodes

    @cached_property
    def identity(self) -> np.ndarray:
        """(B,) bool: bundles of identities."""
        same = [window.identity if window else op_code == SAME for op_code, window in enumerate(self.windows)]
        return np.array(same, bool)[self.op_code]

    def window(self, bundle: int) -> Window | None:
        """What the synapses of one bundle do to feature maps."""
        return self.windows[self.op_code[bundle]]

    def ends(self, group: np.ndarray) -> Ends:
        """Where the synapses of some bundles of one block lie, bundle after bundle, each sorted by (row, column)."""
        raise NotImplementedError

    def numbers(self, group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n,) int64 ids of the same synapses and (n,) uint8 of TRAINED, FROZEN and FIXED."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Bundles(BundleSizes):
    """All bundles, as arrays; synapses are sorted by (bundle, place of target, place of source).

    Parameters
    ----------
    start
        (B + 1,) where each bundle's synapses begin in `synapses`.
    synapses
        (E,) rows of the graph's synapse columns.
    arrays, blocks
        The graph, grouped.
    """

    start: np.ndarray
    synapses: np.ndarray
    arrays: GraphArrays
    blocks: Blocks

    def of(self, group: np.ndarray) -> np.ndarray:
        """The synapses of some bundles."""
        return concatenated([self.synapses[self.start[bundle] : self.start[bundle + 1]] for bundle in group.tolist()])

    def ends(self, group: np.ndarray) -> Ends:
        synapses, place = self.of(group), self.blocks.place
        source, first = self.arrays.source[synapses], self.source[group[0]]
        alone = len(group) == 1 or bool((self.source[group] == first).all())
        block = np.broadcast_to(np.int32(first), len(source)) if alone else self.blocks.block[source]
        return Ends(place[self.arrays.target[synapses]], block, place[source])

    def numbers(self, group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        synapses = self.of(group)
        return self.arrays.ids[synapses], statuses(self.arrays.forms)[self.arrays.form[synapses]]


def concatenated(parts: list[np.ndarray]) -> np.ndarray:
    """One array of several; a single one as it is."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def find_bundles(arrays: GraphArrays, blocks: Blocks) -> Bundles:
    """Group the synapses of a graph by the blocks they join; those into a region belong to no bundle."""
    many = len(blocks.blocks)
    op_code, windows = find_windows(arrays)
    op_codes = len(windows)
    wide = np.int64 if many * many * op_codes >= 2**31 else np.int32
    code = blocks.block.astype(wide)[arrays.target] * (many * op_codes)
    code += (blocks.block.astype(wide) * op_codes)[arrays.source]
    if op_codes > 1:
        code += op_code.astype(wide)
    target, source, chosen = arrays.target, arrays.source, None
    regional = np.array([block.region >= 0 for block in blocks.blocks], bool)
    if regional.any():
        chosen = np.flatnonzero(~regional[blocks.block[target]])
        code, target, source = code[chosen], target[chosen], source[chosen]
    order = _sorted_within(code, blocks.place[target], blocks.place[source])
    del target, source
    code = code[order]
    order = order if chosen is None else chosen[order]
    new = run_starts(code)
    head, start = code[new], np.append(new, len(code))
    sizes = np.array([len(block.neurons) for block in blocks.blocks], np.int64)
    origin = head // op_codes % many
    return Bundles(
        target=head // op_codes // many,
        source=origin,
        op_code=head % op_codes,
        count=np.diff(start),
        sources=_sources(start, blocks.place[arrays.source[order]], sizes[origin]),
        targets=_targets(start, arrays.target[order]),
        windows=windows,
        start=start,
        synapses=order,
        arrays=arrays,
        blocks=blocks,
    )


def _sorted_within(code: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """The order by (code, row, column), found fast where the columns are sorted already."""
    limit = int(code.max(initial=-1)) + 1
    order = stable_order(code, limit)
    code, row, column = code[order], row[order], column[order]
    falling = (column[1:] < column[:-1]) & (row[1:] == row[:-1]) | (row[1:] < row[:-1])
    falling &= code[1:] == code[:-1]
    if not falling.any():
        return order
    by = stable_order(column, int(column.max()) + 1)  # the last key first, each order keeping the one before it
    by = by[stable_order(row[by], int(row.max()) + 1)]
    return order[by[stable_order(code[by], limit)]]


def _sources(start: np.ndarray, place: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """(bundles,) how many neurons of its one source block each bundle reads.

    Parameters
    ----------
    start
        (bundles + 1,) where the synapses of each begin.
    place
        (n,) places of their sources in that block.
    sizes
        (bundles,) neurons of the block.
    """
    room, bundle = np.cumsum(sizes) - sizes, np.repeat(np.arange(len(sizes), dtype=np.int32), np.diff(start))
    total = int(sizes.sum())
    if total > 4 * len(place) + 4096:
        return distinct(bundle, place, int(sizes.max()), len(sizes))
    seen = np.zeros(total, np.int8)
    seen[room[bundle] + place] = 1
    return np.add.reduceat(seen, room, dtype=np.int64) if len(sizes) else np.zeros(0, np.int64)


def _targets(start: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(bundles,) how many neurons each bundle feeds; (n,) targets stand together within a bundle."""
    first = np.ones(len(target), bool)
    np.not_equal(target[1:], target[:-1], out=first[1:])
    first[start[:-1]] = True
    return np.add.reduceat(first, start[:-1], dtype=np.int64) if len(start) > 1 else np.zeros(0, np.int64)


def distinct(bundle: np.ndarray, neuron: np.ndarray, neurons: int, bundles: int) -> np.ndarray:
    """(bundles,) how many different neurons occur in each; both are (n,), counted from 0."""
    pair = bundle.astype(np.int64, copy=False) * neurons + neuron
    if bundles * neurons <= 4 * len(pair) + 4096:
        seen = np.zeros(bundles * neurons, bool)
        seen[pair] = True
        return seen.reshape(bundles, neurons).sum(1) if bundles else np.zeros(0, np.int64)
    pair = np.sort(pair)
    first = np.diff(pair, prepend=-1) != 0
    return np.bincount(pair[first] // neurons, minlength=bundles)
