"""What a run directory keeps of a task: with copies of its files, so that it can be moved and compared."""

import shutil
from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from neurograph.disk.aside import written_aside
from neurograph.errors import DataError, FileError

from ..runs.jsonfiles import digest_of_file
from .task import Task
from .trust import read_task, stored_name


def names_of(task: Task) -> dict[str, str]:
    """Argument -> what the copy of the file that it names is called in the run directory."""
    return {name: f"task-{name}{Path(task.arguments[name]).suffix}" for name in task.files}


def keep_files(task: Task, folder: Path) -> None:
    """Copy the files that a task names into a run directory."""
    for name, copy in names_of(task).items():
        try:
            with written_aside(folder / copy) as aside:
                shutil.copyfile(task.arguments[name], aside)
        except OSError as error:
            raise FileError(f"{task.arguments[name]} cannot be kept in {folder}: {error}") from None


def inputs_of(task: Task, evaluator: Any) -> dict[str, Any]:
    """What a search reads besides its options, as plain JSON: digests of files, and the fingerprint of data."""
    return {"files": digests(task), "fingerprint": str(getattr(evaluator, "fingerprint", None))}


def check_inputs(inputs: Mapping[str, Any] | None, task: Task, evaluator: Any) -> None:
    """Refuse to go on with other inputs than a search began with; searches from before they were written down pass.

    Raises
    ------
    FileError
        The copy of a file is not what it was.
    DataError
        The data are not.
    """
    if inputs is None:
        return
    now = inputs_of(task, evaluator)
    for name, found in now["files"].items():
        if inputs["files"].get(name) != found:
            raise FileError(f"{task.arguments[name]} is not the file that the search began with")
    if inputs["fingerprint"] != now["fingerprint"]:
        raise DataError("the search began with other data than those that its task loads here")


def as_table(task: Task) -> dict[str, Any]:
    """A task as plain JSON, its files by their names in the run directory."""
    table = asdict(replace(task, arguments=task.arguments | names_of(task)))
    return table | {"function": stored_name(task.function), "files": list(task.files)}


def from_table(table: Any, folder: Path, trust: str | Collection[str] = ()) -> Task:
    """The task of a run directory, wherever that lies now.

    Raises
    ------
    FileError
        See `search.executors.trust.read_task`.
    """
    task = read_task(table, folder / "config.json", trust)
    files = {name: str((folder / str(task.arguments.get(name))).resolve()) for name in task.files}
    return replace(task, arguments=task.arguments | files)


def digests(task: Task) -> dict[str, str]:
    """Of the files that a task names, by argument."""
    return {name: digest_of_file(task.arguments[name]) for name in task.files}
