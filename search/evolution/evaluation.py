"""Training and evaluation of individuals, all of them as one program."""

from collections.abc import Callable, Sequence
from inspect import signature
from itertools import count
from math import inf
from time import perf_counter
from typing import Any

import numpy as np
import torch
from torch import Tensor

from neurograph.errors import EvaluationError

from ...compiler import CompiledPopulation
from .individual import Individual
from .options import Learning
from .together import Part, Shared


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
    racing
        See `EvolutionOptions`.
    """

    def __init__(
        self,
        fitness: Callable[[Individual, Part], Any],
        learning: Learning | None = None,
        dtype: torch.dtype = torch.float32,
        racing: int = 0,
    ) -> None:
        self.fitness = _of_two(fitness)
        self.learning, self.dtype, self.racing = learning, dtype, racing

    def __call__(self, individuals: Sequence[Individual], rng: np.random.Generator, most: float | None = None) -> int:
        """Train and score these individuals; one whose evaluation raises has failed, and the others go on.

        Parameters
        ----------
        individuals
            Whom.
        rng
            Rows of batches are drawn from it.
        most
            Steps of the optimizer at most; as many as the learning allows these individuals when None.

        Returns
        -------
        int
            How many steps there were.
        """
        if not individuals:
            return 0
        return self._evaluated(individuals, rng, self.learning, most, self.racing)

    def again(self, individuals: Sequence[Individual], rng: np.random.Generator) -> None:
        """Evaluate some once more; what counts is the mean. Those that forget what they learn learn it again."""
        if individuals:
            learning = self.learning if _forgets(self.learning) else None
            once_more(individuals, lambda: self._evaluated(individuals, rng, learning, None, 0))

    def _evaluated(
        self,
        individuals: Sequence[Individual],
        rng: np.random.Generator,
        learning: Learning | None,
        most: float | None,
        racing: int,
    ) -> int:
        shared, steps = Shared(individuals, self.dtype, _forgets(learning)), 0
        if learning is not None:
            most = most_steps(sum(one.synapses for one in individuals), learning) if most is None else most
            steps = learn(shared.population, learning, rng, most)
            shared.population.eval()
            shared.learned()
        parts = {one: Part(shared, index) for index, one in enumerate(individuals)}
        for one, part in parts.items():
            self._score(one, part)
        race(individuals, racing, lambda left: [self._score(one, parts[one]) for one in left])
        shared.release()
        return steps

    def _score(self, one: Individual, part: Part) -> None:
        try:
            found = self.fitness(one, part)
        except Exception as error:
            if part.refused(error):
                raise
            one.score((), f"{type(error).__name__}: {error}")
            return
        one.score(_values(found, one.fitness.names))


def _forgets(learning: Learning | None) -> bool:
    return learning is not None and learning.inheritance == "baldwinian"


def once_more(individuals: Sequence[Individual], evaluate: Callable[[], Any]) -> None:
    """Have individuals evaluated that have a fitness, which becomes the mean; one that fails now has failed."""
    before = [(one.fitness.values, one.evaluations) for one in individuals]
    evaluate()
    for one, (values, many) in zip(individuals, before, strict=True):
        if one.failure is None:
            now = np.asarray(one.fitness.values)
            one.score(tuple((np.asarray(values) + (now - values) / (many + 1)).tolist()))
        one.evaluations = many + 1


def race(individuals: Sequence[Individual], rounds: int, score: Callable[[list[Individual]], Any]) -> None:
    """Evaluate the better half again, and of those the better half, ...: what counts is the mean."""
    left, values = list(individuals), {one: [one.fitness.values] for one in individuals}
    for _ in range(rounds):
        sound = sorted((one for one in left if one.failure is None), key=lambda one: one.fitness, reverse=True)
        left = sound[: (len(left) + 1) // 2]
        score(left)
        for one in left:
            if one.failure is None:
                values[one].append(one.fitness.values)
                one.score(tuple(np.mean(values[one], axis=0).tolist()))
                one.evaluations = len(values[one])


def learn(population: CompiledPopulation, learning: Learning, rng: np.random.Generator, most: float) -> int:
    """Some steps of the optimizer, on the sum of everyone's loss; returns how many, see `most_steps`."""
    parameters = list(population.parameters())
    if not parameters:
        return 0
    optimizer = learning.optimizer(parameters, lr=learning.rate)
    each = torch.vmap(learning.loss, in_dims=(0, *(None for _ in learning.tensors[1:])))
    population.train()
    begun = perf_counter()
    for step in count():
        if step >= most or (step and learning.seconds is not None and perf_counter() - begun > learning.seconds):
            return step
        x, *y = _drawn(learning, rng)
        optimizer.zero_grad()
        total = each(_answered(population, x, learning.time), *y).sum()
        if not total.requires_grad:
            return step
        total.backward()
        optimizer.step()
    return 0  # which count() never comes to


def _answered(population: CompiledPopulation, x: Tensor, time: bool) -> Any:
    """(individuals, rows, ...) or, over time, (individuals, time, rows, ...); from a state of zeros."""
    if time:
        return population.unroll(x)[0].transpose(0, 1)
    found = population(x)
    return found[0] if population.memory else found


def most_steps(synapses: int, learning: Learning) -> float:
    """How many steps there are at most where genomes of so many synapses in all are trained together."""
    most = inf if learning.steps is None else learning.steps
    if learning.flops is None:
        return most
    x = learning.tensors[0]
    rows = min(learning.batch or inf, x.shape[int(learning.time)]) * (len(x) if learning.time else 1)
    return min(most, max(1, learning.flops // (6 * max(1, synapses) * rows)))


def _drawn(learning: Learning, rng: np.random.Generator) -> tuple[Tensor, ...]:
    """The rows of one step."""
    tensors, along = learning.tensors, int(learning.time)
    many = tensors[0].shape[along]
    if learning.batch is None or learning.batch >= many:
        return tensors
    rows = torch.from_numpy(rng.choice(many, learning.batch, replace=False))
    return tuple(t.index_select(along, rows.to(t.device)) for t in tensors)


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
        each = found if isinstance(found, tuple | list) else (found,)
        values = tuple(float(value.detach() if isinstance(value, Tensor) else value) for value in each)
    except (TypeError, ValueError, RuntimeError):
        values = ()
    if len(values) != len(names):
        shape = f" of shape {tuple(found.shape)}" if isinstance(found, Tensor | np.ndarray) else ""
        wanted = f"{len(names)} numbers ({', '.join(names)})" if len(names) > 1 else f"a number, {names[0]}"
        raise EvaluationError(f"the fitness function must return {wanted}, not a {type(found).__name__}{shape}")
    return values
