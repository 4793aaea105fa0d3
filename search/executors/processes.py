"""A pool of spawned processes that outlives its workers.

The standard pools give up all their work when one worker dies and cannot stop a worker that hangs. Here each worker has
a pipe of its own, so it is known which item a lost worker held: that item is tried again, the others are not touched.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from time import monotonic
from typing import Any

from .outcomes import WorkerError
from .work import Work
from .worker import BEGUN, serve

_IDLE = -1
_LONGEST = 86400.0  # seconds of one wait: systems count them in milliseconds of 32 bits
_STARTS = 3  # workers in a row that may end before they have begun anything
_TOGETHER = 0.5  # seconds within which workers end that are ended together
_GROUPS = 3  # times that all workers may end together in one `map`


@dataclass(eq=False)
class _Worker:
    process: SpawnProcess
    link: Connection
    item: int = _IDLE
    deadline: float = float("inf")
    begun: bool = False  # anything, ever


class ProcessPool:
    """Worker processes on this machine, started when they are first needed and kept until `close`.

    Parameters
    ----------
    workers
        How many.
    timeout
        Seconds an item may take, building the worker not counted; 0 means any time. Its worker is ended then.
    retries
        How often an item is tried again after its worker was lost or its time was up. What raises is not tried again:
        it would raise again.
    startup
        Seconds within which a worker must have started and be built.

    Notes
    -----
    Spawned processes import the script that started them, so a script must start its search under
    `if __name__ == "__main__":`.
    """

    def __init__(self, workers: int = 2, timeout: float = 0, retries: int = 1, startup: float = 300) -> None:
        self.workers, self.timeout, self.retries, self.startup = workers, timeout, retries, startup
        self._pool: list[_Worker] = []
        self._failed_starts = 0
        self._groups = 0  # times that all ended together
        self._suspects: set[int] = set()  # items that were lost then: each is tried alone, to tell who is to blame

    def map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        """See `search.executors.Executor`.

        Raises
        ------
        WorkerError
            When workers end before they have begun anything, several in a row; when all end together again and again.
        """
        work = Work(function, items, self.retries)
        for _ in self.arrivals(work):
            pass
        return work.results

    def arrivals(self, work: Work) -> Iterator[int]:
        """See `search.executors.Arriving`; raises as `map` does."""
        self._groups = 0
        self._suspects.clear()
        try:
            while work.unfinished or work.arrived:
                self._hand_out(work)
                if not work.arrived:
                    self._take_in(work)
                while work.arrived:
                    yield work.arrived.popleft()
        finally:  # when interrupted: late answers must not meet the next items
            for worker in [worker for worker in self._pool if worker.item != _IDLE]:
                self._end(worker)

    def close(self) -> None:
        """End the workers."""
        for worker in list(self._pool):
            self._end(worker)

    def __enter__(self) -> "ProcessPool":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _hand_out(self, work: Work) -> None:
        while work.waiting:
            busy = [worker.item for worker in self._pool if worker.item != _IDLE]
            if busy and not self._suspects.isdisjoint((work.waiting[0], *busy)):
                return
            idle = next((worker for worker in self._pool if worker.item == _IDLE), None)
            if idle is None and len(self._pool) >= self.workers:
                return
            worker = idle or self._start()
            worker.item, worker.deadline = work.waiting.popleft(), monotonic() + self.startup
            try:
                worker.link.send((work.function, work.items[worker.item]))
            except OSError:  # it died while idle, so the item is none the worse for it
                if not self._all_ended(worker, work):
                    work.waiting.appendleft(worker.item)
                    self._end(worker)

    def _take_in(self, work: Work) -> None:
        """Wait until a worker says something, dies or has had its time."""
        busy = {worker.link: worker for worker in self._pool if worker.item != _IDLE}
        if not busy:
            return
        nearest = min(worker.deadline for worker in busy.values())
        limit = None if nearest == float("inf") else min(max(nearest - monotonic(), 0), _LONGEST)
        for link in wait(list(busy), limit):
            if busy[link].item != _IDLE:  # type: ignore[index]
                self._hear(busy[link], work)  # type: ignore[index]
        for worker in busy.values():
            if worker.item != _IDLE and monotonic() > worker.deadline:
                seconds = self.timeout if worker.begun else self.startup
                self._give_up(worker, work, f"it took longer than {seconds:g} seconds")

    def _hear(self, worker: _Worker, work: Work) -> None:
        try:
            word, result = worker.link.recv()
        except (EOFError, OSError):
            self._lost(worker, work)
            return
        self._take(worker, work, word, result)

    def _take(self, worker: _Worker, work: Work, word: str, result: Any) -> None:
        if word == BEGUN:
            worker.begun, self._failed_starts = True, 0
            worker.deadline = monotonic() + self.timeout if self.timeout else float("inf")
        else:
            work.finish(worker.item, result)
            worker.item, worker.deadline = _IDLE, float("inf")

    def _lost(self, worker: _Worker, work: Work) -> None:
        worker.process.join(5)
        code = worker.process.exitcode
        if self._all_ended(worker, work):
            return
        if worker.begun:
            self._give_up(worker, work, f"its worker ended with exit code {code}")
            return
        self._failed_starts += 1
        if self._failed_starts >= _STARTS:
            raise WorkerError(
                f"{_STARTS} workers in a row ended while they started (exit code {code}); what they printed above says "
                'why. A script must start its search under if __name__ == "__main__": since workers import it'
            ) from None
        work.waiting.appendleft(worker.item)
        self._end(worker)

    def _all_ended(self, worker: _Worker, work: Work) -> bool:
        """Whether all others ended with this one: no item is to blame then, and what they held is handed out again."""
        others, until = [each for each in self._pool if each is not worker], monotonic() + _TOGETHER
        if not all(wait([each.process.sentinel], max(until - monotonic(), 0)) for each in others):
            return False
        for other in others:  # what they said before they ended counts
            while other.item != _IDLE and self._heard_last(other, work):
                pass
        lost = [each for each in (worker, *others) if each.item != _IDLE]
        if not others or not any(each.begun for each in (worker, *others)):
            return False
        self._groups += 1
        if self._groups > _GROUPS:
            raise WorkerError(
                f"all {len(others) + 1} workers ended together again and again, the last with exit code "
                f"{worker.process.exitcode}: something ends them from outside, as a system does that runs out of "
                "memory; a run directory can be resumed"
            ) from None
        self._suspects |= {each.item for each in lost}
        work.waiting.extendleft(sorted((each.item for each in lost), reverse=True))
        for each in (worker, *others):
            self._end(each)
        return True

    def _heard_last(self, worker: _Worker, work: Work) -> bool:
        """Take the next of what a worker said before it ended; whether there was any."""
        try:
            self._take(worker, work, *worker.link.recv())
        except (EOFError, OSError):
            return False
        return True

    def _give_up(self, worker: _Worker, work: Work, reason: str) -> None:
        item = worker.item
        self._end(worker)
        work.again(item, reason)

    def _start(self) -> _Worker:
        context = get_context("spawn")  # a fork would copy torch's threads and locks in whatever state they are
        here, there = context.Pipe()
        process = context.Process(target=serve, args=(there,), daemon=True)
        process.start()
        there.close()
        worker = _Worker(process, here)
        self._pool.append(worker)
        return worker

    def _end(self, worker: _Worker) -> None:
        self._pool.remove(worker)
        worker.link.close()
        worker.process.kill()  # it has nothing to put in order, and leaving torch takes seconds
        worker.process.join()
        worker.item = _IDLE
