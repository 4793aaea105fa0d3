"""Statistics of DEAP's over a population with newcomers, in both searches of genomes."""

import numpy as np
from deap import tools

from neurograph.builders import mlp
from search.evolution import Evolution, EvolutionOptions, evolve
from search.nhn.locations.individual import Individual


def test_newcomers_have_values_that_are_no_numbers():
    stats = tools.Statistics(lambda one: one.fitness.values)
    for name in ("nanmin", "nanmean", "mean"):
        stats.register(name, getattr(np, name), axis=0)
    old, new = Individual([1, 2]), Individual([3, 4])
    old.score((4.0, 0.5))
    found = stats.compile([old, new])
    assert found["nanmin"].tolist() == found["nanmean"].tolist() == [4.0, 0.5]
    assert np.isnan(found["mean"]).all() and not new.fitness.valid
    del old.fitness.values
    assert not old.fitness.valid and np.isnan(old.fitness.values).all()

    search = Evolution(mlp([2, 1], seed=0), EvolutionOptions(population=4, elite=1))
    for at, one in enumerate(search.ask()):
        one.score((float(at),))
    search.tell()
    assert stats.compile(search.population)["nanmin"].tolist() == [3.0]


def test_an_evaluation_in_deaps_manner():
    options = EvolutionOptions(population=6, generations=2, objectives={"synapses": 1.0})
    found = evolve(mlp([2, 1], seed=0), lambda one: (one.graph.number_of_edges(),), options)
    assert found.best.fitness.values[0] == found.best.graph.number_of_edges()
