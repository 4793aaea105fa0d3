"""Steady state: whoever is scored takes its place at once, and a child is born for it."""

from collections.abc import Sequence
from typing import Any

from deap import base

from ..runs.shapes import need
from .individual import Individual
from .kept import individuals_from, individuals_state
from .options import EvolutionOptions
from .strategy import Evolution, Start

Order = Sequence[tuple[int, str | None]]


class SteadyState(Evolution):
    """An evolution without generations: some individuals are under way at any time, and arrive in whatever order.

    Who arrives joins the population, whose worst dies (or who `survive` says, where the toolbox has it); a child of
    those that are there is under way instead. What comes of it depends on the order of arrival alone.

    Parameters
    ----------
    start, options, toolbox
        As of an `Evolution`.

    Attributes
    ----------
    generation
        How many populations' worth of individuals have arrived, the one at hand not counted.
    population
        Those that have arrived and live.
    order
        Numbers of those that have arrived, in their order, each with why it was lost with its worker or None.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> search = SteadyState(mlp([2, 1]), EvolutionOptions(population=10, objectives={"synapses": 1.0}))
    >>> for _ in range(50):
    ...     one = search.ask()[0]
    ...     one.score((one.graph.number_of_edges(),))
    ...     search.arrived(one)
    >>> len(search.population), search.generation
    (10, 4)
    """

    def __init__(
        self, start: Start, options: EvolutionOptions | None = None, toolbox: base.Toolbox | None = None
    ) -> None:
        super().__init__(start, options, toolbox)
        self.waiting, self.population = self.population, []
        self.order: list[tuple[int, str | None]] = []

    def ask(self) -> list[Individual]:
        """Those that are under way, as many as the options' `ahead`, in the order in which they were born."""
        return self.waiting[: self.options.ahead]

    def arrived(self, one: Individual, lost: str | None = None) -> None:
        """Take somebody who was asked about and is scored into the population, and have a child instead."""
        self.waiting.remove(one)
        self.order.append((one.number, lost))
        self.population.append(one)
        self.generation = (len(self.order) - 1) // self.options.population
        if len(self.population) > self.options.population:
            self._die()
        if len(self.waiting) < self.options.ahead:
            self.waiting.append(self._child(self._selected(min(2, len(self.population))), 0))

    @property
    def whole(self) -> bool:
        """Whether as many have arrived as there are in a population, or a multiple."""
        return bool(self.order) and len(self.order) % self.options.population == 0

    def _die(self) -> None:
        survive = getattr(self.toolbox, "survive", None)
        if survive is not None:
            self.population = self._surviving(survive, self.population)
        else:
            self.population.remove(min(self.population, key=lambda one: one.fitness))  # of equal ones the oldest

    def state(self) -> dict[str, Any]:
        """Everything that the rest of the search depends on, as plain data."""
        waiting = individuals_state(self.waiting)
        return super().state() | {"waiting": waiting, "order": list(self.order)}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state; `FileError` where it is none of such a search."""
        waiting = individuals_from(state.get("waiting", []), self.fitness, self.words)
        numbers, order = [one.number for one in waiting], state.get("order", [])
        need(len(waiting) >= self.options.ahead, "state.waiting", f"has {len(waiting)} individuals")
        need(not any(one.fitness.valid for one in waiting), "state.waiting", "has somebody who is scored")
        arrived = [number for number, _ in order]
        whole = sorted((*arrived, *numbers)) == list(range(state["born"]))
        need(whole, "state.order", "and those who wait are not everyone who was born")
        need(len(order) == (state["generation"] + 1) * self.options.population, "state.order", f"has {len(order)}")
        super().load(state)
        need({one.number for one in self.population} <= set(arrived), "state.population", "has somebody yet to come")
        self.waiting, self.order = waiting, [(number, lost) for number, lost in order]
