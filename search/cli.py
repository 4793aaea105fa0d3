"""The command line: reads the words, runs one of the `COMMANDS`, says what went wrong."""

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version

from neurograph.errors import NeuroGraphError

from .commands import COMMANDS
from .commands.parsing import Parser, add_commands
from .output import watched
from .runs import Run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0, 2 for an error in what was asked, 130 when interrupted.

    Parameters
    ----------
    arguments
        Words of the command line, `sys.argv[1:]` when None.
    """
    with watched("stderr", silent=True):
        return _status(arguments)


def _status(arguments: Sequence[str] | None) -> int:
    given = argparse.Namespace()
    try:
        with watched("stdout"):
            given = make_parser().parse_args(arguments)  # prints, and ends with SystemExit, where help is asked for
            given.command(given)
        return 0
    except NeuroGraphError as error:
        print(f"neurograph: {error}", file=sys.stderr)
        return 2
    except MemoryError as error:
        print(f"neurograph: memory ran out: {error or 'something smaller is needed'}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\nneurograph: stopped{_way_on(given)}", file=sys.stderr)
        return 130


def _way_on(given: argparse.Namespace) -> str:
    """How to go on with what was stopped, where it left something to go on from."""
    if not getattr(given, "goes_on", False) or not given.run:
        return ""
    if _resumable(Run(given.run)):
        return f"; go on with: neurograph resume {given.run}"
    return "; before its first checkpoint, so there is nothing to go on from"


def _resumable(run: Run) -> bool:
    """Whether there is a checkpoint; or a pipeline, which goes on from its stages."""
    try:
        return run.begun or bool(run.config().get("parts"))
    except NeuroGraphError:  # no run, or one without a configuration
        return False


def make_parser() -> Parser:
    """The parser of the whole command line."""
    parser = Parser(prog="neurograph", description="Neural networks as graphs of neurons.")
    parser.add_argument("--version", action="version", version=f"neurograph {version('neurograph-compiler')}")
    add_commands(parser, COMMANDS)
    return parser
