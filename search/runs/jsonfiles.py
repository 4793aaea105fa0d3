"""JSON files of one object that are read back: with a checksum over all of it, which older files go without."""

import json
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import Any

from neurograph.disk.aside import written_aside
from neurograph.disk.regular import read_json_file, regular
from neurograph.errors import FileError, reason

_CHECKSUM = "checksum"


def digest(content: Any) -> str:
    """blake2b of anything JSON has, whatever the order of its keys."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return blake2b(text.encode(), digest_size=16).hexdigest()


def digest_of_file(path: str | Path) -> str:
    """blake2b of a file's bytes; `FileError` where it cannot be read."""
    try:
        with open(path, "rb", opener=regular) as file:
            return file_digest(file, lambda: blake2b(digest_size=16)).hexdigest()
    except (OSError, ValueError) as error:
        raise FileError(f"cannot read {path}: {reason(error)}") from None


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write an object and its checksum; `FileError` where the file cannot be written."""
    with written_aside(path) as aside:
        aside.write_text(json.dumps(content | {_CHECKSUM: digest(content)}, indent=2) + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """Read an object, without its checksum.

    Raises
    ------
    FileError
        A file that is missing, holds no object, or whose content does not match its checksum.
    """
    try:
        content = read_json_file(path)
    except OSError as error:
        raise FileError(f"{path} cannot be read: {reason(error)}") from None
    except (ValueError, RecursionError) as error:
        raise FileError(f"{path} is damaged: {error}") from None
    if not isinstance(content, dict):
        raise FileError(f"{path} is damaged: it holds no table")
    checksum = content.pop(_CHECKSUM, None)
    if checksum not in (None, digest(content)) or (checksum is None and _has_lost_its_name(content)):
        raise FileError(
            f"{path} is damaged: its content does not match its checksum; restore it from a copy, or, where it was "
            'edited on purpose, take its "checksum" out'
        )
    return content


def _has_lost_its_name(content: dict[str, Any]) -> bool:
    """Whether the last of what is there is a checksum of all else, under another name: a bit of it has flipped."""
    rest = dict(content)
    return bool(rest) and rest.popitem()[1] == digest(rest)
