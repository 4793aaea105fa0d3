"""Locks of the operating system on open files: they end with the process that holds them, however it ends."""

import errno
import os

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

_FAR = 1 << 30  # Windows locks bytes, and what is locked cannot be read: one far behind the content
_TAKEN = (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK)


def try_lock(number: int) -> bool:
    """Take the lock of an open file, without waiting.

    Parameters
    ----------
    number
        The file's descriptor. The lock lasts until it and its copies are closed.

    Returns
    -------
    bool
        False where someone else holds it.

    Raises
    ------
    OSError
        The file system has no locks.
    """
    try:
        if fcntl is not None:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            _lock_byte(number)
        return True
    except OSError as error:
        if error.errno in _TAKEN:
            return False
        raise


def _lock_byte(number: int) -> None:
    import msvcrt

    os.lseek(number, _FAR, os.SEEK_SET)
    msvcrt.locking(number, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    os.lseek(number, 0, os.SEEK_SET)
