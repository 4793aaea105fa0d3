import pickle

import pytest
import torch

from compiler.planning.calibration import current, using
from compiler.planning.cost import CPU
from neurograph.errors import OptionError
from search.executors import Failed, Serial, Task
from search.executors import task as module


def test_a_task_builds_once_and_is_plain_data(monkeypatch):
    built = []
    scaling = module.scaling

    @module.builder
    def counted(factor):
        built.append(factor)
        return scaling(factor)

    monkeypatch.setattr(module, "scaling", counted)
    monkeypatch.setattr(module, "_BUILT", {})
    task = pickle.loads(pickle.dumps(Task("search.executors.task:scaling", {"factor": 2})))
    assert Serial().map(task, [1, 2, 3]) == [2, 4, 6]
    assert built == [2]
    assert Task("search.executors.task:scaling", {"factor": 5})(1) == 5
    assert built == [2, 5]


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("scaling", "package.module:name"),
        ("search.executors.task:", "package.module:name"),
        ("search.executors.nowhere:scaling", "No module named"),
        ("search.executors.task:nothing", "nothing"),
        ("__main__:scaling", "move scaling into a module"),
        ("os:system", "os:system does not build workers"),
        ("odd_workers:unmarked", "does not build workers: mark it"),
    ],
)
def test_only_marked_importable_functions_are_called(function, message):
    with pytest.raises(OptionError, match=message):
        Task(function).built()
    assert message in Task(function)(1).reason


@pytest.mark.parametrize("arguments", [{"net": torch.nn.Linear(1, 1)}, {"sizes": (1, 2)}, {1: 2}])
def test_arguments_must_be_plain(arguments):
    with pytest.raises(OptionError, match="the arguments of a:b"):
        Task("a:b", arguments)


def test_what_raises_is_failed_and_says_why():
    assert Task("odd_workers:odd")("raise") == Failed("ValueError: no luck")
    assert Task("odd_workers:broken")(1) == Failed("ValueError: there are no data here")


def test_threads_are_put_back():
    before = torch.get_num_threads()
    assert Task("odd_workers:odd", threads=before + 1)("threads") == before + 1
    assert torch.get_num_threads() == before
    assert Task("odd_workers:odd")("threads") == before


def test_a_worker_is_built_anew_when_a_file_that_it_read_holds_something_else(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_BUILT", {})
    path = tmp_path / "factor.txt"
    task = Task("odd_workers:from_file", {"path": str(path)}, files=("path",))
    assert task(7) == Failed(f"FileNotFoundError: [Errno 2] No such file or directory: '{path}'")
    path.write_text("2")
    assert task(7) == 14
    worker = task.built()
    path.write_text("3")  # as long as before, and within a tick of the clock
    assert task(7) == 21 and task.built() is not worker
    worker = task.built()
    path.write_text("3")
    assert task.built() is worker
    path.unlink()
    assert task(7) == 21  # what was read once is enough to go on with


@module.builder
def naming():
    from compiler.planning.calibration import current

    built = current().name
    return lambda item: [built, current().name]


def test_figures_travel_with_the_task(monkeypatch):
    """A worker plans by those of the process that made the task, and another task's do not stay."""
    monkeypatch.setattr(module, "naming", naming, raising=False)
    monkeypatch.setattr(module, "_BUILT", {})
    tasks = []
    for name in ("ours", "theirs"):
        with using(lambda outer, name=name: CPU.with_rates(name)):
            tasks.append(pickle.loads(pickle.dumps(Task("search.executors.task:naming"))))
    with using(lambda outer: CPU.with_rates("the worker's own")):
        assert [task(0) for task in tasks] == [["ours"] * 2, ["theirs"] * 2]
        assert current().name == "the worker's own"


def within(seconds, call):
    """What a call returns; the test fails where it takes longer."""
    from threading import Thread

    found = []
    thread = Thread(target=lambda: found.append(call()), daemon=True)
    thread.start()
    thread.join(seconds)
    assert found, "it hangs"
    return found[0]


def test_a_builder_may_build_and_a_worker_may_ask_another():
    task = Task("odd_workers:nested", {"depth": 3})
    assert within(20, lambda: task(5)) == 5 + 3
    worker = within(20, task.built)
    assert within(20, lambda: worker(1)) == 4
    assert task.built() is worker  # what it has asked has not put it away


def test_a_builder_that_builds_itself_is_refused():
    assert "builds itself" in within(20, lambda: Task("odd_workers:endless")(1)).reason
