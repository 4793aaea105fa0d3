"""Tasks that were read from a file: they may name our own builders, and those of modules that somebody vouches for.

To import a module is to run it. So a name is looked up before anything is imported.
"""

from collections.abc import Collection
from dataclasses import fields
from typing import Any

from neurograph.errors import FileError

from .task import Task

# What files call the builders of this package, for ever, and where each is today.
OWN = {
    "search.evolution.supernet:add_on_evaluator": "neurograph.search.nhn.locations.supernet:add_on_evaluator",
    "search.executors.task:scaling": "neurograph.search.executors.task:scaling",
}


def stored_name(function: str) -> str:
    """What files call a builder."""
    return next((name for name, today in OWN.items() if today == function), function)


def read_task(table: Any, where: Any, trust: str | Collection[str] = ()) -> Task:
    """A task from its fields.

    Parameters
    ----------
    table
        What `dataclasses.asdict` made of a task, read from a file.
    where
        The file, for errors.
    trust
        Modules whose builders may be named besides our own.

    Raises
    ------
    FileError
        A function of a module that nobody vouched for; what is no task. Nothing is imported then.
    """
    if not _is_task(table):
        raise FileError(f"{where} is damaged: it holds no task")
    trusted = (trust,) if isinstance(trust, str) else trust
    function = table["function"]
    module = function.partition(":")[0]
    if function not in OWN and module not in trusted:
        raise FileError(
            f"{where} names {function}, which is not part of this package: going on would import {module}, and so run "
            f"it. If you know and trust that module, say so by --trust {module} (in Python trust=[{module!r}])"
        )
    return Task(**table | {"function": OWN.get(function, function), "files": tuple(table.get("files", ()))})


def refuse_scheduler(address: str | None, where: Any, trust: str | Collection[str] = ()) -> None:
    """Refuse a Dask scheduler that a file names, unless somebody vouches for its address: it runs what it likes here.

    Raises
    ------
    FileError
        Saying how to vouch for it. Nothing is connected to then.
    """
    trusted = (trust,) if isinstance(trust, str) else trust
    if address is not None and address not in trusted:
        raise FileError(
            f"{where} names the Dask scheduler {address}, and whoever runs that can run code here: going on would "
            f"connect to it. If you know and trust it, say so by --trust {address} (in Python trust=[{address!r}])"
        )


def _is_task(table: Any) -> bool:
    known = {field.name for field in fields(Task)}
    if not isinstance(table, dict) or not {"function", "arguments"} <= set(table) <= known:
        return False
    function, arguments, files = table["function"], table["arguments"], table.get("files", [])
    if not isinstance(function, str) or not isinstance(arguments, dict) or not isinstance(files, list):
        return False
    return all(isinstance(name, str) and isinstance(arguments.get(name), str) for name in files)
