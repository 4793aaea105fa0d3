"""What commands print: lines for people, or with --json one object for programs; and where progress is shown."""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from typing import Any

from rich.console import Console

from neurograph.analysis.units import PERCENT, with_unit
from neurograph.disk.streams import descriptor

from ..nhn.pipeline import NeuronHierarchy
from ..progress import showing_on


def add_json(parser: argparse._ActionsContainer) -> None:
    """`--json`."""
    parser.add_argument("--json", action="store_true", help="print one JSON object, and nothing else")


def add_progress(parser: argparse._ActionsContainer) -> None:
    """`--json`, `--quiet` and `--progress`."""
    add_json(parser)
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--quiet", action="store_true", help="show no progress")
    either.add_argument(
        "--progress", action="store_true", help="show progress as lines on standard error, though it is no terminal"
    )


@contextmanager
def progress_of(given: argparse.Namespace) -> Iterator[None]:
    """Within the block progress is shown where a person sees it, and standard output is left to the result.

    On a terminal it is live. Where standard output is a file or a pipe, or holds JSON, it goes to standard error if
    that is a terminal, and nowhere else unless it is asked for.
    """
    with showing_on(_console(given)):
        yield


def _console(given: argparse.Namespace) -> Console:
    if given.quiet:
        return Console(quiet=True)
    if given.progress:
        return Console(stderr=True)
    out, errors = Console(), Console(stderr=True)
    if out.is_terminal and not given.json:
        return out
    return errors if errors.is_terminal else Console(quiet=True)


def show(given: argparse.Namespace, plain: dict[str, Any], *lines: str, out: Path | None = None) -> None:
    """Print a result.

    Parameters
    ----------
    given
        What was asked for; with `--json` the object is printed, else the lines.
    plain
        The result as plain data; what JSON cannot hold of numbers becomes null, paths become text.
    lines
        The same for people.
    out
        What a file was written to: where that is standard output, this goes to standard error.
    """
    text = [json.dumps(_plain(plain), indent=2)] if given.json else lines
    for line in text:
        print(line, file=sys.stderr if out is not None and descriptor(out) == 1 else sys.stdout)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    return os.fspath(value) if isinstance(value, os.PathLike) else str(value)


def show_result(given: argparse.Namespace, result: Any, *lines: str) -> None:
    """How a run ended: in a line after these, or its report where it has several stages."""
    show(given, plain_result(result), *lines, *_lines(result))


def plain_result(result: Any) -> dict[str, Any]:
    """A result as plain data, but for networks and rows."""
    if isinstance(result, NeuronHierarchy):
        return {"run": result.run, "test_error": result.test_error, "stages": result.results}
    found = {
        name: getattr(result, name) for name in ("run", "test_loss", "test_error", "unit") if hasattr(result, name)
    }
    rows = getattr(result, "rows", None) or []
    last = rows[-1] if rows else {}
    found |= {"rows": len(rows)}
    return found | {name: last[name] for name in ("epoch", "step", "cycle", "neurons", "parameters") if name in last}


def _lines(result: Any) -> list[str]:
    if isinstance(result, NeuronHierarchy):
        return [f"\n{result.report()}\ngraph, pictures and every stage lie in {result.run}"]
    if not hasattr(result, "test_error"):
        return [f"all of it lies in {result.run}"]
    unit = getattr(result, "unit", PERCENT)
    tested = "no test part" if result.test_error is None else f"test error {with_unit(result.test_error, unit)}"
    return [f"{tested}; graph, journal, metrics and pictures lie in {result.run}"]
