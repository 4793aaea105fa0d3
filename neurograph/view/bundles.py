"""Synapses in bundles: all those between two populations, with a histogram that stands for them where they are many."""

from dataclasses import dataclass

import numpy as np

from neurograph.analysis.history import NEVER, SynapseHistory
from neurograph.analysis.shares import equal_shares
from neurograph.analysis.sizes import histogram, mean_and_deviation
from neurograph.view.layout import PageLayout

BINS = 41
LINES = 2_000  # synapses, beyond which a bundle is drawn as a ribbon, and one within a population as a matrix


@dataclass(frozen=True, eq=False)
class Connection:
    """All synapses from one population to another.

    Parameters
    ----------
    source, target
        Numbers of the blocks.
    synapses
        (n,) int64 positions of those that go into the page, by target and source.
    living, ever
        How many there are now, and ever were.
    histogram
        (BINS,) int64 weights of the living in equal bins over [-reach, reach]; those beyond are in the outermost.
    reach
        The largest absolute weight, or the thousandth part's, which is less where a few stand far out.
    mean, deviation, least, most
        Of the living weights, every number of a kernel by itself; NaN where there are none.
    zeros
        How many of them are exactly zero.
    """

    source: int
    target: int
    synapses: np.ndarray
    living: int
    ever: int
    histogram: np.ndarray
    reach: float
    mean: float
    deviation: float
    least: float
    most: float
    zeros: int

    @property
    def band(self) -> bool:
        """Whether it is drawn as a whole, until somebody asks for its synapses."""
        return self.ever > LINES


def bundles_of(layout: PageLayout, synapses: SynapseHistory, limit: int) -> list[Connection]:
    """All bundles, the strongest synapses of each chosen where there are more than `limit` in all."""
    count = len(layout.blocks)
    code = layout.block[synapses.source] * count + layout.block[synapses.target]
    order = np.argsort(code.astype(np.int16) if count < 180 else code, kind="stable")  # short ones are sorted by radix
    starts = np.flatnonzero(np.diff(code[order], prepend=-1))
    groups = np.split(order, starts[1:]) if len(order) else []
    shares = equal_shares([len(group) for group in groups], limit)
    size = synapses.size
    return [
        _bundle(int(code[group[0]]), count, synapses, group, _strongest(group, size, share))
        for group, share in zip(groups, shares, strict=True)
    ]


def _bundle(code: int, count: int, synapses: SynapseHistory, group: np.ndarray, chosen: np.ndarray) -> Connection:
    living = group[synapses.died[group] == NEVER]
    weights = _weights(synapses, living)
    reach, counts = _histogram(weights)
    mean, deviation = mean_and_deviation(weights) if len(weights) else (np.nan, np.nan)
    some = len(weights) > 0
    return Connection(
        source=code // count,
        target=code % count,
        synapses=chosen,
        living=len(living),
        ever=len(group),
        histogram=counts,
        reach=reach,
        mean=mean,
        deviation=deviation,
        least=float(weights.min()) if some else np.nan,
        most=float(weights.max()) if some else np.nan,
        zeros=int((weights == 0).sum()),
    )


def _weights(synapses: SynapseHistory, which: np.ndarray) -> np.ndarray:
    pool, row = synapses.pool[which], synapses.row[which]
    parts = [data[row[pool == number]].reshape(-1) for number, data in enumerate(synapses.pools)]
    return np.concatenate([np.zeros(0), *parts])


def _histogram(weights: np.ndarray) -> tuple[float, np.ndarray]:
    if not len(weights):
        return 0.0, np.zeros(BINS, np.int64)
    size = np.abs(weights)
    reach = float(np.quantile(size, 0.999) if len(size) > 1000 else size.max()) or 1.0
    return reach, histogram(weights, BINS, reach)


def _strongest(group: np.ndarray, size: np.ndarray, share: int) -> np.ndarray:
    if share >= len(group):
        return group
    weakest = len(group) - share
    return group[np.sort(np.argpartition(size[group], weakest)[weakest:])] if share else group[:0]
