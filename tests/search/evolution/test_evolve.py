"""An evolution: bred, trained and scored as a population, each as it would be alone; the same seed, the same search."""

import random
from dataclasses import replace
from itertools import pairwise, permutations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from deap import tools

import compiler
from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.errors import CompileError, DataError, EvaluationError, OptionError
from search.evolution import (
    Evolution,
    EvolutionOptions,
    Individual,
    Learning,
    NoMutationError,
    Policy,
    Species,
    evolve,
    make_toolbox,
    tournament,
)
from search.evolution.evaluation import Evaluator
from search.evolution.individual import fitness_of
from tests.search.evolution.lineages import RICH, ancestor, descendant, structure

X = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
SMALL = {"population": 12, "generations": 4, "objectives": {"error": -1.0}}


def error(one: Individual, net) -> torch.Tensor:
    return (net(X) - Y).square().mean()


def scored(graphs, values) -> list[Individual]:
    made = [Individual(graph, fitness_of({"fitness": 1.0})(), number) for number, graph in enumerate(graphs)]
    for one, value in zip(made, values, strict=True):
        one.score((value,))
    return made


# ------------------------------------------------------------------------------------------- training and evaluation
def test_everyone_is_scored_and_trained_as_alone():
    graphs = [descendant(seed) for seed in range(6)]
    alone = [graph.copy() for graph in graphs]
    target = torch.randn(4, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    x = X.double()
    made = [Individual(graph, fitness_of({"error": -1.0})(), at) for at, graph in enumerate(graphs)]
    learning = Learning((x, target), F.mse_loss, steps=5, rate=0.05)
    Evaluator(lambda one, net: F.mse_loss(net(x), target), learning, torch.float64)(made, np.random.default_rng(0))
    for one, graph in zip(made, alone, strict=True):
        net = compiler.compile(graph, dtype=torch.float64, cut_off=True)
        run = lambda net=net: net(x)[0] if net.memory else net(x)  # noqa: E731
        parameters = list(net.parameters())
        optimizer = torch.optim.Adam(parameters, lr=0.05) if parameters else None
        for _ in range(5 if optimizer else 0):
            optimizer.zero_grad()
            loss = F.mse_loss(run(), target)
            if loss.requires_grad:
                loss.backward()
            for p in parameters:
                p.grad = torch.zeros_like(p) if p.grad is None else p.grad
            optimizer.step()
        assert one.fitness.values[0] == pytest.approx(F.mse_loss(run(), target).item(), abs=1e-9)
        assert one.graph.owner is None
        np.testing.assert_allclose(one.graph.arrays().weight, graph.arrays().weight, rtol=1e-9, atol=1e-9)


def test_what_is_learned_is_inherited_or_counts_only():
    graphs = {way: descendant(3) for way in ("lamarckian", "baldwinian")}
    before, values = structure(descendant(3)), {}
    for way, graph in graphs.items():
        one = Individual(graph, fitness_of({"error": -1.0})(), 0)
        learning = Learning((X, torch.cat([Y, Y], 1)), F.mse_loss, steps=5, inheritance=way)
        Evaluator(lambda one, net: (net(X) - Y).square().mean(), learning)([one], np.random.default_rng(0))
        values[way] = one.fitness.values
    assert values["lamarckian"] == values["baldwinian"]
    assert structure(graphs["baldwinian"]) == before != structure(graphs["lamarckian"])


def test_a_batch_is_run_once_for_all():
    graphs, runs = [mlp([2, 1], seed=seed) for seed in range(5)], []
    made = [Individual(graph, fitness_of({"error": -1.0})(), at) for at, graph in enumerate(graphs)]

    def fitness(one, net):
        net.population.register_forward_hook(lambda *_: runs.append(1)) if not one.number else None
        return net(X).sum() + net(X).mean()

    Evaluator(fitness)(made, np.random.default_rng(0))
    assert len(runs) == 1


def test_a_batch_that_is_written_in_between_is_another():
    x = torch.zeros(1, 2)
    one = Individual(mlp([2, 1], seed=0), fitness_of({"gap": 1.0})(), 0)

    def fitness(one, net):
        before = net(x)
        x.add_(1.0)
        return (net(x) - before).abs().sum()

    Evaluator(fitness)([one], np.random.default_rng(0))
    assert one.fitness.values[0] > 0


# ------------------------------------------------------------------------------------------- the search
def test_xor_is_solved_and_the_same_seed_is_the_same_search():
    def once():
        learning = Learning((X, Y), F.mse_loss, steps=20, rate=0.1)
        options = EvolutionOptions(30, 15, objectives={"error": -1.0}, goal=0.02, seed=1)
        toolbox = make_toolbox(Policy(split=0.3, connect=0.3))
        return evolve(mlp([2, 1], seed=0), error, options, learning=learning, toolbox=toolbox)

    state = random.getstate()
    found, again = once(), once()
    assert random.getstate() == state
    assert found.reached and found.best.fitness.values[0] <= 0.02
    assert structure(found.best.graph) == structure(again.best.graph) and found.logbook == again.logbook
    assert found.ancestry == again.ancestry
    net = compiler.compile(found.best.graph)
    assert (net(X) - Y).square().mean().item() == pytest.approx(found.best.fitness.values[0], abs=1e-5)


def test_ancestry_leads_back_to_the_start():
    found = evolve(mlp([2, 1]), error, EvolutionOptions(**SMALL, crossover=0.8))
    born = found.ancestry
    assert sorted(born) == list(range(12 + 4 * 11))
    for _, (generation, parents, changes) in born.items():
        assert len(parents) == (0 if not generation else 1 + ("crossover" in changes))
        assert all(born[parent][0] < generation for parent in parents)


def test_the_best_stay_and_get_no_worse():
    worst = [record["min"][0] for record in evolve(mlp([2, 1]), error, EvolutionOptions(**SMALL, elite=2)).logbook]
    assert all(later <= before for before, later in pairwise(worst))


def test_several_objectives_give_a_pareto_front():
    options = EvolutionOptions(16, 5, objectives={"error": -1.0, "synapses": -1.0})
    toolbox = make_toolbox(RICH)
    toolbox.register("select", lambda individuals, count, rng: tools.selNSGA2(individuals, count))
    learning = Learning((X, Y), F.mse_loss, steps=10, rate=0.1)

    def both(one, net):
        return error(one, net), one.graph.number_of_edges()

    found = evolve(mlp([2, 1]), both, options, learning=learning, toolbox=toolbox)
    values = [one.fitness.wvalues for one in found.hall]
    assert isinstance(found.hall, tools.ParetoFront) and len(values) > 1
    for one, other in permutations(values, 2):
        assert not (other[0] >= one[0] and other[1] >= one[1] and one != other)


def test_where_an_evolution_starts():
    options = EvolutionOptions(population=5, seed=3)
    first = Evolution(mlp([2, 1]), options)
    assert structure(first.population[0].graph)[1] == structure(mlp([2, 1]))[1]
    assert len({str(structure(one.graph)) for one in first.population}) > 2
    two = [mlp([2, 1], seed=5), mlp([2, 2, 1], seed=6)]
    several = Evolution(two, options).population
    assert [one.graph.number_of_edges() for one in several[:2]] == [2, 6] and not any(
        one.changes for one in several[:2]
    )
    made = Evolution(lambda rng: mlp([2, int(rng.integers(2, 5)), 1]), options)
    assert {len(one.graph) for one in made.population} <= {5, 6, 7}
    with pytest.raises(OptionError, match="start is an empty list"):
        Evolution([], options)
    with pytest.raises(CompileError, match="individual 1 takes"):
        evolve([mlp([2, 1]), mlp([3, 1])], error, options)


def test_progress_sees_every_generation():
    seen = []
    evolve(mlp([2, 1]), error, EvolutionOptions(**SMALL), progress=lambda search, record: seen.append(record))
    assert [record["generation"] for record in seen] == [0, 1, 2, 3, 4]
    assert [record["evaluated"] for record in seen] == [12, 11, 11, 11, 11]


# ------------------------------------------------------------------------------------------- what goes wrong
def test_individuals_that_fail_are_recorded_and_the_others_go_on():
    def fitness(one, net):
        if one.number % 3 == 1:
            raise ValueError("odd one out")
        return float("nan") if one.number % 3 == 2 else error(one, net)

    found = evolve(mlp([2, 1]), fitness, EvolutionOptions(**SMALL))
    failures = {one.failure for one in found.population}
    assert failures <= {None, "ValueError: odd one out", "its fitness is nan"} and len(failures) > 1
    assert all(one.failure is None for one in found.hall)
    assert next(record["failed"] for record in found.logbook) == 8
    assert all(np.isfinite(record["mean"][0]) for record in found.logbook)


def test_where_all_fail_the_first_says_why():
    with pytest.raises(EvaluationError, match="all 12 individuals of the first generation failed: KeyError: 'nothing'"):
        evolve(mlp([2, 1]), lambda one, net: {}["nothing"], EvolutionOptions(**SMALL))


def test_genomes_that_have_grown_to_their_limits_stay_as_they_are_and_a_start_that_cannot_grow_is_refused():
    only = Policy(connect=0, split=1, cut=0, remove=0, perturb=0, neurons=5)
    options = EvolutionOptions(6, 5, objectives={"neurons": 1.0})
    found = evolve(mlp([2, 1]), lambda one, net: len(one.graph), options, toolbox=make_toolbox(only))
    assert {len(one.graph) for one in found.population} == {5}
    with pytest.raises(NoMutationError, match="split: the genome has 3 neurons, and neurons=3 allows no more"):
        evolve(mlp([2, 1]), error, options, toolbox=make_toolbox(replace(only, neurons=3)))


@pytest.mark.parametrize("found", [torch.zeros(2), (1.0, 2.0), "good", None])
def test_an_objective_of_another_shape(found):
    with pytest.raises(EvaluationError, match="the fitness function must return a number, error, not a"):
        evolve(mlp([2, 1]), lambda one, net: found, EvolutionOptions(**SMALL))


def test_asking_and_telling_out_of_order():
    search = Evolution(mlp([2, 1]), EvolutionOptions(population=4))
    with pytest.raises(OptionError, match="4 individuals were asked about and not scored, individual 0 first"):
        search.tell()
    toolbox = make_toolbox()
    toolbox.register("select", lambda individuals, count, rng: individuals[:1])
    search = Evolution(mlp([2, 1]), EvolutionOptions(population=4), toolbox)
    for one in search.ask():
        one.score((0.0,))
    with pytest.raises(OptionError, match="select must return 3 individuals, and it returned 1"):
        search.tell()


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"population": 0}, "population must be a whole number of at least 1, not 0"),
        ({"elite": 200}, "elite=200 is more than population=150"),
        ({"crossover": 2.0}, "crossover must be a chance"),
        ({"objectives": {}}, "objectives must name at least one"),
        ({"objectives": {"error": 0.0}}, "weight that is not 0"),
    ],
)
def test_options_that_make_no_sense(options, match):
    with pytest.raises(OptionError, match=match):
        EvolutionOptions(**options)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"steps": 0}, "steps must be a whole number of at least 1"),
        ({"rate": 0.0}, "rate must be above 0"),
        ({"inheritance": "darwinian"}, "inheritance must be one of lamarckian, baldwinian"),
        ({"data": (X, Y[:2])}, r"data must be tensors of as many rows, and they have \[4, 2\]"),
    ],
)
def test_learning_that_makes_no_sense(options, match):
    with pytest.raises(OptionError, match=match):
        Learning(**{"data": (X, Y), "loss": F.mse_loss} | options)


# ------------------------------------------------------------------------------------------- selection
def test_a_tournament_prefers_the_better():
    made = scored([mlp([2, 1])] * 10, range(10))
    chosen = [one.number for one in tournament(made, 2000, np.random.default_rng(0), size=3)]
    counts = np.bincount(chosen, minlength=10) / 2000
    wanted = [((at + 1) ** 3 - at**3) / 1000 for at in range(10)]
    np.testing.assert_allclose(counts, wanted, atol=0.03)


def test_who_is_alike_is_of_one_species_and_shares_what_it_is_worth():
    small, large = ancestor(), descendant(5, steps=12)
    graphs: list[NeuronGraph] = [small.copy() for _ in range(8)] + [large.copy() for _ in range(2)]
    made = scored(graphs, [1.0] * 8 + [3.0] * 2)
    species = Species(threshold=0.3, survival=0.5)
    parents = species(made, 20, np.random.default_rng(0))
    assert len(parents) == 20 and {one.species for one in made[:8]} == {0} and {one.species for one in made[8:]} == {1}
    assert all(one.species == 1 for one in parents)  # the others are worth nothing above the worst
    made[0].score((2.0,))
    parents = species(made, 40, np.random.default_rng(0))
    shares = np.bincount([one.species for one in parents])
    assert shares.sum() == 40 and shares[1] > 10 * shares[0] > 0
    assert species.born == 2


def test_a_species_that_does_not_get_better_is_not_bred():
    graphs = [ancestor(), ancestor(), descendant(5, steps=12), descendant(5, steps=12)]
    species = Species(threshold=0.3, stagnation=2, elitism=1)
    made = scored(graphs, [5.0, 4.0, 0.0, 1.0])
    bred = [{one.species for one in species(made, 12, np.random.default_rng(0))} for _ in range(5)]
    assert bred[0] == {0, 1} and bred[-1] == {0}


def test_an_evolution_by_species():
    toolbox = make_toolbox(RICH)
    species = Species(threshold=0.8)
    toolbox.register("select", species)
    found = evolve(mlp([2, 1]), error, EvolutionOptions(**SMALL), toolbox=toolbox)
    assert species.born > 1 and found.best.failure is None
    with pytest.raises(OptionError, match="threshold must be above 0"):
        Species(threshold=0.0)
    with pytest.raises(OptionError, match="survival must be a share"):
        Species(survival=1.5)


@pytest.mark.parametrize(
    "data, error, match",
    [
        ((None, None), OptionError, "data must be tensors with a row an example, not NoneType"),
        ((X.numpy(), Y), OptionError, "data must be tensors with a row an example, not ndarray"),
        ((X * float("nan"), Y), DataError, r"data\[0\].* is nan"),
    ],
)
def test_data_to_learn_from_that_is_none(data, error, match):
    with pytest.raises(error, match=match):
        Learning(data, F.mse_loss)
