"""A steady state depends on the order of arrival alone: recorded, resumed, and replayed to the bit."""

from collections import deque
from dataclasses import replace

import numpy as np
import pytest
from evolving_problems import xor
from hypothesis import given, settings
from hypothesis import strategies as st

from neurograph.builders import mlp
from neurograph.errors import CompileError, EvaluationError, OptionError
from search.evolution import EvolutionOptions, SteadyState, evolve, make_toolbox, resume, youngest
from search.executors import Dask, Failed, ProcessPool, Serial, Task, WorkerError
from tests.search.evolution.test_evolve_runs import Stopped, same

OPTIONS = EvolutionOptions(6, 2, objectives={"error": -1.0}, seed=4, replacement="steady", ahead=4)


def task(**arguments) -> Task:
    return Task("evolving_problems:xor", arguments, threads=1)


class Shuffled:
    """An executor whose results come in an order that is drawn, some of them lost."""

    def __init__(self, seed, lost=0.0):
        self.rng, self.lost = np.random.default_rng(seed), lost

    def arrivals(self, work):
        while work.unfinished:
            work.waiting.rotate(int(self.rng.integers(len(work.waiting))))
            place = work.waiting.popleft()
            gone = self.rng.random() < self.lost
            work.finish(place, Failed("lost") if gone else work.function(work.items[place]))
            yield work.arrived.popleft()


@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 1000), learning=st.sampled_from([None, "lamarckian", "baldwinian"]), lost=st.booleans())
def test_a_replay_is_the_same_to_the_bit(seed, learning, lost):
    made = task(learning=learning)
    found = evolve(made, options=OPTIONS, executor=Shuffled(seed, 0.2 if lost else 0.0))
    assert len(found.order) == 6 * 3
    assert same(evolve(made, options=OPTIONS, order=found.order), found)
    assert any(why for _, why in found.order) <= lost


def test_a_pool_of_processes_is_replayed_here():
    with ProcessPool(workers=2) as pool:
        found = evolve(task(learning="lamarckian"), options=OPTIONS, executor=pool)
    assert same(evolve(task(learning="lamarckian"), options=OPTIONS, order=found.order), found)


def test_a_dask_cluster_is_replayed_here():
    distributed = pytest.importorskip("distributed")
    how = {"n_workers": 2, "threads_per_worker": 1, "processes": False, "dashboard_address": None}
    with distributed.LocalCluster(**how) as cluster, Dask(cluster.scheduler_address) as executor:
        found = evolve(task(learning="lamarckian"), options=OPTIONS, executor=executor)
    assert len(found.order) == 6 * 3
    assert same(evolve(task(learning="lamarckian"), options=OPTIONS, order=found.order), found)


@pytest.mark.parametrize(("stop", "survive"), [(0, False), (1, True)])
def test_one_that_was_stopped_goes_on_bit_for_bit(tmp_path, stop, survive):
    def once(run=None, stop=None, resume=False):
        def progress(search, record):
            if record["generation"] == stop:
                raise Stopped

        problem = xor(species=not survive)
        if survive:
            problem.toolbox.register("survive", youngest)
        how = {"run": run, "resume": resume, "toolbox": problem.toolbox, "progress": progress}
        return evolve(problem.start, problem.fitness, OPTIONS, **how)

    with pytest.raises(Stopped):
        once(tmp_path / "run", stop)
    found, whole = once(tmp_path / "run", resume=True), once()
    assert same(found, whole) and found.order == whole.order


def test_a_task_is_all_it_takes_to_go_on(tmp_path):
    evolve(task(), options=replace(OPTIONS, generations=1), run=tmp_path / "run")
    found = resume(tmp_path / "run", trust=["evolving_problems"])
    assert same(found, evolve(task(), options=replace(OPTIONS, generations=1)))
    more = evolve(task(), options=OPTIONS, run=tmp_path / "run", resume=True)
    assert same(more, evolve(task(), options=OPTIONS))


def test_the_worst_dies_and_some_are_always_under_way():
    search = SteadyState(mlp([2, 1], seed=0), replace(OPTIONS, objectives={"number": 1.0}))
    under_way = deque(search.ask())
    for _ in range(40):
        assert len(search.ask()) == 4
        one = under_way.popleft()
        one.score((float(one.number),))
        search.arrived(one)
        under_way = deque(search.ask())
    assert [one.number for one in search.population] == list(range(34, 40))


def test_what_cannot_be():
    problem = xor()
    steady = {"options": OPTIONS, "toolbox": make_toolbox()}
    with pytest.raises(OptionError, match=r"needs an executor with `arrivals`.* a Mapping has none"):
        evolve(task(), options=OPTIONS, executor=Mapping())
    with pytest.raises(OptionError, match="functions cannot travel"):
        evolve(problem.start, problem.fitness, **steady, executor=Mapping())
    with pytest.raises(OptionError, match=r"seconds=1.* could not be replayed"):
        learning = replace(xor(learning="lamarckian").learning, seconds=1.0)
        evolve(problem.start, problem.fitness, **steady, learning=learning)
    with pytest.raises(OptionError, match="order is of a steady state"):
        evolve(task(), options=replace(OPTIONS, replacement="generational"), order=[(0, None)])
    with pytest.raises(OptionError, match="individual 29 arrive,? who is not under way"):
        evolve(task(), options=OPTIONS, order=[(0, None), (29, None)])
    with pytest.raises(OptionError, match="the order ends after 1 arrivals"):
        evolve(task(), options=OPTIONS, order=[(0, None)])
    with pytest.raises(EvaluationError, match="all 6 individuals of the first generation failed: ZeroDivisionError"):
        evolve(problem.start, lambda one: 1 / 0, **steady)
    with pytest.raises(WorkerError, match="none of 6 individuals could be worked out: lost"):
        evolve(task(), options=OPTIONS, executor=Shuffled(0, lost=1.0))
    with pytest.raises(CompileError, match="individual 2 takes"):
        evolve(Task("evolving_problems:other_ends"), options=OPTIONS, executor=Serial())


class Mapping:
    def map(self, function, items):
        return [function(item) for item in items]
