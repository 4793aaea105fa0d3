from multiprocessing.connection import Connection

import pytest

from search.executors import Failed, ProcessPool, Task, WorkerError
from search.executors.work import Work


@pytest.fixture(scope="module")
def pool():
    with ProcessPool(2, timeout=30) as pool:
        yield pool


def ids(answers):
    return {answer[1] for answer in answers if isinstance(answer, tuple)}


def test_results_come_in_order_from_workers_that_stay(pool):
    first = pool.map(Task("odd_workers:odd"), list(range(6)))
    assert [item for item, _ in first] == list(range(6))
    again = pool.map(Task("odd_workers:odd"), [1, 2, 3])
    assert ids(again) <= ids(first) <= {worker.process.pid for worker in pool._pool}
    assert len(ids(first)) <= 2


def test_failures_stay_with_their_items(pool):
    answers = pool.map(Task("odd_workers:odd"), [1, "raise", 2])
    assert answers[1] == Failed("ValueError: no luck")
    assert [answers[0][0], answers[2][0]] == [1, 2]
    assert pool.map(Task("odd_workers:broken"), [1, 2]) == [Failed("ValueError: there are no data here")] * 2
    assert pool.map(len, [[1], 2]) == [1, Failed("TypeError: object of type 'int' has no len()")]


def test_threads_reach_the_workers(pool):
    assert pool.map(Task("odd_workers:odd", threads=2), ["threads"]) == [2]


def test_a_worker_that_died_while_idle_is_passed_over(pool):
    pool._pool[0].process.kill()
    pool._pool[0].process.join()
    ((item, process),) = pool.map(Task("odd_workers:odd"), [1])
    assert item == 1
    assert [worker.process.pid for worker in pool._pool] == [process]


def test_lost_and_late_workers(pool, tmp_path, monkeypatch):
    """One dies once, is replaced and its item done; one dies each time; one hangs."""
    answers = pool.map(Task("odd_workers:odd", {"notes": str(tmp_path)}), ["die once", 1, 2])
    assert [item for item, _ in answers] == ["die once", 1, 2]
    monkeypatch.setattr(pool, "timeout", 0.5)
    monkeypatch.setattr(pool, "retries", 0)
    answers = pool.map(Task("odd_workers:odd"), ["die", "hang"])
    assert answers == [Failed("its worker ended with exit code -9"), Failed("it took longer than 0.5 seconds")]


def test_close_leaves_no_process(monkeypatch):
    monkeypatch.setattr("search.executors.processes.serve", Connection.recv)  # waits, and imports little
    pool = ProcessPool(2)
    processes = [pool._start().process for _ in range(2)]
    assert all(process.is_alive() for process in processes)
    pool.close()
    assert not pool._pool
    assert not any(process.is_alive() for process in processes)


def test_workers_that_cannot_start(monkeypatch):
    monkeypatch.setattr("search.executors.processes.serve", exit)  # ends at once
    with ProcessPool(1) as pool, pytest.raises(WorkerError, match="3 workers in a row ended while they started"):
        pool.map(len, [[1]])
    assert not pool._pool


def test_an_item_is_given_up_after_its_retries():
    work = Work(len, [[1], [2]], retries=1)
    assert [work.waiting.popleft(), work.waiting.popleft()] == [0, 1]
    work.again(0, "lost")
    assert list(work.waiting) == [0]
    assert work.unfinished == [0, 1]
    work.again(work.waiting.popleft(), "lost")
    work.finish(1, 1)
    assert work.results == [Failed("lost, 2 times"), 1]
    assert not work.unfinished
