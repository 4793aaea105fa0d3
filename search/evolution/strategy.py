"""The next generation: asked for who is to be evaluated, told how good they are."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from deap import base

from neurograph.errors import OptionError

from ..runs.shapes import need
from .breeding import bred, operators_of
from .genomes.crossover import crossover
from .genomes.innovations import odd_innovation
from .genomes.mutation import NoMutationError, mutate
from .genomes.policy import Policy, as_policies
from .genomes.vocabulary import Vocabulary
from .held import check_individuals
from .individual import Individual, fitness_of
from .kept import individuals_from, individuals_state
from .options import EvolutionOptions
from .selection import tournament

ARRAYS = "arrays"  # how a search breeds that says so in its state; those of before bred graph by graph, and go on so
Start = Any  # a graph, a list of graphs, or a function of a generator that makes one


def make_toolbox(policies: Policy | Sequence[Policy] | None = None) -> base.Toolbox:
    """DEAP's toolbox with the operators of an evolution, each to be replaced by registering another.

    | name | is called as | returns |
    |---|---|---|
    | `mate` | `mate(fitter, other, rng, tie=...)` | a new graph |
    | `mutate` | `mutate(graph, rng)` | names of what it did to the graph, in place |
    | `select` | `select(individuals, count, rng)` | parents, whom to mate side by side |

    A `select` that remembers has `state()`, `load(state, fitness)` and `begin()`, which forgets what it knew.
    `survive(individuals, count, rng)`, which is not there unless it is registered, says who of parents and children
    together goes on living; without it children replace everyone but the elite. `nsga2`, `Nsga3()` and `youngest` are
    such; `tournament`, `Species()`, `lexicase`, `nsga2` and `MapElites(...)` select parents.

    Parameters
    ----------
    policies
        What mutation may do; see `mutate`. Their limits hold for crossover too.
    """
    toolbox = base.Toolbox()
    held = as_policies(policies)
    limits = {name: _least(getattr(one, name) for one in held) for name in ("neurons", "synapses")}
    toolbox.register("mate", crossover, **limits)
    toolbox.register("mutate", mutate, policies=policies)
    toolbox.register("select", tournament)
    return toolbox


class Evolution:
    """A generational evolution of whole graphs: the best stay, parents are selected, children are born.

    Parameters
    ----------
    start
        A graph, whose copies are mutated; a list of graphs, taken in turn; or a function of a `numpy.random.Generator`
        that makes a graph.
    options
        See `EvolutionOptions`.
    toolbox
        Operators; `make_toolbox()`'s when None.
    born
        How many have been born elsewhere; who is born here has later numbers.

    Attributes
    ----------
    generation
        The number of the one at hand, from 0.
    population
        Its individuals.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> search = Evolution(mlp([2, 1]), EvolutionOptions(population=10, objectives={"synapses": 1.0}))
    >>> for _ in range(20):
    ...     for one in search.ask():
    ...         one.score((one.graph.number_of_edges(),))
    ...     search.tell()
    >>> search.best.graph.number_of_edges() > 2
    True
    """

    def __init__(
        self,
        start: Start,
        options: EvolutionOptions | None = None,
        toolbox: base.Toolbox | None = None,
        born: int = 0,
    ) -> None:
        self.options, self.toolbox = options or EvolutionOptions(), toolbox or make_toolbox()
        self.rng = np.random.default_rng(self.options.seed)
        self.fitness = fitness_of(self.options.objectives)
        self.generation, self.born = 0, born
        self.words, self.in_arrays = Vocabulary(), True
        self.elders: list[Individual] = []
        if hasattr(select := _selection(self.toolbox), "begin"):  # a toolbox may have served another search
            select.begin()
        self.population = [self._first(start, at) for at in range(self.options.population)]

    def ask(self) -> list[Individual]:
        """Those of the population that have no fitness yet."""
        return [one for one in self.population if not one.fitness.valid]

    def tell(self) -> None:
        """Go on to the next generation; everyone asked about must have been scored.

        Raises
        ------
        OptionError
            Where somebody has no fitness, or an operator of the toolbox returns something else than it must.
        """
        self.refuse_waiting()
        options, survive = self.options, getattr(self.toolbox, "survive", None)
        if survive is not None and self.elders:
            self.population = self._surviving(survive, self.elders + self.population)
        ranked = sorted(self.population, key=lambda one: one.fitness, reverse=True)
        count = options.population - (options.elite if survive is None else 0)
        parents = self._selected(count)
        children = self._children(parents)
        self.elders = [] if survive is None else self.population
        stay = ranked[: options.population - count]
        for one in (*stay, *self.elders):
            one.stand_alone()
        self.population = stay + children
        self.generation += 1

    def refuse_waiting(self) -> None:
        """Raise `OptionError` where somebody has no fitness yet."""
        if waiting := self.ask():
            raise OptionError(
                f"{len(waiting)} individuals were asked about and not scored, individual {waiting[0].number} first"
            )

    def _selected(self, count: int) -> list[Individual]:
        """So many parents, as the toolbox selects them."""
        parents = self.toolbox.select(self.population, count, self.rng)  # pyright: ignore[reportAttributeAccessIssue]
        if len(parents) != count or not all(isinstance(one, Individual) for one in parents):
            raise OptionError(f"the toolbox's select must return {count} individuals, and it returned {len(parents)}")
        return parents

    def _surviving(self, survive: Callable[..., Any], candidates: list[Individual]) -> list[Individual]:
        """As many of parents and children together as a population has."""
        count = self.options.population
        left = list(survive(candidates, count, self.rng))
        if len(left) != count or not all(isinstance(one, Individual) for one in left):
            raise OptionError(f"the toolbox's survive must return {count} individuals, and it returned {len(left)}")
        return left

    @property
    def best(self) -> Individual:
        """The best of the population, of those that have a fitness."""
        return best_of(self.population)

    def state(self) -> dict[str, Any]:
        """Everything that the rest of the search depends on, as plain data; once everyone is scored."""
        select = _selection(self.toolbox)
        elders = {"elders": individuals_state(self.elders)} if self.elders else {}
        return (
            elders
            | ({"breeding": ARRAYS} if self.in_arrays else {})
            | {
                "generation": self.generation,
                "born": self.born,
                "population": individuals_state(self.population),
                "generator": self.rng.bit_generator.state,
                "selection": select.state() if hasattr(select, "state") else None,
            }
        )

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state; `FileError` where it is none of such a search."""
        population, wanted = individuals_from(state["population"], self.fitness, self.words), self.options
        need(len(population) == wanted.population, "state.population", f"has {len(population)} individuals")
        check_individuals(population, wanted, state["born"], "population")
        elders = individuals_from(state.get("elders", []), self.fitness, self.words)
        check_individuals(elders, wanted, state["born"], "elders")
        self.generation, self.born, self.population = state["generation"], state["born"], population
        self.elders, self.in_arrays = elders, "breeding" in state
        self.rng.bit_generator.state = state["generator"]
        if state["selection"] is not None:
            _selection(self.toolbox).load(state["selection"], self.fitness)

    def _first(self, start: Start, at: int) -> Individual:
        """One of the first generation: the start itself is among them, all others are mutated once."""
        if callable(start) and not hasattr(start, "nodes"):
            return self._born(_sound(start(self.rng)))
        many = start if isinstance(start, list | tuple) else [start]
        if not many:
            raise OptionError("start is an empty list: give a graph, some, or a function that makes one")
        graph = _sound(many[at % len(many)]).copy(journal=False)
        changes = self._mutated(graph) if at >= len(many) else []
        return self._born(graph, changes=changes)

    def _children(self, parents: Sequence[Individual]) -> list[Individual]:
        """A child of each parent, or of it and the one beside it; all at once where arrays can say the genomes."""
        operators = operators_of(self.toolbox) if self.in_arrays and parents else None
        if operators is not None:
            chances = self.options.crossover, self.options.mutation
            found = bred(parents, self.rng, operators, chances, self.words)
            if found is not None:
                return [self._born(*child) for child in found]
        return [self._child(parents, at) for at in range(len(parents))]

    def _child(self, parents: Sequence[Individual], at: int) -> Individual:
        """A child of one parent, or of two that stand side by side."""
        one, other = parents[at], parents[at ^ 1 if at ^ 1 < len(parents) else at - 1]
        changes: list[str] = []
        if one is not other and self.rng.random() < self.options.crossover:
            one, other = (one, other) if one.fitness >= other.fitness else (other, one)
            tie = one.fitness == other.fitness
            graph = self.toolbox.mate(one.graph, other.graph, self.rng, tie=tie)  # pyright: ignore[reportAttributeAccessIssue]
            family, changes = (one.number, other.number), ["crossover"]
        else:
            graph, family = one.graph.copy(journal=False), (one.number,)
        if self.rng.random() < self.options.mutation:
            with suppress(NoMutationError):  # a genome that has grown to its limits stays as it is
                changes += self._mutated(graph)
        return self._born(graph, family, changes)

    def _mutated(self, graph: Any) -> list[str]:
        return list(self.toolbox.mutate(graph, self.rng))  # pyright: ignore[reportAttributeAccessIssue]

    def _born(self, graph: Any, parents: Sequence[int] = (), changes: Sequence[str] = ()) -> Individual:
        self.born += 1
        return Individual(graph, self.fitness(), self.born - 1, parents, changes)


def best_of(individuals: Iterable[Individual]) -> Individual:
    """The best of some individuals, of those that have a fitness."""
    return max((one for one in individuals if one.fitness.valid), key=lambda one: one.fitness)


def _sound(graph: Any) -> Any:
    """A graph to start from; `OptionError` where its neurons come with innovations that are none."""
    if odd := odd_innovation(graph):
        raise OptionError(f"start: {odd}; remove the attribute, and they are given anew")
    return graph


def _least(limits: Iterable[int | None]) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)


def _selection(toolbox: Any) -> Any:
    """What is registered as `select`: a function, or an object that remembers."""
    return getattr(toolbox.select, "func", toolbox.select)


Progress = Callable[[Evolution, dict[str, Any]], None]
