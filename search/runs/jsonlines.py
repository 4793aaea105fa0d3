"""Files of one JSON object a line, made to be appended to and to survive a kill in the middle of a line.

A line ends in the CRC-32 of the rest of it, `"crc32": "0a1b2c3d"`; lines from before there was one are not checked.
"""

import json
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from zlib import crc32

from neurograph.disk.aside import written_aside
from neurograph.disk.regular import regular
from neurograph.errors import FileError, reason

_CRC = re.compile(rb'(?:, )?"crc32": "([0-9a-f]{8})"\}$')
_LIKE_CRC = re.compile(rb'(?:, )?"(?P<name>[^"]*)": "(?P<crc>[^"]*)"\}$')


def append(path: Path, *entries: dict[str, Any]) -> None:
    """Add lines, on the disk before this returns: a checkpoint that follows must find them.

    Raises
    ------
    FileError
        The lines cannot be written; no part of them stays.
    """
    if entries:
        append_whole(path, b"".join(map(_line, entries)))


def append_whole(path: Path, content: bytes, sync: bool = True) -> None:
    """Add bytes to a file, all of them or none, and on the disk if that is to be waited for; raises as `append`."""
    try:
        with open(path, "ab", buffering=0) as file:
            end = file.tell()
            try:
                _write(file.fileno(), content)
                if sync:
                    os.fsync(file.fileno())
            except OSError:
                with suppress(OSError):
                    file.truncate(end)
                raise
    except (OSError, ValueError) as error:
        raise FileError(f"cannot write {path}: {reason(error)}") from error


def read(path: Path) -> list[dict[str, Any]]:
    """All whole lines; empty where there is no file.

    A last line without its end was torn by a kill and is left out.

    Raises
    ------
    FileError
        Naming the file and the line, for any other line that is no JSON object or does not match its CRC.
    """
    return _entries(path, _whole_lines(path))


def stamp(path: Path) -> dict[str, int]:
    """How many whole lines there are, and the CRC-32 of them all."""
    lines = _whole_lines(path)
    return {"lines": len(lines), "crc32": _crc_of(lines)}


def check(path: Path, count: int, crc: int | None = None) -> None:
    """Refuse a file that no checkpoint was made beside.

    Parameters
    ----------
    path
        The file.
    count
        How many lines it had at least.
    crc
        The CRC-32 of these lines, where it is known.

    Raises
    ------
    FileError
        Fewer lines, or others.
    """
    lines = _whole_lines(path)
    if len(lines) < count:
        raise FileError(f"{path} is damaged: it has {len(lines)} lines, and the checkpoint was made after {count}")
    _entries(path, lines[:count])
    if crc not in (None, _crc_of(lines[:count])):
        raise FileError(f"{path} is damaged: its first {count} lines are not those that the checkpoint was made after")


def cut(path: Path, count: int) -> None:
    """Keep the first `count` lines and nothing else, in a file that no copy of the directory shares (`cp -l`)."""
    if path.exists():
        kept, there = b"".join(line + b"\n" for line in _whole_lines(path)[:count]), path.stat()
        if len(kept) != there.st_size or there.st_nlink > 1:
            _replace(path, kept)


def rewrite(path: Path, entries: Sequence[dict[str, Any]]) -> None:
    """Have a file hold these entries and nothing else."""
    _replace(path, b"".join(map(_line, entries)))


def _line(entry: dict[str, Any]) -> bytes:
    text = json.dumps(entry).encode()
    comma = b", " if entry else b""
    return text[:-1] + comma + b'"crc32": "%08x"}\n' % crc32(text)


def _write(number: int, lines: bytes) -> None:
    """All of it, or an error: a disk that fills up takes a part first."""
    while lines:
        lines = lines[os.write(number, lines) :]


def _replace(path: Path, content: bytes) -> None:
    with written_aside(path) as aside:
        aside.write_bytes(content)


def _entries(path: Path, lines: Sequence[bytes]) -> list[dict[str, Any]]:
    entries, checked = [], False
    for number, line in enumerate(lines, 1):
        found = _CRC.search(line)
        text = line[: found.start()] + b"}" if found else line
        if ((checked or _had_one(line)) and not found) or (found and int(found[1], 16) != crc32(text)):
            raise FileError(f"{path} is damaged: line {number} does not match its CRC")
        checked = checked or bool(found)
        entries.append(_entry(path, number, text))
    return entries


def _had_one(line: bytes) -> bool:
    """Whether there is what was a CRC before a bit of it flipped: its name without hexadecimals, or the right ones."""
    found = _LIKE_CRC.search(line)
    return bool(found) and (found["name"] == b"crc32" or found["crc"] == b"%08x" % crc32(line[: found.start()] + b"}"))


def _entry(path: Path, number: int, text: bytes) -> dict[str, Any]:
    try:
        entry = json.loads(text)
    except (ValueError, RecursionError):
        entry = None
    if not isinstance(entry, dict):
        raise FileError(f"{path} is damaged: line {number} is not a JSON object")
    return entry


def _crc_of(lines: Sequence[bytes]) -> int:
    return crc32(b"".join(line + b"\n" for line in lines))


def _whole_lines(path: Path) -> list[bytes]:
    try:
        with open(path, "rb", opener=regular) as file:
            return file.read().split(b"\n")[:-1]
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise FileError(f"{path} cannot be read: {reason(error)}") from None
