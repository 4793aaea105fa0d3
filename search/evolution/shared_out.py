"""Newborns shared out in chunks, to whatever processes there are."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from neurograph.errors import CompileError, EvaluationError

from ..executors import Failed, WorkerError
from .evaluation import most_steps, once_more, race
from .individual import Individual
from .kept import individual_from, individual_state
from .options import EvolutionOptions, Learning
from .problem import REFUSALS, Chunk, Refused, Scored
from .seats import Seat

Map = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


class SharedOut:
    """Trains and scores newborns as `Evaluator` does, in chunks that any process may work out.

    All chunks draw the same rows, and have as many steps as a generation that is trained as one.

    Parameters
    ----------
    work
        Of one chunk: a `Problem`, or the `Task` that builds one.
    map
        An executor's.
    options
        See `EvolutionOptions`.
    learning
        The problem's.
    """

    def __init__(self, work: Any, map: Map, options: EvolutionOptions, learning: Learning | None) -> None:
        self.work, self.map, self.options, self.learning = work, map, options, learning
        self._ends: Any = None

    def __call__(self, individuals: Sequence[Individual], rng: np.random.Generator) -> None:
        """Train and score these individuals.

        Raises
        ------
        WorkerError
            Where not one of them could be worked out, whatever process had it.
        """
        if not individuals:
            return
        self.check_ends(individuals)
        begun, learning = dict(rng.bit_generator.state), self.learning
        most = (
            None if learning is None else min(most_steps(sum(one.synapses for one in individuals), learning), 2.0**53)
        )
        forgets = learning is not None and learning.inheritance == "baldwinian"
        rng.bit_generator.state = self._worked_out(individuals, begun, most)
        race(individuals, self.options.racing, lambda left: self._worked_out(left, begun, most if forgets else None))

    def again(self, individuals: Sequence[Individual], rng: np.random.Generator) -> None:
        """Evaluate some once more, as `Evaluator.again` does."""
        if not individuals:
            return
        begun, learning = dict(rng.bit_generator.state), self.learning
        if learning is None or learning.inheritance != "baldwinian":
            once_more(individuals, lambda: self._worked_out(individuals, begun, None))
            return
        most = min(most_steps(sum(one.synapses for one in individuals), learning), 2.0**53)

        def evaluate() -> None:
            rng.bit_generator.state = self._worked_out(individuals, begun, most)

        once_more(individuals, evaluate)

    def chunk(self, individuals: Sequence[Individual], generator: dict[str, Any], most: float | None) -> Chunk:
        """Individuals as what a process is asked to work out."""
        objectives = tuple((name, float(weight)) for name, weight in self.options.objectives.items())
        return Chunk([individual_state(one) for one in individuals], objectives, generator, most)

    def _worked_out(
        self, individuals: Sequence[Individual], generator: dict[str, Any], most: float | None
    ) -> dict[str, Any]:
        """Have them trained and scored; returns the generator's state after that."""
        size = self.options.chunk or len(individuals)
        chunks = [list(individuals[at : at + size]) for at in range(0, len(individuals), size)]
        answers = self._answers(chunks, generator, most)
        if any(isinstance(answer, Failed) for answer in answers):  # each by itself, so that nobody pays for another
            chunks, answers = self._each_alone(chunks, answers, generator, most)
        if chunks and all(isinstance(answer, Failed) for answer in answers):
            raise WorkerError(
                f"none of {len(individuals)} individuals could be worked out: {answers[0].reason}; a run directory can "
                "be resumed"
            )
        scored = [take(answer, chunk) for answer, chunk in zip(answers, chunks, strict=True)]
        return max((one for one in scored if one), key=lambda one: one.steps).generator if individuals else generator

    def _answers(self, chunks: list[list[Individual]], generator: dict[str, Any], most: float | None) -> list[Any]:
        return list(self.map(self.work, [self.chunk(one, generator, most) for one in chunks]))

    def _each_alone(
        self, chunks: list[list[Individual]], answers: list[Any], generator: dict[str, Any], most: float | None
    ) -> tuple[list[list[Individual]], list[Any]]:
        """The chunks that were lost in chunks of one, and what came of all."""
        lost = [isinstance(answer, Failed) and len(chunk) > 1 for chunk, answer in zip(chunks, answers, strict=True)]
        alone = [[one] for chunk, gone in zip(chunks, lost, strict=True) if gone for one in chunk]
        kept = [at for at, gone in enumerate(lost) if not gone]
        found = [answers[at] for at in kept] + (self._answers(alone, generator, most) if alone else [])
        return [chunks[at] for at in kept] + alone, found

    def check_ends(self, individuals: Sequence[Individual]) -> None:
        """Refuse who takes or gives something else than the first: no chunk sees that of another."""
        for one in individuals:
            ends = _ends(one.genome)
            self._ends = self._ends or ends
            if ends != self._ends:
                raise CompileError(
                    f"individual {one.number} takes and gives {_words(ends)}, and the first one {_words(self._ends)}: "
                    "all individuals of a population need the same"
                )


def take(answer: Any, chunk: Sequence[Individual]) -> Scored | None:
    """Take what came of a chunk; None where it was lost, which is the failure of everyone in it.

    Raises
    ------
    CompileError, EvaluationError
        What a process could not make of the whole chunk.
    EvaluationError
        What is no answer.
    """
    if isinstance(answer, Failed):
        for one in chunk:
            one.score((), answer.reason)
        return None
    if isinstance(answer, Refused):
        where = f"of individuals {', '.join(str(one.number) for one in chunk[:10])}{', ...' * (len(chunk) > 10)}: "
        raise REFUSALS[answer.kind]((where if answer.kind == "CompileError" else "") + answer.words)
    if not isinstance(answer, Scored) or len(answer.individuals) != len(chunk):
        raise EvaluationError(f"a chunk's answer must be what its problem made of it, not a {type(answer).__name__}")
    for one, held in zip(chunk, answer.individuals, strict=True):
        found = individual_from(held, type(one.fitness))
        one.graph, one.failure, one.fitness.values = found.graph, found.failure, found.fitness.values
    return answer


def _ends(genome: Any) -> dict[tuple[str, str, tuple[int, ...]], int]:
    """How many neurons of each input and output population there are."""
    found: Counter = Counter()
    codes, known = genome.kinds() if isinstance(genome, Seat) else (_codes(genome), genome.neurons.kinds)
    kinds, counts = np.unique(codes, return_counts=True)
    for kind, many in zip((known[at] for at in kinds.tolist()), counts.tolist(), strict=True):
        for side in ("takes",) * (kind.role == "input") + ("gives",) * bool(kind.is_output):
            found[side, kind.population, kind.shape] += many
    return dict(found)


def _codes(graph: Any) -> np.ndarray:
    return graph.neurons.kind[graph.table.keys()]


def _words(ends: dict[tuple[str, str, tuple[int, ...]], int]) -> str:
    each = sorted(f"{many} {name!r}{f' of {shape}' if shape else ''}" for (_, name, shape), many in ends.items())
    return ", ".join(each) or "nothing"
