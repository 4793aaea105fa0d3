"""The search itself: cycles in which individuals are made, evaluated and chosen among."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from itertools import compress
from math import isfinite
from time import perf_counter
from typing import Any

import numpy as np
from deap import base

from neurograph.errors import DivergenceError, EvaluationError, OptionError

from ...executors import Executor, Serial, Task
from ...runs import Run
from ...runs.shapes import TABLE, check, check_alike, need
from ..answers import as_array
from .found import Found, MetricsRow, RankedIndividual, row_of
from .genes import Genome
from .individual import Individual
from .options import EvolutionOptions, learning_rate
from .picture import draw_search
from .progress import ShowLocationSearch
from .sharing import Map, answers_of, scores_of, train_and_evaluate
from .strategies import Evolution, Score, make_strategy
from .turns import Evaluator, Turn, Weights

Callback = Callable[["Searching", MetricsRow], None]


class Searching:
    """A search that is under way.

    Rows hold `cycle` (from 1), `learning_rate`, `best` (genome), `error` and `loss` (the best's, on its own batches),
    `median_error`, `evaluated` (how many individuals), `failed` (how many of them), `seconds`, and `individuals`: for
    each `genome`, `born`, `error`, `loss` and `failure`, of which error and loss are None where there is a failure.

    Attributes
    ----------
    strategy
        With the population and the hall of fame.
    evaluator
        It, built.
    weights
        The shared weights.
    rows
        A row a cycle.
    """

    def __init__(
        self,
        evaluator: Task | Evaluator,
        options: EvolutionOptions,
        toolbox: base.Toolbox | None = None,
        executor: Executor | None = None,
        run: Run | None = None,
        callbacks: Sequence[Callback] = (),
    ) -> None:
        self.options, self.run, self.callbacks = options, run, tuple(callbacks)
        self.evaluator: Evaluator = evaluator.built() if isinstance(evaluator, Task) else evaluator
        _check_travel(evaluator, options, executor)
        self.strategy: Evolution = make_strategy(self.evaluator.space, options, toolbox)
        own = self.strategy.toolbox
        self._evaluate = getattr(own, "evaluate", evaluator)
        self._map = _chosen_map(own, executor)
        self.weights = _shared(self.evaluator.weights())
        self.rows: list[MetricsRow] = []

    def finish(self, progress: bool = False) -> Found:
        """Run all cycles that are left, then rank the best on everything that is held out."""
        with ExitStack() as stack:
            if progress:
                shown = stack.enter_context(ShowLocationSearch(self.options.cycles, self.evaluator.space))
                self.callbacks = (*self.callbacks, shown)
            while len(self.rows) < self.options.cycles:
                self.run_cycle()
        ranking = self.raced(self.rank([one.genome for one in self.strategy.best()]))
        if self.run:
            self.run.update_config(result=[asdict(one) for one in ranking])
            draw_search(self.rows, ranking[0].genome, self.evaluator.space, self.run.pictures / "search.png")
        return Found(ranking, self.weights, self.rows, self.run.path if self.run else None)

    def run_cycle(self) -> MetricsRow:
        """One cycle; returns its row."""
        started, cycle = perf_counter(), self.strategy.cycle
        population = self.strategy.ask()
        stale = [not (self._unmoving and one.fitness.valid) for one in population]
        todo = list(compress(population, stale))
        genomes, evaluator = [one.genome for one in todo], self.evaluator
        how = self.options, evaluator.used, self._evaluate, self._map, evaluator.held_out
        scores = iter(train_and_evaluate(genomes, self.weights, cycle, *how))
        self.strategy.score([next(scores) if late else _same(one) for one, late in zip(population, stale, strict=True)])
        _check_any(population, cycle)
        row = row_of(population, cycle, learning_rate(self.options, cycle), len(todo), perf_counter() - started)
        self.strategy.renew()
        self._keep(row)
        return row

    def rank(self, genomes: Sequence[Genome], training: range = range(0), rate: float = 0.0) -> list[RankedIndividual]:
        """Genomes by loss or error (as the options rank) on everything that is held out, the best first.

        Parameters
        ----------
        genomes
            Whom to rank.
        training, rate
            Batches that each is trained on before, from the shared weights, which stay; and the learning rate.

        Raises
        ------
        DivergenceError
            When no evaluation worked.
        """
        whole, held = (range(self.evaluator.held_out),), self.weights
        turns = [Turn((g,), (training,), whole, rate, {n: held[n] for n in self.evaluator.used(g)}) for g in genomes]
        answers = answers_of(self._map, self._evaluate, turns)
        scores = [scores_of(turn, answer)[0] for turn, answer in zip(turns, answers, strict=True)]
        ranked = [
            RankedIndividual(genome, score.error, score.loss) for genome, score in zip(genomes, scores, strict=True)
        ]
        sound = [one for one in ranked if isfinite(one.error) and isfinite(one.loss)]
        if not sound:
            why = scores[0].failure or f"the evaluation gave {scores[0].error}, {scores[0].loss}"
            raise DivergenceError(f"the evaluation of all {len(turns)} failed: {why}")
        by_loss = self.options.by_loss
        return sorted(sound, key=lambda one: (one.loss, one.error) if by_loss else (one.error, one.loss))

    def raced(self, ranking: list[RankedIndividual]) -> list[RankedIndividual]:
        """A ranking in the order in which its genomes end a race of successive halving, each trained by itself.

        Every round begins with the shared weights, which stay; those that are left have twice the batches of the round
        before, all of them the same ones, at the learning rate of the first cycle.
        """
        options, left, behind = self.options, list(ranking), []
        batches = options.racing if options.by_loss and self.weights else 0
        begun = options.cycles * options.population * options.train_batches
        while batches and len(left) > 1:
            known = {one.genome: one for one in left}
            timed = self.rank(list(known), range(begun, begun + batches), options.learning_rate)
            half = (len(timed) + 1) // 2
            failed = [one for genome, one in known.items() if genome not in {each.genome for each in timed}]
            behind = [*(known[one.genome] for one in timed[half:]), *failed, *behind]
            left = [known[one.genome] for one in timed[:half]]
            batches *= 2
        return [*left, *behind]

    def take_weights(self, weights: Weights) -> None:
        """Begin with these shared weights; `OptionError` where they are not of this evaluator."""
        odd = set(weights) ^ set(self.weights) or {n for n in weights if weights[n].shape != self.weights[n].shape}
        if odd:
            raise OptionError(f"these shared weights are of another evaluator: {sorted(odd)[0]} does not fit")
        self.weights = {name: np.array(value) for name, value in weights.items()}

    def state(self) -> dict[str, Any]:
        """Everything the rest of the search depends on, between two cycles."""
        return {"strategy": self.strategy.state(), "weights": self.weights}

    def load(self, state: dict[str, Any], rows: Sequence[MetricsRow] = ()) -> None:
        """Go on from a state, and the rows of the cycles before it; `FileError` where it is none of such a search."""
        check(state, {"strategy": TABLE, "weights": TABLE}, "state")
        check_alike(state["weights"], self.weights, "state.weights")
        self.strategy.load(state["strategy"])
        whole = len(rows) == self.strategy.cycle - 1 and [row["cycle"] for row in rows] == list(range(1, len(rows) + 1))
        need(whole, "rows", "are not one for each cycle")
        self.take_weights(state["weights"])

    @property
    def _unmoving(self) -> bool:
        """Whether an individual's score never changes, so that survivors need not be evaluated again."""
        whole = self.options.by_loss or self.options.evaluation_batches % self.evaluator.held_out == 0
        return not self.options.train_batches and whole

    def _keep(self, row: MetricsRow) -> None:
        self.rows.append(row)
        if self.run:
            self.run.log_metrics(row)
            if row["cycle"] % self.options.checkpoint == 0 or row["cycle"] == self.options.cycles:
                self.run.save_checkpoint(self.state(), None, self.rows)
        for callback in self.callbacks:
            callback(self, row)


def _shared(weights: Any) -> Weights:
    """Copies of an evaluator's weights, as arrays."""
    if not isinstance(weights, Mapping):
        raise EvaluationError(f"an evaluator's weights() are a table of names and arrays, not {type(weights).__name__}")
    found = {name: as_array(value) for name, value in weights.items()}
    odd = next((name for name, value in found.items() if value is None), None)
    if odd is not None:
        raise EvaluationError(f"an evaluator's weights() are arrays, and {odd!r} is {type(weights[odd]).__name__}")
    return {name: np.array(value) for name, value in found.items()}


def _check_travel(evaluator: Task | Evaluator, options: EvolutionOptions, executor: Executor | None) -> None:
    if executor is None or isinstance(executor, Serial):
        return
    if not isinstance(evaluator, Task):
        raise OptionError("an evaluator cannot travel to other processes: give the search a Task that builds it there")
    if options.sharing == "sequential":
        raise OptionError(
            "sharing=sequential trains one individual after the other, in this process; other executors need "
            "sharing=synchronous"
        )


def _chosen_map(toolbox: Any, executor: Executor | None) -> Map:
    """The executor's map; else one that the user has registered; else this process's."""
    if executor is not None:
        return executor.map
    own = getattr(toolbox, "map", map)  # a partial where it was registered, anything where it was assigned
    return Serial().map if getattr(own, "func", own) is map else lambda function, items: toolbox.map(function, items)


def _same(one: Individual) -> Score:
    return Score(one.error, one.loss, one.failure)


def _check_any(population: Sequence[Individual], cycle: int) -> None:
    failures = [one.failure for one in population if one.failure is not None]
    if len(failures) == len(population):
        raise DivergenceError(f"in cycle {cycle} the evaluation of all {len(population)} failed: {failures[0]}")
