"""Operators and maps of a user's own: those that fit are used as they come, all others are refused in words."""

import pytest
from toy import GOAL, Toy, paper

from neurograph.errors import EvaluationError, OptionError
from search.nhn.locations import make_toolbox, search

OPTIONS = paper(cycles=2, train_batches=0, absent=0.5, renewal="mutate")
ASSIGNED = {
    "individual": [lambda: [0] * 6, lambda: None],
    "select": [
        lambda individuals, count: individuals[: count - 1],
        lambda individuals, count: individuals,
        lambda individuals, count: [],
        lambda individuals, count: None,
        lambda individuals, count: [one.genome for one in individuals[:count]],
        lambda individuals, count: [list(one) for one in individuals[:count]],
    ],
    "mate": [lambda first, second: None, lambda first, second: first, lambda first, second: ()],
    "mutate": [lambda one: one, lambda one: None, lambda one: (), lambda one: (3,)],
}


@pytest.mark.parametrize(("name", "operator"), [(name, f) for name, them in ASSIGNED.items() for f in them])
@pytest.mark.parametrize("registered", [True, False])
def test_an_operator_that_does_not_fit_is_named(name, operator, registered):
    toolbox = make_toolbox(Toy().space, OPTIONS)
    if registered:
        toolbox.register(name, operator)
    else:
        setattr(toolbox, name, operator)
    with pytest.raises(OptionError, match=f"the toolbox's {name} (must give|gave)"):
        search(Toy(), OPTIONS, toolbox=toolbox)


def test_too_few_survivors_are_counted():
    toolbox = make_toolbox(Toy().space, OPTIONS)
    toolbox.select = lambda individuals, count: individuals[:3]
    with pytest.raises(OptionError, match="select gave 3 individuals of 20, and survivors=10 were asked for"):
        search(Toy(), OPTIONS, toolbox=toolbox)


@pytest.mark.parametrize("registered", [True, False])
def test_a_map_may_be_registered_or_assigned(registered):
    seen = []

    def mapped(function, items):
        seen.append(len(items))
        return map(function, items)

    toolbox = make_toolbox(Toy().space, OPTIONS)
    if registered:
        toolbox.register("map", mapped)
    else:
        toolbox.map = mapped
    plain = search(Toy(), OPTIONS)
    found = search(Toy(), OPTIONS, toolbox=toolbox)
    assert seen and found.best.genome == plain.best.genome
    toolbox.map = lambda function, items: None
    with pytest.raises(EvaluationError, match="map must give a list of answers, not None"):
        search(Toy(), OPTIONS, toolbox=toolbox)


def test_without_a_map_this_process_evaluates():
    toolbox = make_toolbox(Toy().space, OPTIONS)
    toolbox.unregister("map")
    assert search(Toy(), paper(cycles=12, absent=0.5, seed=1), toolbox=toolbox).best.genome == GOAL
