"""Crossover where none is the fitter: what only the other has comes too, where no cycle would close."""

from collections.abc import Iterable

import numpy as np

from .arrays import Genomes


def bring_the_rest(
    child: Genomes,
    b: Genomes,
    neurons: np.ndarray,
    synapses: np.ndarray,
    tie: np.ndarray,
    rng: np.random.Generator,
    limits: tuple[float, float],
) -> Genomes:
    """Children with what only the other parent has, in an order that is drawn.

    Parameters
    ----------
    child, b
        As many genomes: the children, and the parents that are not the fitter.
    neurons, synapses
        (n, 2) places of what both have.
    tie
        (genomes,) bool: to which children.
    rng
        The order comes from it.
    limits
        How many neurons and synapses a child may have at most.
    """
    only = np.ones(len(b.reader), bool)
    only[synapses[:, 1]] = False
    rest = np.flatnonzero(only & tie[b.reader])
    rest = rest[np.lexsort((rng.random(len(rest)), b.reader[rest]))]
    mine = np.full(len(b.owner), -1)
    mine[neurons[:, 1]] = neurons[:, 0]
    growing = [_Growing(child, at, limits) for at in np.flatnonzero(tie).tolist()]
    by = {one.at: one for one in growing}
    late = b.words.late()
    for row in rest.tolist():
        by[int(b.reader[row])].offer(b, row, mine, bool(late[b.form[row]]))
    return _grown(child, b, growing, mine)


class _Growing:
    """A child that gets synapses one by one; its neurons are known by their places, those to come by `-1 - place`."""

    def __init__(self, child: Genomes, at: int, limits: tuple[float, float]) -> None:
        self.at, self.limits = at, limits
        (n, e) = (int(first[at]) for first in child.first)
        self.neurons, self.synapses = int(child.neurons[at]), int(child.synapses[at])
        wires = slice(e, e + self.synapses)
        source, target = child.source[wires].tolist(), child.target[wires].tolist()
        late = child.words.late()[child.form[wires]].tolist()
        self.pairs = set(zip(source, target, strict=True))
        self.successors: dict[int, set[int]] = {place: set() for place in range(n, n + self.neurons)}
        for u, v, delayed in zip(source, target, late, strict=True):
            if not delayed:
                self.successors[u].add(v)
        self.brought: list[int] = []  # places of neurons in the other parent
        self.taken: list[int] = []  # rows of its synapses

    def offer(self, b: Genomes, row: int, mine: np.ndarray, late: bool) -> None:
        """Take a synapse of the other parent where it closes no cycle and limits hold."""
        there = int(b.source[row]), int(b.target[row])
        ends = [int(mine[place]) if mine[place] >= 0 else -1 - place for place in there]
        born = [
            place
            for place, end in zip(dict.fromkeys(there), dict.fromkeys(ends), strict=True)
            if end < 0 and end not in self.successors
        ]
        if (ends[0], ends[1]) in self.pairs or (not late and self._reaches(ends[1], ends[0])):
            return
        neurons, synapses = self.limits
        if self.synapses >= synapses or (born and self.neurons + len(born) > neurons):
            return
        for place in born:
            self.brought.append(place)
            self.successors[-1 - place] = set()
        self.neurons, self.synapses = self.neurons + len(born), self.synapses + 1
        self.pairs.add((ends[0], ends[1]))
        if not late:
            self.successors[ends[0]].add(ends[1])
        self.taken.append(row)

    def _reaches(self, start: int, end: int) -> bool:
        seen, front = {start}, [start]
        while front:
            node = front.pop()
            if node == end:
                return True
            new = self.successors.get(node, set()) - seen
            seen |= new
            front += new
        return False


def _grown(child: Genomes, b: Genomes, growing: Iterable[_Growing], mine: np.ndarray) -> Genomes:
    """The children with all that they took."""
    growing = list(growing)
    brought = np.array([place for one in growing for place in one.brought], np.int64)
    taken = np.array([row for one in growing for row in one.taken], np.int64)
    if not len(taken):
        return child
    owner = b.owner[brought]
    before, names = child, np.empty(len(brought), object)
    names[:], next_name = _names(child, b, growing)
    populations = list(child.populations)
    for place in brought.tolist():
        at, name = int(b.owner[place]), b.words.kinds[b.kind[place]].population
        if name not in populations[at]:
            populations[at] = (*populations[at], name)
    columns = b.kind[brought], b.gene[brought], names, b.values[:, brought]
    child, new = child.with_neurons(owner, *columns)
    shift = np.searchsorted(owner, before.owner, side="left")
    place_of = np.where(mine >= 0, mine + (shift[mine] if len(shift) else 0), -1)
    place_of[brought] = new
    child = child.changed(next_name=next_name, populations=populations)
    ends = place_of[b.source[taken]], place_of[b.target[taken]]
    return child.with_synapses(b.reader[taken], *ends, b.form[taken], b.weight[taken])


def _names(child: Genomes, b: Genomes, growing: Iterable[_Growing]) -> tuple[list, np.ndarray]:
    """Names of the neurons that are brought, those that they had where these are free."""
    found, next_name = [], child.next_name.copy()
    for one in growing:
        start = int(child.first[0][one.at])
        taken = set(child.names[start : start + int(child.neurons[one.at])].tolist())
        keys = int(child.keys[one.at])
        for place in one.brought:
            name = b.names[place]
            if name in taken:
                name = max(int(next_name[one.at]), keys)
                while name in taken:
                    name += 1
                next_name[one.at] = name + 1
            taken.add(name)
            found.append(name)
            keys += 1
    return found, next_name
