"""`neurograph compile`."""

import argparse
from typing import Any

from neurograph import NeuronGraph, compiler

from .shared import add_batch_size, graph_file, path


def add(commands: Any) -> None:
    """Declare the command and its flags."""
    parser = commands.add_parser("compile", help="compile a saved graph and say how it would run")
    parser.add_argument("graph", type=path, help="a saved graph, or a run directory")
    add_batch_size(parser)
    parser.set_defaults(command=_run)


def _run(given: argparse.Namespace) -> None:
    print(compiler.compile(NeuronGraph.load(graph_file(given.graph)), batch_size=given.batch_size).report())
