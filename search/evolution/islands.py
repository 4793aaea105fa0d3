"""Islands: populations that evolve on their own, and send their best to one another now and then."""

from copy import copy, deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
from deap import base

from ..runs.shapes import need
from .individual import Individual, fitness_of
from .options import EvolutionOptions
from .strategy import Evolution, Start, best_of, make_toolbox


class Islands:
    """Several evolutions side by side, in a ring: every so many generations the best of each go to the next one.

    They take the place of the worst there. An individual that has moved keeps its number, and stays where it was too.
    Asked and told as one `Evolution` is.

    Parameters
    ----------
    start, options, toolbox
        As of an `Evolution`; each island has the options' population, a seed of its own made of the options' seed, and
        a copy of the toolbox, so that what a selection remembers is its own.

    Attributes
    ----------
    generation
        The number of the one at hand, from 0.
    islands
        The evolutions.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> options = EvolutionOptions(population=6, islands=3, migration=2, objectives={"synapses": 1.0})
    >>> search = Islands(mlp([2, 1]), options)
    >>> for _ in range(4):
    ...     for one in search.ask():
    ...         one.score((one.graph.number_of_edges(),))
    ...     search.tell()
    >>> len(search.population), search.generation
    (18, 4)
    """

    def __init__(
        self, start: Start, options: EvolutionOptions | None = None, toolbox: base.Toolbox | None = None
    ) -> None:
        self.options = options = options or EvolutionOptions()
        self.rng, self.fitness = np.random.default_rng(options.seed), fitness_of(options.objectives)
        self.generation, self.born = 0, 0
        toolbox = toolbox or make_toolbox()
        self.islands: list[Evolution] = []
        for at in range(options.islands):
            seed = int(np.random.SeedSequence([options.seed, at]).generate_state(1)[0])
            self.islands.append(Evolution(start, replace(options, seed=seed), deepcopy(toolbox), self.born))
            self.born = self.islands[-1].born

    @property
    def population(self) -> list[Individual]:
        """Of all islands; who has moved may be there twice."""
        return [one for island in self.islands for one in island.population]

    @property
    def best(self) -> Individual:
        """The best of all islands, of those that have a fitness."""
        return best_of(self.population)

    def ask(self) -> list[Individual]:
        """Those of all islands that have no fitness yet."""
        return [one for island in self.islands for one in island.ask()]

    def tell(self) -> None:
        """Go on to the next generation, everywhere; see `Evolution.tell`."""
        for island in self.islands:
            island.refuse_waiting()
        if (self.generation + 1) % self.options.migration == 0:
            self._migrate()
        for island in self.islands:
            island.born = self.born
            island.tell()
            self.born = island.born
        self.generation += 1

    def _migrate(self) -> None:
        """Send the best of each island to the next one, all at once."""
        ranked = [sorted(one.population, key=lambda who: who.fitness, reverse=True) for one in self.islands]
        for at, island in enumerate(self.islands):
            there = {one.number for one in island.population}
            comers = [one for one in ranked[at - 1][: self.options.migrants] if one.number not in there]
            gone = {one.number for one in ranked[at][len(ranked[at]) - len(comers) :]}
            stay = [one for one in island.population if one.number not in gone]
            island.population = stay + [_moved(one) for one in comers]

    def state(self) -> dict[str, Any]:
        """Everything that the rest of the search depends on, as plain data; once everyone is scored."""
        return {
            "generation": self.generation,
            "born": self.born,
            "population": [],
            "generator": self.rng.bit_generator.state,
            "selection": None,
            "islands": [island.state() for island in self.islands],
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state; `FileError` where it is none of such a search."""
        held = state.get("islands", [])
        need(len(held) == len(self.islands), "state.islands", f"are {len(held)}, and not {len(self.islands)}")
        for at, (island, own) in enumerate(zip(self.islands, held, strict=True)):
            fits = own["generation"] == state["generation"] and own["born"] <= state["born"]
            need(fits, f"state.islands[{at}]", "is of another generation")
            island.load(own)
        self.generation, self.born = state["generation"], state["born"]
        self.rng.bit_generator.state = state["generator"]


def _moved(one: Individual) -> Individual:
    """The same individual on another island, of whose species it is to become."""
    found = copy(one)
    found.fitness, found.species = deepcopy(one.fitness), None
    return found
