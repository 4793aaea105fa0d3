"""Newborns in chunks: the same search wherever they are worked out, and nobody pays for a process that is lost."""

from dataclasses import replace

import numpy as np
import pytest
from evolving_problems import xor

from neurograph.errors import CompileError, EvaluationError, OptionError
from search.evolution import EvolutionOptions, evolve
from search.executors import Dask, Failed, ProcessPool, Serial, Task, WorkerError
from tests.search.evolution.test_evolve_runs import same

OPTIONS = EvolutionOptions(8, 3, objectives={"error": -1.0}, seed=4, chunk=3)


def task(**arguments) -> Task:
    return Task("evolving_problems:xor", arguments, threads=1)


@pytest.fixture(scope="module")
def pool():
    with ProcessPool(workers=2) as made:
        yield made


@pytest.mark.parametrize(("learning", "racing"), [(None, 0), ("lamarckian", 2), ("baldwinian", 2)])
def test_it_is_the_same_search_wherever_chunks_are_worked_out(pool, learning, racing):
    options, arguments = replace(OPTIONS, racing=racing), {"learning": learning, "species": True}
    problem = xor(**arguments)
    here = evolve(
        problem.start, problem.fitness, options, learning=problem.learning, toolbox=problem.toolbox
    )  # fmt: skip
    for executor in (None, Serial(), pool):
        assert same(evolve(task(**arguments), options=options, executor=executor), here)


def test_and_on_a_dask_cluster():
    distributed = pytest.importorskip("distributed")
    how = {"n_workers": 1, "threads_per_worker": 1, "processes": False, "dashboard_address": None}
    with distributed.LocalCluster(**how) as cluster, Dask(cluster.scheduler_address) as executor:
        found = evolve(task(learning="lamarckian"), options=OPTIONS, executor=executor)
    assert same(found, evolve(task(learning="lamarckian"), options=OPTIONS))


@pytest.mark.parametrize("learning", ["lamarckian", "baldwinian"])
@pytest.mark.parametrize("flops", [None, 3000.0])
def test_chunks_of_any_size_are_the_same_to_rounding(learning, flops):
    arguments = {"learning": learning, "flops": flops}
    whole, *others = (
        evolve(task(**arguments), options=replace(OPTIONS, generations=1, chunk=size)) for size in (None, 1, 3, 7)
    )
    for found in others:
        for one, other in zip(found.population, whole.population, strict=True):
            assert (one.number, one.parents, one.changes) == (other.number, other.parents, other.changes)
            assert one.fitness.values == pytest.approx(other.fitness.values, rel=1e-6, abs=1e-6)
            ours, theirs = one.graph.arrays().weight, other.graph.arrays().weight
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_one_chunk_of_all_is_what_a_generation_as_one_program_is():
    problem = xor(learning="lamarckian")
    how = {"learning": problem.learning, "toolbox": problem.toolbox}
    plain = evolve(problem.start, problem.fitness, replace(OPTIONS, chunk=None), **how)
    assert same(evolve(task(learning="lamarckian"), options=replace(OPTIONS, chunk=None)), plain)
    assert same(evolve(problem.start, problem.fitness, replace(OPTIONS, chunk=100), **how), plain)


def test_who_fails_is_recorded_wherever_it_was(pool):
    found = [evolve(task(odd="raise"), options=OPTIONS, executor=where) for where in (None, pool)]
    assert same(*found)
    assert {one.failure for one in found[0].population} == {None, "ValueError: no   luck"}


def test_a_worker_that_is_lost_costs_nothing(pool, tmp_path):
    options = replace(OPTIONS, generations=1)
    found = evolve(task(odd="die once", notes=str(tmp_path)), options=options, executor=pool)
    assert (tmp_path / "died").exists() and same(found, evolve(task(), options=options))


def test_who_costs_every_worker_pays_alone(pool, monkeypatch):
    monkeypatch.setattr(pool, "retries", 0)
    found = evolve(task(odd="die"), options=replace(OPTIONS, generations=0), executor=pool)
    failures = {one.number: one.failure for one in found.population if one.failure}
    assert failures.keys() == {5} and "its worker ended with exit code -9" in failures[5]


def test_where_every_worker_is_lost_the_search_ends_and_its_run_can_be_resumed(tmp_path):
    def progress(search, record):
        executor.lost = record["generation"] == 1

    executor = Lost()
    with pytest.raises(WorkerError, match="none of 7 individuals .*: out of memory; a run directory can be resumed"):
        evolve(task(), options=OPTIONS, executor=executor, run=tmp_path / "run", progress=progress)
    found = evolve(task(), options=OPTIONS, run=tmp_path / "run", resume=True)
    assert found.run == tmp_path / "run" and same(found, evolve(task(), options=OPTIONS))


class Lost(ProcessPool):
    """A pool all of whose workers are lost at some time; it works in this process."""

    lost = False

    def map(self, function, items):
        return [Failed("out of memory") if self.lost else function(item) for item in items]


@pytest.mark.parametrize("chunk", [1, 2, 20])
def test_individuals_that_take_something_else(chunk):
    with pytest.raises(CompileError, match="individual 2 takes"):
        evolve(Task("evolving_problems:other_ends"), options=replace(OPTIONS, chunk=chunk))


def test_what_cannot_be_shared_out(pool):
    problem = xor()
    with pytest.raises(OptionError, match="functions cannot travel to other processes: give evolve a .*Task"):
        evolve(problem.start, problem.fitness, OPTIONS, executor=pool)
    with pytest.raises(OptionError, match="chunk=None is one of all 8: give chunk="):
        evolve(task(), options=replace(OPTIONS, chunk=None), executor=pool)
    with pytest.raises(OptionError, match="no_problem must build a search.evolution.Problem, not a builtin_function"):
        evolve(Task("evolving_problems:no_problem"), options=OPTIONS)
    with pytest.raises(OptionError, match="leave them out"):
        evolve(task(), lambda one: 0.0, OPTIONS)
    with pytest.raises(OptionError, match="needs a fitness function"):
        evolve(problem.start, options=OPTIONS)
    with pytest.raises(EvaluationError, match="must return a number, error, not a tuple"):
        evolve(task(odd="shape"), options=OPTIONS, executor=pool)
    with pytest.raises(EvaluationError, match="a chunk's answer must be"):
        evolve(task(), options=OPTIONS, executor=Odd())
    for chunk in (0, 1.5, True, "all"):
        with pytest.raises(OptionError, match="chunk must be None or a whole number of at least 1"):
            replace(OPTIONS, chunk=chunk)


class Odd:
    """An executor whose map answers nothing of use."""

    def map(self, function, items):
        return [None for _ in items]
