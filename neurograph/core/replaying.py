"""From a graph's journal to entries that a graph as it was at the start carries out, kept in a file of their own."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurograph.disk.aside import written_aside
from neurograph.disk.regular import regular
from neurograph.errors import FileError, JournalError, NeuroGraphError, reason

if TYPE_CHECKING:
    from neurograph.core.effects.base import Effect
    from neurograph.core.entries import Entry
    from neurograph.core.state import GraphState

FORMAT = "neurograph.journal"  # of files that there are: it stays, whatever this module is called


def unwound(graph: "GraphState", entries: "list[Entry]") -> "list[Entry]":
    """The entries that led to a graph, oldest first, with effects that lead to it again.

    Parameters
    ----------
    graph
        A copy of the graph, which is taken back to where the entries start.
    entries
        Those of its journal, oldest first.
    """
    found = []
    for entry in reversed(entries):
        found.append(replace(entry, effects=[_turned(graph, effect) for effect in reversed(entry.effects)][::-1]))
        graph.effects.clear()
    return found[::-1]


def _turned(graph: "GraphState", effect: "Effect") -> "Effect":
    """What toggles an effect forth again, once it was toggled; of written numbers what was written, not what is now."""
    back = effect.today(graph).toggle(graph)
    return back if effect.structural else effect.forward(None)[0]  # type: ignore[arg-type]


def write_lines(path: str | Path, lines: Iterable[str], forgotten: Mapping[str, int]) -> None:
    """Write the lines of a journal to a file, below one that says what they are and how to tell damage.

    `forgotten` counts what older entries did, of which there are no lines.
    """
    body = "".join(f"{line}\n" for line in lines)
    head = {"format": FORMAT, "version": 1, "checksum": _checksum(body)}
    head |= {"forgotten": dict(forgotten)} if forgotten else {}
    with written_aside(path) as aside:
        aside.write_text(f"{json.dumps(head)}\n{body}", encoding="utf-8")


def read_lines(path: str | Path) -> tuple[list[str], dict[str, int]]:
    """The lines of a journal that `write_lines` wrote, and counts of what was before them.

    Raises `FileError` where it did not write them, or not those.
    """
    try:
        with open(path, encoding="utf-8", opener=regular) as file:
            head, _, body = file.read().partition("\n")
    except UnicodeDecodeError:
        raise FileError(f"{path} is not a journal; Journal.load reads what journal.save wrote") from None
    except (OSError, ValueError) as err:
        raise FileError(f"cannot read {path}: {reason(err)}") from None
    try:
        header = json.loads(head)
        known = header["format"] == FORMAT
    except (ValueError, TypeError, KeyError, RecursionError):
        known, header = False, {}
    if not known:
        raise FileError(f"{path} is not a journal; Journal.load reads what journal.save wrote")
    if header.get("version") != 1:
        raise FileError(f"{path} was written by a newer neurograph; upgrade neurograph-compiler to read it")
    if header.get("checksum") != _checksum(body):
        raise FileError(f"{path} is damaged: its lines do not match its checksum; restore it from a copy")
    forgotten = header.get("forgotten", {})
    if not is_counts(forgotten):
        raise FileError(f"{path} is damaged: its counts of older entries are none; restore it from a copy")
    return body.splitlines(), forgotten


def is_counts(counts: Any) -> bool:
    """Whether something tells what older entries did: texts with whole numbers that are not negative."""
    pairs = counts.items() if isinstance(counts, dict) else [(None, None)]
    return all(type(name) is str and type(count) is int and count >= 0 for name, count in pairs)


def _checksum(body: str) -> str:
    return blake2b(body.encode(), digest_size=16).hexdigest()


def refuse_unreadable(path: str | Path, error: NeuroGraphError) -> None:
    """Raise `FileError` for a line that holds no entry."""
    raise FileError(f"{path} is damaged: {error}; restore it from a copy") from None


def forward_entries(past: "GraphState | None", entries: "list[Entry]") -> "list[Entry]":
    """What a journal's own entries are on a graph as it was at their start; `past` is a copy of their graph."""
    if past is None:
        raise JournalError("the graph of this journal is gone; save or replay it while the graph is there")
    return unwound(past, entries)
