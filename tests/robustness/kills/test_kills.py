"""Commands killed at random moments and at every file operation: going on ends as if nothing had been."""

import errno
import shutil

import pytest
from killed_commands import COMMANDS, ONCE, TRAINING, WRITERS, leftovers, numbers_of, refused, resumed, write_networks

from neurograph import NeuronGraph
from neurograph.errors import FileError
from tests.robustness.tally import SOAK, repeat

KILLED = [*TRAINING, *ONCE] if SOAK else ["metabolize", "evolve"]
FAULTS = {"kill": None, "disk full": errno.ENOSPC, "read-only": errno.EROFS}


def same(run, numbers):
    found = numbers_of(run)
    assert found.keys() == numbers.keys()
    for name, value in numbers.items():
        assert found[name] == value, name
    assert not leftovers(run)


@pytest.mark.parametrize("name", KILLED)
def test_killed_at_random_moments(forge, whole, name, tmp_path):
    _, numbers, done = whole(name)

    def trial(number, rng):
        run = tmp_path / str(number)
        words, longest = COMMANDS[name](run, forge.folder), done["seconds"]
        kills = forge.run(words, kill=rng.uniform(0, longest))["status"] == -9
        while SOAK and rng.random() < 0.7:  # while it goes on, too
            kills += resumed(forge, words, run, kill=rng.uniform(0, longest))["status"] == -9
        last = resumed(forge, words, run)
        assert last["status"] == 0, last["said"]
        same(run, numbers)
        shutil.rmtree(run)
        return {"kills": kills, "runs bit-equal": 1}

    repeat(f"kills of {name}", trial, 1, 100, of="kills")


@pytest.mark.parametrize("name", KILLED)
@pytest.mark.parametrize("fault", FAULTS if SOAK else ["kill", "disk full"])
def test_stopped_at_a_file_operation(forge, whole, name, fault, tmp_path):
    """Renames, syncs, links and removals are few, so each of them is met, or as many as there is time for."""
    _, numbers, done = whole(name)
    most = done["operations"]

    def trial(number, rng):
        run, at = tmp_path / str(number), int(rng.integers(1, most + 1)) if most > 100 or not SOAK else number + 1
        words = COMMANDS[name](run, forge.folder)
        stopped = forge.run(words, at=at, fault=FAULTS[fault])
        if FAULTS[fault] is None:
            assert stopped["status"] == -9
        else:  # an error of ours, or one that did not matter, such as that of a cleanup
            refused(words, stopped)
        last = resumed(forge, words, run)
        assert last["status"] == 0, last["said"]
        same(run, numbers)
        shutil.rmtree(run)
        return "bit-equal"

    repeat(f"{fault} at a file operation of {name}", trial, 1, min(most, 100))


def is_whole(path, new):
    """Whether a file has the bytes that were written before, or is a network, whose entries may stand in any order."""
    try:
        return path.read_bytes() == new or len(NeuronGraph.load(path)) > 0
    except FileError:
        return False


@pytest.mark.parametrize("name", WRITERS)
def test_a_killed_writer_leaves_the_old_file_or_the_new_one(forge, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_networks(tmp_path)
    words, pattern = WRITERS[name]

    def run(**how):
        return forge.run(words, folder=str(tmp_path), **how)

    done = run()
    assert done["status"] == 0, done["said"]
    (out,) = tmp_path.glob(pattern)
    new, there = out.read_bytes(), sorted(path.name for path in out.parent.iterdir())

    def trial(number, rng):
        out.write_text("old")
        if number < done["operations"]:
            assert run(at=number + 1)["status"] == -9
            killed = 1
        else:
            killed = run(kill=rng.uniform(0, done["seconds"]))["status"] == -9
        assert out.read_bytes() == b"old" or is_whole(out, new)
        if number % 10 == 0:
            assert run()["status"] == 0
            assert is_whole(out, new) and sorted(path.name for path in out.parent.iterdir()) == there
        return {"kills": killed}

    repeat(f"kills of {name}", trial, done["operations"] + 1, 100, of="kills" if SOAK else "trials")
    assert run()["status"] == 0
    assert is_whole(out, new) and sorted(path.name for path in out.parent.iterdir()) == there


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("fault", ["disk full", "read-only"] if SOAK else ["disk full"])
def test_a_writer_without_room_leaves_the_old_file_or_the_new_one(forge, name, fault, tmp_path, monkeypatch):
    """Each of its file operations fails once, and all from one on, as those of a full disk do."""
    monkeypatch.chdir(tmp_path)
    write_networks(tmp_path)
    words, pattern = WRITERS[name]

    def run(**how):
        return forge.run(words, folder=str(tmp_path), **how)

    done = run()
    (out,) = tmp_path.glob(pattern)
    new, there = out.read_bytes(), sorted(path.name for path in out.parent.iterdir())

    def trial(number, _):
        out.write_text("old")
        how = {"at": number // 2 + 1, "fault": FAULTS[fault], "on": bool(number % 2)}
        failed = run(**how)
        assert failed["status"] in (0, 2) or "TRACEBACK FileError" in failed["said"], failed["said"]
        assert "TRACEBACK OSError" not in failed["said"]
        assert (failed["status"] and out.read_bytes() == b"old") or is_whole(out, new)
        left = sorted(path.name for path in out.parent.iterdir())
        assert left == there or how["on"]  # what cannot be removed now is removed the next time
        assert run()["status"] == 0
        assert is_whole(out, new) and sorted(path.name for path in out.parent.iterdir()) == there
        return "refused" if failed["status"] else "did not matter"

    repeat(f"{fault} at a file operation of {name}", trial, 2 * done["operations"], 2 * done["operations"])
