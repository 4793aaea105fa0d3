"""An exception at any line of any verb, and one more while it is put back, leaves the graph as it was."""

import inspect
import random
import sys
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.core.journal import from_line, to_line
from neurograph.core.mutations.savepoint import Savepoint
from neurograph.edits import AddNeuron, Proliferate, RemoveNeurons, SplitEdge
from neurograph.errors import NeuroGraphError
from tests.neurograph.edits.test_options import KEPT
from tests.neurograph.networks import check_saved_and_loaded
from tests.robustness.interrupts import Tracer, counted, lines_of
from tests.robustness.states import check_indices, state
from tests.robustness.tally import SOAK, repeat

LINES, WITHIN, PAIRS = 9, 12, 4  # lines that raise, of a verb, of its effects, and twice; in a soak all, and 200
TRIED_AGAIN = 10 if SOAK else 1  # of so many graphs that are as they were, one is saved, loaded and changed again


class Reader:
    """Somebody who reads the change log, so that it is kept."""


READER = Reader()


def network() -> NeuronGraph:
    """Scalars and maps, options, attributes of the user's own, an entry, one that was undone, a run that is open."""
    g = mlp([2, 4, 1])
    g.add_neuron("c", note=[1])
    one, two = (g.add_population(name, 2, shape=(4, 4)) for name in ("one", "two"))
    g.connect(one, two, np.ones((2, 2, 3, 3)), padding=1)
    g.graph["name"] = "before"
    g.apply(SplitEdge(0, 5))
    g.apply(Proliferate("hidden1", 1, seed=1))
    g.undo()
    g.changes.subscribe(READER)
    return g


def going_on() -> NeuronGraph:
    """The same in the middle of a run of raw mutations: what was undone is gone, the tail has rows, a row is dead."""
    g = network()
    g.remove_edge(0, 3)
    g.add_edge(1, "late", weight=0.5, mark="m")
    g.add_edge(0, "later")
    return g


def lines() -> list[str]:
    """The journal of some edits on `network()`, to be replayed on another."""
    g, lines = network(), []
    for edit in (Proliferate("hidden1", 1, seed=2), SplitEdge(0, 3), AddNeuron("n"), RemoveNeurons([3])):
        g.apply(edit)
        lines.append(to_line(g, g.journal[-1]))
    return lines


def atomically(g: NeuronGraph) -> None:
    with g.atomic():
        g.add_edge("later", "c", weight=1.0)
        g.nodes["c"]["bias"] = 2.0
        g.write_weights(g.table.id[g.table.live()][:1], np.array([4.0]))


LINES_TO_REPLAY = lines()
MUTATIONS: dict[str, Callable[[NeuronGraph], object]] = {
    "add_node": lambda g: g.add_node("x"),
    "add_node of a kind": lambda g: g.add_node("x", population="new", activation="tanh", bias=1.0, note="y"),
    "add_nodes_from": lambda g: g.add_nodes_from(["x", ("y", {"bias": 0.5}), ("c", {"bias": 1.0})], activation="sin"),
    "add_edge": lambda g: g.add_edge(0, "c", weight=1.0),
    "add_edge against the order": lambda g: g.add_edge("later", "c", weight=1.0),
    "add_edge of a form": lambda g: g.add_edge(0, "c", weight=1.0, trainable=False, mark="x"),
    "add_edge with its ends": lambda g: g.add_edge("x", "y", weight=1.0),
    "add_edge that is there": lambda g: g.add_edge(0, 2, weight=3.0, trainable=False, mark="x"),
    "add_weighted_edges_from": lambda g: g.add_weighted_edges_from([("later", "c", 1.0), ("c", "y", 2.0), (0, 2, 9.0)]),
    "add_edges_from_arrays": lambda g: g.add_edges_from_arrays([0, 1], ["c", "c"], weight=[1.0, 2.0]),
    "update": lambda g: g.update(edges=[("p", "q")], nodes=["r"]),
    "remove_node": lambda g: g.remove_node(2),
    "remove_nodes_from": lambda g: g.remove_nodes_from([2, 3, "c"]),
    "remove_edge": lambda g: g.remove_edge(0, 2),
    "remove_edge of a kernel": lambda g: g.remove_edge(
        *next((u, v) for u, v, w in g.edges(data="weight") if np.ndim(w))
    ),
    "remove_edges_from": lambda g: g.remove_edges_from([(0, 2), (1, 2)]),
    "clear": lambda g: g.clear(),
    "clear_edges": lambda g: g.clear_edges(),
    "add_population": lambda g: g.add_population("new", 3, bias=[1.0, 2.0, 3.0], note="x"),
    "add_neuron": lambda g: g.add_neuron(population="new"),
    "connect": lambda g: g.connect([0, 1], ["c"], np.ones((2, 1)), trainable=False),
    "remove_neurons": lambda g: g.remove_neurons("hidden1"),
    "remove_synapses": lambda g: g.remove_synapses([(0, 2), (1, 2)]),
    "write_weights": lambda g: g.write_weights(g.table.id[g.table.live()][:2], np.ones(2)),
    "write_values": lambda g: g.write_values("bias", g.keys_of([2, 3]), np.ones(2)),
    "kind, value and note": lambda g: g.nodes[2].update(activation="prelu", bias=3.0, note="x", population="new"),
    "delete a note": lambda g: g.nodes["c"].__delitem__("note"),
    "weight, form and mark": lambda g: g[0][2].update(weight=3.0, trainable=False, mark="x"),
    "delete a weight": lambda g: g[0][2].__delitem__("weight"),
    "delete a mark": lambda g: g[1]["late"].__delitem__("mark"),
    "rename": lambda g: g.rename({0: "zero", "late": "early", 2: 3, 3: 2}),
    "attributes of all nodes": lambda g: g._node.update({"c": {"bias": 1.0}, 2: {"population": "new"}}),
    "atomic": atomically,
}
STEPS: dict[str, Callable[[NeuronGraph], object]] = {
    "undo": lambda g: g.undo(),
    "redo": lambda g: g.redo(),
    "replay": lambda g: g.replay(from_line(line) for line in LINES_TO_REPLAY),
    **{f"{type(edit).__name__} {n}": lambda g, edit=edit: g.apply(edit) for n, (edit, _) in enumerate(KEPT)},
}
VERBS = {name: (going_on, act) for name, act in MUTATIONS.items()} | {n: (network, act) for n, act in STEPS.items()}


def chosen(count: int, most: int, seed: int) -> list[int]:
    """Some numbers from 1 to count, the first and the last among them; all where there are few."""
    if count <= most:
        return list(range(1, count + 1))
    return sorted({1, count, *random.Random(seed).sample(range(1, count + 1), most - 2)})


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_that_is_interrupted_leaves_the_graph_as_it_was(name):
    make, act = VERBS[name]
    seed = sum(name.encode())
    act(make())  # what is imported late or remembered is there from now on
    g = make()
    tracer = counted(lambda: act(g))
    count, inside = tracer.lines, tracer.of_effects
    assert count > 3
    some = chosen(count, count if SOAK else LINES, seed)
    some += [] if SOAK else random.Random(seed).sample(inside, min(len(inside), WITHIN))

    def line(number, _):
        check_one(make, act, some[number], 0, number % TRIED_AGAIN == 0)
        return "as it was"

    def pair(number, rng):
        check_one(make, act, int(rng.integers(1, count + 1)), int(rng.integers(1, 40)))
        return "as it was"

    repeat(f"lines of {name}", line, len(some), len(some))
    repeat(f"two lines of {name}", pair, PAIRS, 200)


@pytest.mark.parametrize("name", ["InsertLayer 5", "Expand 12", "Proliferate 18", "replay", "atomic", "undo"])
def test_a_rollback_that_fails_again_and_again_is_done_when_it_can_be(name, monkeypatch):
    """As where there is no more memory: of the verb within the edit, and of the edit around it."""
    make, act = VERBS[name]
    act(make())
    trial, restore, left = make(), Savepoint.restore, [0]
    count = lines_of(lambda: act(trial))

    def restore_later(self, graph):
        left[0] -= 1
        if left[0] >= 0:
            raise MemoryError
        restore(self, graph)

    monkeypatch.setattr(Savepoint, "restore", restore_later)
    for at in chosen(count, 400 if SOAK else 25, 1):
        g = make()
        before, left[0] = state(g), 8
        with suppress(MemoryError):
            Tracer(at).run(lambda g=g: act(g))
        left[0] = 0
        assert state(g) == before, at
        check_indices(g)


def deep(levels, act):
    return deep(levels - 1, act) if levels else act()


@pytest.mark.parametrize("name", ["InsertLayer 5", "Expand 12", "replay", "atomic", "rename", "undo"])
def test_a_verb_that_has_too_little_stack_left_leaves_the_graph_as_it_was(name):
    make, act = VERBS[name]
    act(make())
    limit, fell = sys.getrecursionlimit(), 0
    for left in range(2, 42, 1 if SOAK else 3):
        g = make()
        before = state(g)
        here = len(inspect.stack(0))
        try:
            sys.setrecursionlimit(here + 100)
            deep(98 - left, lambda g=g: act(g))
        except (RecursionError, NeuroGraphError):  # the latter where a reader took it for its file's fault
            fell += 1
        else:
            continue
        finally:
            sys.setrecursionlimit(limit)
        with g.atomic():
            pass  # whatever could not be taken back is, by who begins a change
        assert state(g) == before
        check_indices(g)
        act(g)
    assert fell > 3


@pytest.mark.parametrize("name", ["write_weights", "write_values"])
def test_taking_back_a_write_is_interrupted_at_each_of_its_lines(name):
    make, act = VERBS[name]
    act(make())
    g = make()
    count = lines_of(lambda: act(g))
    for at in range(max(1, count - 8), count + 1):
        for again in range(1, 11):
            check_one(make, act, at, again)


@pytest.mark.parametrize("act", [lambda g: g.journal, lambda g: g.undo(), lambda g: g.apply(SplitEdge(0, 2))])
def test_a_run_that_is_closed_on_the_way_stays_an_entry_or_stays_open(act):
    closed = going_on()
    assert len(closed.journal) == 3
    either = [state(going_on()), state(closed)]
    for found in either:
        del found["entries"]
    trial = going_on()
    for at in range(1, lines_of(lambda: act(trial)) + 1):
        g = going_on()
        Tracer(at).run(lambda g=g: act(g))
        found = state(g)
        del found["entries"]
        assert found in either
        g.undo()
        assert len(g.journal) == 2


def check_one(
    make: Callable[[], NeuronGraph], act: Callable[[NeuronGraph], object], at: int, again: int, tried: bool = True
) -> None:
    g = make()
    before = state(g)
    tracer = Tracer(at, again)
    assert tracer.run(lambda: act(g)), f"line {at} never ran"
    assert state(g) == before, tracer.where
    check_indices(g)
    if tried:
        check_saved_and_loaded(g)
        act(g)  # it can be done all the same
        check_indices(g)
