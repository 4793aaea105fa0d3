"""What an evolution is of, so that any process can work at it: plain data in, plain data out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from deap import base

from neurograph.errors import CompileError, EvaluationError

from .evaluation import Evaluator
from .individual import Individual, fitness_of
from .kept import individual_from, individual_state
from .options import Learning

REFUSALS = {"CompileError": CompileError, "EvaluationError": EvaluationError}


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some newborns to be trained and scored together.

    Parameters
    ----------
    individuals
        As plain data.
    objectives
        Name and weight of each.
    generator
        The state that rows of batches are drawn from.
    most
        Steps of the optimizer at most; None: they are not trained any more, only scored.
    """

    individuals: list[dict[str, Any]]
    objectives: tuple[tuple[str, float], ...]
    generator: dict[str, Any]
    most: float | None = None


@dataclass(frozen=True, eq=False)
class Scored:
    """What came of a chunk.

    Parameters
    ----------
    individuals
        The same as plain data, trained and with a fitness or a failure.
    generator
        The state after what was drawn.
    steps
        Of the optimizer.
    """

    individuals: list[dict[str, Any]]
    generator: dict[str, Any]
    steps: int


@dataclass(frozen=True)
class Refused:
    """In place of a score: an error that is nobody's failure alone, by its kind (see REFUSALS) and in words."""

    kind: str
    words: str


@dataclass(frozen=True, eq=False)
class Problem:
    """What an evolution is of; made by the builder that a `search.executors.Task` names.

    Parameters
    ----------
    start, fitness, learning, toolbox, dtype
        As in `evolve`.

    Examples
    --------
    In a module that workers can import:

    >>> from neurograph.builders import mlp
    >>> from neurograph.search.executors import builder
    >>> @builder
    ... def copying(hidden=0):
    ...     x = torch.eye(2)
    ...     return Problem(mlp([2, 2]), lambda one, net: (net(x) - x).square().mean())
    >>> type(copying()).__name__
    'Problem'
    """

    start: Any
    fitness: Callable[..., Any]
    learning: Learning | None = None
    toolbox: base.Toolbox | None = None
    dtype: torch.dtype = torch.float32

    def __call__(self, chunk: Chunk) -> Scored | Refused:
        """Train and score a chunk."""
        individuals = _individuals(chunk)
        rng = np.random.default_rng(0)
        rng.bit_generator.state = chunk.generator
        learning = None if chunk.most is None else self.learning
        try:
            steps = Evaluator(self.fitness, learning, self.dtype)(individuals, rng, chunk.most)
        except (CompileError, EvaluationError) as error:
            kind = next(name for name, known in REFUSALS.items() if isinstance(error, known))
            return Refused(kind, str(error))
        return Scored([individual_state(one) for one in individuals], rng.bit_generator.state, steps)


def _individuals(chunk: Chunk) -> list[Individual]:
    fitness = fitness_of(dict(chunk.objectives))
    return [individual_from(held, fitness) for held in chunk.individuals]
