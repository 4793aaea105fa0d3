"""`neurograph prune-network`."""

import argparse
from pathlib import Path
from typing import Any

import search
from neurograph import NeuronGraph
from search.commands.shared import OPTIONS_USAGE, add_data, add_options, add_run, data_of, graph_file, settings, tell
from search.nhn.kernels import PruneNetworkOptions
from search.options import read_options
from search.runs import next_directory


def add(commands: Any) -> None:
    """Declare the command and its flags."""
    parser = commands.add_parser("prune-network", help="train a convolutional network while its flat kernels go")
    parser.usage = f"neurograph prune-network --graph FILE [--data NAME] [--run DIR] {OPTIONS_USAGE}"
    parser.add_argument(
        "--graph", type=Path, required=True, metavar="FILE", help="a saved graph, or the run directory that holds it"
    )
    add_data(parser)
    add_run(parser)
    add_options(parser, PruneNetworkOptions)
    parser.set_defaults(command=_run)


def _run(given: argparse.Namespace) -> None:
    options = read_options(PruneNetworkOptions, given.config, settings(given))
    data = data_of(given)
    graph = NeuronGraph.load(graph_file(given.graph))
    given.run = given.run or next_directory("runs", f"prune-network-{data.name}")
    tell(search.prune_network(graph, data, options, run=given.run, force=given.force, progress=True))
