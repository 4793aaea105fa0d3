"""Long walks of one graph through all that can happen to it, in random order, refused and interrupted as well."""

from collections import Counter
from contextlib import suppress
from copy import deepcopy

import numpy as np
import pytest
import torch

import compiler
from neurograph import NeuronGraph
from neurograph.core.journal import Journal
from neurograph.errors import NeuroGraphError
from tests.neurograph.edits.test_random_edits import MAKE, raw
from tests.neurograph.networks import batch, check_saved_and_loaded, dump, outputs, random_network, structure
from tests.robustness.interrupts import Tracer
from tests.robustness.states import check_indices, state
from tests.robustness.tally import SOAK, repeat

STEPS = 50
LARGEST = 30  # neurons, beyond which a walk goes on with edits that make the network smaller
WORDS = [
    *MAKE,
    *MAKE,
    "undo",
    "undo",
    "redo",
    "raw",
    "raw",
    "write",
    "atomic",
    "interrupted",
    "copy",
    "file",
    "journal",
]
SMALLER = ("RemoveNeurons", "RemoveSynapses", "Prune", "Autophagy")


class Walk:
    """A graph on its way.

    Parameters
    ----------
    rng
        What its steps are drawn from.
    folder
        Where files may lie.
    """

    def __init__(self, rng, folder):
        self.rng, self.folder = rng, folder
        seed = int(rng.integers(2**20))
        self.g, self.taken = random_network(seed, hidden=6), Counter()
        self.start = self.g.copy()

    def step(self):
        """Take one step, and look at what it led to."""
        what = WORDS[self.rng.integers(len(WORDS))]
        if len(self.g) > LARGEST:
            what = SMALLER[self.rng.integers(len(SMALLER))]
        if what in MAKE:
            self.edit(what)
        else:
            getattr(self, what)()
        if self.rng.random() < 0.3:
            check_indices(self.g)
        if self.rng.random() < 0.1:
            check_saved_and_loaded(self.g)

    def made(self, what):
        """An edit, or None where the graph has nothing left for one."""
        with suppress(NeuroGraphError, ValueError, IndexError):
            return MAKE[what](self.g, self.rng)

    def edit(self, what):
        edit = self.made(what)
        if edit is None:
            return
        before = deepcopy(dump(self.g)) if self.rng.random() < 0.3 else None
        try:
            self.g.apply(edit)
            self.taken["edits"] += 1
        except NeuroGraphError:
            self.taken["refused"] += 1
            assert before in (None, dump(self.g)), edit

    def undo(self):
        if self.g.journal:
            old = structure(self.g)
            self.g.undo()
            if self.rng.random() < 0.3:
                self.g.redo()
                assert structure(self.g) == old
            self.taken["undos"] += 1

    def redo(self):
        if self.g.journal.undone:
            self.g.redo()
            self.taken["redos"] += 1

    def raw(self):
        raw(self.g, self.rng)
        self.taken["raw"] += 1

    def write(self):
        table = self.g.table
        rows = table.live()
        ids = table.id[rows[table.pool[rows] > 0]]
        self.g.write_weights(ids, self.g.read_weights(ids) * 0.9)
        self.taken["writes"] += 1

    def atomic(self):
        """Some steps as one, which end well or are taken back."""
        before, fails = deepcopy(dump(self.g)), self.rng.random() < 0.5
        with suppress(KeyError), self.g.atomic():
            for _ in range(2):
                raw(self.g, self.rng)
                edit = self.made(list(MAKE)[self.rng.integers(len(MAKE))])
                if edit is not None:
                    with suppress(NeuroGraphError):
                        self.g.apply(edit)
            if fails:
                raise KeyError
        assert not fails or dump(self.g) == before
        self.taken["transactions"] += 1

    def interrupted(self):
        """An edit that an exception ends at a line: as before, or done where it was over by then."""
        edit = self.made(list(MAKE)[self.rng.integers(len(MAKE))])
        if edit is None:
            return
        len(self.g.journal)  # closes an open run of raw mutations, as the edit would
        before, tracer = state(self.g), Tracer(int(2 ** self.rng.uniform(0, 12)), int(self.rng.integers(40)))
        with suppress(NeuroGraphError):
            if not tracer.run(lambda: self.g.apply(edit)):
                self.taken["edits"] += 1
                return
        assert state(self.g) == before, (edit, tracer.where)
        self.taken["interrupts"] += 1

    def copy(self):
        before, old = deepcopy(dump(self.g)), self.g
        other = old.copy()
        other.clear()
        assert dump(old) == before
        self.g = old.copy()
        assert structure(self.g) == structure(old)
        self.taken["copies"] += 1

    def file(self):
        before = dump(self.g)
        self.g.save(self.folder / "walk.safetensors")
        self.g = NeuronGraph.load(self.folder / "walk.safetensors")
        after = dump(self.g)
        before.pop("changes"), after.pop("changes")
        assert repr(after) == repr(before)
        self.taken["files"] += 1

    def journal(self):
        self.g.journal.save(self.folder / "walk.journal")
        again = self.start.copy()
        again.replay(Journal.load(self.folder / "walk.journal"))
        assert structure(again) == structure(self.g)
        self.taken["replays"] += 1

    def end(self):
        """All the way back and forth, and through the compiler."""
        g = self.g
        if any(g.nodes[n]["is_output"] for n in g):
            data = batch(g)
            with suppress(NeuroGraphError), torch.no_grad():
                net = compiler.compile(g, dtype=torch.float64).eval()
                np.testing.assert_allclose(net(torch.from_numpy(data)).numpy(), outputs(g, data), rtol=1e-6, atol=1e-6)
                self.taken["compiled"] += 1
        entries, full = len(g.journal), structure(g)
        for _ in range(entries):
            g.undo()
        assert structure(g) == structure(self.start)
        for _ in range(entries):
            g.redo()
        assert structure(g) == full
        while g.journal.undone:
            g.redo()
        check_indices(g)
        check_saved_and_loaded(g)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_random_walks(tmp_path):
    def trial(_, rng):
        walk = Walk(rng, tmp_path)
        for _ in range(STEPS if SOAK else 20):
            walk.step()
        walk.end()
        return dict(walk.taken) | {"steps": sum(walk.taken.values())}

    repeat("random walks", trial, 5, 100_000, of="steps" if SOAK else "trials")
