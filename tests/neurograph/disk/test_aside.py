"""Where files go: whole and by rename where they are files, in place where they are none; and what a kill leaves."""

import errno
import os
import signal
import stat
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from threading import Thread

import pytest

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.disk.aside import remove_strays, written_aside
from neurograph.disk.streams import descriptor, is_stream
from neurograph.errors import FileError
from neurograph.files import EXPORTS, export

WRITERS = {"save": lambda graph, path: graph.save(path)} | {
    name: (lambda graph, path, name=name: export(graph, path, name)) for name, found in EXPORTS.items() if found.endings
}
without_onnx = pytest.mark.skipif(find_spec("onnxscript") is None, reason="onnxscript is not installed")
NAMES = [pytest.param(name, marks=without_onnx) if name == "onnx" else name for name in WRITERS]
NET = mlp([3, 2], seed=0)


def parts(folder):
    return [name for name in os.listdir(folder) if name.endswith(".part")]


@pytest.fixture
def pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


@pytest.mark.parametrize("link", [False, True], ids=["itself", "through a link"])
@pytest.mark.parametrize("name", NAMES)
def test_a_pipe_gets_what_a_file_would_and_stays_a_pipe(name, link, pipe, tmp_path):
    WRITERS[name](NET, tmp_path / "file")
    target = tmp_path / "link" if link else pipe
    if link:
        target.symlink_to(pipe)
    read = []
    reader = Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    WRITERS[name](NET, target)
    reader.join()
    assert stat.S_ISFIFO(pipe.stat().st_mode) and target.is_symlink() == link
    assert len(read[0]) == (tmp_path / "file").stat().st_size
    assert sorted(os.listdir(tmp_path)) == sorted({"pipe", "file", target.name})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a device")
@pytest.mark.parametrize("name", NAMES)
def test_a_device_stays_a_device(name, tmp_path):
    null = tmp_path / "null"
    os.mknod(null, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    WRITERS[name](NET, null)
    assert stat.S_ISCHR(null.stat().st_mode)


def test_a_full_device_is_an_error_of_ours():
    with pytest.raises(FileError, match="cannot write /dev/full: No space left"):
        NET.save("/dev/full")


@pytest.mark.parametrize("path", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link"])
def test_standard_output_gets_the_file_behind_what_it_has(path, tmp_path):
    (tmp_path / "link").symlink_to("/dev/stdout")
    script = "import sys; from neurograph.builders import mlp; print('first'); mlp([3, 2], seed=0).save(sys.argv[1])"
    with open(tmp_path / "out", "w+b") as out:
        out.write(b"before\n")
        out.flush()
        subprocess.run([sys.executable, "-c", script, path], stdout=out, check=True, cwd=tmp_path)
    NET.save(tmp_path / "file")
    assert (tmp_path / "out").read_bytes() == b"before\nfirst\n" + (tmp_path / "file").read_bytes()


def test_descriptors_are_told_from_files(tmp_path):
    (tmp_path / "1").write_text("a file")
    (tmp_path / "loop").symlink_to("loop")
    assert descriptor("/dev/stdout") == 1 and descriptor("/dev/fd/2") == 2
    for path in (tmp_path / "1", tmp_path / "loop", tmp_path / "nothing", "1", "", "a\0b"):
        assert descriptor(path) is None and not is_stream(path)
    assert is_stream("/dev/null") and not is_stream(tmp_path)


def test_links_are_kept_and_followed(tmp_path):
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("file")
    for _ in range(2):  # where the file is not there yet, and where it is
        NET.save(tmp_path / "one")
        assert (tmp_path / "one").is_symlink() and (tmp_path / "two").is_symlink()
        assert len(NeuronGraph.load(tmp_path / "file")) == 5


@pytest.mark.parametrize("path", ["loop", "file/net", "x" * 300, "a\0b", "a\ud800b", "y" * 5000])
def test_impossible_places_are_errors_of_ours(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("loop").symlink_to("loop")
    Path("file").write_text("mine")
    with pytest.raises(FileError, match="cannot write"):
        NET.save(path)
    assert sorted(os.listdir()) == ["file", "loop"] and Path("loop").is_symlink()


def test_a_long_name_of_wide_letters_fits(tmp_path):
    NET.save(tmp_path / ("é" * 125))
    assert len(os.listdir(tmp_path)) == 1


@pytest.mark.parametrize("call", ["unlink", "replace", "chmod"])
def test_an_error_of_cleaning_up_hides_nothing(call, tmp_path, monkeypatch):
    """A file system that turns read-only refuses the unlink as well."""

    def fails(*_args, **_options):
        raise OSError(errno.EROFS, "Read-only file system")

    def fails_too(*_args, **_options):
        raise OSError(errno.ESTALE, "Stale file handle")

    monkeypatch.setattr(f"os.{call}", fails)
    monkeypatch.setattr(Path, "unlink", fails_too)
    with pytest.raises(FileError, match="cannot write .*Read-only"), written_aside(tmp_path / "net") as aside:
        aside.write_text("new")
        if call == "unlink":
            raise OSError(errno.EROFS, "Read-only file system")


KILLED = """
import os, signal, sys
from neurograph.disk.aside import written_aside
with written_aside(sys.argv[1]) as aside:
    aside.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_kill_left_goes_with_the_next_write_what_is_being_written_stays(tmp_path):
    net = tmp_path / "net"
    for name in (net, tmp_path / "other"):
        done = subprocess.run([sys.executable, "-c", KILLED, name], check=False)
        assert done.returncode == -signal.SIGKILL
    (tmp_path / ".net.mine.part").write_text("mine")
    assert len(parts(tmp_path)) == 3
    with written_aside(net) as mine:
        mine.write_text("one")
        with written_aside(net) as aside:
            aside.write_text("two")
        assert mine.exists() and len(parts(tmp_path)) == 3  # mine, the other's, the user's
    assert net.read_text() == "one" and len(parts(tmp_path)) == 2
    remove_strays(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".net.mine.part", "net"]
