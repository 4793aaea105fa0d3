"""Which synapses run together: a bundle is every synapse of one sort from one block to another."""

from dataclasses import dataclass

import numpy as np

from compiler.regions.blocks import Blocks
from neurograph.arrays import GraphArrays


@dataclass(frozen=True, eq=False)
class Bundles:
    """All bundles, as arrays; synapses are sorted by (bundle, place of target, place of source).

    Parameters
    ----------
    target, source
        (B,) blocks at both ends; bundles are sorted by (target, source, identity).
    identity
        (B,) bool: identity synapses, which make bundles of their own.
    start
        (B + 1,) where each bundle's synapses begin in `synapses`.
    synapses
        (E,) rows of the graph's synapse columns.
    sources, targets
        (B,) how many neurons of either block the bundle touches.
    """

    target: np.ndarray
    source: np.ndarray
    identity: np.ndarray
    start: np.ndarray
    synapses: np.ndarray
    sources: np.ndarray
    targets: np.ndarray

    @property
    def count(self) -> np.ndarray:
        """(B,) synapses per bundle."""
        return np.diff(self.start)

    def of(self, bundle: int) -> np.ndarray:
        """The synapses of one bundle."""
        return self.synapses[self.start[bundle] : self.start[bundle + 1]]


def find_bundles(arrays: GraphArrays, blocks: Blocks) -> Bundles:
    """Group the synapses of a graph by the blocks they join."""
    many = len(blocks.blocks)
    identity = np.array([form.op == "identity" for form in arrays.forms], bool)[arrays.form]
    code = (blocks.block[arrays.target].astype(np.int64) * many + blocks.block[arrays.source]) * 2 + identity
    order = _sorted_within(code, blocks.place[arrays.target], blocks.place[arrays.source])
    code = code[order]
    new = np.flatnonzero(np.diff(code, prepend=-1))
    bundle = np.repeat(np.arange(len(new)), np.diff(new, append=len(code)))
    head = code[new]
    return Bundles(
        target=head // 2 // many,
        source=head // 2 % many,
        identity=(head % 2).astype(bool),
        start=np.append(new, len(code)),
        synapses=order,
        sources=_distinct(bundle, arrays.source[order], len(arrays), len(new)),
        targets=_distinct(bundle, arrays.target[order], len(arrays), len(new)),
    )


def _sorted_within(code: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """The order by (code, row, column), found fast where the columns are sorted already."""
    if len(code) and code.max() < 2**16:
        code = code.astype(np.uint16)  # numpy sorts these by radix
    order = np.argsort(code, kind="stable")
    code, row, column = code[order], row[order], column[order]
    same = code[1:] == code[:-1]
    falling = (row[1:] < row[:-1]) | ((row[1:] == row[:-1]) & (column[1:] < column[:-1]))
    return order[np.lexsort((column, row, code))] if (same & falling).any() else order


def _distinct(bundle: np.ndarray, neuron: np.ndarray, neurons: int, bundles: int) -> np.ndarray:
    """(bundles,) how many different neurons occur in each."""
    pair = bundle * neurons + neuron
    if bundles * neurons <= 4 * len(pair) + 4096:
        seen = np.zeros(bundles * neurons, bool)
        seen[pair] = True
        return seen.reshape(bundles, neurons).sum(1) if bundles else np.zeros(0, np.int64)
    pair = np.sort(pair)
    first = np.diff(pair, prepend=-1) != 0
    return np.bincount(pair[first] // neurons, minlength=bundles)
