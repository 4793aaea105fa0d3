"""Selection among several objectives: NSGA-II and NSGA-III, their randomness from a generator."""

from collections.abc import Sequence

import numpy as np
from deap import tools

from neurograph.errors import OptionError
from neurograph.storage.sets import each_once

from .individual import Individual


def nsga2(individuals: Sequence[Individual], count: int, rng: np.random.Generator) -> list[Individual]:
    """So many by rank of non-dominance, in the last front those that stand apart (Deb et al. 2002).

    As `survive` it keeps the best of parents and children. As `select` each of two that are drawn is a parent where it
    is of an earlier front, or of the same and further apart.
    """
    if count < len(individuals):
        return list(tools.selNSGA2(list(individuals), count))
    order = {id(one): at for at, one in enumerate(tools.selNSGA2(list(individuals), len(individuals)))}
    drawn = rng.integers(len(individuals), size=(count, 2)).tolist()
    return [min((individuals[at] for at in pair), key=lambda one: order[id(one)]) for pair in drawn]


class Nsga3:
    """NSGA-III: fronts as in NSGA-II, in the last one those near reference directions few are near (Deb, Jain 2014).

    Parameters
    ----------
    divisions
        Parts that each objective's axis is divided into; the directions are all ways to share them out.

    Raises
    ------
    OptionError
        No division.
    """

    def __init__(self, divisions: int = 12) -> None:
        if not isinstance(divisions, int) or divisions < 1:
            raise OptionError(f"divisions must be a whole number of at least 1, not {divisions!r}")
        self.divisions = divisions

    def __call__(self, individuals: Sequence[Individual], count: int, rng: np.random.Generator) -> list[Individual]:
        """So many; where as many are asked for as there are or more, parents by tournaments of two."""
        fronts = tools.sortNondominated(list(individuals), len(individuals))
        if count >= len(individuals):
            rank = {id(one): at for at, front in enumerate(fronts) for one in front}
            drawn = rng.integers(len(individuals), size=(count, 2)).tolist()
            return [min((individuals[at] for at in pair), key=lambda one: rank[id(one)]) for pair in drawn]
        chosen: list[Individual] = []
        while len(chosen) + len(fronts[0]) <= count:
            chosen += fronts.pop(0)
            if len(chosen) == count:
                return chosen
        last = fronts[0]
        values = _scaled(chosen + last)
        near, far = self._nearest(values)
        return chosen + _niched(last, near, far, len(chosen), count, rng)

    def _nearest(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n,) the direction nearest to each, and how far it is away."""
        directions = tools.uniform_reference_points(values.shape[1], self.divisions)
        directions = directions / np.linalg.norm(directions, axis=1, keepdims=True)
        along = values @ directions.T
        apart = np.linalg.norm(values[:, None] - along[..., None] * directions[None], axis=2)
        near = apart.argmin(1)
        return near, apart[np.arange(len(values)), near]


def _scaled(individuals: Sequence[Individual]) -> np.ndarray:
    """(n, objectives) from 0, the best of each, to 1, the worst of those that did not fail; all to be small."""
    values = -np.array([one.fitness.wvalues for one in individuals])
    finite = np.isfinite(values)
    worst = np.where(finite, values, -np.inf).max(0, initial=0.0)
    values = np.where(finite, values, worst)
    span = worst - values.min(0)
    return (values - values.min(0)) / np.where(span > 0, span, 1.0)


def _niched(
    last: list[Individual], near: np.ndarray, far: np.ndarray, first: int, count: int, rng: np.random.Generator
) -> list[Individual]:
    """Those of the last front that fill the directions with the fewest."""
    crowd = np.bincount(near[:first], minlength=int(near.max()) + 1)
    left, found = list(range(len(last))), []
    while len(found) < count - first:
        known = each_once(near[first:][left])
        fewest = known[crowd[known] == crowd[known].min()]
        direction = int(rng.choice(fewest))
        mine = [at for at in left if near[first + at] == direction]
        at = min(mine, key=lambda m: far[first + m]) if not crowd[direction] else mine[int(rng.integers(len(mine)))]
        crowd[direction] += 1
        left.remove(at)
        found.append(last[at])
    return found
