"""Selections beside tournaments and species: who is chosen, by what chance, and that runs can be resumed."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from neurograph.builders import mlp
from neurograph.errors import OptionError
from search.evolution import (
    EvolutionOptions,
    Individual,
    Learning,
    MapElites,
    Nsga3,
    Species,
    evolve,
    lexicase,
    make_toolbox,
    nsga2,
    tournament,
    youngest,
)
from search.evolution.individual import fitness_of
from tests.search.evolution.lineages import RICH

GRAPH = mlp([2, 1], seed=0)


def scored(values) -> list[Individual]:
    """Individuals with these fitness values, the first objectives to be large, the last to be small."""
    names = {f"f{at}": 1.0 for at in range(len(values[0]) - 1)} | {"last": -1.0}
    kind = fitness_of(names)
    found = [Individual(GRAPH, kind(), at) for at in range(len(values))]
    for one, row in zip(found, values, strict=True):
        one.score(row, None if row[0] > -9 else "failed")
    return found


def populations() -> st.SearchStrategy[list[Individual]]:
    numbers = st.integers(-10, 10).map(float)
    return st.integers(2, 4).flatmap(lambda n: st.lists(st.tuples(*[numbers] * n), min_size=2, max_size=14).map(scored))


def dominates(a: Individual, b: Individual) -> bool:
    return a.fitness.dominates(b.fitness)


@given(populations(), st.integers(0, 2**16), st.data())
@settings(deadline=None, max_examples=40)
def test_survivors_are_of_the_first_fronts(population, seed, data):
    count = data.draw(st.integers(1, len(population) - 1))
    for select in (nsga2, Nsga3(4)):
        left = select(population, count, np.random.default_rng(seed))
        again = select(population, count, np.random.default_rng(seed))
        assert [one.number for one in left] == [one.number for one in again]
        assert len(left) == len({one.number for one in left}) == count
        gone = [one for one in population if one not in left]
        assert not any(dominates(out, kept) for out in gone for kept in left)


@given(populations(), st.integers(0, 2**16), st.integers(1, 30))
@settings(deadline=None, max_examples=40)
def test_parents_are_as_many_as_asked_for_and_no_worse_than_need_be(population, seed, count):
    worst = [one for one in population if all(dominates(other, one) for other in population if other is not one)]
    for select in (lexicase, tournament):
        parents = select(population, count, np.random.default_rng(seed))
        assert len(parents) == count and all(one in population for one in parents)
    for select in (nsga2, Nsga3(3)):
        assert len(select(population, len(population) + count, np.random.default_rng(seed))) == len(population) + count
    chosen = lexicase(population, count, np.random.default_rng(seed))
    for one in chosen:
        better = [other for other in population if all(np.greater(other.fitness.wvalues, one.fitness.wvalues))]
        assert not better and (one not in worst or len(population) == 1)


def test_nsga3_keeps_the_corners_and_what_lies_between():
    spread = [(x, x) for x in np.linspace(0, 8, 9)]  # one is better in the first, worse in the last
    crowd = [(4.0 + 0.01 * at, 4.0 + 0.01 * at) for at in range(20)]
    population = scored(spread + crowd)
    kept = Nsga3(8)(population, 9, np.random.default_rng(0))
    assert {one.fitness.values[0] for one in kept} >= {0.0, 8.0}
    assert len({round(one.fitness.values[0]) for one in kept}) >= 8


def test_epsilon_lets_near_ones_pass():
    population = scored([(1.0, 0.0), (0.99, 5.0), (-5.0, -1.0)])
    exact = {one.number for one in lexicase(population, 60, np.random.default_rng(0))}
    near = lexicase(scored([(1.0, 5.0), (0.99, 0.0), (0.0, 9.0)]), 60, np.random.default_rng(0), epsilon=0.1)
    assert exact == {0, 2} and {one.number for one in near} == {1}
    assert {one.number for one in lexicase(population, 60, np.random.default_rng(0), epsilon=None)} <= {0, 1, 2}


def test_an_archive_keeps_the_best_of_each_cell():
    elites = MapElites(lambda one: [one.fitness.values[0]], low=[-5], high=[5], cells=[2])
    population = scored([(1.0, 5.0), (2.0, 1.0), (-1.0, 2.0), (-2.0, 9.0), (30.0, 30.0), (-9.5, 0.0)])
    parents = elites(population, 50, np.random.default_rng(0))
    assert {one.number for one in parents} == {one.number for one in elites.archive.values()} == {4, 2}
    elites(scored([(1.5, -1.0)]), 1, np.random.default_rng(0))
    assert len(elites.archive) == 2
    for wrong in ({"high": [-6]}, {"cells": [0]}, {"cells": [1, 2]}):
        with pytest.raises(OptionError):
            MapElites(lambda one: [0.0], **({"low": [-5], "high": [5], "cells": [2]} | wrong))


def test_youngest_lets_the_old_go():
    population = scored([(float(at), 0.0) for at in range(6)])
    assert [one.number for one in youngest(population, 2, np.random.default_rng(0))] == [5, 4]


def toolbox_of(kind: str):
    toolbox = make_toolbox()
    if kind == "nsga2":
        toolbox.register("survive", nsga2)
        toolbox.register("select", nsga2)
    elif kind == "nsga3":
        toolbox.register("survive", Nsga3(5))
    elif kind == "youngest":
        toolbox.register("survive", youngest)
    elif kind == "lexicase":
        toolbox.register("select", lexicase)
    else:
        toolbox.register("select", MapElites(lambda one: [one.graph.number_of_edges()], [0], [10], [5]))
    return toolbox


def fitness(one, net):
    x = torch.tensor([[0.0, 1.0], [1.0, 0.5]])
    return (net(x) - 0.5).square().mean(), one.graph.number_of_edges()


@pytest.mark.parametrize("kind", ["nsga2", "nsga3", "youngest", "lexicase", "elites"])
def test_a_run_goes_on_bit_for_bit(kind, tmp_path):
    def options(generations):
        objectives = {"error": -1.0, "synapses": -0.1}
        return EvolutionOptions(population=6, generations=generations, objectives=objectives, elite=0, seed=1)

    whole = evolve(GRAPH, fitness, options(4), toolbox=toolbox_of(kind))
    evolve(GRAPH, fitness, options(2), toolbox=toolbox_of(kind), run=tmp_path / "run")
    resumed = evolve(GRAPH, fitness, options(4), toolbox=toolbox_of(kind), run=tmp_path / "run", resume=True)
    assert [str(row) for row in whole.logbook] == [str(row) for row in resumed.logbook]
    assert [one.number for one in whole.population] == [one.number for one in resumed.population]


def test_survivors_that_are_too_few_are_refused():
    toolbox = make_toolbox()
    toolbox.register("survive", lambda individuals, count, rng: individuals[:1])
    options = EvolutionOptions(population=4, generations=3)
    with pytest.raises(OptionError, match="survive must return 4"):
        evolve(GRAPH, lambda one: float(one.number), options, toolbox=toolbox)


def test_a_race_evaluates_the_better_half_again_and_takes_the_mean():
    asked: dict[int, list[float]] = {}

    def noisy(one):
        noise = np.random.default_rng([one.number, len(asked.get(one.number, []))]).normal()
        asked.setdefault(one.number, []).append(one.number + noise)
        return asked[one.number][-1]

    options = EvolutionOptions(population=8, generations=0, racing=3)
    found = evolve(GRAPH, noisy, options)
    assert sorted(map(len, asked.values())) == [1, 1, 1, 1, 2, 2, 3, 4]
    for one in found.population:
        assert one.fitness.values[0] == pytest.approx(np.mean(asked[one.number]))


def noisy_evolution(asked, start=GRAPH, run=None, **how):
    """An evolution by noise alone, with everything that was answered of each individual."""

    def noisy(one):
        values = asked.setdefault(one.number, [])
        values.append(float(np.random.default_rng([one.number, one.evaluations if values else 0]).normal()))
        return values[-1]

    options = EvolutionOptions(8, 4, elite=3, seed=1, **how)
    return evolve(start, noisy, options, run=run)


@pytest.mark.parametrize("how", [{}, {"racing": 1}, {"chunk": 3}, {"islands": 2, "migration": 2}])
def test_who_lives_on_is_evaluated_again_and_nobody_stays_for_a_lucky_draw(how):
    asked: dict[int, list[float]] = {}
    found = noisy_evolution(asked, again=2, **how)
    assert max(map(len, asked.values())) >= 5
    for one in [*found.population, *found.hall]:
        assert one.evaluations == len(asked[one.number]) or one in found.hall
        if one.evaluations == len(asked[one.number]):
            assert one.fitness.values[0] == pytest.approx(np.mean(asked[one.number]))
    living = {one.number: one.fitness.values for one in found.population}
    assert all(living.get(one.number, one.fitness.values) == one.fitness.values for one in found.hall)
    lucky: dict[int, list[float]] = {}
    assert max(one.fitness.values[0] for one in noisy_evolution(lucky).population) == max(map(max, lucky.values()))


def test_who_survives_is_evaluated_again_too():
    asked: dict[int, list[float]] = {}
    toolbox = make_toolbox()
    toolbox.register("survive", nsga2)
    options = EvolutionOptions(6, 3, again=1, seed=1)
    evolve(GRAPH, lambda one: float(asked.setdefault(one.number, []).append(one.number) or 0), options, toolbox=toolbox)
    assert max(map(len, asked.values())) == 4


@pytest.mark.parametrize("inheritance", ["lamarckian", "baldwinian"])
def test_evaluations_go_on_where_a_search_was_stopped(tmp_path, inheritance):
    x = torch.rand(6, 2, generator=torch.Generator().manual_seed(0))
    learning = Learning((x, x[:, :1]), torch.nn.functional.mse_loss, steps=2, batch=3, inheritance=inheritance)

    def fitness(one, net):
        return float(net(x).sum()) + float(np.random.default_rng([one.number, one.evaluations]).normal())

    def once(generations, run=None, chunk=None, resume=False):
        options = EvolutionOptions(6, generations, elite=2, again=1, chunk=chunk, seed=3)
        found = evolve(mlp([2, 1], seed=0), fitness, options, learning=learning, run=run, resume=resume)
        return [(one.number, one.evaluations, one.fitness.values) for one in (*found.population, *found.hall)]

    once(2, tmp_path / "run")
    assert once(4, tmp_path / "run", resume=True) == once(4)
    assert [two[:2] for two in once(4, chunk=6)] == [two[:2] for two in once(4)]


@pytest.mark.parametrize(("budget", "steps"), [({"flops": 100.0}, 1), ({"flops": 6 * 2 * 2 * 3 * 5.0}, 5)])
def test_a_budget_of_operations_is_steps(budget, steps):
    asked = []

    class Counted(torch.optim.SGD):
        def step(self, closure=None):
            asked.append(1)
            return super().step(closure)

    x = torch.rand(2, 2)
    learning = Learning((x, x[:, :1]), torch.nn.functional.mse_loss, steps=None, optimizer=Counted, **budget)
    evolve([GRAPH] * 3, lambda one: 1.0, EvolutionOptions(population=3, generations=0), learning=learning)
    assert len(asked) == steps
    for wrong in ({"steps": None}, {"flops": 0}, {"seconds": -1.0}, {"flops": True}):
        with pytest.raises(OptionError):
            Learning((x, x[:, :1]), torch.nn.functional.mse_loss, **wrong)


def test_genomes_that_remember_learn_over_time():
    """One step late is what no genome without memory can be."""
    graph = mlp([1, 1], seed=0)
    graph.add_edge(0, relay := graph.add_neuron(activation="identity"), weight=1.0)
    graph.add_edge(relay, 1, weight=0.1, delay=1)
    x = torch.randn(6, 8, 1, generator=torch.Generator().manual_seed(0))
    y = torch.cat([torch.zeros(1, 8, 1), x[:-1]])
    learning = Learning((x, y), torch.nn.functional.mse_loss, steps=150, rate=0.05, batch=6, time=True)

    def error(one, net):
        state, total = [], 0.0
        for step, wanted in zip(x[:, 0, 0].tolist(), y[:, 0, 0].tolist(), strict=True):
            found, state = net.act([step], *state)
            state, total = [state], total + float((found[0] - wanted) ** 2)
        return total

    options = EvolutionOptions(population=2, generations=0, objectives={"error": -1.0})
    found = evolve([graph, graph], error, options, learning=learning)
    assert found.best.fitness.values[0] < 0.01 and found.best.graph[relay][1]["delay"] == 1


@pytest.mark.parametrize(
    "select", [Species(threshold=0.8), MapElites(lambda one: [one.graph.number_of_edges()], [0], [20], [20])]
)
def test_a_toolbox_that_served_another_search_remembers_nothing_of_it(select):
    toolbox = make_toolbox(RICH)
    toolbox.register("select", select)
    options = EvolutionOptions(8, 3, objectives={"synapses": 1.0})
    runs = [evolve(mlp([2, 1]), lambda one: one.graph.number_of_edges(), options, toolbox=toolbox) for _ in range(2)]
    assert runs[0].ancestry == runs[1].ancestry
