"""`neurograph compile`."""

import argparse
from typing import Any

from neurograph import NeuronGraph, compiler

from .printing import add_json, show
from .shared import add_batch_size, graph_file, path


def add(commands: Any) -> None:
    """Declare the command and its flags."""
    parser = commands.add_parser("compile", help="compile a saved graph and say how it would run")
    parser.add_argument("graph", type=path, help="a saved graph, or a run directory")
    add_batch_size(parser)
    add_json(parser)
    parser.set_defaults(command=_run)


def _run(given: argparse.Namespace) -> None:
    graph = NeuronGraph.load(graph_file(given.graph))
    net = compiler.compile(graph, batch_size=given.batch_size)
    report = str(net.report())
    show(given, {"batch_size": given.batch_size, "report": report.splitlines()}, report)
