"""Places that can be written to and never replaced: devices, pipes, and what the process has open (/dev/stdout)."""

import os
import shutil
import stat
import sys
from pathlib import Path

STDOUT = Path("/dev/stdout")  # on every system: `descriptor` knows its name
_HOPS = 40  # links that are followed at most, as Linux does


def is_stream(path: str | Path) -> bool:
    """Whether a path leads to a device, a pipe, a socket or an open descriptor; a file or a folder is none."""
    if descriptor(path) is not None:
        return True
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def descriptor(path: str | Path) -> int | None:
    """The number of the open descriptor that a path stands for, through links too: 1 for /dev/stdout; or None."""
    at = os.fspath(path)
    for _ in range(_HOPS):
        if Path(at).as_posix() == STDOUT.as_posix():
            return 1
        folder, name = os.path.split(at)
        try:
            if name.isdecimal() and os.path.realpath(folder) in _folders():
                return int(name)
            at = os.path.join(folder, os.readlink(at))
        except (OSError, ValueError):
            return None
    return None


def pour(source: Path, path: str | Path) -> None:
    """Write a file's bytes to a stream, behind what was written there before.

    Raises
    ------
    OSError
        The stream cannot be opened, or nobody reads it any more.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    number = descriptor(path)
    there = os.open(path, os.O_WRONLY) if number is None else os.dup(number)
    with open(there, "wb") as target, open(source, "rb") as content:
        shutil.copyfileobj(content, target)


def _folders() -> set[str]:
    """Where the system lists this process's open descriptors."""
    return {os.path.realpath(path) for path in ("/dev/fd", "/proc/self/fd", "/proc/thread-self/fd")}
