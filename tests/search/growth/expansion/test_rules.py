"""When to expand and what to choose, by numbers worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurograph.errors import OptionError
from search.growth.expansion import (
    METRICS,
    PRESETS,
    ExpandOptions,
    ExpansionOptions,
    Scores,
    Traits,
    chosen,
    excess,
    expansion_due,
    loss_change,
    normalised,
    pruning_due,
)
from search.options import read_options


def test_the_change_is_the_mean_of_absolute_steps():
    assert loss_change([5.0, 1.0, 3.0, 2.0], window=2) == 1.5  # (2 + 1) / 2
    assert loss_change([5.0, 1.0, 3.0, 2.0], window=3) == pytest.approx(7 / 3)
    with pytest.raises(OptionError, match="3 changes of the loss need 4 losses, and there are 2"):
        loss_change([1.0, 2.0], window=3)


def test_a_loss_that_swings_does_not_stand_still():
    options = ExpansionOptions(window=2, change=0.1, pause=1)
    assert expansion_due([1.0, 1.05, 1.0], 0, 0, options)
    assert not expansion_due([1.0, 1.5, 1.0], 0, 0, options)
    assert not expansion_due([1.0, 1.1], 0, 0, options)  # there was no second change


@pytest.mark.parametrize("pause", [1, 4, 7])
def test_between_expansions_lies_the_pause(pause):
    options = ExpansionOptions(window=1, change=1.0, pause=pause)
    due = [n for n in range(2, 30) if expansion_due([1.0] * n, 10, 1, options)]
    assert due[0] == 10 + pause if pause > 1 else due[0] >= 10
    assert expansion_due([1.0] * max(pause, 2), 0, 0, options)


def test_there_are_no_more_expansions_than_allowed():
    options = ExpansionOptions(window=1, change=1.0, pause=1, expansions=2)
    assert [expansion_due([1.0] * 9, 3, count, options) for count in (0, 1, 2, 3)] == [True, True, False, False]


def test_pruning_comes_so_many_epochs_after_its_expansion():
    options = ExpansionOptions(prune_after=3)
    assert [pruning_due(epoch, [2, 7], options) for epoch in range(1, 12)] == [0, 0, 0, 0, 2, 0, 0, 0, 0, 7, 0]
    assert not any(pruning_due(epoch, [2, 7], ExpansionOptions(prune_after=0)) for epoch in range(12))


TRAITS = Traits(
    weight_absolute=np.array([0.0, 2.0, 1.0]),
    weight_square=np.array([0.0, 4.0, 1.0]),
    gradient_absolute=np.array([0.5, 1.0, 0.0]),
    gradient_square=np.array([0.25, 2.0, 0.0]),
    gradient_variance=np.array([0.0, 1.75, 0.0]),
    source_variance=np.array([9.0, 0.25, 4.0]),
    drawn=np.array([0.25, 0.5, 0.75]),
    gradient_absolute_of_mean=np.array([0.5, 0.5, 0.0]),
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gradient_absolute", [0.5, 1.0, 0.0]),
        ("gradient_variance", [0.0, 1.75, 0.0]),
        ("weight_square", [0.0, 4.0, 1.0]),
        ("weight_absolute", [0.0, 2.0, 1.0]),
        ("activation_deviation", [0.0, 1.0, 2.0]),
        ("perturbation_sensitivity", [0.0, 2.0, 0.0]),
        ("gradient_similarity", [1.0, 0.5, 0.0]),
        ("random", [0.25, 0.5, 0.75]),
    ],
)
def test_metrics_by_hand(name, expected):
    assert METRICS[name].measure(TRAITS).tolist() == expected
    assert METRICS[f"{name}_reversed"].reverse
    assert METRICS[f"{name}_reversed"].gradients == name.startswith(("gradient", "perturbation"))


def test_every_metric_has_its_row_above():
    assert len(METRICS) == 16


def test_scores_are_those_of_the_layer():
    scores = normalised(np.array([1.0, 10.0, 3.0, 30.0, 2.0, 20.0]), np.array([0, 5, 0, 5, 0, 5]))
    assert scores.tolist() == [0.0, 0.0, 1.0, 1.0, 0.5, 0.5]


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(-1e6, 1e6)), min_size=1, max_size=30))
def test_scores_lie_between_0_and_1_and_keep_the_order(pairs):
    layer, values = (np.array(column) for column in zip(*pairs, strict=True))
    scores = normalised(values, layer)
    assert (scores >= 0).all()
    assert (scores <= 1).all()
    for one in set(layer.tolist()):
        mine = np.argsort(values[layer == one], kind="stable")
        assert (np.diff(scores[layer == one][mine]) >= 0).all()


SCORED = Scores(
    np.array([7, 3, 5, 9]), np.zeros(4, np.int64), np.zeros(4), np.array([0.5, 0.9, 0.5, 0.0]), np.array([1, 1, 2, 2])
)


def test_the_highest_are_chosen_of_equals_the_older():
    assert chosen(SCORED, 0.5, 9).tolist() == [3, 5, 7]
    assert chosen(SCORED, 0.5, 2).tolist() == [3, 5]
    assert chosen(SCORED, 0.6, 9).tolist() == [3]
    assert chosen(SCORED, 0.0, 9).tolist() == [3, 5, 7]  # the least of a layer never
    assert chosen(SCORED, 1.0, 9).tolist() == []


def test_no_more_than_so_many_lead_to_the_same_neuron():
    assert chosen(SCORED, 0.0, 9, most_each=1).tolist() == [3, 5]  # 7 leads where 3 does, which scores higher
    assert chosen(SCORED, 0.0, 9, most_each=2).tolist() == [3, 5, 7]
    assert chosen(SCORED, 0.0, 1, most_each=1).tolist() == [3]


def test_excess_is_at_or_below_the_threshold_and_among_the_candidates():
    assert excess(SCORED, np.array([5, 3, 9]), 0.5).tolist() == [5, 9]
    assert excess(SCORED, np.array([3, 7]), 0.4).tolist() == []


@pytest.mark.parametrize(
    ("settings", "error", "match"),
    [
        ({"threshold": 1.5}, OptionError, "threshold must be a number, at least 0 and at most 1, not 1.5"),
        ({"threshold": -0.1}, OptionError, "threshold"),
        ({"prune_threshold": 2.0}, OptionError, "prune_threshold must be .* at most 1"),
        ({"metric": "gradient"}, OptionError, "metric must be one of gradient_absolute, .*_reversed"),
        ({"rule": "inexact"}, OptionError, "rule"),
        ({"newborn_activation": "relu"}, OptionError, "rule='authors'"),
        (
            {"rule": "authors", "newborn_activation": "rely"},
            OptionError,
            "newborn_activation must be one of .* or none, not 'rely'",
        ),
        ({"most": 0}, OptionError, "most"),
        ({"window": 0}, OptionError, "window"),
    ],
)
def test_impossible_options(settings, error, match):
    with pytest.raises(error, match=match):
        read_options(ExpandOptions, settings=settings)


@pytest.mark.parametrize(("name", "parameters"), [("linear-mnist", 7840), ("linear-fashion-mnist", 7840)])
def test_presets_start_where_the_authors_do(name, parameters):
    preset = PRESETS[name]
    graph = preset.graph(seed=3)
    assert graph.number_of_edges() == parameters
    assert all(graph.nodes[n]["bias"] is None for n in graph)
    assert preset.data == name.removeprefix("linear-")
    assert preset.options(seed=4, most=2).most == 2
