"""`neurograph resume`."""

import argparse
from typing import Any

from neurograph import search

from .shared import path, print_result


def add(commands: Any) -> None:
    """Declare the command and its flags."""
    parser = commands.add_parser("resume", help="go on with a run that was stopped, with the same numbers")
    parser.add_argument("run", type=path, help="the run directory")
    parser.add_argument(
        "--trust",
        action="append",
        default=[],
        metavar="MODULE",
        help="import this module, which the run names and which is not ours, or connect to this Dask scheduler, which "
        "it names; again for more",
    )
    parser.set_defaults(command=_run)


def _run(given: argparse.Namespace) -> None:
    trust = {"trust": given.trust} if given.trust else {}
    print_result(search.resume(given.run, progress=True, **trust))
