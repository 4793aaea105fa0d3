"""Individuals as DEAP's tools know them: a graph with a fitness, no creator needed."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from math import isfinite
from typing import Any

from deap import base

from ..fitness import Fitness
from .seats import Seat


def fitness_of(objectives: Mapping[str, float]) -> type[base.Fitness]:
    """DEAP's fitness for objectives by name, each with its weight: positive where more is better.

    Examples
    --------
    >>> fitness_of({"error": -1.0, "synapses": -0.1}).weights
    (-1.0, -0.1)
    """
    held = {"weights": tuple(map(float, objectives.values())), "names": tuple(objectives)}
    return type("Fitness", (Fitness,), held)


class Individual:
    """A genome, with what DEAP's tools look at.

    Parameters
    ----------
    graph
        A `NeuronGraph`, or the seat of its genome among genomes in arrays.
    fitness
        A fitness without values.
    number
        No other individual of the search has it; two with the same are the same.
    parents
        Numbers of those it came from.
    changes
        What was done to make it: "crossover" and the names of mutations.

    Attributes
    ----------
    graph
        The genome as a `NeuronGraph`, made when it is first asked for; from then on it is what the individual is.
    failure
        Why its evaluation failed, or None.
    species
        The number of its species, where selection goes by species.
    evaluations
        How many its fitness is the mean of.
    """

    def __init__(
        self, graph: Any, fitness: Any, number: int, parents: Sequence[int] = (), changes: Sequence[str] = ()
    ) -> None:
        self.seat: Seat | None = graph if isinstance(graph, Seat) else None
        self._graph: Any = None if isinstance(graph, Seat) else graph
        self.fitness, self.number = fitness, number
        self.parents, self.changes = tuple(parents), tuple(changes)
        self.failure: str | None = None
        self.species: int | None = None
        self.evaluations = 1

    @property
    def graph(self) -> Any:
        """The genome as a `NeuronGraph`, which may be edited."""
        if self.seat is not None:
            self._graph, self.seat = self.seat.graph(), None
        return self._graph

    @graph.setter
    def graph(self, graph: Any) -> None:
        self._graph, self.seat = graph, None

    @property
    def genome(self) -> Any:
        """The seat of its genome, or the graph where there is one: what is read without making a graph."""
        return self._graph if self.seat is None else self.seat

    @property
    def neurons(self) -> int:
        """How many neurons its genome has."""
        return len(self._graph) if self.seat is None else int(self.seat.genomes.neurons[self.seat.at])

    @property
    def synapses(self) -> int:
        """How many synapses its genome has."""
        return self._graph.number_of_edges() if self.seat is None else int(self.seat.genomes.synapses[self.seat.at])

    def stand_alone(self) -> None:
        """Hold no genome but its own, for who lives long: a seat holds those of its whole generation."""
        if self.seat is not None and len(self.seat.genomes) > 1:
            self.seat = deepcopy(self.seat)

    def score(self, values: Sequence[float], failure: str | None = None) -> None:
        """Take the outcome of an evaluation; what failed, or is not finite, is the worst there is."""
        if failure is None and not all(map(isfinite, values)):
            failure = f"its fitness is {', '.join(map(str, values))}"
        self.failure = failure
        worst = tuple(float("-inf") if weight > 0 else float("inf") for weight in self.fitness.weights)
        self.fitness.values = worst if failure else tuple(map(float, values))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Individual) and self.number == other.number

    def __hash__(self) -> int:
        return hash(self.number)

    def __repr__(self) -> str:
        values = ", ".join(f"{v:.4g}" for v in self.fitness.values) if self.fitness.valid else "not evaluated"
        size = f"{self.neurons} neurons, {self.synapses} synapses"
        return f"Individual {self.number}: {size}; {values}"
