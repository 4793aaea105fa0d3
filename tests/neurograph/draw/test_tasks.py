"""The picture of a stream: a line a network, task after task."""

import pytest

from neurograph.draw import tasks
from neurograph.errors import FileError, OptionError


@pytest.mark.parametrize("curves", [{"a": [[1.0, 2.0, 3.0]]}, {"a": [[50.0]] * 3, "b": [[1.0, 2.0], [3.0, 4.0]]}])
def test_every_network_is_named_at_its_end(tmp_path, curves):
    drawn = tasks(curves, tmp_path / "tasks.svg", title="Task after task").read_text(encoding="utf-8")
    assert all(f"<!-- {name} -->" in drawn for name in (*curves, "Task after task"))


def test_what_cannot_be_drawn_is_refused(tmp_path):
    for curves in ({}, {"a": []}, {"a": [[]]}, {"a": [[1.0], [1.0, 2.0]]}):
        with pytest.raises(OptionError, match="as many tasks as each other"):
            tasks(curves, tmp_path / "tasks.png")
    with pytest.raises(FileError):
        tasks({"a": [[1.0]]}, tmp_path / "tasks.xyz")
