"""What a picture needs of a run's directory: the network, the rows of its metrics, its test error."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from neurograph.core.graph import EditableGraph
from neurograph.disk.regular import regular
from neurograph.errors import FileError, reason
from neurograph.files.saving import load


class DrawnRun(NamedTuple):
    """A run as it lies in its directory; `test_error` is None where it has not been tested."""

    graph: EditableGraph
    metrics: list[dict[str, Any]]
    test_error: float | None


def read_run(path: str | Path) -> DrawnRun:
    """A run's network, its metrics, a row an epoch, and its test error.

    Raises
    ------
    FileError
        The directory is none of a run; a file of it is damaged.
    """
    folder, graph = Path(path), EditableGraph()
    config = _parsed(folder / "config.json", _text(folder / "config.json"))
    load(folder / "graph.safetensors", graph)
    log = folder / "metrics.jsonl"
    lines = _text(log).split("\n")[:-1] if log.exists() else []  # what ends in no line was torn by a kill
    rows = [_parsed(log, line) for line in lines]
    result = config.get("result")
    error = result.get("test_error") if isinstance(result, dict) else None
    return DrawnRun(graph, rows, error if isinstance(error, int | float) else None)


def _text(path: Path) -> str:
    try:
        with open(path, encoding="utf-8", opener=regular) as file:
            return file.read()
    except (OSError, ValueError) as error:
        raise FileError(f"cannot read {path}, so its folder is no run's directory: {reason(error)}") from None


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise FileError(f"{path} is damaged: {text[:60]!r} is no JSON object")
    return found
