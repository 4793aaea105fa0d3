"""An edit that returns what `apply` cannot use did nothing."""

import numpy as np
import pytest

from neurograph.builders import mlp
from neurograph.edits import Outcome
from neurograph.errors import EditError, JournalError
from tests.robustness.states import check_indices, state

NO_OUTCOMES = {
    "None": None,
    "a dictionary": {"options": {}},
    "options": Outcome(options=[]),
    "details": Outcome(details="none"),
    "no array": Outcome(neuron_heirs=[(1, 2)]),
    "floats": Outcome(synapse_heirs=np.ones((1, 2))),
    "no pairs": Outcome(synapse_heirs=np.arange(3)),
}


class Careless:
    """Adds a neuron and returns something."""

    def __init__(self, returned) -> None:
        self.returned = returned

    def apply(self, graph):
        graph.add_edge(0, "new", weight=1.0)
        return self.returned


@pytest.mark.parametrize("what", NO_OUTCOMES)
def test_an_edit_that_returns_no_outcome_is_rolled_back(what):
    g = mlp([2, 3, 1])
    before = state(g)
    with pytest.raises(EditError, match=r"Careless.*Outcome"):
        g.apply(Careless(NO_OUTCOMES[what]))
    assert state(g) == before
    check_indices(g)
    assert g.apply(Careless(Outcome())).born == ["new"]


@pytest.mark.parametrize("verb", ["undo", "redo", "restart_journal"])
def test_the_journal_is_left_alone_in_the_middle_of_a_transaction(verb):
    g = mlp([2, 3, 1])
    g.apply(Careless(Outcome()))
    before = state(g)
    with pytest.raises(JournalError, match="in the middle of"), g.atomic():
        g.add_node("x")
        getattr(g, verb)()
    assert state(g) == before
