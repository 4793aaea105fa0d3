"""Surrogates on landscapes that are known, and the search by them; ranks of a fitness."""

from itertools import product

import numpy as np
import pytest

from neurograph.builders import mlp
from neurograph.errors import DivergenceError, OptionError
from search.nhn.locations import (
    DesignOptions,
    EvolutionOptions,
    Result,
    Table,
    agreement,
    design,
    front,
)
from search.nhn.locations.designed import place_costs
from search.nhn.locations.surrogate import fit_surrogate, indicators, single_places

ROWS = (("stem",), ("stem", "layer0"), ("stem", "layer0", "layer1"))
EFFECTS = np.array([-0.3, 0.2, -0.1, -0.4, -0.2, 0.5])


class Additive:
    """The loss is a sum over places; training of a batch takes off a share of what is left of it."""

    def __init__(self, noise=0.0, failing=()):
        self.space, self.held_out, self.noise, self.failing, self.turns = Table(ROWS), 4, noise, failing, []

    def weights(self):
        return {"trained": np.zeros(1)}

    def used(self, genome):
        return ["trained"]

    def __call__(self, turn):
        self.turns.append(turn)
        if turn.genome in self.failing:
            raise ValueError("no luck")
        done = float(turn.weights["trained"][0]) + len(turn.training[0])
        seed = [*(gene + 1 for gene in turn.genome), len(turn.evaluation[0]), int(done)]
        noise = self.noise * np.random.default_rng(seed).standard_normal()
        gain = (1 - 0.5 ** (1 + done)) * float(indicators(self.space, turn.genomes)[0] @ EFFECTS)
        return Result((50 + gain,), (2 + gain + float(noise),), {"trained": np.array([done])})

    def build(self, genome, weights):
        return mlp([1 + 10 * sum(value >= 0 for value in genome), 1])


def every(space):
    return list(product(*[range(-1, len(space.choices(gene))) for gene in range(space.gene_count)]))


def test_indicators_and_single_places():
    space = Table(ROWS)
    assert indicators(space, single_places(space)).tolist() == np.eye(6).tolist()
    assert indicators(space, [(0, -1, 2), (-1, -1, -1)]).tolist() == [[1, 0, 0, 0, 0, 1], [0] * 6]


def test_what_is_a_sum_is_predicted_exactly():
    space = Table(ROWS)
    screen = [(-1, -1, -1), *single_places(space)]
    found = fit_surrogate(space, screen, 2 + indicators(space, screen) @ EFFECTS)
    everyone = every(space)
    true = 2 + indicators(space, everyone) @ EFFECTS
    np.testing.assert_allclose(found.predict(everyone), true, atol=1e-3)
    assert found.ridge == 1e-4  # single places say nothing of a penalty, so there is hardly any
    found = fit_surrogate(space, everyone, true)
    np.testing.assert_allclose(found.effects, EFFECTS, atol=1e-4)
    assert found.bare == pytest.approx(2, abs=1e-4) and found.ridge == 1e-4


def test_noise_calls_for_a_penalty():
    space, rng = Table(ROWS), np.random.default_rng(0)
    everyone = every(space)
    assert fit_surrogate(space, everyone, rng.standard_normal(len(everyone))).ridge > 1


@pytest.mark.parametrize(
    ("genomes", "values", "message"),
    [
        ([(0, -1, -1)] * 3, [1.0] * 3, "3 measurements cannot tell 6 places apart"),
        ([(0, 0, 0)] * 9, [1.0] * 8, "9 genomes need as many finite values, not 8"),
        ([(0, 0, 0)] * 9, [float("nan")] * 9, "need as many finite values"),
        ([(0, 0, 0)] * 9, [1.0] * 9, "no genome measured has place 2"),
        ([(0, 0, 3)] * 9, [1.0] * 9, "gene 2 is 3"),
    ],
)
def test_what_no_surrogate_can_come_of(genomes, values, message):
    with pytest.raises(OptionError, match=message):
        fit_surrogate(Table(ROWS), genomes, values)


def test_a_design_finds_the_best_and_the_front():
    evaluator = Additive()
    found = design(evaluator, DesignOptions(batches=4, generations=10, population=20))
    assert found.ranking[0].genome == (0, 1, 0)  # each gene's best
    assert len(found.measured) == 7 and len(found.ranking) <= 10
    assert found.points[0] == pytest.approx((found.ranking[0].loss, 1 + 30 + 1))
    assert found.front == front(found.points)
    assert {one.genome for one in found.ranking} >= {(-1, -1, -1), (-1, -1, 0), (0, 1, 0)}
    again = design(Additive(), DesignOptions(batches=4, generations=10, population=20))
    assert [vars(one) for one in again.ranking] == [vars(one) for one in found.ranking]


def test_objectives_by_name():
    alone = design(Additive(), DesignOptions(objectives=("loss",), evaluated=3, generations=10, population=20))
    assert alone.ranking[0].genome == (0, 1, 0) and [len(point) for point in alone.points] == [1]
    by_error = design(Additive(), DesignOptions(objectives=("error", "parameters", "multiply_adds"), generations=5))
    assert by_error.points[0] == (by_error.ranking[0].error, 32.0, 31.0)
    with pytest.raises(OptionError, match="objectives must begin with what is measured, loss or error"):
        DesignOptions(objectives=("parameters", "loss"))
    with pytest.raises(OptionError, match="a multiple of four"):
        DesignOptions(population=10)
    blind = Additive()
    blind.build = None
    with pytest.raises(OptionError, match="objectives parameters need an evaluator that builds graphs"):
        design(blind)


def test_costs_are_sums_over_places():
    bare, each = place_costs(Additive(), ("parameters", "multiply_adds"))
    assert bare.tolist() == [2, 1] and each.tolist() == [[10] * 6, [10] * 6]


def test_what_cannot_be_measured_is_worst():
    found = design(Additive(failing=[(-1, -1, 0)]), DesignOptions(generations=10, population=20))
    assert found.ranking[0].genome == (0, 1, 1)
    space = Table(ROWS)
    with pytest.raises(DivergenceError, match="all 7 genomes failed"):
        design(Additive(failing=every(space)), DesignOptions(generations=1))


def test_a_fitness_that_ranks_agrees_with_long_training():
    drawn = [tuple(genome) for genome in every(Table(ROWS))]
    schedule = ((0.1, 5), (0.01, 5))
    whole = agreement(Additive(noise=0.05), drawn, EvolutionOptions(train_batches=3), schedule)
    noisy = agreement(Additive(noise=5.0), drawn, EvolutionOptions(train_batches=3), schedule)
    assert whole.correlation > 0.9 > noisy.correlation
    assert len(whole.fitness) == len(whole.trained) == len(drawn)
    with pytest.raises(OptionError, match="2 genomes have no order"):
        agreement(Additive(), drawn[:2], EvolutionOptions(), schedule)


@pytest.mark.parametrize("evaluation", ["whole", "own", "shared"])
def test_a_fitness_is_measured_as_a_search_measures_it(evaluation):
    evaluator = Additive()
    options = EvolutionOptions(train_batches=3, evaluation=evaluation)
    agreement(evaluator, every(Table(ROWS))[:4], options, ((0.1, 1),))
    seen = [turn.evaluation[0] for turn in evaluator.turns[:4]]
    expected = {"whole": [range(4)] * 4, "own": [range(at, at + 1) for at in range(4)], "shared": [range(1)] * 4}
    assert seen == expected[evaluation]
    assert [turn.training[0] for turn in evaluator.turns[:4]] == [range(3 * at, 3 * at + 3) for at in range(4)]
