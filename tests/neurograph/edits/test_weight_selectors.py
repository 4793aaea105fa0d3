"""MetaNet's equations 9 to 11 and 15, by numbers worked out by hand."""

import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.edits import Autophagy
from neurograph.edits.selectors import Selection, WeightDensity, WeightDistribution, selector
from neurograph.edits.selectors.weight_density import principal_places
from neurograph.errors import OptionError


def network(weights):
    """(inputs, neurons) weights into a hidden layer, whose keys start at the number of inputs."""
    weights = np.asarray(weights, float)
    g = NeuronGraph()
    g.add_population("in", len(weights), role="input")
    g.add_population("h", weights.shape[1])
    g.add_population("out", 1, is_output=True)
    g.connect("in", "h", weight=weights)
    g.connect("h", "out", weight=np.ones((weights.shape[1], 1)))
    return g


def chosen(g, choose, seed=0):
    return choose(Selection(g, g.population_keys("h"), np.random.default_rng(seed))).tolist()


SIX = [[0.9, 1.1, 0.05, 0.9, 0.5], [-0.9, 0.5, -0.01, 2.0, -0.5]] + 4 * [[0.5, 0.5, 0.02, -2.0, 0.3]]


@pytest.mark.parametrize(
    ("options", "gone"),
    [  # neurons 6 to 10 read six numbers each: the uniform range is [-1, 1], the Gaussian deviation 0.577
        ({"alpha": 1.0, "beta": 0.1}, [8, 9]),  # retained: 6/6, 5/6, 0/6, 1/6, 6/6
        ({"alpha": 1.0, "beta": 0.1, "share": 0.1}, [8]),
        ({"alpha": 1.0, "beta": 0.1, "share": 1.0}, [8, 9, 7]),
        ({"alpha": 1.0, "beta": 0.02, "share": 1.0}, [9, 7, 8]),  # 8 retains 5/6, of equals the older first
        ({"alpha": 2.0, "beta": 0.0, "share": 1.0}, []),
        ({"alpha": 1.0, "beta": 0.4, "share": 0.5}, [8, 9, 10]),  # 10: its four 0.3 are out
        ({"distribution": "gaussian", "alpha": 1.0, "beta": 0.1, "share": 0.8}, [8, 9, 6]),  # 6 retains 4/6, 7 5/6
        ({"distribution": "gaussian", "alpha": 2.0, "beta": 0.1, "share": 0.8}, [8, 9]),  # up to 1.155
    ],
    ids=str,
)
def test_neurons_out_of_the_distribution_go_worst_first(options, gone):
    assert chosen(network(SIX), WeightDistribution(**options)) == gone


def test_the_range_is_that_of_each_neurons_own_fan_in():
    g = network([[1.5, 1.5], [1.5, 1.5], [1.5, 1.5]])  # sqrt(6 / 3) = 1.41
    assert chosen(g, WeightDistribution(alpha=1.0)) == [3, 4]
    g.remove_synapses([(0, 4)])  # sqrt(6 / 2) = 1.73
    assert chosen(g, WeightDistribution(alpha=1.0)) == [3]


def test_a_neuron_that_reads_nothing_is_not_judged():
    g = network([[5.0, 5.0]])
    g.remove_synapses([(0, 1)])
    assert chosen(g, WeightDistribution(alpha=1.0)) == [2]


def test_autophagy_by_distribution_stops_at_the_floor_and_says_so():
    g = network(np.full((2, 4), 100.0))
    result = g.apply(Autophagy("h", WeightDistribution(), floor=3))
    assert (result.died, result.details["eaten"], result.details["spared"], result.details["left"]) == ([2], 1, 3, 3)


DENSE = [[0.0, 0.01, 0.02, 0.03, 0.5, 1.0]]  # keys 1 to 6; four areas hold 4, 0, 1 and 1


def test_the_densest_area_loses_neurons_by_lot():
    g = network(DENSE)
    assert sorted(chosen(g, WeightDensity(bins=4, count=9, excess=5.9))) == [1, 2, 3, 4]
    assert chosen(g, WeightDensity(bins=4, count=9, excess=6.0)) == []  # 4 is not more than 6 times 2/3
    picked = {chosen(g, WeightDensity(bins=4), seed)[0] for seed in range(40)}
    assert picked == {1, 2, 3, 4}
    assert len(chosen(g, WeightDensity(bins=4, count=2))) == 2
    assert chosen(g, WeightDensity(bins=4), 7) == chosen(g, WeightDensity(bins=4), 7)


def test_areas_lie_along_the_axis_of_most_difference():
    """Three neurons far off along one direction; the two that lie together there differ in all others."""
    rng = np.random.default_rng(1)
    direction = np.array([3.0, -4.0, 0.0])
    places = np.array([0.0, 0.1, 10.0])
    vectors = places[:, None] * direction / 5.0 + rng.normal(scale=0.01, size=(3, 3))
    found = principal_places(vectors)
    assert np.argmax(found) == 2
    np.testing.assert_allclose(found - found[0], places, atol=0.1)


def test_neurons_in_one_point_are_one_area():
    g = network([[0.5, 0.5, 0.5]])
    assert sorted(chosen(g, WeightDensity(bins=2, count=5))) == [1, 2, 3]


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: WeightDistribution("normal"), "distribution must be one of uniform, gaussian, not 'normal'"),
        (lambda: WeightDistribution(alpha=0.0), "alpha"),
        (lambda: WeightDistribution(beta=-0.1), "beta"),
        (lambda: WeightDistribution(share=1.1), "share must be a finite number between 0 and 1"),
        (lambda: WeightDensity(bins=1), "bins must be a whole number of at least 2"),
        (lambda: WeightDensity(count=0), "count"),
        (lambda: WeightDensity(excess=-1.0), "excess"),
        (lambda: selector("weight_density", areas=3), "areas"),
    ],
)
def test_impossible_options(make, match):
    with pytest.raises(OptionError, match=match):
        make()
