"""Threads that change one graph at the same moment: each mutation happens alone or is refused; the graph is whole."""

import sys
from threading import Barrier, Thread

import networkx as nx
import numpy as np
import pytest

from neurograph.builders import mlp
from neurograph.core.mutations.savepoint import Savepoint
from neurograph.edits import SplitEdge
from neurograph.errors import NeuroGraphError
from neurograph.storage.table import EdgeTable
from tests.robustness.states import check_indices, state

ROUNDS = 1500


def atomically(g, rng):
    with g.atomic():
        g.add_edge(0, ("deep", int(rng.integers(5))), weight=1.0)
        g.remove_edge(*list(g.edges)[-1])


ACTS = [
    lambda g, rng: g.add_edge(int(rng.integers(2)), int(rng.integers(2, 6)), weight=0.5),
    lambda g, rng: g.remove_edge(int(rng.integers(2)), int(rng.integers(2, 6))),
    lambda g, rng: g.add_node(int(rng.integers(6, 12))),
    lambda g, rng: g.remove_node(int(rng.integers(6, 12))),
    lambda g, rng: g.add_edge(int(rng.integers(2)), int(rng.integers(6, 12))),
    lambda g, rng: g.apply(SplitEdge(int(rng.integers(2)), int(rng.integers(2, 6)))),
    lambda g, rng: g.write_weights(np.array([0]), np.array([2.0])),
    lambda g, rng: g.undo(),
    lambda g, rng: g.redo(),
    atomically,
]


@pytest.fixture
def often():
    """Threads that take turns as often as the interpreter lets them."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_mutations_of_threads_do_not_mix(often):
    g, odd, start = mlp([2, 4, 1], seed=0), [], Barrier(4)

    def work(seed):
        rng = np.random.default_rng(seed)
        start.wait()
        for _ in range(ROUNDS):
            try:
                ACTS[rng.integers(len(ACTS))](g, rng)
            except (NeuroGraphError, nx.NetworkXError):
                continue  # what was to be removed is gone, or another thread is at it
            except Exception as err:
                odd.append(err)

    threads = [Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not [err for err in odd if not isinstance(err, RuntimeError)], odd  # a list of edges that change meanwhile
    assert not g.in_transaction and not g.turn
    check_indices(g)
    while g.journal:
        g.undo()
    check_indices(g)
    assert len(g) == 7 and g.number_of_edges() == 12


@pytest.mark.parametrize("verb", ["add_edge", "add_node", "remove_edge", "write_weights"])
def test_a_thread_that_comes_in_on_the_way_is_refused(verb, monkeypatch):
    """Of the verbs without a transaction, too, and wherever the other one is: here it is looking at the columns."""
    g, met = mlp([2, 4, 1], seed=0), []
    before = [g.table.next_id, len(g.table.names)]

    def other():
        try:
            g.add_edge(1, "other", weight=1.0)
        except NeuroGraphError as err:
            met.append(str(err))

    def meanwhile(name, kind):
        found = getattr(kind, name)

        def look(*args):
            if not met:
                monkeypatch.undo()
                thread = Thread(target=other)
                thread.start()
                thread.join()
            return found(*args)

        monkeypatch.setattr(kind, name, look)

    meanwhile({"add_node": "new_key", "write_weights": "rows_of"}.get(verb, "find"), EdgeTable)
    act = {
        "add_edge": lambda: g.add_edge(0, 6, weight=1.0),
        "add_node": lambda: g.add_node("mine"),
        "remove_edge": lambda: g.remove_edge(0, 2),
        "write_weights": lambda: g.write_weights(np.array([0]), np.array([2.0])),
    }[verb]
    act()
    assert len(met) == 1 and "another thread" in met[0]
    assert [g.table.next_id - (verb == "add_edge"), len(g.table.names) - (verb == "add_node")] == before
    check_indices(g)
    other()  # the turn was given up
    assert len(met) == 1 and g.has_edge(1, "other")


def interrupted(monkeypatch, times):
    """A graph whose rollback of an edit was interrupted so many times before it did anything, and how it was before."""
    g, restore = mlp([2, 4, 1], seed=0), Savepoint.restore
    before, left = state(g), [times]

    def restore_later(self, graph):
        left[0] -= 1
        if left[0] >= 0:
            raise KeyboardInterrupt
        restore(self, graph)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Savepoint, "restore", restore_later)
        with g.atomic():
            for number in range(200):
                g.add_edge(0, ("new", number), weight=1.0)
            raise KeyboardInterrupt
    assert left[0] == 0  # nobody has put it back yet
    return g, before


def test_threads_that_meet_a_rollback_that_was_interrupted_wait_until_one_has_finished_it(often, monkeypatch):
    for _ in range(5):
        g, before = interrupted(monkeypatch, 2)
        found, start = [], Barrier(4)

        def meet(g=g, found=found, start=start):
            start.wait()
            try:
                found.append((len(g.table.index), len(g.table), g.in_transaction))
            except Exception as err:
                found.append(err)

        threads = [Thread(target=meet) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [(7, 12, False)] * 4
        assert state(g) == before
        check_indices(g)
