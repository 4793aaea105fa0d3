from dataclasses import dataclass

import numpy as np
import pytest

from neurograph.analysis.ages import Ages
from neurograph.analysis.observations import Observations
from neurograph.builders import mlp
from neurograph.edits import Autophagy, LowRepresentationalPower
from neurograph.edits.selectors import SELECTORS, selector
from neurograph.errors import EditError, MissingError, OptionError
from tests.neurograph.networks import dump, structure, values, weights

VARIANCE = [1.0, 0.0, 0.06, 1.0, 0.08, 0.04]  # of the six hidden neurons; their mean is 0.3633


def network():
    g = mlp([2, 6, 3, 1], seed=0)
    spread = [7.0, 7.0, *VARIANCE, 5.0, 5.0, 5.0, 7.0]
    return g, Observations(g.table.keys(), np.zeros(12), np.array(spread), utility=np.array(spread))


def eaten(options, **more):
    g, seen = network()
    return g.apply(Autophagy("hidden1", LowRepresentationalPower(**options), observations=seen, **more))


@pytest.mark.parametrize(
    ("options", "died"),
    [
        ({"nu": 0.0}, []),
        ({"nu": 0.15}, [3, 7]),
        ({"nu": 0.2}, [3, 4, 7]),
        ({"nu": 0.5, "measure": "share"}, [3, 4, 7]),
        ({"nu": 0.34, "measure": "share"}, [3, 7]),
        ({"nu": 4, "measure": "count"}, [3, 4, 6, 7]),
        ({"nu": 0, "measure": "count"}, []),
    ],
    ids=str,
)
def test_those_below_the_level_go(options, died):
    result = eaten(options)
    assert result.died == died
    assert result.details["eaten"] == len(died)
    assert result.details["left"] == 6 - len(died)
    assert result.details["spared"] == 0


def test_the_floor_is_never_undercut_and_said():
    result = eaten({"nu": 1.0, "measure": "share"})
    assert (result.details["eaten"], result.details["spared"], result.details["left"]) == (5, 1, 1)
    result = eaten({"nu": 4, "measure": "count"}, floor=4)
    assert result.died == [3, 7]  # the least expressive first
    assert (result.details["eaten"], result.details["spared"], result.details["left"]) == (2, 2, 4)
    assert eaten({"nu": 4, "measure": "count"}, floor=9).details == {
        "eaten": 0, "spared": 4, "left": 6, "stranded": [], "cleaned_up": []
    }  # fmt: skip


def test_no_half_wiring_is_left_and_everything_else_stays():
    g, seen = network()
    before = weights(g), values(g)
    died = g.apply(Autophagy("hidden1", observations=seen)).died
    assert died == [3]
    assert not set(died) & set(g)
    assert not [edge for edge in g.edges if set(edge) & set(died)]
    assert g.number_of_edges() == 2 * 5 + 5 * 3 + 3
    assert weights(g).items() <= before[0].items()
    assert values(g).items() <= before[1].items()
    assert g.population("hidden1") == [2, 4, 5, 6, 7]


def test_undo_brings_them_back_to_their_places():
    g, seen = network()
    before = structure(g), weights(g), values(g)
    g.apply(Autophagy("hidden1", LowRepresentationalPower(nu=0.2), observations=seen))
    g.undo()
    assert (structure(g), weights(g), values(g)) == before


def test_nothing_to_eat_is_an_entry_without_deaths():
    g, seen = network()
    before = structure(g), weights(g), g.version
    entry = g.apply(Autophagy("hidden1", LowRepresentationalPower(nu=0.0), observations=seen)).entry
    assert (structure(g), weights(g), g.version) == before
    assert "nothing born, died or set" in str(entry)
    g.undo()
    assert (structure(g), weights(g)) == before[:2]


def test_the_strategy_for_the_stranded_is_asked():
    g = mlp([1, 2, 2, 1])
    g.remove_synapses([(1, 3), (2, 4)])  # two chains: 1 -> 4 and 2 -> 3
    keys = g.table.keys()
    seen = Observations(keys, np.zeros(6), np.array([1, 0.0, 1, 1, 1, 1]))
    result = g.apply(Autophagy("hidden1", observations=seen, stranded="remove"))
    assert result.died == [1, 4]
    assert result.details["cleaned_up"] == [4]


@dataclass(frozen=True)
class Draw:
    """A selector of one's own: some neurons by lot."""

    count: int

    def __call__(self, selection):
        return selection.rng.choice(selection.keys, self.count, replace=False)


def test_selectors_of_ones_own_draw_from_the_seed_and_are_told_with_their_options():
    died = []
    for seed in (1, 1, 2):
        g, _ = network()
        died.append(g.apply(Autophagy("hidden1", Draw(2), seed=seed)).died)
        assert g.journal[-1].options["by"] == {"name": "Draw", "count": 2}
    assert died[0] == died[1] != died[2]


@pytest.mark.parametrize("name", SELECTORS)
def test_every_selector_chooses_different_neurons_of_the_population(name):
    g, seen = network()
    result = g.apply(Autophagy("hidden1", name, observations=seen))
    assert set(result.died) <= set(range(2, 8))
    assert isinstance(selector(name), SELECTORS[name])


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: Autophagy("hidden1", "low"), "'low'"),
        (lambda: Autophagy("hidden1", floor=0), "floor must be a whole number of at least 1, not 0"),
        (lambda: Autophagy("hidden1", stranded="yes"), "leave, remove, refuse, not 'yes'"),
        (lambda: LowRepresentationalPower(nu=-0.1), "nu"),
        (lambda: LowRepresentationalPower(nu=float("nan")), "nu"),
        (lambda: LowRepresentationalPower(nu=1.5, measure="share"), "between 0 and 1"),
        (lambda: LowRepresentationalPower(nu=1.5, measure="count"), "whole number"),
        (lambda: LowRepresentationalPower(measure="median"), "'median'"),
        (lambda: selector("low"), "low_representational_power"),
        (lambda: selector("low_representational_power", mu=1), "mu"),
    ],
)
def test_impossible_options_are_refused_at_once(make, match):
    with pytest.raises(OptionError, match=match):
        make()


@pytest.mark.parametrize(
    ("edit", "error", "match"),
    [
        (Autophagy("hidden"), MissingError, "'hidden'.*'hidden1'"),
        (Autophagy("input"), EditError, "'input' cannot shrink"),
        (Autophagy("output"), EditError, "'output' cannot shrink"),
        (Autophagy("hidden1"), MissingError, "observations="),
        (Autophagy("hidden1", lambda s: np.array([2, 2])), EditError, "different neurons of population 'hidden1'"),
        (Autophagy("hidden1", lambda s: np.array([0])), EditError, "'hidden1'"),
        (Autophagy("hidden2", lambda s: s.keys, stranded="refuse"), EditError, "spared"),
    ],
)
def test_what_cannot_be_eaten_is_refused_and_changes_nothing(edit, error, match):
    g, _ = network()
    if match == "spared":  # one neuron of hidden2 reads alone what 2 says
        g.remove_synapses([(2, 9), (2, 10)])
        match = "leave 2 without inputs or outputs"
    before = dump(g)
    with pytest.raises(error, match=match):
        g.apply(edit)
    assert dump(g) == before


HUNGRY = {
    "low_representational_power": {"nu": 1.0, "measure": "share"},
    "weight_distribution": {"share": 1.0, "alpha": 1e-9},
    "weight_density": {"bins": 2, "count": 9, "excess": 0.0},
    "low_contribution": {"level": 1e9},
    "chance": {"count": 9},
    "low_utility": {"count": 9},
}


@pytest.mark.parametrize("name", SELECTORS)
@pytest.mark.parametrize("young", [[2], [3, 4, 7], [2, 3, 4, 5, 6]], ids=str)
def test_no_selector_eats_those_too_young(name, young):
    g, seen = network()
    ages = Ages(np.array([*young, 8]), np.array([4.0] * len(young) + [1.0]))
    choose = selector(name, **HUNGRY[name])
    result = g.apply(Autophagy("hidden1", choose, observations=seen, protect=4.5, ages=ages))
    assert not set(result.died) & set(young)
    assert result.died and result.details["protected"] == len(young)
    assert "ages" not in result.entry.options and result.entry.options["protect"] == 4.5


def test_who_is_loud_is_measured_against_those_that_may_be_eaten():
    g, seen = network()
    old = LowRepresentationalPower(nu=0.5)  # of the mean of 0.06, 0.08 and 0.04
    ages = Ages(np.array([2, 3, 5]), np.zeros(3))
    assert g.apply(Autophagy("hidden1", old, observations=seen, protect=1.0, ages=ages)).died == []


def test_age_that_protects_all_or_is_not_known_is_refused():
    g, seen = network()
    before = dump(g)
    with pytest.raises(EditError, match=r"protect=3 protects all 6 neurons of population 'hidden1'.*2\.5 old"):
        ages = Ages(np.arange(2, 8), np.array([0.0, 1.0, 2.5, 1.0, 0.0, 0.0]))
        g.apply(Autophagy("hidden1", observations=seen, protect=3.0, ages=ages))
    with pytest.raises(MissingError, match=r"ages=Ages"):
        g.apply(Autophagy("hidden1", observations=seen, protect=3.0))
    with pytest.raises(OptionError, match="protect must be a finite number of at least 0"):
        Autophagy("hidden1", protect=-1.0)
    assert dump(g) == before
