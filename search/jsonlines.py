"""Files of one JSON object a line, made to be appended to and to survive a kill in the middle of a line."""

import json
import os
from pathlib import Path
from typing import Any

from neurograph.errors import FileError
from neurograph.files.aside import written_aside


def append(path: Path, entry: dict[str, Any]) -> None:
    """Add one line, on the disk before this returns: a checkpoint that follows must find it."""
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read(path: Path) -> list[dict[str, Any]]:
    """All whole lines; empty where there is no file.

    A last line without its end was torn by a kill and is left out.

    Raises
    ------
    FileError
        Naming the file and the line, for any other line that is no JSON object.
    """
    entries = []
    for number, line in enumerate(_whole_lines(path), 1):
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if not isinstance(entry, dict):
            raise FileError(f"{path} is damaged: line {number} is not a JSON object")
        entries.append(entry)
    return entries


def check(path: Path, count: int) -> None:
    """Refuse, by `FileError`, a file of fewer than `count` whole lines: no checkpoint was made beside that."""
    found = len(_whole_lines(path))
    if found < count:
        raise FileError(f"{path} is damaged: it has {found} lines, and the checkpoint was made after {count}")


def cut(path: Path, count: int) -> None:
    """Keep the first `count` lines and nothing else."""
    if path.exists():
        kept = b"".join(line + b"\n" for line in _whole_lines(path)[:count])
        with written_aside(path) as aside:
            aside.write_bytes(kept)


def _whole_lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror or error}") from None
