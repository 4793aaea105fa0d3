"""Selections that keep a population apart: lexicase, archives of elites, ageing."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from deap import base

from neurograph.errors import EvaluationError, OptionError

from .individual import Individual
from .kept import individual_from, individual_state


def lexicase(
    individuals: Sequence[Individual], count: int, rng: np.random.Generator, epsilon: float | None = 0.0
) -> list[Individual]:
    """Parents that are the best by objectives in an order that is drawn for each (Spector 2012).

    Parameters
    ----------
    individuals, count, rng
        As of any selection. Objectives are cases: give the fitness one for each.
    epsilon
        How far from the best still counts as it; None: the median distance from the median, of each case
        (La Cava et al. 2016).
    """
    values = np.array([one.fitness.wvalues for one in individuals])
    if epsilon is None:
        finite = np.where(np.isfinite(values), values, np.nan)
        slack = np.nan_to_num(np.nanmedian(np.abs(finite - np.nanmedian(finite, axis=0)), axis=0))
    else:
        slack = np.full(values.shape[1], float(epsilon))
    parents = []
    for _ in range(count):
        left = np.arange(len(values))
        for case in rng.permutation(values.shape[1]).tolist():
            left = left[values[left, case] >= values[left, case].max() - slack[case]]
            if len(left) == 1:
                break
        parents.append(individuals[int(left[rng.integers(len(left))])])
    return parents


def youngest(individuals: Sequence[Individual], count: int, rng: np.random.Generator) -> list[Individual]:
    """Those that were born last: as `survive`, regularised evolution, in which everyone dies of age (Real et al. 2019).

    Register it with `EvolutionOptions(elite=0)` and a population from which few are replaced at a time.
    """
    return sorted(individuals, key=lambda one: one.number, reverse=True)[:count]


class MapElites:
    """An archive with the best of each kind, from which parents are drawn (Mouret and Clune 2015).

    Parameters
    ----------
    describe
        Takes an individual and returns its behaviour or its form as some numbers.
    low, high, cells
        Of each of them the range, and into how many cells it is divided; what lies beyond is in the last.

    Attributes
    ----------
    archive
        Cell -> the best individual there was in it.

    Raises
    ------
    OptionError
        Ranges that are none, or are not as many as cells.

    Examples
    --------
    >>> elites = MapElites(lambda one: [one.graph.number_of_edges()], low=[0], high=[20], cells=[20])
    """

    def __init__(
        self,
        describe: Callable[[Individual], Sequence[float]],
        low: Sequence[float],
        high: Sequence[float],
        cells: Sequence[int],
    ) -> None:
        if not len(low) == len(high) == len(cells) or not len(low):
            raise OptionError(f"low, high and cells must be as many, not {len(low)}, {len(high)} and {len(cells)}")
        if not all(a < b for a, b in zip(low, high, strict=True)) or not all(n >= 1 for n in cells):
            raise OptionError(f"each low must be below its high, with a cell at least: {low}, {high}, {cells}")
        self.describe, self.low, self.high, self.cells = describe, np.array(low, float), np.array(high, float), cells
        self.archive: dict[tuple[int, ...], Individual] = {}

    def __call__(self, individuals: Sequence[Individual], count: int, rng: np.random.Generator) -> list[Individual]:
        """Keep the best of each cell, and draw so many parents from all cells alike."""
        for one in individuals:
            if one.failure is None:
                cell = self._cell(one)
                if cell not in self.archive or one.fitness > self.archive[cell].fitness:
                    self.archive[cell] = one
                    one.stand_alone()
        elites = list(self.archive.values()) or list(individuals)
        return [elites[at] for at in rng.integers(len(elites), size=count).tolist()]

    def _cell(self, one: Individual) -> tuple[int, ...]:
        found = np.asarray(self.describe(one), float).reshape(-1)
        if found.shape != self.low.shape or not np.isfinite(found).all():
            raise EvaluationError(f"describe must return {len(self.low)} finite numbers, not {found.tolist()}")
        share = (found - self.low) / (self.high - self.low)
        places = np.clip((share * self.cells).astype(int), 0, np.array(self.cells) - 1)
        return tuple(places.tolist())

    def begin(self) -> None:
        """Empty the archive, for another search."""
        self.archive = {}

    def state(self) -> dict[str, Any]:
        """The archive, as plain data."""
        return {"cells": list(self.archive), "elites": [individual_state(one) for one in self.archive.values()]}

    def load(self, state: Mapping[str, Any], fitness: type[base.Fitness]) -> None:
        """Go on with the archive of another one."""
        elites = [individual_from(held, fitness) for held in state["elites"]]
        self.archive = dict(zip(map(tuple, state["cells"]), elites, strict=True))
