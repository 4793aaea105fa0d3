"""The command line: reads the words, runs one of the `COMMANDS`, says what went wrong."""

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version

from neurograph.errors import NeuroGraphError

from .commands import COMMANDS
from .output import watched


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
            given = _parser().parse_args(arguments)  # prints, and ends with SystemExit, where help is asked for
            given.command(given)
        return 0
    except NeuroGraphError as error:
        print(f"neurograph: {error}", file=sys.stderr)
        return 2
    except MemoryError as error:
        print(f"neurograph: memory ran out: {error or 'something smaller is needed'}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        way = f"; go on with: neurograph resume {given.run}" if getattr(given, "run", None) else ""
        print(f"\nneurograph: stopped{way}", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="neurograph", description="Neural networks as graphs of neurons.")
    parser.add_argument("--version", action="version", version=f"neurograph {version('neurograph-compiler')}")
    commands = parser.add_subparsers(required=True, metavar="command")
    for add in COMMANDS:
        add(commands)
    return parser
