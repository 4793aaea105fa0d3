import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.analysis.observations import Observations
from neurograph.errors import MissingError, OptionError
from neurograph.initializers.newborns import NEWBORN_INITIALIZERS, Growth, Newborns, newborn_initializer

KEYS = np.array([3, 5, 8, 13, 21])
SEEN = Observations(np.arange(30), np.zeros(30), np.random.default_rng(4).random(30), samples=1)


def graph():
    """One in which a neuron has each of the keys."""
    g = NeuronGraph()
    g.add_population("all", 30)
    return g


def growth(count, seed=0, observations=SEEN):
    return Growth(graph(), KEYS, count, np.random.default_rng(seed), observations)


@pytest.mark.parametrize("name", NEWBORN_INITIALIZERS)
@pytest.mark.parametrize("count", [1, 4, 5, 6, 23])
def test_every_initializer_names_as_many_donors_of_the_population_as_there_are_newborns(name, count):
    newborns = newborn_initializer(name)(growth(count))
    assert isinstance(newborns, Newborns)
    assert newborns.donors.shape == (count,)
    assert newborns.donors.dtype == np.int64
    assert np.isin(newborns.donors, KEYS).all()
    if count <= len(KEYS) and name != "firefly":  # two candidates of one donor may both be among the best
        assert len(set(newborns.donors.tolist())) == count


def test_random_donors_follow_the_seed_and_reach_everybody():
    donors = [tuple(newborn_initializer("random")(growth(2, seed)).donors) for seed in range(60)]
    assert donors[7] == tuple(newborn_initializer("random")(growth(2, 7)).donors)
    assert {key for pair in donors for key in pair} == set(KEYS.tolist())


def test_random_donors_repeat_when_there_are_more_newborns_than_neurons():
    donors = newborn_initializer("random")(growth(50)).donors
    counts = np.unique(donors, return_counts=True)[1]
    assert len(counts) == 5
    assert len(set(counts.tolist())) > 1  # drawn with replacement, not dealt out


def test_representational_donors_are_those_of_the_highest_variance():
    variance = SEEN.activation_variance[KEYS]
    ranking = KEYS[np.argsort(-variance)].tolist()
    choose = newborn_initializer("representational")
    assert choose(growth(3)).donors.tolist() == ranking[:3]
    assert choose(growth(7)).donors.tolist() == ranking + ranking[:2]


def test_of_equals_the_older_goes_first():
    seen = Observations(KEYS, np.zeros(5), np.array([1.0, 2.0, 1.0, 2.0, 1.0]))
    assert newborn_initializer("representational")(growth(4, observations=seen)).donors.tolist() == [5, 13, 3, 8]


def test_neurons_that_never_vary_are_donors_only_where_none_varies():
    choose = newborn_initializer("representational")
    seen = Observations(KEYS, np.zeros(5), np.array([0.0, 2.0, 0.0, 1.0, 0.0]))
    assert choose(growth(5, observations=seen)).donors.tolist() == [5, 13, 5, 13, 5]
    dead = Observations(KEYS, np.zeros(5), np.zeros(5))
    assert choose(growth(6, observations=dead)).donors.tolist() == [*KEYS, KEYS[0]]


def test_missing_observations_are_named():
    choose = newborn_initializer("representational")
    with pytest.raises(MissingError, match="observations="):
        choose(growth(1, observations=None))
    with pytest.raises(MissingError, match="21"):
        choose(growth(1, observations=Observations(KEYS[:4], np.zeros(4), np.ones(4))))
    with pytest.raises(MissingError, match="number 8 .*finite"):
        choose(growth(1, observations=Observations(KEYS, np.zeros(5), np.array([1, 1, np.nan, 1, 1]))))


def test_an_unknown_name_is_refused():
    with pytest.raises(OptionError, match="'ridge'.*random"):
        newborn_initializer("ridge")
