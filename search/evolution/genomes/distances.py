"""How far many genomes in arrays are from one: `distance`, to all of them at once."""

import numpy as np

from neurograph.schema.neuron import VALUES

from .arrays import Genomes

_MOVED = [VALUES.index(name) for name in ("bias", "slope")]


class Measure:
    """Distances of genomes to one at a time.

    Parameters
    ----------
    genomes
        Whose.
    neurons, synapses, weights
        As in `distance`.
    """

    def __init__(self, genomes: Genomes, neurons: float = 1.0, synapses: float = 1.0, weights: float = 0.5) -> None:
        self.genomes, self.counts = genomes, (neurons, synapses, weights)
        self._left, self._place = genomes, np.arange(len(genomes))  # those that are asked about yet, and where each is

    def to(self, other: Genomes, at: int, among: np.ndarray) -> np.ndarray:
        """(k,) float64 distances of some genomes, by rising numbers, to one of other genomes of the same vocabulary."""
        mine, places = self._those(among)
        one = other if len(other) == 1 else other.take(np.array([at]))
        of_neurons, of_synapses, weights = self.counts
        place = np.full(len(mine.words.genes), -1)  # of each innovation, where it is in the one
        place[one.gene] = np.arange(len(one.gene))
        theirs = place[mine.gene]
        matched = np.flatnonzero(theirs >= 0)
        wires, others = self._synapses(mine, one, theirs)
        common = np.bincount(mine.owner[matched], minlength=len(mine))
        apart = of_neurons * _unmatched(mine.neurons, len(one.gene), common)
        common = np.bincount(mine.reader[wires], minlength=len(mine))
        apart = apart + of_synapses * _unmatched(mine.synapses, len(one.weight), common)
        return (apart + weights * self._values(mine, one, (matched, theirs[matched]), (wires, others)))[places]

    def _those(self, among: np.ndarray) -> tuple[Genomes, np.ndarray]:
        """Genomes among which some are, and where these are: fewer are taken aside once half of them are done with."""
        if (self._place[among] < 0).any():  # somebody is asked about again
            self._left, self._place = self.genomes, np.arange(len(self.genomes))
        if 2 * len(among) < len(self._left):
            self._left, self._place = self.genomes.take(among), np.full(len(self.genomes), -1)
            self._place[among] = np.arange(len(among))
        return self._left, self._place[among]

    def _synapses(self, mine: Genomes, one: Genomes, theirs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows of the synapses that are in both, among the genomes' and among the one's."""
        size, forms = len(one.gene) + 1, len(one.words.forms.bundles)
        codes = (one.source * size + one.target) * forms + one.form
        by = np.argsort(codes)
        if not len(by):
            return by, by
        ends = np.where(theirs < 0, size - 1, theirs)  # a neuron that only a genome has joins nothing there
        wanted = (ends[mine.source] * size + ends[mine.target]) * forms + mine.form
        at = np.minimum(np.searchsorted(codes[by], wanted), len(by) - 1)
        wires = np.flatnonzero(codes[by[at]] == wanted)
        return wires, by[at[wires]]

    def _values(
        self,
        mine: Genomes,
        one: Genomes,
        neurons: tuple[np.ndarray, np.ndarray],
        synapses: tuple[np.ndarray, np.ndarray],
    ) -> np.ndarray:
        """(genomes,) the mean difference of all that both have, and of what neurons do."""
        (at, theirs), (wires, others), many = neurons, synapses, len(mine)
        owner = mine.owner[at]
        total = np.zeros(many)
        total += np.bincount(mine.reader[wires], np.abs(mine.weight[wires] - one.weight[others]), many)
        count = np.bincount(mine.reader[wires], minlength=many)
        for row in _MOVED:
            gap = np.abs(mine.values[row, at] - one.values[row, theirs])
            there = ~np.isnan(gap)
            total += np.bincount(owner[there], gap[there], many)
            count += np.bincount(owner[there], minlength=many)
        does = mine.words.does()
        odd = owner[does[mine.kind[at]] != does[one.kind[theirs]]]
        found = np.bincount(odd, minlength=many)
        return (total + found) / np.maximum(count + found, 1)


def _unmatched(first: np.ndarray, second: int, common: np.ndarray) -> np.ndarray:
    """(genomes,) the share of genes that only one of two has, of the larger one's."""
    return (first + second - 2 * common) / np.maximum(np.maximum(first, second), 1)
