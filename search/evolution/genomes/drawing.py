"""What is drawn for many genomes at once: one of each's neurons or synapses, and pairs that could be joined."""

from collections.abc import Iterator

import numpy as np

from .arrays import Genomes


class Draws:
    """Some genomes that something is drawn for.

    Parameters
    ----------
    genomes
        All of them.
    which
        (k,) rising numbers of some.
    rng
        What is drawn comes from it, as many numbers whatever comes of it.
    """

    def __init__(self, genomes: Genomes, which: np.ndarray, rng: np.random.Generator) -> None:
        self.genomes, self.which, self.rng = genomes, which, rng


def one_of_each(draws: Draws, of: np.ndarray, possible: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The genomes that have something to choose from, and the row that is chosen for each.

    Parameters
    ----------
    draws
        Whom for.
    of
        (rows,) the genome of each row, rising.
    possible
        (rows,) bool.
    """
    return chosen(draws.which, of, possible, draws.rng.random(len(draws.which)), len(draws.genomes))


def chosen(
    which: np.ndarray, of: np.ndarray, possible: np.ndarray, shares: np.ndarray, many: int
) -> tuple[np.ndarray, np.ndarray]:
    """The same by (k,) shares from 0 to 1 that are drawn already."""
    rows = np.flatnonzero(possible)
    counts = np.bincount(of[rows], minlength=many)
    first = np.cumsum(counts) - counts
    has = counts[which] > 0
    found, share = which[has], shares[has]
    at = np.minimum((share * counts[found]).astype(np.int64), counts[found] - 1)
    return found, rows[first[found] + at]


def acyclic_pairs(
    draws: Draws, sources: np.ndarray, targets: np.ndarray, joined: bool, acyclic: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two neurons of each genome that a synapse could join: the genomes that have two, sources and targets.

    The source is drawn first, among those that have a target.

    Parameters
    ----------
    draws
        Whom for.
    sources, targets
        (N,) bool: who may be read, and who may read.
    joined
        Whether pairs are possible that a synapse joins already.
    acyclic
        Whether the target must not lead to the source, nor be it.
    """
    genomes, which, many = draws.genomes, draws.which, len(draws.genomes)
    shares, found = draws.rng.random(len(which)), []
    waiting = np.zeros(many, bool)
    waiting[which] = True
    for tried in _in_turn(draws, sources):
        tried = tried[waiting[genomes.owner[tried]]]
        if not len(tried):
            break
        possible = targets & waiting[genomes.owner]
        if acyclic:
            possible &= ~leading_to(genomes, tried, waiting)
        if not joined:
            is_source = np.zeros(len(targets), bool)
            is_source[tried] = True
            possible[genomes.target[is_source[genomes.source]]] = False
        mine = waiting[which]
        of, target = chosen(which[mine], genomes.owner, possible, shares[mine], many)
        source_of = np.full(many, -1)
        source_of[genomes.owner[tried]] = tried
        has = source_of[of] >= 0
        found.append(np.stack([of[has], source_of[of[has]], target[has]]))
        waiting[of[has]] = False
    pairs = np.concatenate([np.zeros((3, 0), np.int64), *found], 1)
    of, source, target = pairs[:, np.argsort(pairs[0])]
    return of, source, target


def _in_turn(draws: Draws, sources: np.ndarray) -> Iterator[np.ndarray]:
    """Places of sources, in an order that is drawn: each genome's first, each genome's second, ..."""
    genomes = draws.genomes
    asked = np.zeros(len(genomes), bool)
    asked[draws.which] = True
    rows = np.flatnonzero(sources & asked[genomes.owner])
    owner = genomes.owner[rows]
    rows = rows[np.lexsort((draws.rng.random(len(rows)), owner))]
    counts = np.bincount(owner, minlength=len(genomes))
    first = np.cumsum(counts) - counts
    for turn in range(int(counts.max(initial=0))):
        yield rows[first[counts > turn] + turn]


def leading_to(genomes: Genomes, places: np.ndarray, among: np.ndarray) -> np.ndarray:
    """(N,) bool: some neurons and all that lead to them by synapses without delay.

    Parameters
    ----------
    genomes
        Theirs.
    places
        The neurons.
    among
        (genomes,) bool: which genomes are gone through.
    """
    seen = np.zeros(len(genomes.owner), bool)
    seen[places] = True
    wires = np.flatnonzero(among[genomes.reader] & ~genomes.words.late()[genomes.form])
    source, target = genomes.source[wires], genomes.target[wires]
    while len(source):
        hit = seen[target]
        new = source[hit]
        new = new[~seen[new]]
        if not len(new):
            break
        seen[new] = True
        source, target = source[~hit], target[~hit]
    return seen
