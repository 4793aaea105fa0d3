"""Selection in DEAP's form, its randomness from a generator."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np
from deap import base

from neurograph.errors import OptionError

from .genomes.distance import distance
from .genomes.distances import Measure
from .genomes.vocabulary import Vocabulary
from .held import check_species
from .individual import Individual
from .kept import individual_from, individual_state
from .seats import gathered


def tournament(
    individuals: Sequence[Individual], count: int, rng: np.random.Generator, size: int = 3
) -> list[Individual]:
    """The best of `size` individuals that are drawn, so many times."""
    drawn = rng.integers(len(individuals), size=(count, size))
    return [max((individuals[at] for at in row), key=lambda one: one.fitness) for row in drawn.tolist()]


class Species:
    """NEAT's speciation, as a selection: who is alike competes with one another, and shares what its fitness is worth.

    An individual belongs to the first species whose representative is near enough; it founds one where there is none.
    Each species gets parents by the mean of its fitness, counted from the worst of all; they are drawn from its best. A
    species that has not become better for long gets none, but for the best ones.

    Parameters
    ----------
    threshold
        The `distance` from a representative up to which an individual is of its species.
    survival
        The share of a species that may be parents, the best; one at least.
    stagnation
        Calls without progress after which a species gets no parents.
    elitism
        How many species are spared that, the best.

    Raises
    ------
    OptionError
        A threshold that is not above 0, a share that is none.
    """

    def __init__(self, threshold: float = 1.0, survival: float = 0.2, stagnation: int = 15, elitism: int = 2) -> None:
        if not threshold > 0:
            raise OptionError(f"threshold must be above 0, not {threshold!r}: a distance that is still alike")
        if not 0 < survival <= 1:
            raise OptionError(f"survival must be a share above 0 and at most 1, not {survival!r}")
        self.threshold, self.survival, self.stagnation, self.elitism = threshold, survival, stagnation, elitism
        self.begin()

    def begin(self) -> None:
        """Know no species, for another search."""
        self.representatives: dict[int, Individual] = {}
        self.best: dict[int, tuple[float, int]] = {}  # of each species, the best there was and how long ago
        self.born = 0

    def __call__(self, individuals: Sequence[Individual], count: int, rng: np.random.Generator) -> list[Individual]:
        """So many parents, those of a species side by side."""
        species = self._sorted(individuals)
        worth = {one: _worth(who) for one, who in species.items()}
        spared = sorted(species, key=lambda one: max(worth[one]), reverse=True)[: self.elitism]
        for one in species:
            best, age = self.best.get(one, (float("-inf"), 0))
            self.best[one] = (max(worth[one]), 0) if max(worth[one]) > best else (best, age + 1)
        alive = [one for one in species if one in spared or self.best[one][1] <= self.stagnation] or list(species)
        floor = min(min(worth[one]) for one in alive)
        share = np.array([np.mean(worth[one]) - floor for one in alive])
        counts = _apportioned(share, count)
        parents = []
        for one, many in zip(alive, counts.tolist(), strict=True):
            ranked = sorted(species[one], key=lambda who: who.fitness, reverse=True)
            best = ranked[: max(1, int(np.ceil(self.survival * len(ranked))))]
            parents += [best[at] for at in rng.integers(len(best), size=many)]
        self.representatives = {one: species[one][int(rng.integers(len(species[one])))] for one in species}
        self.best = {one: self.best[one] for one in species}
        return parents

    def state(self) -> dict[str, Any]:
        """What it remembers, as plain data."""
        known = {number: individual_state(one) for number, one in self.representatives.items()}
        return {"representatives": known, "best": self.best, "born": self.born}

    def load(self, state: Mapping[str, Any], fitness: type[base.Fitness]) -> None:
        """Remember what another one did; `FileError` where it is nothing that species remember."""
        check_species(state)
        held = state["representatives"].items()
        self.representatives = {number: individual_from(one, fitness) for number, one in held}
        self.best, self.born = state["best"], state["born"]

    def _sorted(self, individuals: Sequence[Individual]) -> dict[int, list[Individual]]:
        """The individuals by species."""
        numbers = self._numbers(individuals)
        found: dict[int, list[Individual]] = {}
        for individual, number in zip(individuals, numbers, strict=True):
            individual.species = number
            found.setdefault(number, []).append(individual)
        return found

    def _numbers(self, individuals: Sequence[Individual]) -> list[int]:
        """The species of each: the first whose representative is near, or one that it founds."""
        near, left, found = _Near(individuals), np.arange(len(individuals)), np.full(len(individuals), -1)
        for number, other in self.representatives.items():
            mine = near.to(other, left) <= self.threshold
            found[left[mine]], left = number, left[~mine]
        while len(left):
            number, self.born = self.born, self.born + 1
            self.representatives[number] = other = individuals[int(left[0])]
            mine = near.to(other, left) <= self.threshold
            mine[0] = True
            found[left[mine]], left = number, left[~mine]
        return found.tolist()


class _Near:
    """How far individuals are from others; all of them at once where arrays can say their genomes."""

    def __init__(self, individuals: Sequence[Individual]) -> None:
        self.individuals = individuals
        seats = [one.seat for one in individuals if one.seat is not None]
        self.words = seats[0].genomes.words if seats else Vocabulary()
        genomes = gathered([one.genome for one in individuals], self.words)
        self.genomes, self.measure = genomes, None if genomes is None else Measure(genomes)

    def to(self, other: Individual, among: np.ndarray) -> np.ndarray:
        """(k,) distances of some, by their places, to another."""
        if not len(among):
            return np.zeros(0)
        one = None if self.measure is None else gathered([other.genome], self.words)
        if self.measure is None or one is None:
            return np.array([distance(self.individuals[at].graph, other.graph) for at in among.tolist()])
        return self.measure.to(one, 0, among)


def _worth(individuals: Sequence[Individual]) -> list[float]:
    """Of each the weighted sum of its objectives; of one that failed, the least number."""
    sums = [float(sum(one.fitness.wvalues)) for one in individuals]
    return [value if isfinite(value) else float(np.nan_to_num(value, neginf=-1e30)) for value in sums]


def _apportioned(share: np.ndarray, count: int) -> np.ndarray:
    """(n,) whole numbers that add up to a count, as near to shares as can be; equal shares where all are zero."""
    share = np.full(len(share), 1.0) if not share.sum() > 0 else share
    wanted = share / share.sum() * count
    found = np.floor(wanted).astype(np.int64)
    rest = np.argsort(found - wanted, kind="stable")[: count - int(found.sum())]
    found[rest] += 1
    return found
