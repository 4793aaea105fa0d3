"""Commands whose standard output closes or fills up."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from neurograph.builders import mlp
from search import cli
from search.runs import Run

NEUROGRAPH = [sys.executable, "-m", "neurograph"]
TRAIN = ["train", "--hidden", "4", "--data", "digits:60", "--epochs", "12", "--batch-size", "30"]


def test_a_reader_that_leaves_stops_no_training(tmp_path):
    away, out = os.pipe()
    os.close(away)
    done = subprocess.run(
        [*NEUROGRAPH, *TRAIN, "--run", tmp_path / "run"], stdout=out, stderr=subprocess.PIPE, text=True
    )
    os.close(out)
    assert done.returncode == 0 and not done.stderr
    assert len(Run(tmp_path / "run").metrics()) == 12


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux's")
def test_what_cannot_be_printed_is_an_error(tmp_path):
    mlp([2, 3, 1], seed=0).save(tmp_path / "net.safetensors")
    words = ["inspect", tmp_path / "net.safetensors"]
    with open("/dev/full", "w") as full:
        done = subprocess.run([*NEUROGRAPH, *words], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert done.stderr == "neurograph: standard output: cannot be written: No space left on device\n"


def test_an_error_with_nowhere_to_tell_it_keeps_its_status(tmp_path):
    away, out = os.pipe()
    os.close(away)
    done = subprocess.run([*NEUROGRAPH, "inspect", tmp_path / "none"], stdout=out, stderr=out)
    os.close(out)
    assert done.returncode == 2


class Full:
    """A stream that takes nothing, for a reader who is there or has left."""

    def __init__(self, error):
        self.error = error

    def write(self, *_text):
        raise self.error

    flush = write

    def fileno(self):
        raise OSError("no descriptor")


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"]], ids=" ".join)
def test_help_is_printed_as_all_else_is(words, monkeypatch, capsys):
    """argparse passes over a failure of what it prints."""
    monkeypatch.setattr(sys, "stdout", Full(OSError(errno.ENOSPC, "No space left on device")))
    assert cli.main(words) == 2
    assert capsys.readouterr().err == "neurograph: standard output: cannot be written: No space left on device\n"
    monkeypatch.setattr(sys, "stdout", Full(BrokenPipeError()))
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert not ended.value.code and not capsys.readouterr().err


def test_wrong_words_with_nowhere_to_say_so_keep_their_status(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Full(BrokenPipeError()))
    with pytest.raises(SystemExit) as ended:
        cli.main(["train", "--hidden", "none"])
    assert ended.value.code == 2
