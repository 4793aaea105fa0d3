"""Reading what is a file, and nothing that may never end or never begin: a device, a pipe that nobody writes to."""

import errno
import json
import os
import stat
from typing import Any


def regular(path: str | os.PathLike, flags: int) -> int:
    """An opener for `open` that takes regular files alone; links to them are followed.

    Returns
    -------
    descriptor : int
        Of the open file.

    Raises
    ------
    OSError
        The file cannot be opened, or is none.

    Examples
    --------
    >>> open("/dev/zero", opener=regular)
    Traceback (most recent call last):
    OSError: [Errno 22] it is no regular file: '/dev/zero'
    """
    number = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # a pipe would wait for whoever writes to it
    mode = os.fstat(number).st_mode
    if stat.S_ISREG(mode):
        return number
    os.close(number)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise OSError(errno.EINVAL, "it is no regular file", str(path))


def finite(path: str | os.PathLike, flags: int) -> int:
    """An opener like `regular` that takes pipes and terminals too, which end when their writer does."""
    if stat.S_ISFIFO(os.stat(path).st_mode):
        return os.open(path, flags)
    number = os.open(path, flags)
    if os.isatty(number):
        return number
    os.close(number)
    return regular(path, flags)


def read_json_file(path: str | os.PathLike) -> Any:
    """What the JSON in a regular file holds; raises what `open`, decoding and `json` raise."""
    with open(path, encoding="utf-8", opener=regular) as file:
        return json.load(file)
