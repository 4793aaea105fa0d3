"""`neurograph compile`."""

import argparse
from pathlib import Path
from typing import Any

import compiler
from neurograph import NeuronGraph


def add(commands: Any) -> None:
    """Declare the command and its flags."""
    parser = commands.add_parser("compile", help="compile a saved graph and say how it would run")
    parser.add_argument("graph", type=Path, help="a saved graph")
    parser.add_argument("--batch-size", type=int, default=256, metavar="N", help="what to tune for (default 256)")
    parser.set_defaults(command=_run)


def _run(given: argparse.Namespace) -> None:
    print(compiler.compile(NeuronGraph.load(given.graph), batch_size=given.batch_size).report())
