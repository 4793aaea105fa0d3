"""The formats of other programs: a registry, and the one way into it.

A new format is a function that writes it and a line in a registry: here, or in a package above that adds its own.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurograph.core.graph import EditableGraph
from neurograph.disk.streams import is_stream
from neurograph.errors import FileError
from neurograph.files.choosing import Refusals, chosen
from neurograph.files.precision import rounding_losses
from neurograph.registry import Registry

Losses = list[str]


def loses_nothing(graph: EditableGraph) -> Losses:
    """For formats that hold everything but the journal."""
    return []


@dataclass(frozen=True)
class Format:
    """One format.

    Parameters
    ----------
    about
        What it is and who reads it, in a few words.
    write
        Called with graph, path and the options of `export`.
    endings
        Of files in it, the usual one first; with none it is a folder.
    losses
        What of a graph it leaves out, in words.
    dtype
        The type of its numbers, where it has one and the option `dtype` names no other; None: as many digits as the
        graph has.
    """

    about: str
    write: Callable[..., None]
    endings: tuple[str, ...]
    losses: Callable[..., Losses] = loses_nothing
    dtype: str | None = None

    def usual_path(self, path: Path, name: str) -> Path:
        """Where a file of this format goes beside one of another."""
        return path.with_suffix("." + self.endings[0]) if self.endings else path.with_name(f"{path.stem}_{name}")


def counted(count: int, what: str) -> str:
    """A count and what is counted: "1 kernel", "1,024 kernels"."""
    return f"{count:,} {what}{'s' * (count != 1)}"


EXPORTS: Registry[Format] = Registry("neurograph.exporters", {}, fits=lambda part: isinstance(part, Format))


_REFUSALS = Refusals("is not a known format", "graph.save(path) writes it", "what to write to")


def find_format(path: str | Path, name: str | None = None) -> Format:
    """The format of that name, or of that ending; `FileError` naming the known ones."""
    hint = "" if "onnx" in EXPORTS else "; `import compiler` adds those that PyTorch and ONNX read"
    return chosen(EXPORTS, path, name, _REFUSALS, hint)


def export(
    graph: EditableGraph, path: str | Path, format: str | None = None, *, force: bool = False, **options: Any
) -> Losses:
    """Write a network in the format of another program.

    Parameters
    ----------
    graph
        The network. What a compiled network holds is written back first.
    path
        The file, or the folder for a format that is one; it appears whole or not at all. A device, a pipe or
        /dev/stdout is written to where it is.
    format
        One of `EXPORTS`; unless given, the ending of the path.
    force
        Whether what lies there is written over.
    options
        Of the format: `dtype` for those that hold a PyTorch module.

    Returns
    -------
    list of str
        What the format leaves out of this graph, a line each.

    Raises
    ------
    FileError
        An unknown format, naming the known ones; something that lies there already; names that are the same as text;
        what the format refuses to hold; a path that cannot be written.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from neurograph.builders import mlp
    >>> export(mlp([2, 1]), mkdtemp() + "/net.graphml")
    []
    """
    format_ = find_format(path, format)
    if os.path.lexists(path) and not force and not is_stream(path):
        raise FileError(f"{path} is there already; force=True (on the command line --force) writes over it")
    format_.write(graph, path, **options)
    return [*format_.losses(graph), *_rounding(graph, format_, options), *_journal(graph)]


def _rounding(graph: EditableGraph, format_: Format, options: dict[str, Any]) -> Losses:
    dtype = str(options.get("dtype", format_.dtype)).removeprefix("torch.")
    return [] if format_.dtype is None else rounding_losses(graph, dtype)


def _journal(graph: EditableGraph) -> Losses:
    count = len(graph.journal)
    return [f"the journal ({count} entr{'ies' if count > 1 else 'y'}), which graph.save keeps"] if count else []
