"""The two newest checkpoints of a run: the newer one is taken, and the older one where that is damaged."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from neurograph.disk.aside import written_aside
from neurograph.errors import FileError
from neurograph.files import container

from .held import held_rows
from .packing import fill, unpack_checked
from .shapes import COUNT

FORMAT = 1
NEWEST, PREVIOUS = "checkpoint.safetensors", "checkpoint.previous.safetensors"
LOGS = ("metrics", "journal")
Reader = Callable[[Path], Any]
_PARTS: dict[str, Any] = {
    "lines": dict, "crcs": dict, "graph": bytes | None, "rows": str | None, "of": str | None, "state": dict,
}  # fmt: skip


def write(folder: Path, content: dict[str, Any]) -> None:
    """Write the newest checkpoint; the one that was becomes the previous.

    Parameters
    ----------
    folder
        The run directory.
    content
        "lines", "crcs", "graph", "rows", "of" and "state"; see `Run.save_checkpoint`.
    """
    with written_aside(folder / NEWEST) as aside:
        fill(aside, {"format": FORMAT, **content})
        if (folder / NEWEST).exists():
            _link(folder / NEWEST, folder / PREVIOUS)


def read(path: Path, load: Reader | None = None) -> dict[str, Any]:
    """What was written, all of it checked.

    Parameters
    ----------
    path
        The file.
    load
        Reads the graph that it holds, if any, from a file, and refuses it by `FileError`; what it returns is "network".
        Unless given, the graph must match its own checksum where the checkpoint has none.

    Raises
    ------
    FileError
        Naming the file, where it is missing, damaged or no checkpoint.
    """
    saved, checked = unpack_checked(path)
    if not isinstance(saved, dict) or not COUNT.test(saved.get("format")) or saved["format"] != FORMAT:
        raise FileError(f"{path} is not a checkpoint in format {FORMAT}")
    saved = {"crcs": {}, "rows": None, "of": None} | saved  # which older ones go without
    for name, kind in _PARTS.items():
        if name not in saved or not isinstance(saved[name], kind):
            raise FileError(f"{path} is damaged: it has no {name}")
    if not all(COUNT.test(saved["lines"].get(log)) for log in LOGS):
        raise FileError(f"{path} is damaged: it does not say how long the logs were")
    if not all(COUNT.test(crc) for crc in saved["crcs"].values()):
        raise FileError(f"{path} is damaged: checksums of its logs are none")
    network = None
    if saved["graph"] is not None and (load or not checked):
        network = _read_graph(path, saved["graph"], load or container.read)
    return saved | {"rows": _rows(path, saved["rows"]), "network": network}


def take_previous(folder: Path) -> None:
    """Let the previous checkpoint be the newest as well, in place of a damaged one."""
    _link(folder / PREVIOUS, folder / NEWEST)


def _link(old: Path, new: Path) -> None:
    """Give a file a second name, in place of what has it; a copy where the file system knows no such names."""
    with written_aside(new) as aside:
        aside.unlink(missing_ok=True)
        try:
            os.link(old, aside)
        except OSError:
            aside.write_bytes(old.read_bytes())


def _rows(path: Path, text: str | None) -> list[dict[str, Any]] | None:
    try:
        return None if text is None else held_rows(json.loads(text), path)
    except (ValueError, TypeError, RecursionError):
        raise FileError(f"{path} is damaged: its rows are none") from None


def _read_graph(path: Path, held: bytes, load: Reader) -> Any:
    """The graph in a checkpoint, read before it is put in the place of a good one."""
    with TemporaryDirectory(prefix="neurograph-", ignore_cleanup_errors=True) as folder:
        graph = Path(folder) / "graph.safetensors"
        graph.write_bytes(held)
        try:
            return load(graph)
        except FileError as error:
            why = str(error).removeprefix(f"{graph} ")
            raise FileError(f"{path} is damaged: the graph in it {why}") from None
