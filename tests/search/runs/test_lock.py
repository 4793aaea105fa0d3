"""A run directory belongs to one process at a time, as long as that lives."""

import errno
import multiprocessing
import os
import signal
import subprocess
import sys

import pytest

from neurograph.errors import FileError
from search import cli
from search.runs import continued_run, create_run, locked, open_run, started_run

HOLD = """
import sys, time
from search.runs import started_run
with started_run(sys.argv[1], {"command": "train"}) as run:
    run.log_metrics({"epoch": 1})
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that works in a run directory."""
    command = [sys.executable, "-c", HOLD, tmp_path / "run"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_whoever_comes_second_is_told_who_works_there(holder, tmp_path, capsys):
    run = tmp_path / "run"
    before = sorted((path.name, path.stat().st_mtime_ns) for path in run.iterdir())
    for words in (["resume", run], ["train", "--run", run, "--force"], ["train", "--run", run]):
        assert cli.main([*map(str, words)]) == 2
        assert f"{run} is in use by pid {holder.pid}" in capsys.readouterr().err
    assert sorted((path.name, path.stat().st_mtime_ns) for path in run.iterdir()) == before
    assert open_run(run).metrics() == [{"epoch": 1}]  # reading needs no lock


def test_the_lock_holds_though_its_file_is_removed(holder, tmp_path):
    (tmp_path / "run" / "lock").unlink()
    for again in (lambda: continued_run(tmp_path / "run"), lambda: started_run(tmp_path / "run", {}, force=True)):
        with pytest.raises(FileError, match="is in use by another process"), again():
            pass
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with continued_run(tmp_path / "run"):
        pass
    assert not (tmp_path / "run" / "lock").exists()


def test_a_lock_ends_with_its_process(holder, tmp_path):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (tmp_path / "run" / "lock").read_text().split()[0] == str(holder.pid)
    with continued_run(tmp_path / "run"):
        assert (tmp_path / "run" / "lock").read_text().split()[0] == str(os.getpid())
    assert not (tmp_path / "run" / "lock").exists()


def test_a_lock_ends_with_the_block_an_exception_included(tmp_path):
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt), started_run(tmp_path, {}, force=True):
            with pytest.raises(FileError, match=f"in use by pid {os.getpid()}"):
                create_run(tmp_path, {}, force=True)
            raise KeyboardInterrupt
    assert os.listdir(tmp_path) == ["config.json"]


def _wait_for(link):
    link.send(os.getpid())
    link.recv()


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork")
def test_forked_and_spawned_children_do_not_keep_the_lock(tmp_path):
    for kind in ("fork", "spawn"):
        here, there = multiprocessing.get_context(kind).Pipe()
        with locked(tmp_path):
            child = multiprocessing.get_context(kind).Process(target=_wait_for, args=(there,))
            child.start()
            here.recv()
        assert child.is_alive()
        with locked(tmp_path):  # though the child goes on
            here.send("end")
            child.join()
            assert (tmp_path / "lock").exists()  # and its end does not take the parent's away


def test_a_lock_that_is_no_file_is_refused_and_not_written_through(tmp_path):
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "lock").symlink_to("precious")
    with pytest.raises(FileError, match="lock"), locked(tmp_path):
        pass
    (tmp_path / "lock").unlink()
    os.mkfifo(tmp_path / "lock")
    with pytest.raises(FileError, match="lock is no file"), locked(tmp_path):
        pass
    assert (tmp_path / "precious").read_text() == "mine"


def test_a_full_disk_costs_the_lock_nothing_but_the_number(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        holder = locked(tmp_path)
        holder.__enter__()
    with pytest.raises(FileError, match="in use by another process"), locked(tmp_path):
        pass
    holder.__exit__(None, None, None)
    assert not list(tmp_path.iterdir())


def test_locks_that_were_left_in_the_runs_inside_are_removed_but_for_those_that_are_held(tmp_path):
    create_run(tmp_path, {})
    left, held = tmp_path / "layers", tmp_path / "add-ons" / "directions"
    for folder in (left, held):
        folder.mkdir(parents=True)
    (left / "lock").touch()  # by a process whose file system had turned read-only
    with locked(held):
        with continued_run(tmp_path):
            pass
        assert (held / "lock").exists() and not (left / "lock").exists()
    assert not (held / "lock").exists()
