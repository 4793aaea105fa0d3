"""Files that are none, at every door that reads one: refused at once, where reading would never end or never begin."""

import os
import shutil

import pytest

import search
from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.core.journal import Journal
from neurograph.disk.regular import finite
from neurograph.errors import NeuroGraphError
from search import cli
from search.options import read_options
from search.runs import create_run
from search.runs.packing import unpack_state
from search.training import TrainingOptions

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are POSIX's")
RUN = ("config.json", "metrics.jsonl", "graph.safetensors", "checkpoint.safetensors")


@pytest.fixture(params=["a pipe", "noughts without an end", "a folder"])
def odd(request, tmp_path):
    path = tmp_path / "odd"
    if request.param == "a pipe":
        os.mkfifo(path)
    elif request.param == "a folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")
    return path


@pytest.mark.parametrize("read", [NeuronGraph.load, Journal.load, unpack_state], ids=lambda read: read.__qualname__)
def test_what_is_no_file_is_refused(read, odd):
    with pytest.raises(NeuroGraphError, match="odd"):
        read(odd)


@pytest.mark.parametrize("name", RUN)
def test_a_run_with_what_is_no_file_is_refused(name, odd, tmp_path, capsys):
    run = create_run(tmp_path / "run", {"command": "train", "data": "digits:60", "options": {}})
    for path in (run.start, run.graph):
        mlp([64, 3, 10], seed=0).save(path)
    run.log_metrics({"epoch": 1})
    (run.path / name).unlink(missing_ok=True)
    shutil.move(odd, run.path / name)
    with pytest.raises(NeuroGraphError):
        search.resume(run.path)
    if name != "checkpoint.safetensors":
        assert cli.main(["inspect", str(run.path)]) == 2
        assert name in capsys.readouterr().err


def test_options_may_come_through_a_pipe_and_from_no_device(odd, tmp_path):
    if odd.is_fifo():
        source, target = os.pipe()
        os.write(target, b"epochs = 3")
        os.close(target)
        assert read_options(TrainingOptions, f"/dev/fd/{source}").epochs == 3
        os.close(source)
        return
    with pytest.raises(NeuroGraphError, match="odd"):
        read_options(TrainingOptions, odd)
    with pytest.raises(OSError):
        finite(tmp_path / "none", os.O_RDONLY)
