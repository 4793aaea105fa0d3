"""A run on a disk that fills up or can only be read: an error of ours, and gone on with when there is room."""

import os
import shutil
import subprocess

import pytest
from killed_commands import COMMANDS, TRAINING, leftovers, numbers_of, refused, resumed

from tests.robustness.tally import SOAK, repeat


@pytest.fixture
def disk(tmp_path):
    """A small file system of its own, to be made larger and read-only."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(*words):
        return subprocess.run(["mount", *words], capture_output=True, check=False).returncode == 0

    if os.geteuid() or not mount("-t", "tmpfs", "-o", "size=64k", "none", str(place)):
        pytest.skip("only root can mount a small file system, and not everywhere")
    yield place, lambda options: mount("-o", f"remount,{options}", str(place))
    subprocess.run(["umount", str(place)], check=False)


@pytest.mark.parametrize("name", COMMANDS if SOAK else ["metabolize"])
def test_a_disk_that_fills_up(forge, whole, disk, name):
    done, numbers, _ = whole(name)
    place, remount = disk
    words = COMMANDS[name](place / "run", forge.folder)
    most = 50 + sum(path.stat().st_size for path in done.rglob("*") if path.is_file()) // 1000

    def trial(number, rng):
        size = int(rng.integers(20, most)) if SOAK else 112
        assert remount(f"size={size}k")
        full = forge.run(words)
        assert not refused(words, full) or "No space left on device" in full["said"], full["said"]
        assert remount("size=16m")
        if full["status"]:
            last = resumed(forge, words, place / "run")
            assert last["status"] == 0, last["said"]
        assert numbers_of(place / "run") == numbers and not leftovers(place / "run")
        shutil.rmtree(place / "run")
        return "went on bit-equal" if full["status"] else "had room"

    repeat(f"full disks under {name}", trial, 1, 20)


@pytest.mark.parametrize("name", COMMANDS if SOAK else ["metabolize"])
def test_a_disk_that_can_only_be_read(forge, whole, disk, name):
    _, numbers, done = whole(name)
    place, remount = disk
    assert remount("size=16m")
    words = COMMANDS[name](place / "run", forge.folder)
    forge.run(words, at=done["operations"] // 2)
    assert remount("ro")
    export = [["export", place / "run", "--to", "json"]] if name in TRAINING else []
    for again in [words] if name == "evolve" else [["resume", place / "run"], [*words, "--force"], *export]:
        done = forge.run(again)
        assert refused(again, done) and "Read-only file system" in done["said"], done["said"]
    assert name not in TRAINING or forge.run(["inspect", place / "run"])["status"] == 0
    assert remount("rw")
    assert resumed(forge, words, place / "run")["status"] == 0
    assert numbers_of(place / "run") == numbers
