"""Files that appear whole: written under another name beside their place, then renamed.

Only regular files are replaced. What is none, such as a device or a pipe, is written to where it is.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from neurograph.disk.locks import fcntl, try_lock
from neurograph.disk.streams import is_stream, pour
from neurograph.errors import FileError, NeuroGraphError, reason

_PART = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{8}\.part", re.DOTALL)
_NAME = 100  # bytes of the file's own name in the other one: file systems take 255 in all


@contextmanager
def written_aside(path: str | Path) -> Iterator[Path]:
    """A name to write to; what was written there takes the place of `path` when the block ends, and not before.

    What a process that was killed left beside the place is removed.

    Parameters
    ----------
    path
        Where the file shall be. A symbolic link is followed. A device, a pipe or an open descriptor (/dev/stdout) gets
        the content when the block ends, and stays what it is.

    Raises
    ------
    FileError
        The folder is missing, or the path cannot be written. An error inside the block leaves what was there as it was.
    """
    try:
        with _poured(path) if is_stream(path) else _renamed(_place(path)) as aside:
            yield aside
    except OSError as err:
        if isinstance(err, NeuroGraphError):
            raise
        raise FileError(f"cannot write {path}: {reason(err)}") from err


def remove_strays(folder: str | Path, name: str | None = None) -> None:
    """Remove what writers that were killed have left in a folder.

    Parameters
    ----------
    folder
        Where to look; folders inside are not looked into.
    name
        Of the file they were writing; None for any.
    """
    with suppress(OSError):
        for entry in os.listdir(folder):
            found = _PART.fullmatch(entry)
            if found and name in (None, found["name"]):
                _remove_abandoned(Path(folder) / entry)


def _place(path: str | Path) -> Path:
    """Where a regular file goes, links followed."""
    try:
        with suppress(FileNotFoundError, NotADirectoryError):
            os.stat(path)
        place = Path(os.path.realpath(path))
        folder, there = place.is_dir(), place.parent.is_dir()
    except ValueError as err:  # a zero byte, or a surrogate that no file name holds
        raise FileError(f"cannot write {str(path)!r}: {err}") from None
    if folder:
        raise FileError(f"{path} is a folder; give the name of a file in it")
    if not there:
        raise FileError(f"cannot write {path}: there is no folder {place.parent}; make it first")
    return place


@contextmanager
def _renamed(place: Path) -> Iterator[Path]:
    name = os.fsdecode(os.fsencode(place.name)[:_NAME])
    remove_strays(place.parent, name)
    aside, lock = _made(place.parent, name)
    try:
        yield aside
        os.chmod(aside, place.stat().st_mode & 0o777 if place.exists() else 0o666 & ~_umask())
        _flush(aside)
        os.replace(aside, place)
        _flush(place.parent)
    finally:
        with suppress(OSError):  # what went wrong before is what counts
            aside.unlink(missing_ok=True)
        if lock is not None:
            os.close(lock)


@contextmanager
def _poured(path: str | Path) -> Iterator[Path]:
    with TemporaryDirectory(prefix="neurograph-", ignore_cleanup_errors=True) as folder:
        aside = Path(folder) / "content"
        yield aside
        pour(aside, path)


def _made(folder: Path, name: str) -> tuple[Path, int | None]:
    """An empty file to write to, and the lock that says somebody does."""
    while True:
        aside = folder / f".{name}.{uuid4().hex[:8]}.part"
        if fcntl is None:  # Windows cannot rename what is open
            return aside, None
        lock = os.open(aside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            mine = try_lock(lock)
        except OSError:  # a file system without locks
            mine = True
        if mine and aside.exists():
            return aside, lock
        os.close(lock)  # taken for abandoned between the two


def _remove_abandoned(path: Path) -> None:
    """Remove a file unless somebody is writing to it."""
    if fcntl is None:
        return
    with suppress(OSError):
        number = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
        try:
            if try_lock(number):
                path.unlink()
        finally:
            os.close(number)


def _umask() -> int:
    """The permissions that new files go without; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _flush(path: Path) -> None:
    """Have the disk hold what was written, so that a power cut leaves the old file or the new one."""
    if path.is_dir() and os.name == "nt":  # which cannot open folders
        return
    number = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
