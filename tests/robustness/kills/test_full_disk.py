"""A run on a disk that fills up or can only be read: an error of ours, and gone on with when there is room."""

import os
import subprocess

import pytest
from killed_commands import COMMANDS, SOAK, leftovers, numbers_of, resumed


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


@pytest.mark.parametrize("size", range(24, 240, 8) if SOAK else [112])
def test_a_disk_that_fills_up(forge, whole, disk, size):
    _, numbers, _ = whole("metabolize")
    place, remount = disk
    assert remount(f"size={size}k")
    words = COMMANDS["metabolize"](place / "run", forge.folder)
    full = forge.run(words)
    assert full["status"] == 2 and "No space left on device" in full["said"], full["said"]
    assert "TRACEBACK" not in full["said"]
    assert remount("size=16m")
    last = resumed(forge, words, place / "run")
    assert last["status"] == 0, last["said"]
    assert numbers_of(place / "run") == numbers and not leftovers(place / "run")


def test_a_disk_that_can_only_be_read(forge, whole, disk):
    _, numbers, done = whole("metabolize")
    place, remount = disk
    assert remount("size=16m")
    words = COMMANDS["metabolize"](place / "run", forge.folder)
    forge.run(words, at=done["operations"] // 2)
    assert remount("ro")
    for again in (["resume", place / "run"], [*words, "--force"], ["export", place / "run", "--to", "json"]):
        refused = forge.run(again)
        assert refused["status"] == 2 and "Read-only file system" in refused["said"], refused["said"]
    assert forge.run(["inspect", place / "run"])["status"] == 0
    assert remount("rw")
    assert resumed(forge, words, place / "run")["status"] == 0
    assert numbers_of(place / "run") == numbers
