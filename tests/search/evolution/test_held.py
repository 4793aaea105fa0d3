"""Counts that a checkpoint claims cost nothing before they are held against what is there."""

import tracemalloc

import pytest

from neurograph.builders import mlp
from search.evolution.held import check_ancestry, check_state
from search.evolution.individual import Individual
from search.evolution.kept import individual_from, individual_state
from search.fitness import Fitness
from search.runs.shapes import Misfit

SEARCH = {"generation": 0, "born": 1, "population": [], "generator": {}, "selection": None}
STATE = {"search": SEARCH, "hall": [], "rows": [{"generation": 0}], "ancestry": {0: (0, (), ())}}


@pytest.mark.parametrize("name, where", [("generation", "state.rows"), ("born", "state.ancestry")])
def test_a_count_that_is_claimed_takes_no_memory(name, where):
    check_state(STATE)
    tracemalloc.start()
    try:
        with pytest.raises(Misfit, match=where):
            check_state(STATE | {"search": SEARCH | {name: 2**45}})
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("birth", [(1, (), ()), (0, (0,), ()), (0, (), (3,)), (0, ()), None])
def test_births_that_cannot_have_been(birth):
    with pytest.raises(Misfit, match=r"state.ancestry\[0\]"):
        check_ancestry({0: birth}, 0, 1)


def test_values_for_other_objectives_are_refused():
    fitness = type("Fitness", (Fitness,), {"weights": (-1.0, 1.0)})
    one = Individual(mlp([2, 1], seed=0), fitness(), 3)
    one.fitness.values = (0.5, 2.0)
    held = individual_state(one)
    assert individual_from(held, fitness).fitness.values == (0.5, 2.0)
    for wrong in ([], [0.5], [0.5, 2.0, 1.0]):
        with pytest.raises(Misfit, match=f"individual 3 has {len(wrong)} values, for 2 objectives"):
            individual_from(held | {"values": wrong}, fitness)
