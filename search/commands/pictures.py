"""`neurograph pictures`."""

import argparse
from pathlib import Path
from typing import Any

from neurograph import search
from neurograph.errors import OptionError

from .printing import add_json, show
from .shared import path


def add(commands: Any) -> None:
    """Declare the command and its flags."""
    parser = commands.add_parser("pictures", help="draw a run's pictures again, beside other runs if asked to")
    parser.add_argument("run", type=path, help="the run directory")
    parser.add_argument(
        "--beside",
        nargs="+",
        default=[],
        metavar="[NAME=]DIR",
        help="other runs, such as fixed networks of the same recipe, whose errors are drawn too",
    )
    add_json(parser)
    parser.set_defaults(command=_run)


def _run(given: argparse.Namespace) -> None:
    beside: dict[str, Path] = {}
    for text in given.beside:
        name, equals, place = text.partition("=")
        folder = Path(place if equals else text)
        if not (place if equals else text):
            raise OptionError(f"--beside must be [NAME=]DIR, not {text!r}: it names no directory")
        name = name if equals else folder.name
        if name in beside:
            raise OptionError(f"two runs would be named {name!r}: write NAME=DIR to tell them apart")
        beside[name] = folder
    folder = search.redraw(given.run, beside)
    files = sorted(each.name for each in folder.iterdir())
    show(given, {"pictures": folder, "files": files}, f"pictures lie in {folder}")
