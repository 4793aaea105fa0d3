"""Islands evolve on their own and send their best to the next one; the same seed, and a stop, are the same search."""

import numpy as np
import pytest
from evolving_problems import xor

from neurograph.builders import mlp
from neurograph.errors import FileError, OptionError
from search.evolution import EvolutionOptions, Islands, evolve, resume
from search.evolution.kept import individual_state
from search.executors import Task
from tests.search.evolution.test_evolve_runs import Stopped, same

OPTIONS = EvolutionOptions(4, 4, objectives={"error": -1.0}, seed=4, islands=3, migration=2, migrants=2)


def task(**arguments) -> Task:
    return Task("evolving_problems:xor", arguments, threads=1)


def advanced(search, generations):
    for _ in range(generations):
        for one in search.ask():
            one.score((float(one.number),))
        search.tell()
    for one in search.ask():
        one.score((float(one.number),))


def test_the_best_of_each_go_to_the_next_and_the_worst_die_there():
    search = Islands(mlp([2, 1], seed=0), EvolutionOptions(4, islands=3, migration=3, migrants=2, elite=4))
    advanced(search, 1)
    before = [[one.number for one in island.population] for island in search.islands]
    assert not set(before[0]) & set(before[1]) and sum(map(len, before)) == 12
    search._migrate()
    after = [[one.number for one in island.population] for island in search.islands]
    for at, numbers in enumerate(after):
        assert set(numbers[:2]) == set(sorted(before[at])[2:]) and numbers[2:] == sorted(before[at - 1])[:1:-1]
    moved = {one.number: one for one in search.islands[1].population}
    stayed = {one.number: one for one in search.islands[0].population}
    both = moved.keys() & stayed.keys()
    assert both and all(moved[n] is not stayed[n] and moved[n].fitness == stayed[n].fitness for n in both)
    search._migrate()  # who is there already does not come a second time
    assert all(len({one.number for one in island.population}) == 4 for island in search.islands)


def test_no_one_moves_before_the_time():
    search = Islands(mlp([2, 1], seed=0), EvolutionOptions(3, islands=2, migration=3, seed=1))
    advanced(search, 2)
    numbers = [{one.number for one in island.population} for island in search.islands]
    assert not numbers[0] & numbers[1]
    search.tell()
    numbers = [{one.number for one in island.population} for island in search.islands]
    assert numbers[0] & numbers[1]
    assert sorted(one.number for one in search.ask()) == sorted({one.number for one in search.ask()})


@pytest.mark.parametrize(("species", "stop"), [(False, 0), (True, 2)])
def test_islands_that_were_stopped_go_on_bit_for_bit(tmp_path, species, stop):
    def progress(search, record):
        if record["generation"] == stop:
            raise Stopped

    made = task(species=species, learning="lamarckian")
    whole = evolve(made, options=OPTIONS)
    with pytest.raises(Stopped):
        evolve(made, options=OPTIONS, run=tmp_path / "run", progress=progress)
    found = resume(tmp_path / "run", trust=["evolving_problems"])
    assert same(found, whole) and len(whole.population) == 12
    assert [individual_state(a)["graph"]["digest"] for a in found.population] == [
        individual_state(b)["graph"]["digest"] for b in whole.population
    ]


def test_each_island_has_a_selection_and_a_seed_of_its_own():
    problem = xor(species=True)
    search = Islands(problem.start, OPTIONS, problem.toolbox)
    selections = [island.toolbox.select.func for island in search.islands]
    assert len(set(map(id, (*selections, problem.toolbox.select.func)))) == 4
    draws = [island.rng.bit_generator.state["state"]["state"] for island in search.islands]
    assert len(set(draws)) == 3


def test_a_run_of_other_islands(tmp_path):
    evolve(task(), options=EvolutionOptions(4, 1, objectives={"error": -1.0}), run=tmp_path / "run")
    with pytest.raises(FileError, match="its islands is None, and this one's 2"):
        options = EvolutionOptions(4, 1, objectives={"error": -1.0}, islands=2)
        evolve(task(), options=options, run=tmp_path / "run", resume=True)
    search = Islands(mlp([2, 1]), OPTIONS)
    advanced(search, 1)
    state = search.state()
    for odd in ({"islands": []}, {"generation": 7}, {"islands": [*state["islands"][:2], state["islands"][0]]}):
        other = Islands(mlp([2, 1]), OPTIONS)
        if "islands" in odd and len(odd["islands"]) == 3:
            odd["islands"][0]["population"]["individuals"] *= 2
        with pytest.raises(FileError):
            other.load(state | odd)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"islands": 0}, "islands must be a whole number of at least 1"),
        ({"migration": 0}, "migration must be"),
        ({"islands": 2, "population": 3, "migrants": 4}, "migrants=4 is more than population=3"),
        ({"replacement": "sometimes"}, "replacement must be one of generational, steady"),
        ({"replacement": "steady", "islands": 2}, "no generations, and islands=2"),
        ({"replacement": "steady", "racing": 2}, "no generations, and racing=2"),
        ({"replacement": "steady", "chunk": 2}, "no generations, and chunk=2"),
        ({"ahead": 0}, "ahead must be"),
    ],
)
def test_options_that_make_no_sense(options, match):
    with pytest.raises(OptionError, match=match):
        EvolutionOptions(**options)


def test_the_numbers_of_births_are_nobody_elses():
    found = evolve(task(), options=OPTIONS)
    assert sorted(found.ancestry) == list(range(len(found.ancestry)))
    assert len(found.ancestry) == 12 + 4 * 3 * 3 and np.isfinite(found.best.fitness.values[0])
