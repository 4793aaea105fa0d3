"""`neurograph compile`."""

import argparse
from typing import Any

from neurograph import NeuronGraph, compiler

from .shared import add_batch_size, path


def add(commands: Any) -> None:
    """Declare the command and its flags."""
    parser = commands.add_parser("compile", help="compile a saved graph and say how it would run")
    parser.add_argument("graph", type=path, help="a saved graph")
    add_batch_size(parser)
    parser.set_defaults(command=_run)


def _run(given: argparse.Namespace) -> None:
    print(compiler.compile(NeuronGraph.load(given.graph), batch_size=given.batch_size).report())
