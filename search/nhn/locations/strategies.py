"""Ask for individuals, tell how good they are: the next population comes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from deap import base, tools

from neurograph.errors import EvaluationError, OptionError

from ...runs.shapes import ANYTHING, COUNT, SCORE, TABLE, TEXT, check, maybe, need
from ..answers import as_numbers
from . import answered
from .genes import Space
from .individual import Individual
from .operators import pairs
from .options import EvolutionOptions
from .toolbox import make_toolbox

_KEPT = {"genome": [ANYTHING], "born": TEXT, "fitness": maybe((SCORE, SCORE)), "failure": maybe(TEXT)}
_STATE = {"cycle": COUNT, "population": [_KEPT], "hall": [_KEPT], "generator": TABLE}
_TRIES = 100  # at drawing someone new: a small space may have nobody left


@dataclass(frozen=True)
class Score:
    """What came of an individual: error in percent and loss, or why there is none."""

    error: float
    loss: float
    failure: str | None = None


class Evolution:
    """The paper's location search (algorithm 1): the best stay, the four best mate, the rest is drawn anew.

    Parameters
    ----------
    space
        Where genomes come from.
    options
        See `EvolutionOptions`.
    toolbox
        Operators; `make_toolbox`'s when None. Its generator begins anew, from the options' seed.

    Raises
    ------
    OptionError
        A toolbox without a generator; an operator that answers with something else than `make_toolbox` says, such as
        too few survivors; genes that an operator made and that are none of the space.

    Attributes
    ----------
    cycle
        The number of the cycle at hand, from 1.
    population
        Its individuals.
    hall
        The best ever, each with the fitness it came in with: DEAP's hall of fame.

    Examples
    --------
    >>> from neurograph.search.nhn.locations.genes import Table
    >>> strategy = Evolution(Table((("stem",), ("stem", "layer0"))), EvolutionOptions(population=10, survivors=4))
    >>> for _ in range(5):
    ...     strategy.tell([Score(error=-sum(genes), loss=0.0) for genes in strategy.ask()])
    >>> strategy.hall[0].genome
    (0, 1)
    """

    def __init__(self, space: Space, options: EvolutionOptions, toolbox: base.Toolbox | None = None) -> None:
        self.space, self.options = space, options
        self.toolbox: Any = toolbox or make_toolbox(space, options)
        if not hasattr(self.toolbox, "generator"):
            raise OptionError(
                "this toolbox has no generator: begin with make_toolbox(space, options), and register yours"
            )
        self.toolbox.generator.bit_generator.state = np.random.default_rng(options.seed).bit_generator.state
        self.cycle = 1
        self.hall = tools.HallOfFame(options.hall)
        self.population: list[Individual] = []
        for _ in range(options.population):
            self._add(answered.drawn(self.toolbox.individual))

    def ask(self) -> list[Individual]:
        """Whom to evaluate: everyone, since shared weights change from cycle to cycle."""
        return list(self.population)

    def tell(self, scores: Sequence[Score]) -> None:
        """Take the scores of those asked about, in their order, and go on to the next population.

        Raises
        ------
        OptionError
            For another number of scores than individuals.
        """
        self.score(scores)
        self.renew()

    def score(self, scores: Sequence[Score]) -> None:
        """The first half of `tell`: fitness and hall of fame."""
        if len(scores) != len(self.population):
            raise OptionError(f"{len(self.population)} individuals were asked about, and {len(scores)} scores told")
        for one, score in zip(self.population, scores, strict=True):
            values = as_numbers((score.error, score.loss))
            if values is None:
                raise EvaluationError(f"a score is an error and a loss, two numbers, not {score!r}")
            one.score(values, score.failure, self.options.by_loss)
        self.hall.update([one for one in self.population if one.failure is None])

    def renew(self) -> None:
        """The second half of `tell`: the next population."""
        self._renew()
        self.cycle += 1

    def best(self) -> list[Individual]:
        """Individuals that a search would give now: the population's survivors and hall of fame, no genome twice."""
        scored = [one for one in self.population if one.fitness.valid and one.failure is None]
        return list({one.genome: one for one in (*scored[: self.options.survivors], *self.hall)}.values())

    def state(self) -> dict[str, Any]:
        """Everything that the rest of the search depends on, as plain data; before `ask` and after `tell`."""
        return {
            "cycle": self.cycle,
            "population": [_kept(one) for one in self.population],
            "hall": [_kept(one) for one in self.hall],
            "generator": self.toolbox.generator.bit_generator.state,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state; `FileError` where it is none of such a search."""
        check(state, _STATE, "state.strategy")
        sizes = len(state["population"]), len(state["hall"])
        need(sizes[0] == self.options.population, "state.strategy.population", f"has {sizes[0]} individuals")
        need(sizes[1] <= self.options.hall, "state.strategy.hall", f"has {sizes[1]} individuals")
        population = [self._restored(kept) for kept in state["population"]]
        best = [self._restored(kept) for kept in state["hall"]]
        need(all(one.fitness.valid and one.failure is None for one in best), "state.strategy.hall", "has who failed")
        self.cycle, self.population = state["cycle"], population
        self.hall.clear()
        for one in reversed(best):  # equal ones stand in the order in which they were inserted, backwards
            self.hall.insert(one)
        self.toolbox.generator.bit_generator.state = state["generator"]

    def _restored(self, kept: dict[str, Any]) -> Individual:
        one = Individual(self.space.check(kept["genome"]), kept["born"])
        if kept["fitness"] is not None:
            one.score(tuple(kept["fitness"]), kept["failure"], self.options.by_loss)
        return one

    def _renew(self) -> None:
        options = self.options
        ranked = answered.selected(self.toolbox.select, self.population, options.survivors)
        self.population = [_survivor(self.toolbox.clone(one)) for one in ranked]
        for _, (first, second) in zip(range(options.recombined), pairs(), strict=False):
            self._add(self._mated(ranked[first], ranked[second]))
        for rank in range(options.population - len(self.population)):
            mutated = options.renewal == "mutate"
            self._add(self._mutated(ranked[rank % len(ranked)]) if mutated else answered.drawn(self.toolbox.individual))

    def _add(self, newcomer: Individual) -> None:
        """Let someone in; who equals someone alive would only be trained twice, so another is drawn instead."""
        for _ in range(_TRIES if self.options.distinct else 0):
            if newcomer not in self.population:
                break
            newcomer = answered.drawn(self.toolbox.individual)
        newcomer[:] = self.space.check(newcomer)  # operators may be a user's
        self.population.append(newcomer)

    def _mated(self, first: Individual, second: Individual) -> Individual:
        parents = self.toolbox.clone(first), self.toolbox.clone(second)
        return _newborn(answered.mated(self.toolbox.mate, *parents), "recombined")

    def _mutated(self, parent: Individual) -> Individual:
        return _newborn(answered.mutated(self.toolbox.mutate, self.toolbox.clone(parent)), "mutated")


class RandomSearch(Evolution):
    """Everyone is drawn anew in each cycle, at the same budget of training and evaluation.

    This is what evolution is compared with, and, over `Seeds`, the paper's direction search.
    """

    def _renew(self) -> None:
        self.population = []
        for _ in range(self.options.population):
            self._add(answered.drawn(self.toolbox.individual))


STRATEGIES: dict[str, type[Evolution]] = {"evolution": Evolution, "random": RandomSearch}


def make_strategy(space: Space, options: EvolutionOptions, toolbox: base.Toolbox | None = None) -> Evolution:
    """The strategy that the options name."""
    return STRATEGIES[options.strategy](space, options, toolbox)


def _newborn(child: Sequence[int], born: str) -> Individual:
    return Individual(child, born)


def _survivor(one: Individual) -> Individual:
    one.born = "survived"
    return one


def _kept(one: Individual) -> dict[str, Any]:
    values = [one.error, one.loss] if one.fitness.valid else None
    return {"genome": list(one), "born": one.born, "fitness": values, "failure": one.failure}
