import numpy as np
import pytest
import torch
from toy import GOAL, Toy, paper

import compiler
from neurograph.builders import enas_macro
from neurograph.edits import AddOnNeurons
from neurograph.errors import DivergenceError, OptionError
from search.nhn.locations import (
    compare_strategies,
    neighbours,
    perturb,
    search,
    total_ablation,
    without_add_ons,
)
from search.nhn.locations.ablations import Perturbed
from search.training import evaluate


def test_neighbours_differ_in_one_gene():
    found = neighbours(Toy().space, GOAL)
    assert len(found) == len(set(found)) == sum(len(Toy().space.choices(gene)) for gene in range(6))
    assert all(sum(a != b for a, b in zip(one, GOAL, strict=True)) == 1 for one in found)


def test_perturbing_the_best_makes_it_worse():
    found = search(Toy(), paper(cycles=12, train_batches=2, absent=0.5, seed=1))
    evaluator = Toy()
    result = perturb(evaluator, found.best.genome, found.weights)
    assert result.found.genome == GOAL
    assert result.found.error == 0.0
    assert {one.error for one in result.neighbours} == {10.0}
    assert len(result.neighbours) == len(neighbours(evaluator.space, GOAL))
    assert result.worse == 1.0
    worst = Perturbed(result.neighbours[-1], [result.found, *result.neighbours[:-1]])
    assert worst.worse == 0.0
    trained = perturb(evaluator, GOAL, found.weights, train_batches=20, learning_rate=0.1)
    assert [turn.training[0] for turn in evaluator.turns[-5:]] == [range(20)] * 5
    assert trained.found.loss != result.found.loss
    with pytest.raises(DivergenceError, match="gene 0 may not be"):
        perturb(Toy(spoil=[-1]), GOAL, found.weights)


def test_without_add_ons_the_network_is_the_old_one():
    graph = enas_macro([["conv3"], ["conv3", 0]], channels=4, segments=1, size=8, inputs=1)
    bare = graph.copy()
    graph.apply(AddOnNeurons(("stem", "layer1"), 5, 3, outgoing="he_normal"))
    drawn = torch.Generator().manual_seed(0)
    x, y = torch.randn(30, 1, 8, 8, generator=drawn), torch.randint(10, (30,), generator=drawn)
    found = total_ablation(graph, x, y)
    assert (found.loss, found.error) == evaluate(compiler.compile(graph), x, y)
    assert (found.bare_loss, found.bare_error) == evaluate(compiler.compile(bare), x, y)
    assert found.loss != found.bare_loss
    assert found.cost == found.bare_error - found.error
    assert set(without_add_ons(graph)) == set(bare)
    assert set(without_add_ons(graph, ["stem+layer1.5x5"])) == set(bare)
    assert len(graph) == len(bare) + 3
    with pytest.raises(OptionError, match="name them by populations="):
        without_add_ons(bare)


def test_strategies_are_compared_at_equal_budget():
    options = paper(cycles=4, train_batches=0)
    found = compare_strategies(Toy(), options, seeds=(0, 1, 2, 3))
    assert {name: len(each) for name, each in found.items()} == {"evolution": 4, "random": 4}
    spent = {sum(row["evaluated"] for row in one.rows) for each in found.values() for one in each}
    assert spent == {80}
    mean = {name: np.mean([one.best.error for one in each]) for name, each in found.items()}
    assert mean["evolution"] < mean["random"]
