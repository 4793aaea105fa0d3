"""Run directories made, found again and worked in: by one process at a time."""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from neurograph.disk.aside import remove_strays
from neurograph.errors import FileError, OptionError, reason

from .environment import environment
from .figures import KEPT, figures_of
from .jsonfiles import read_json, write_json
from .links import refuse_links_out
from .lock import LOCK, locked
from .run import FILES, FORMAT, MARKERS, Run

FOLDERS = ("pictures", "bests")  # of files that a run makes as it goes on, beside its own


@contextmanager
def started_run(
    path: str | Path, config: dict[str, Any], force: bool = False, parts: Iterable[str] = ()
) -> Iterator[Run]:
    """Make a run directory, and let no other process work in it until the block ends.

    Parameters
    ----------
    path
        The directory; made where it is not there.
    config
        Plain JSON: the command and all its options. `environment()` and the format's number are added.
    force
        Whether a run that lies there is thrown away (its own files only), so that this one starts from nothing.
    parts
        Names of files and of folders with runs of their own that will lie in the directory: they belong to the run.

    Raises
    ------
    OptionError
        Where another run lies there and `force` is not set.
    FileError
        Where the directory cannot be made, or another process works in it, force or not; or where a run lies there
        with links that lead out of it.
    """
    run = Run(Path(path))
    try:
        run.path.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise FileError(f"{run.path} cannot be made a run directory: {reason(error)}") from None
    with locked(run.path):
        _clear(run, force, parts)
        kept = {"calibration": KEPT, "calibration_cuda": KEPT}
        write_json(
            run.path / "config.json", {"format": FORMAT, **config, "parts": list(parts), **environment(), **kept}
        )
        with figures_of(run):
            yield run


@contextmanager
def continued_run(path: str | Path) -> Iterator[Run]:
    """Find a run again, and let no other process work in it until the block ends.

    Raises
    ------
    FileError
        Where the directory holds no run, or links that lead out of it; or another process works in it.
    """
    run = open_run(path)
    refuse_links_out(run.path)
    with locked(run.path):
        remove_strays(run.path)
        for folder in FOLDERS:
            remove_strays(run.path / folder)
        _remove_left_locks(run.path)
        with figures_of(run):
            yield run


def _remove_left_locks(folder: Path) -> None:
    """Remove locks that no process holds from the runs inside: one ended where its file could not be removed."""
    for lock in (*folder.glob(f"*/{LOCK}"), *folder.glob(f"*/*/{LOCK}")):
        with suppress(FileError), locked(lock.parent):
            pass


def refuse_taken(path: str | Path, force: bool = False, parts: Iterable[str] = ()) -> None:
    """Refuse a directory that `started_run` would refuse for what lies there; see there. Nothing is made or removed."""
    run = Run(Path(path))
    held = _held(run, parts)
    if held and not force:
        lost = "" if "config.json" in held else ", without its config.json"
        raise OptionError(f"{run.path} holds another run ({', '.join(held)}){lost}; name a new directory, or use force")


def create_run(path: str | Path, config: dict[str, Any], force: bool = False) -> Run:
    """Make a run directory, as `started_run` does, for others to work in."""
    with started_run(path, config, force) as run:
        return run


def open_run(path: str | Path) -> Run:
    """Find a run again, to read it; `FileError` where the directory holds none."""
    run = Run(Path(path))
    try:
        there = (run.path / "config.json").exists()
    except (OSError, ValueError) as error:
        raise FileError(f"{run.path} cannot be read: {reason(error)}") from None
    if not there:
        raise FileError(f"{run.path} is not a run directory: it has no config.json")
    return run


def next_directory(parent: str | Path, stem: str) -> Path:
    """The first of parent/stem-1, parent/stem-2, ... that is not there yet; colons, odd in paths, become dashes."""
    stem, number = stem.replace(":", "-"), 1
    while os.path.exists(Path(parent) / f"{stem}-{number}"):  # False for names that no system takes
        number += 1
    return Path(parent) / f"{stem}-{number}"


def is_of_runs(path: Path) -> bool:
    """Whether a file or folder may belong to a run: any file or link; a folder with files of runs in it."""
    if path.is_symlink() or not path.is_dir():
        return os.path.lexists(path)
    folders = [path, *(inside for inside in path.iterdir() if inside.is_dir())]
    return any((folder / name).exists() for folder in folders for name in (*FILES, *MARKERS))


def remove(path: Path) -> None:
    """Remove a file or a folder of a run; `FileError` where that cannot be done."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    except OSError as error:
        raise FileError(f"{path} cannot be removed: {reason(error)}") from None


def _clear(run: Run, force: bool, parts: Iterable[str]) -> None:
    """Throw away the run that lies there, if that is allowed."""
    refuse_taken(run.path, force, parts)
    if _there(run, parts):
        refuse_links_out(run.path)
    for name in _held(run, parts):
        remove(run.path / name)
    remove_strays(run.path)


def _there(run: Run, parts: Iterable[str]) -> list[str]:
    """What lies in a directory by the names that files and folders of runs have."""
    names = dict.fromkeys((*FILES, *FOLDERS, *parts, *_recorded(run)))
    return [name for name in names if os.path.lexists(run.path / name)]


def _held(run: Run, parts: Iterable[str]) -> list[str]:
    """Of these, what is a run's."""
    return [name for name in _there(run, parts) if name in (*FILES, *FOLDERS) or is_of_runs(run.path / name)]


def _recorded(run: Run) -> list[str]:
    """The parts that the run which lies there says it has; none where it cannot say so."""
    try:
        parts = list(read_json(run.path / "config.json").get("parts", []))
    except (FileError, TypeError):
        return []
    return [name for name in parts if isinstance(name, str) and name == Path(name).name and name not in ("", "..")]
