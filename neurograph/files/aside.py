"""Files that appear whole: written under another name beside their place, then renamed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from neurograph.errors import FileError


@contextmanager
def written_aside(path: str | Path) -> Iterator[Path]:
    """A name to write to; what was written there takes the place of `path` when the block ends, and not before.

    Parameters
    ----------
    path
        Where the file shall be. A symbolic link is followed.

    Raises
    ------
    FileError
        The folder is missing, or the path cannot be written. An error inside the block leaves what was there as it was.
    """
    place = Path(os.path.realpath(path))
    if place.is_dir():
        raise FileError(f"{path} is a folder; give the name of a file in it")
    if not place.parent.is_dir():
        raise FileError(f"cannot write {path}: there is no folder {place.parent}; make it first")
    aside = place.with_name(f".{place.name[:100]}.{uuid4().hex[:8]}.part")
    try:
        yield aside
        os.chmod(aside, place.stat().st_mode & 0o777 if place.exists() else 0o666 & ~_umask())
        _flush(aside)
        os.replace(aside, place)
        _flush(place.parent)
    except OSError as err:
        if isinstance(err, FileError):
            raise
        raise FileError(f"cannot write {path}: {err.strerror or err}") from err
    finally:
        aside.unlink(missing_ok=True)


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
