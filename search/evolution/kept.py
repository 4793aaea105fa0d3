"""What a run directory keeps of a search's task: with copies of its files, so that it can be moved and compared."""

import shutil
from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from neurograph.errors import FileError
from neurograph.files.aside import written_aside
from search.evolution.options import EvolutionOptions
from search.executors import Task
from search.executors.trust import read_task
from search.jsonfiles import digest, digest_of_file


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


def as_table(task: Task) -> dict[str, Any]:
    """A task as plain JSON, its files by their names in the run directory."""
    return asdict(replace(task, arguments=task.arguments | names_of(task))) | {"files": list(task.files)}


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


def origin_of(task: Task, options: EvolutionOptions, weights: Mapping[str, np.ndarray] | None) -> str:
    """The digest of what a search comes from: builder, arguments, contents of files, options, weights at the start."""
    files = {name: digest_of_file(task.arguments[name]) for name in task.files}
    total = blake2b(digest_size=16)
    for name, value in sorted((weights or {}).items()):
        total.update(repr((name, value.dtype.str, value.shape)).encode())
        total.update(np.ascontiguousarray(value).tobytes())
    return digest([task.function, task.arguments | files, asdict(options), total.hexdigest()])
