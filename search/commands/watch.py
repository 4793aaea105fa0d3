"""`neurograph watch`."""

import argparse
import sys
import webbrowser
from typing import Any

from neurograph.errors import OptionError

from ..runs import open_run
from ..watching import Watcher
from .printing import add_json, show
from .shared import path, whole
from .view import title_of


def add(commands: Any) -> None:
    """Declare the command and its flags."""
    parser = commands.add_parser("watch", help="serve a run's page on this machine while the run goes on")
    parser.add_argument("graph", type=path, metavar="RUN", help="a run directory")
    parser.add_argument(
        "--port",
        type=whole(0),
        default=0,
        metavar="N",
        help="to listen on, on the loopback alone (default: a free one)",
    )
    add_json(parser)
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    parser.set_defaults(command=_run)


def _run(given: argparse.Namespace) -> None:
    if given.port > 65535:
        raise OptionError(f"--port must be at most 65535, not {given.port}")
    run = open_run(given.graph)
    watcher = Watcher(run, given.port, title_of(run))
    plain = {"run": run.path, "address": watcher.address}
    show(given, plain, f"watching {run.path} at {watcher.address}; Ctrl-C ends it")
    sys.stdout.flush()
    if given.open:
        webbrowser.open(watcher.address)
    watcher.serve()
