"""Events as sentences: their numbers are the journal's, and their reasons the records'."""

from hypothesis import given
from hypothesis import strategies as st

from neurograph import NeuronGraph
from neurograph.analysis.history import neurons_of
from neurograph.analysis.story import events_of, headline
from neurograph.builders import mlp
from neurograph.edits import Proliferate, RemoveNeurons, RemoveSynapses, Renew


def story(g: NeuronGraph):
    return events_of(list(g.journal), neurons_of(g))


def test_entries_of_one_event_are_one_sentence_with_its_reason():
    g = mlp([4, 6, 5, 2], seed=0)
    why = {"rule": "slope", "because": "the loss had stopped falling", "value": 0.02, "limit": 0.05}
    for edit in (RemoveNeurons([4, 5]), Proliferate("hidden1", 3, seed=1), Proliferate("hidden2", 1, seed=2)):
        g.apply(edit)
        g.journal[-1].details["event"] = {"kind": "metabolism", "epoch": 16, "reasons": [why]}
    (event,) = story(g)
    assert event.sentence == (
        "epoch 16: the loss had stopped falling (slope 0.02 at most 0.05), so hidden1 gained 3 and lost 2, "
        "hidden2 gained 1"
    )
    assert headline(list(g.journal), neurons_of(g)) == f"17 → {len(g)} neurons, 1 event"


def test_runs_that_recorded_no_reasons_show_the_slope_that_they_did():
    g = mlp([2, 3, 1], seed=0)
    g.apply(Proliferate("hidden1", 1, seed=0))
    g.journal[-1].details["event"] = {"kind": "metabolism", "epoch": 3, "slope": 0.004}
    assert story(g)[0].sentence == "epoch 3: the loss had stopped falling (slope 0.004), so hidden1 gained 1"


def test_edits_by_hand_are_events_of_their_own_and_some_are_empty():
    g = mlp([2, 3, 1], seed=0)
    g.apply(RemoveSynapses([(0, 2)]))
    g.add_edge(0, 2, weight=1.0)
    g.nodes[2]["activation"] = "tanh"
    first, *others = story(g)
    assert first.sentence == "edit 1: 1 synapse died (by RemoveSynapses)"
    assert others[0].sentence.startswith("edit 2: 1 synapse was born")
    assert sum(event.empty for event in others) == len(others) - 1


@given(st.lists(st.sampled_from(["grow", "lose", "both"]), max_size=6), st.integers(0, 3))
def test_the_sum_of_all_events_is_what_the_journal_says(steps, seed):
    g = mlp([3, 5, 4, 2], seed=seed)
    before = len(g)
    for epoch, step in enumerate(steps, 1):
        if step != "lose":
            g.apply(Proliferate("hidden1", 2, seed=seed))
        if step != "grow" and len(g.population("hidden1")) > 2:
            g.apply(RemoveNeurons([g.population("hidden1")[0]]))
        for entry in list(g.journal)[-1:]:
            entry.details["event"] = {"kind": "metabolism", "epoch": epoch}
    events = story(g)
    born = sum(sum(event.born.values()) for event in events)
    died = sum(sum(event.died.values()) for event in events)
    assert before + born - died == len(g)
    assert [moment for event in events for moment in range(event.first, event.last + 1)] == list(
        range(1, len(g.journal) + 1)
    )


def test_neurons_that_die_and_are_born_again_in_their_places_are_renewed():
    g = mlp([3, 4, 2], seed=0)
    g.apply(Renew("hidden1", [3, 5], seed=0))
    (event,) = events_of(list(g.journal), neurons_of(g))
    assert event.renewed == {"hidden1": 2} and not event.empty
    assert event.sentence == "edit 1: hidden1 renewed 2 (by Renew)"
