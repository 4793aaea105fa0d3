"""One process at a time in a run directory: a lock of the operating system, which ends with its process."""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from neurograph.disk.locks import try_lock
from neurograph.errors import FileError, reason

LOCK = "lock"
_HELD: set[int] = set()  # descriptors of the locks that this process holds


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep others from working in a directory while the block runs; whoever only reads needs no lock.

    However this process ends, its lock ends with it, and the file that a kill leaves means nothing. Processes that it
    has forked do not hold the lock.

    Parameters
    ----------
    folder
        The directory, which exists.

    Raises
    ------
    FileError
        Another process works there, naming it by its number; or the directory cannot be written to.
    """
    held = _both(folder)
    number = held[0]
    _HELD.update(held)
    try:
        yield
    finally:
        if number in _HELD:  # not in a fork
            _HELD.difference_update(held)
            with suppress(OSError):
                (folder / LOCK).unlink(missing_ok=True)  # before it is let go: nobody may take what is about to go
            for each in held:
                os.close(each)
            if os.name == "nt":  # which keeps what is open
                with suppress(OSError):
                    (folder / LOCK).unlink(missing_ok=True)


def _both(folder: Path) -> list[int]:
    """The descriptors of the directory's lock and of the directory, as far as there is one; both are held."""
    own = _own(folder)
    try:
        number = _taken(folder, own)
    except BaseException:
        if own is not None:
            os.close(own)
        raise
    return [number] if own is None else [number, own]


def _own(folder: Path) -> int | None:
    """The descriptor of the directory itself, for who removes the lock's file; None where it cannot be opened."""
    try:
        return os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no directories, and keeps the file of who holds it
        return None


def _taken(folder: Path, own: int | None) -> int:
    """The descriptor of the directory's lock, now held, and its own with it."""
    path = folder / LOCK
    while True:
        number = _opened(path)
        try:
            mine = try_lock(number) and (own is None or try_lock(own))
        except OSError:  # a file system without locks: better unguarded than not at all
            return number
        if not mine:
            holder = _holder(number)
            os.close(number)
            raise FileError(f"{folder} is in use by {holder}: wait until it has ended, or end it")
        if _is_at(number, path):
            with suppress(OSError):  # a full disk: the lock holds, only the number is missing
                os.truncate(number, 0)
                os.write(number, f"{os.getpid()} {socket.gethostname()}\n".encode())
            return number
        os.close(number)  # its holder removed it between the two


def _opened(path: Path) -> int:
    try:
        number = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
    except (OSError, ValueError) as error:
        raise FileError(f"cannot write {path}: {reason(error)}") from None
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise FileError(f"{path} is no file, so {path.parent} cannot be locked: remove it")
    return number


def _holder(number: int) -> str:
    """The process that holds a lock, as the file says."""
    pid, _, host = os.read(number, 300).decode(errors="replace").strip().partition(" ")
    where = f" on {host}" if host and host != socket.gethostname() else ""
    return f"pid {pid}{where}" if pid.isdecimal() else "another process"


def _is_at(number: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(number), os.stat(path))
    except OSError:
        return False


def _let_go() -> None:
    """In a process just forked: the lock is the parent's, and shall not outlive it here."""
    for number in _HELD:
        os.close(number)
    _HELD.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)
