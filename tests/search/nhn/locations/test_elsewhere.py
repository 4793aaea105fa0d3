"""The same search, bit for bit, whoever evaluates: with workers killed in the middle, with a cluster that goes away."""

from dataclasses import replace

import numpy as np
import pytest
from toy import paper

from neurograph.builders import enas_macro
from search.executors import Dask, ProcessPool, Serial, Task, WorkerError, processes
from search.nhn.addons import AddOnOptions
from search.nhn.locations import BatchOptions, add_on_task, resume, search

OPTIONS = paper(cycles=3, train_batches=2, sharing="synchronous", absent=0.5)
KILL = 50  # a training batch of the second cycle


@pytest.fixture(scope="module")
def here():
    return search(Task("toy:toy", {"noise": 2.0}), OPTIONS)


def same(one, other):
    for name, value in one.weights.items():
        np.testing.assert_array_equal(value, other.weights[name])
    for row, clone in zip(one.rows, other.rows, strict=True):
        assert row["individuals"] == clone["individuals"]
    assert [vars(ranked) for ranked in one.ranking] == [vars(ranked) for ranked in other.ranking]


def deadly(path):
    path.mkdir()
    return Task("toy:toy", {"noise": 2.0, "kill": KILL, "notes": str(path)})


def test_serial_given_as_an_executor(here):
    same(search(Task("toy:toy", {"noise": 2.0}), OPTIONS, executor=Serial()), here)


@pytest.fixture(scope="module")
def pool():
    with ProcessPool(2) as pool:
        yield pool


def test_a_supernet_in_other_processes(pool, tmp_path):
    """Torch's sums are the same there, since the task takes this process's number of threads with it."""
    path = tmp_path / "base.safetensors"
    enas_macro([["conv3"], ["conv3", 0]], channels=4, segments=1, size=8, inputs=1, initializer="he_normal").save(path)
    batches = BatchOptions(batch_size=16, evaluation_batch=30, crop=1)
    task = add_on_task(path, "digits:300", addons=AddOnOptions(sparsity=0.5), batches=batches)
    options = replace(OPTIONS, population=10, survivors=4, recombined=2, cycles=2)
    found = search(task, options, executor=pool)
    same(found, search(task, options))
    assert any((value != task.built().weights()[name]).any() for name, value in found.weights.items())


def test_a_pool_with_a_worker_killed_once_and_one_killed_each_time(here, pool, tmp_path):
    """The first dies in the second cycle; the other whenever it meets one individual, and takes nobody else with it."""
    same(search(deadly(tmp_path / "notes"), OPTIONS, executor=pool), here)
    assert (tmp_path / "notes" / "died").exists()
    pool.retries = 0
    genome = here.rows[0]["individuals"][4]["genome"]
    task, once = Task("toy:toy", {"deadly": genome}), replace(OPTIONS, cycles=1)
    found = search(task, once, executor=pool)
    failed = {tuple(one["genome"]): one["failure"] for one in found.rows[0]["individuals"] if one["failure"]}
    assert failed == {tuple(genome): "its worker ended with exit code -9"}


def test_a_pool_whose_workers_are_all_killed_at_once(here, pool, tmp_path, monkeypatch):
    """No individual is the worse for it, though none may be lost: they are tried again, or the search goes on later."""
    monkeypatch.setattr(pool, "retries", 0)
    for name in ("workers", "tokens"):
        (tmp_path / name).mkdir()
    (tmp_path / "tokens" / "first").touch()
    task = Task("toy:toy", {"noise": 2.0, "group": str(tmp_path)})
    monkeypatch.setattr(processes, "_GROUPS", 0)
    with pytest.raises(WorkerError, match="all 2 workers ended together again and again, the last with exit code -9"):
        search(task, OPTIONS, executor=pool, run=tmp_path / "run")
    assert not list((tmp_path / "tokens").iterdir())
    (tmp_path / "tokens" / "second").touch()
    monkeypatch.setattr(processes, "_GROUPS", 1)
    same(resume(tmp_path / "run", executor=pool, trust="toy"), here)
    assert not list((tmp_path / "tokens").iterdir())


def test_a_dask_cluster_with_a_worker_killed_and_then_without_the_cluster(here, tmp_path):
    pytest.importorskip("distributed")
    with Dask(workers=2) as dask:
        same(search(deadly(tmp_path / "notes"), OPTIONS, executor=dask), here)
        assert (tmp_path / "notes" / "died").exists()
        went = []

        def leave(searching, row):
            if not went:
                went.append(row["cycle"])
                dask._cluster.close()

        task = Task("toy:toy", {"noise": 2.0})
        with pytest.raises(
            WorkerError, match="the Dask cluster went away.*resume the run, or go on with another executor"
        ):
            search(task, OPTIONS, executor=dask, callbacks=[leave], run=tmp_path / "run")
        dask.fallback = True
        with pytest.warns(UserWarning, match="going on in this process"):
            same(search(task, OPTIONS, executor=dask), here)
    assert went == [1]
