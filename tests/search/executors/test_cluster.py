"""Dask without the cost of processes: workers are threads here. evolution/test_elsewhere.py kills real processes."""

import asyncio
import builtins
import re
import time

import pytest

from neurograph.errors import OptionError
from search.executors import Dask, ExecutorOptions, Failed, ProcessPool, Serial, Task, WorkerError, make_executor
from search.runs import environment


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0"
    ) as cluster:
        yield cluster


def slow_first(item):
    time.sleep(0.2 if item == 0 else 0)
    return item * 2


def hang(item):
    time.sleep(2 if item == "hang" else 0)
    return item


def test_results_come_in_order_and_failures_stay_with_their_items(cluster):
    with Dask(cluster.scheduler_address) as dask:
        assert dask.map(slow_first, range(7)) == [0, 2, 4, 6, 8, 10, 12]
        assert dask.map(len, [[1], 2, [1, 2]]) == [1, Failed("TypeError: object of type 'int' has no len()"), 2]
        assert dask.map(Task("search.executors.task:scaling", {"factor": 2}), [4, 5]) == [8, 10]
        assert dask.map(len, []) == []


def test_what_takes_too_long_is_given_up(cluster):
    with Dask(cluster.scheduler_address, timeout=0.3, retries=0, startup=1) as dask:
        dask.startup = 0  # no grace for building
        with pytest.warns(UserWarning, match="could not be restarted"):  # threads cannot be ended
            assert dask.map(hang, [1, "hang", 2]) == [1, Failed("it took longer than 0.3 seconds"), 2]


def test_a_cluster_that_is_not_there():
    pytest.importorskip("distributed")
    with pytest.raises(
        WorkerError, match="no Dask scheduler answers at tcp://127.0.0.1:9: .*`dask scheduler` starts one"
    ):
        Dask("tcp://127.0.0.1:9", startup=0.5)
    with pytest.raises(WorkerError, match="no Dask scheduler answers at nonsense://x"):
        Dask("nonsense://x", startup=0.5)


def test_a_cluster_without_workers_and_one_that_loses_them():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as cluster:
        with pytest.raises(WorkerError, match="no worker for 0.3 seconds; `dask worker inproc.* starts one"):
            Dask(cluster.scheduler_address, startup=0.3)
        cluster.scale(1)
        with Dask(cluster.scheduler_address, startup=5) as dask:
            assert dask.map(len, [[1]]) == [1]
            dask.startup = 0.3
            cluster.scale(0)
            dask.client.sync(_gone, dask.client)
            with pytest.raises(WorkerError, match="went away: it has had no worker for 0.3 seconds"):
                dask.map(len, [[1]])
            dask.fallback = True
            with pytest.warns(UserWarning, match="going on in this process"):
                assert dask.map(len, [[1], [1, 2]]) == [1, 2]


async def _gone(client):
    while await client.scheduler.ncores():
        await asyncio.sleep(0.01)


def test_workers_with_other_versions_are_named(cluster, monkeypatch):
    """This process pretends to another torch, once the workers have said theirs."""
    with Dask(cluster.scheduler_address) as dask:
        message, torch = dask.client.run(environment), environment()["versions"]["torch"]
        monkeypatch.setattr(dask.client, "run", lambda _: message)
        other = environment()
        other["versions"]["torch"] = "0.1"
        monkeypatch.setattr("search.executors.cluster.environment", lambda: other)
        with pytest.warns(UserWarning, match=f"has torch {re.escape(torch)}: results may differ"):
            dask._warn_of_other_versions()


def test_without_the_package(monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name == "distributed":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(OptionError, match=r'pip install "neurograph-compiler\[dask\]"'):
        Dask()


def test_executors_by_name():
    assert isinstance(make_executor(), Serial)
    pool = make_executor(ExecutorOptions(executor="processes", workers=3, timeout=7, retries=2, startup=9))
    assert isinstance(pool, ProcessPool)
    assert (pool.workers, pool.timeout, pool.retries, pool.startup) == (3, 7, 2, 9)
    pytest.importorskip("distributed")
    with pytest.raises(WorkerError, match="tcp://127.0.0.1:9"):
        make_executor(ExecutorOptions(executor="dask", address="tcp://127.0.0.1:9", startup=0.5))
    with pytest.raises(OptionError, match="executor must be one of serial, processes, dask"):
        ExecutorOptions(executor="ray")
