"""A journal with a right checksum and wrong lines is refused, as it is read or replayed, or all works with it."""

import copy
import json

import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.core.journal import Journal
from neurograph.core.replaying import read_lines, write_lines
from neurograph.errors import FileError, JournalError, NeuroGraphError
from tests.neurograph.edits.test_random_edits import MAKE, raw
from tests.neurograph.networks import check_saved_and_loaded, random_network, structure
from tests.robustness.forger import damaged, forged_text
from tests.robustness.states import check_indices, state
from tests.robustness.tally import repeat


def history(seed, path):
    """A network before some of every edit and of raw mutations, and their journal as lines of JSON."""
    rng, g = np.random.default_rng(seed), random_network(seed, hidden=6)
    start = g.copy()
    for number, make in enumerate(MAKE.values()):
        try:
            g.apply(make(g, rng))
        except (NeuroGraphError, ValueError, IndexError):
            continue  # nothing there for that edit
        if not number % 3:
            raw(g, rng)
    g.journal.save(path)
    lines, _ = read_lines(path)
    return start, [json.loads(line) for line in lines]


def check_used(g, start):
    """Every state that the graph's own journal leads to can be saved and loaded."""
    while g.journal:
        check_saved_and_loaded(g)
        g.undo()
    assert structure(g) == structure(start)
    while g.journal.undone:
        g.redo()
    check_indices(g)


@pytest.mark.parametrize("seed", [1, 2])
def test_forged_journals_are_refused_or_whole(seed, tmp_path):
    path = tmp_path / "history"
    start, lines = history(seed, path)
    data, whole = path.read_bytes(), start.copy()
    whole.replay(Journal.load(path))
    check_used(whole, start)

    def trial(_, rng):
        flipped = rng.random() < 0.2
        try:
            path.write_bytes(damaged(data, rng)) if flipped else write_forged(path, lines, rng)
        except (ValueError, TypeError):
            return "cannot be written"  # by JSON
        g = start.copy()
        before = state(g)
        try:
            g.replay(Journal.load(path))
        except (FileError, JournalError) as err:
            assert str(path) in str(err) or "entry" in str(err)
            assert state(g) == before
            return "refused"
        check_used(g, start)
        return "used"

    counts = repeat(f"forged journals {seed}", trial, 30, 5_500)
    assert counts["refused"] > counts["trials"] // 4


def write_forged(path, lines, rng):
    """Some of the lines, with one to three changes."""
    text = {"lines": copy.deepcopy(lines[: int(rng.integers(1, len(lines) + 1))])}
    for _ in range(int(rng.integers(1, 4))):
        text = forged_text(text, rng)
    write_lines(path, [json.dumps(line) for line in text.get("lines", ())], {})


@pytest.mark.parametrize("target", [2, 4, 2**31, -1])
def test_a_synapse_that_goes_by_ends_that_are_not_its_own_is_refused(target, tmp_path):
    """By its ends a synapse is found without looking for its number: where these are another's, another would go."""
    g = NeuronGraph()
    g.add_population("in", 2, role="input")
    g.add_population("out", 3)
    g.add_weighted_edges_from([(0, 2, 1.0), (0, 3, 2.0)])
    g.restart_journal()
    start = g.copy()
    g.remove_edge(0, 3)
    g.journal.save(path := tmp_path / "history")
    lines = [json.loads(line) for line in read_lines(path)[0]]
    place = next(effect for line in lines for effect in line["forward"] if effect[0] == "s+")
    assert place[2:] == [0, 3]
    place[3] = target
    write_lines(path, [json.dumps(line) for line in lines], {})
    before = state(start)
    with pytest.raises((FileError, JournalError)):
        start.replay(Journal.load(path))
    assert state(start) == before
