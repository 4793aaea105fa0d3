"""Commands whose standard output closes or fills up."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from neurograph.builders import mlp
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
