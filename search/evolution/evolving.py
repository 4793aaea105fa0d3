"""An evolution that is under way, and what it found."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

import numpy as np
from deap import tools

from neurograph.errors import EvaluationError

from ..runs import Run
from ..runs.shapes import need
from .ancestry import Ancestry, birth_line, edits_of
from .bests import keep_best
from .held import check_individuals, check_state
from .individual import Individual
from .kept import individuals_from, individuals_state
from .steady import Order
from .strategy import Progress


@dataclass(frozen=True, eq=False)
class Evolved:
    """What an evolution found.

    Parameters
    ----------
    hall
        DEAP's hall of fame, or, of several objectives, its Pareto front: copies, the best first.
    population
        The last generation.
    logbook
        DEAP's: a record for each generation.
    reached
        Whether the goal was.
    ancestry
        number -> (generation, numbers of the parents, what was done), of everyone who was born.
    run
        The run directory, where there is one.
    order
        Of a steady state, who arrived when; see `SteadyState`.
    """

    hall: Any
    population: list[Individual]
    logbook: tools.Logbook
    reached: bool
    ancestry: Ancestry
    run: Path | None = None
    order: Order = ()

    @property
    def best(self) -> Individual:
        """The best ever by the first objective."""
        return max(self.hall, key=lambda one: one.fitness.wvalues[0])


class Scorer(Protocol):
    """Trains and scores newborns: `Evaluator` as one program, `SharedOut` in chunks."""

    def __call__(self, individuals: list[Individual], rng: np.random.Generator, /) -> Any: ...

    def again(self, individuals: list[Individual], rng: np.random.Generator, /) -> None: ...


class Evolving:
    """An evolution that is under way, with what is remembered of it.

    Parameters
    ----------
    search, evaluator
        Who is bred, and how newborns are trained and scored.
    stats, hall
        As in `evolve`.
    """

    def __init__(self, search: Any, evaluator: Scorer, stats: tools.Statistics | None = None, hall: Any = None) -> None:
        several = len(search.options.objectives) > 1
        self.search, self.evaluator = search, evaluator
        self.stats = fitness_statistics() if stats is None else stats
        self.hall = (tools.ParetoFront() if several else tools.HallOfFame(10)) if hall is None else hall
        self.logbook = tools.Logbook()
        self.ancestry: Ancestry = {}
        self.seconds: list[float] = []  # of each generation, those of earlier processes too
        self._clock = perf_counter()

    def go(self, run: Run | None, progress: Progress | None) -> None:
        """Begin, or go on, until it is done."""
        if not self.logbook:
            self.evaluate(run, progress)
        while not self.done:
            self.search.tell()
            self.evaluate(run, progress)

    def evaluate(self, run: Run | None, progress: Progress | None) -> None:
        """Train and score the newborns of a generation, and keep what came of it."""
        search = self.search
        newborns = search.ask()
        edits = [() if run is None else edits_of(one) for one in newborns]
        self.ancestry |= {one.number: (search.generation, one.parents, one.changes) for one in newborns}
        self.evaluator(newborns, search.rng)
        if not search.generation:
            refuse_nobody(newborns)
        for _ in range(search.options.again):
            self._evaluate_again(newborns)
        self.hall.update([one for one in search.population if one.failure is None])
        born = zip(newborns, edits, strict=True)
        self.keep([birth_line(one, search.generation, done) for one, done in born], run, progress)

    def _evaluate_again(self, newborns: list[Individual]) -> None:
        """Evaluate those once more who live on, and forget what the hall held of them."""
        search, new = self.search, {one.number for one in newborns}
        living = [*getattr(search, "elders", ()), *search.population]
        old = [one for one in living if one.number not in new and one.failure is None]
        first = {one.number: one for one in reversed(old)}  # who has moved to another island is there twice
        self.evaluator.again(list(first.values()), search.rng)
        for one in old:
            if (other := first[one.number]) is not one:
                one.score(other.fitness.values, other.failure)
                one.evaluations = other.evaluations
        for at in reversed(range(len(self.hall))):
            if self.hall[at].number in first:
                self.hall.remove(at)
        self.hall.update([one for one in first.values() if one.failure is None])

    def keep(self, births: list[dict[str, Any]], run: Run | None, progress: Progress | None) -> None:
        """End a generation in which these were scored, as lines of a journal: note it, keep it, show it."""
        search = self.search
        record = {"generation": search.generation, "evaluated": len(births), **self.stats.compile(search.population)}
        self.logbook.record(**record)
        now, best = perf_counter(), search.best
        timed = record | {"best_individual": None if best.failure else best.number, "seconds": now - self._clock}
        self._clock = now
        self.seconds.append(timed["seconds"])
        if run is not None:
            if not search.generation:
                search.population[0].graph.save(run.start)
            run.log_journal(*births)
            run.log_metrics(timed)
            keep_best(run.path, search.generation, best)
            run.save_checkpoint(self.state(), best.graph)
        if progress is not None:
            progress(search, timed)

    @property
    def reached(self) -> bool:
        """Whether the first objective's goal is."""
        options = self.search.options
        if options.goal is None:
            return False
        weight = next(iter(options.objectives.values()))
        return any(one.fitness.wvalues[0] >= options.goal * weight for one in self.hall)

    @property
    def done(self) -> bool:
        """Whether there is no further generation."""
        return self.reached or self.search.generation >= self.search.options.generations

    def state(self) -> dict[str, Any]:
        """Everything that the rest depends on, as plain data."""
        hall = individuals_state(list(self.hall))
        return {"search": self.search.state(), "hall": hall, "rows": list(self.logbook), "ancestry": self.ancestry}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state; `FileError` where it is none of such a search."""
        check_state(state)
        self.search.load(state["search"])
        best, most = individuals_from(state["hall"], self.search.fitness), _room(self.hall)
        need(0 < len(best) <= most, "state.hall", f"has {len(best)} of 1 to {most}")
        check_individuals(best, self.search.options, self.search.born, "hall")
        self.hall.clear()
        for one in reversed(best):  # equal ones stand in the order in which they were inserted, backwards
            self.hall.insert(one)
        self.logbook = tools.Logbook()
        for row in state["rows"]:
            self.logbook.record(**row)
        self.ancestry = state["ancestry"]


def _room(hall: Any) -> float:
    """How many a hall of fame takes."""
    most = getattr(hall, "maxsize", None)
    return most if isinstance(most, int) else float("inf")


def fitness_statistics() -> tools.Statistics:
    """Mean, minimum and maximum of every objective over those that did not fail, and the size of genomes."""
    stats = tools.Statistics(lambda one: (one.failure is None, one.fitness.values, one.synapses))

    def over(reduce: Callable[..., Any]) -> Callable[[Any], Any]:
        def found(rows: Any) -> Any:
            values = [held for fine, held, _ in rows if fine]
            return tuple(reduce(values, axis=0).tolist()) if values else None

        return found

    for name in ("mean", "min", "max"):
        stats.register(name, over(getattr(np, name)))
    stats.register("failed", lambda rows: sum(not fine for fine, _, _ in rows))
    stats.register("synapses", lambda rows: float(np.mean([size for *_, size in rows])))
    return stats


def refuse_nobody(individuals: list[Individual]) -> None:
    """Raise `EvaluationError` where all of the first generation failed."""
    if all(one.failure is not None for one in individuals):
        raise EvaluationError(
            f"all {len(individuals)} individuals of the first generation failed: {individuals[0].failure}"
        )
