"""A steady state under way: individuals are handed out one by one, and taken in as they come."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np

from neurograph.errors import OptionError

from ..executors import Arriving as HandsOver
from ..executors import Executor, Failed, Serial, Task, Work, WorkerError
from ..runs import Run
from .ancestry import birth_line, edits_of
from .evaluation import most_steps
from .evolving import Evolving, refuse_nobody
from .individual import Individual
from .problem import Chunk, Problem
from .shared_out import SharedOut, take
from .steady import Order, SteadyState
from .strategy import Progress


class Arriving(Evolving):
    """A steady state under way.

    Parameters
    ----------
    search
        Whose individuals they are.
    problem, work
        What it is of, and what works out one individual: the problem, or the `Task` that builds it.
    executor
        Where; None: in this process.
    order
        Who is to arrive when, where it is a replay.

    Raises
    ------
    OptionError
        An executor that does not say what comes first; learning by a budget of seconds, which nothing can replay.
    """

    def __init__(
        self,
        search: SteadyState,
        problem: Problem,
        work: Problem | Task,
        executor: Executor | None = None,
        order: Order | None = None,
    ) -> None:
        self.handing: Any = (Serial() if executor is None else executor) if order is None else Replay(order)
        if not isinstance(self.handing, HandsOver):
            raise OptionError(
                f"a steady state needs an executor with `arrivals`, as Serial, ProcessPool and Dask have, and a "
                f"{type(executor).__name__} has none"
            )
        learning = problem.learning
        if learning is not None and learning.seconds is not None:
            raise OptionError(
                f"a steady state with seconds={learning.seconds:g} of learning could not be replayed: use flops"
            )
        self.sharing = SharedOut(work, Serial().map, search.options, learning)
        super().__init__(search, self.sharing)
        self.under_way: dict[int, tuple[Individual, list[str]]] = {}  # by place in the work; edits of their births
        self.arrivals: list[tuple[Individual, list[str]]] = []  # of the generation at hand

    def go(self, run: Run | None, progress: Progress | None) -> None:
        """Begin, or go on, until it is done."""
        if self.logbook and self.done:
            return
        work = Work(self.sharing.work, (), getattr(self.handing, "retries", 0))
        self._hand_out(work)
        with closing(self.handing.arrivals(work)) as places:
            for place in places:
                self._take_in(place, work.take(place))
                if self.search.whole:
                    self._keep(run, progress)
                    if self.done:
                        return
                self._hand_out(work)

    def _hand_out(self, work: Work) -> None:
        """Have everyone worked out who is under way and was not handed out yet."""
        known = {one.number for one, _ in self.under_way.values()}
        for one in self.search.ask():
            if one.number not in known:
                self.sharing.check_ends([one])
                self.ancestry[one.number] = (self.search.generation, one.parents, one.changes)
                self.under_way[work.add(self._chunk(one))] = one, edits_of(one)

    def _chunk(self, one: Individual) -> Chunk:
        """What works out an individual: with a generator of its own, and its share of a budget."""
        options, learning = self.search.options, self.sharing.learning
        generator = np.random.default_rng([options.seed, one.number]).bit_generator.state
        if learning is None:
            return self.sharing.chunk([one], dict(generator), None)
        share = replace(learning, flops=learning.flops / options.population) if learning.flops else learning
        return self.sharing.chunk([one], dict(generator), min(most_steps(one.synapses, share), 2.0**53))

    def _take_in(self, place: int, answer: Any) -> None:
        one, edits = self.under_way.pop(place)
        take(answer, [one])
        self.search.arrived(one, answer.reason if isinstance(answer, Failed) else None)
        self.arrivals.append((one, edits))
        if one.failure is None:
            self.hall.update([one])

    def _keep(self, run: Run | None, progress: Progress | None) -> None:
        """End as many arrivals as there are in a population."""
        order, many = self.search.order, self.search.options.population
        if all(lost is not None for _, lost in order[-many:]):
            raise WorkerError(
                f"none of {many} individuals could be worked out: {order[-1][1]}; a run directory can be resumed"
            )
        if not self.search.generation:
            refuse_nobody([one for one, _ in self.arrivals])
        lines = [birth_line(one, self.ancestry[one.number][0], edits) for one, edits in self.arrivals]
        self.ancestry |= {one.number: (self.search.generation, one.parents, one.changes) for one in self._unknown()}
        self.arrivals.clear()
        self.keep(lines, run, progress)

    def _unknown(self) -> list[Individual]:
        return [one for one in self.search.waiting if one.number not in self.ancestry]


class Replay:
    """An executor of this process whose results come in an order that was recorded.

    Parameters
    ----------
    order
        Numbers of individuals, each with why it was lost or None.
    """

    def __init__(self, order: Order) -> None:
        self.order = order

    def arrivals(self, work: Work) -> Iterator[int]:
        """See `search.executors.Arriving`.

        Raises
        ------
        OptionError
            Where somebody is to arrive who is not under way, or the order ends.
        """
        for number, lost in self.order:
            place = next((at for at in work.waiting if work.items[at].individuals[0]["number"] == number), None)
            if place is None:
                raise OptionError(
                    f"the order has individual {number} arrive who is not under way: it is of another search"
                )
            work.waiting.remove(place)
            work.finish(place, Failed(lost) if lost is not None else work.function(work.items[place]))
            yield work.arrived.popleft()
        raise OptionError(f"the order ends after {len(self.order)} arrivals, and the search does not")
