"""Commands killed at random moments and at every file operation: going on ends as if nothing had been."""

import errno
import random
import shutil

import pytest
from killed_commands import COMMANDS, SOAK, TRAINING, leftovers, numbers_of, resumed

from neurograph.builders import mlp

KILLED = TRAINING if SOAK else ["metabolize"]


def same(run, numbers):
    found = numbers_of(run)
    assert found.keys() == numbers.keys()
    for name, value in numbers.items():
        assert found[name] == value, name
    assert not leftovers(run)


@pytest.mark.parametrize("name", [*KILLED, *(["search"] if SOAK else [])])
def test_killed_at_random_moments(forge, whole, name, moments, tmp_path):
    _, numbers, done = whole(name)
    chance, kills = random.Random(name), 0
    while kills < moments:
        run = tmp_path / "run"
        words = COMMANDS[name](run, forge.folder)
        first = forge.run(words, kill=chance.uniform(0, done["seconds"]))
        kills += first["status"] == -9
        while SOAK and chance.random() < 0.6:  # while it goes on, too
            kills += resumed(forge, words, run, kill=chance.uniform(0, done["seconds"]))["status"] == -9
        last = resumed(forge, words, run)
        assert last["status"] == 0, last["said"]
        same(run, numbers)
        shutil.rmtree(run)
    print(f"\n{name}: {kills} kills at random moments, every run resumed bit-equal")


@pytest.mark.parametrize("name", KILLED)
@pytest.mark.parametrize("fault", [None, errno.ENOSPC, errno.EROFS][: 3 if SOAK else 2])
def test_stopped_at_a_file_operation(forge, whole, name, fault, moments, tmp_path):
    """Renames, syncs, links and removals are few, so each of them is met, or as many as there is time for."""
    _, numbers, done = whole(name)
    places = range(1, done["operations"] + 1)
    chosen = sorted(random.Random(name).sample(places, min(moments, len(places))))
    seen = set()
    for at in chosen:
        run = tmp_path / str(at)
        words = COMMANDS[name](run, forge.folder)
        stopped = forge.run(words, at=at, fault=fault)
        if fault is None:
            assert stopped["status"] == -9
        else:  # an error of ours, or one that did not matter, such as that of a cleanup
            assert stopped["status"] in (0, 2) and "TRACEBACK" not in stopped["said"], stopped["said"]
            assert stopped["status"] == 0 or "neurograph: " in stopped["said"]
        seen.add(stopped["status"])
        last = resumed(forge, words, run)
        assert last["status"] == 0, last["said"]
        same(run, numbers)
        shutil.rmtree(run)
    print(f"\n{name}: stopped at {len(chosen)} of {len(places)} file operations ({fault}), statuses {seen}, bit-equal")


@pytest.mark.parametrize("command", ["export", "view"])
def test_a_killed_writer_leaves_the_old_file_or_the_new_one(forge, command, tmp_path):
    mlp([4, 3, 2], seed=0).save(tmp_path / "net.safetensors")
    words = [command, tmp_path / "net.safetensors", "--out", tmp_path / "out.json", "--force"]
    words += ["--to", "json"] if command == "export" else []
    done = forge.run(words)
    assert done["status"] == 0
    new = (tmp_path / "out.json").read_bytes()
    for at in range(1, done["operations"] + 1):
        (tmp_path / "out.json").write_text("old")
        assert forge.run(words, at=at)["status"] == -9
        assert (tmp_path / "out.json").read_bytes() in (b"old", new)
    assert forge.run(words)["status"] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.safetensors", "out.json"]
