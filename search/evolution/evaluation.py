"""Training and evaluation of individuals, all of them as one program."""

from collections.abc import Callable, Sequence
from inspect import signature
from typing import Any

import numpy as np
import torch
from torch import Tensor

import compiler
from compiler import CompiledPopulation
from neurograph.errors import EvaluationError
from search.evolution.individual import Individual
from search.evolution.options import Learning


class Part:
    """One individual of a compiled population, called like a network.

    All individuals run when the first of them is asked about a batch; the others have their answers then.

    Parameters
    ----------
    population
        All of them.
    index
        Which of them it is.
    """

    def __init__(self, population: CompiledPopulation, index: int, answers: dict[Any, Any]) -> None:
        self.population, self.index, self._answers = population, index, answers

    def __call__(self, *inputs: Tensor) -> Any:
        """(batch, neurons) per output population, a bare tensor where there is one; without gradients."""
        key = tuple((id(x), x._version) for x in inputs)
        if key not in self._answers:
            with torch.no_grad():
                self._answers[key] = self.population(*inputs), inputs  # kept: an id is one tensor's while it lives
        found = self._answers[key][0]
        return found[self.index] if isinstance(found, Tensor) else tuple(y[self.index] for y in found)


class Evaluator:
    """What is done with newborn individuals before selection.

    Parameters
    ----------
    fitness
        Takes (individual, its `Part`), or the individual alone as DEAP's do, and returns a number or one for each
        objective.
    learning
        How they are trained first; None: not at all.
    dtype
        Of the compiled populations.
    """

    def __init__(
        self,
        fitness: Callable[[Individual, Part], Any],
        learning: Learning | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.fitness = _of_two(fitness)
        self.learning, self.dtype = learning, dtype

    def __call__(self, individuals: Sequence[Individual], rng: np.random.Generator) -> None:
        """Train and score these individuals; one whose evaluation raises has failed, and the others go on."""
        if not individuals:
            return
        forgets = self.learning is not None and self.learning.inheritance == "baldwinian"
        graphs = [one.graph.copy() if forgets else one.graph for one in individuals]
        population = compiler.compile_population(graphs, dtype=self.dtype, cut_off=True)
        if self.learning is not None:
            learn(population, self.learning, rng)
        population.eval()
        answers: dict[Any, Any] = {}
        for index, one in enumerate(individuals):
            self._score(one, Part(population, index, answers))
        for graph in graphs:
            graph.release()

    def _score(self, one: Individual, part: Part) -> None:
        try:
            found = self.fitness(one, part)
        except Exception as error:
            one.score((), f"{type(error).__name__}: {error}")
            return
        one.score(_values(found, one.fitness.names))


def learn(population: CompiledPopulation, learning: Learning, rng: np.random.Generator) -> None:
    """Some steps of the optimizer, on the sum of everyone's loss."""
    parameters = list(population.parameters())
    if not parameters:
        return
    optimizer = learning.optimizer(parameters, lr=learning.rate)
    each = torch.vmap(learning.loss, in_dims=(0, *(None for _ in learning.tensors[1:])))
    population.train()
    for _ in range(learning.steps):
        x, *y = _drawn(learning, rng)
        optimizer.zero_grad()
        total = each(population(x), *y).sum()
        if not total.requires_grad:
            return
        total.backward()
        optimizer.step()


def _drawn(learning: Learning, rng: np.random.Generator) -> tuple[Tensor, ...]:
    """The rows of one step."""
    tensors = learning.tensors
    if learning.batch is None or learning.batch >= len(tensors[0]):
        return tensors
    rows = torch.from_numpy(rng.choice(len(tensors[0]), learning.batch, replace=False))
    return tuple(t[rows.to(t.device)] for t in tensors)


def _of_two(fitness: Callable[..., Any]) -> Callable[[Individual, Part], Any]:
    """A fitness function of (individual, part), where it may be one of the individual alone."""
    try:
        parameters = signature(fitness).parameters.values()
    except (TypeError, ValueError):  # it does not say
        return fitness
    places = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    several = any(one.kind is one.VAR_POSITIONAL for one in parameters)
    return (lambda one, _: fitness(one)) if len(places) == 1 and not several else fitness


def _values(found: Any, names: Sequence[str]) -> tuple[float, ...]:
    """The objectives' values; `EvaluationError` where there are not as many, or they are no numbers."""
    try:
        values = tuple(map(float, found if isinstance(found, tuple | list) else (found,)))
    except (TypeError, ValueError, RuntimeError):
        values = ()
    if len(values) != len(names):
        shape = f" of shape {tuple(found.shape)}" if isinstance(found, Tensor | np.ndarray) else ""
        wanted = f"{len(names)} numbers ({', '.join(names)})" if len(names) > 1 else f"a number, {names[0]}"
        raise EvaluationError(f"the fitness function must return {wanted}, not a {type(found).__name__}{shape}")
    return values
