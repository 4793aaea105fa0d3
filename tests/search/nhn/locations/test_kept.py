"""Run directories of searches: whose code they may run, and that they can be moved, copied and compared."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from toy import paper

import search as top
from neurograph import NeuronGraph
from neurograph.builders import enas_macro
from neurograph.errors import DataError, FileError, OptionError
from search import cli
from search.datasets import load
from search.executors import Task
from search.executors.task import _BUILT
from search.nhn.addons import AddOnOptions
from search.nhn.locations import BatchOptions, add_on_task, locate_and_direct, resume, search
from search.runs import open_run

QUICK = paper(cycles=2, train_batches=1, population=10, survivors=5, recombined=3)
GENES = [["conv3"], ["conv3", 0], ["conv3", 0, 1]]
CODE = """
from pathlib import Path
Path(r"{note}").touch()
from search.executors import builder

@builder
def make(**settings):
    from toy import toy
    return toy(**settings)
"""


@pytest.fixture
def theirs(tmp_path, monkeypatch):
    """The run of a search whose builder is in a module that notes when it is imported; the note."""
    search(Task("toy:toy"), QUICK, run=tmp_path / "run")
    run = open_run(tmp_path / "run")
    run.update_config(task=run.config()["task"] | {"function": "their_builders:make"})
    (tmp_path / "their_builders.py").write_text(CODE.format(note=tmp_path / "imported"))
    monkeypatch.syspath_prepend(tmp_path)
    yield run, tmp_path / "imported"
    sys.modules.pop("their_builders", None)


def test_a_module_that_a_run_names_is_not_imported(theirs, capsys):
    run, note = theirs
    for call in (resume, top.resume):
        for trust in ((), ["toy"], "their", "their_builders.make"):
            with pytest.raises(FileError, match=r"names their_builders:make.*--trust their_builders"):
                call(run.path, trust=trust)
    assert cli.main(["resume", str(run.path)]) == 2
    assert "--trust their_builders" in capsys.readouterr().err
    assert not note.exists() and "their_builders" not in sys.modules


def test_a_module_that_is_trusted_is(theirs, capsys):
    run, note = theirs
    assert cli.main(["resume", str(run.path), "--trust", "other", "--trust", "their_builders"]) == 0
    assert note.exists() and "all of it lies in" in capsys.readouterr().out
    one, other = top.resume(run.path, trust="their_builders"), resume(run.path, trust=["their_builders"])
    assert one.best.genome == other.best.genome


@pytest.mark.parametrize(
    "function", ["os:system", "their_builders", ":make", "their_builders:", "search.runs:create_run", "a:b:c", ""]
)
def test_other_names_are_refused_before_they_are_looked_up(theirs, function):
    run, note = theirs
    run.update_config(task=run.config()["task"] | {"function": function})
    with pytest.raises(FileError, match="not part of this package"):
        resume(run.path)
    assert not note.exists()


@pytest.mark.parametrize(
    "task", [None, [], {}, {"function": 1, "arguments": {}}, {"function": "toy:toy", "arguments": {}, "more": 1},
             {"function": "toy:toy", "arguments": {}, "files": ["graph"]},
             {"function": "toy:toy", "arguments": {}, "files": 3}],
)  # fmt: skip
def test_what_is_no_task_is_damage(theirs, task):
    run, _ = theirs
    run.update_config(task=task)
    with pytest.raises(FileError, match="holds no task"):
        resume(run.path, trust="toy")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("nets") / "net.safetensors"
    enas_macro(GENES, channels=4, segments=1, size=8, inputs=1, initializer="he_normal").save(path)
    return path


def task_of(path):
    addons = AddOnOptions(sparsity=0.5, count=3, seed=4)
    batches = BatchOptions(batch_size=16, evaluation_batch=40, crop=1)
    return add_on_task(path, "digits:200", kernels=(3,), addons=addons, batches=batches)


def strip(rows):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


class Killed(BaseException):
    pass


def kill(searching, row):
    raise Killed


def test_a_search_goes_on_where_it_was_moved_to_without_the_file_it_began_with(saved, tmp_path):
    net = tmp_path / "begin" / "net.safetensors"
    net.parent.mkdir()
    shutil.copy(saved, net)
    whole = search(task_of(net), QUICK)
    with pytest.raises(Killed):
        search(task_of(net), QUICK, run=tmp_path / "begin" / "run", callbacks=[kill])
    assert str(tmp_path) not in (tmp_path / "begin" / "run" / "config.json").read_text()
    for way in (shutil.copytree, shutil.move):
        way(tmp_path / "begin" / "run", tmp_path / way.__name__ / "deep" / "run")
    net.write_text("another file")
    for name in ("copytree", "move"):
        again = resume(tmp_path / name / "deep" / "run")
        assert strip(again.rows) == strip(whole.rows) and again.best.error == whole.best.error
        assert NeuronGraph.load(tmp_path / name / "deep" / "run" / "task-graph.safetensors")


@pytest.fixture(scope="module")
def stopped(saved, tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "stopped"
    with pytest.raises(Killed):
        search(task_of(saved), QUICK, run=run, callbacks=[kill])
    return run


@pytest.fixture
def elsewhere(stopped, tmp_path):
    """A copy of a search that was stopped; nothing is built yet in this process."""
    _BUILT.clear()
    yield Path(shutil.copytree(stopped, tmp_path / "run"))
    _BUILT.clear()


@pytest.mark.parametrize("weights", [0.25, None])
def test_a_search_goes_on_with_its_own_file_only(elsewhere, saved, weights):
    copy = elsewhere / "task-graph.safetensors"
    if weights is None:
        copy.write_bytes(copy.read_bytes()[:-3])
    else:
        graph = NeuronGraph.load(saved)
        graph.nodes[list(graph)[-1]]["bias"] = weights
        graph.save(copy)
    checkpoint = (elsewhere / "checkpoint.safetensors").read_bytes()
    with pytest.raises(FileError, match=r"task-graph\.safetensors"):
        resume(elsewhere)
    assert (elsewhere / "checkpoint.safetensors").read_bytes() == checkpoint


def test_a_search_goes_on_with_its_own_data_only(elsewhere, monkeypatch):
    digits = load("digits:200")
    monkeypatch.setattr(
        "search.nhn.locations.supernet.load", lambda *_, **__: replace(digits, train_x=digits.train_x / 2)
    )
    with pytest.raises(DataError, match="other data"):
        resume(elsewhere)


def test_searches_for_places_are_gone_on_with_only_where_all_is_the_same(saved, tmp_path):
    found = locate_and_direct(task_of(saved), QUICK, run=tmp_path / "run")
    shutil.copytree(tmp_path / "run", tmp_path / "copy")
    elsewhere = shutil.copy(saved, tmp_path / "elsewhere.safetensors")
    assert locate_and_direct(task_of(elsewhere), QUICK, run=tmp_path / "copy").loss == found.loss
    graph = NeuronGraph.load(saved)
    graph.nodes[list(graph)[-1]]["bias"] = 0.25
    graph.save(elsewhere)
    for task, options in ((task_of(elsewhere), QUICK), (task_of(saved), replace(QUICK, seed=1))):
        with pytest.raises(OptionError, match="other options or inputs.*use force"):
            locate_and_direct(task, options, run=tmp_path / "run")
    fresh = locate_and_direct(task_of(saved), replace(QUICK, seed=1))
    forced = locate_and_direct(task_of(saved), replace(QUICK, seed=1), run=tmp_path / "run", force=True)
    assert (forced.genome, forced.loss, forced.error) == (fresh.genome, fresh.loss, fresh.error)


def test_a_search_from_before_files_were_kept_goes_on(saved, tmp_path):
    whole = search(task_of(saved), QUICK)
    with pytest.raises(Killed):
        search(task_of(saved), QUICK, run=tmp_path / "run", callbacks=[kill])
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    for name in ("checksum", "origin", "parts", "inputs"):
        del config[name]
    del config["task"]["files"]
    config["task"]["arguments"]["graph"] = str(saved)
    (tmp_path / "run" / "config.json").write_text(json.dumps(config))
    (tmp_path / "run" / "task-graph.safetensors").unlink()
    assert strip(resume(tmp_path / "run").rows) == strip(whole.rows)
