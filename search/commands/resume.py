"""`neurograph resume`."""

import argparse
from typing import Any

from neurograph import search

from .printing import add_progress, progress_of, show_result
from .shared import path, whole

MORE = {
    "epochs": "a network's training, a search for a layer hierarchy, the last training of a pipeline",
    "steps": "a stream",
    "tasks": "a stream",
    "cycles": "a search for genomes",
    "generations": "an evolution",
}


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
    longer = parser.add_argument_group("more than the run was begun with, finished or not")
    for name, whose in MORE.items():
        longer.add_argument(f"--{name}", type=whole(1), metavar="N", help=f"{name} of {whose}, in all")
    add_progress(parser)
    parser.set_defaults(command=_run, goes_on=True)


def _run(given: argparse.Namespace) -> None:
    more = {name: getattr(given, name) for name in ("trust", *MORE) if getattr(given, name)}
    with progress_of(given):
        result = search.resume(given.run, progress=True, **more)
    show_result(given, result)
