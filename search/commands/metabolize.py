"""`neurograph metabolize`."""

import argparse
from typing import Any

import search
from search.commands.shared import (
    OPTIONS_USAGE,
    add_data,
    add_options,
    add_run,
    add_start,
    data_of,
    settings,
    start_of,
    tell,
)
from search.metabolism import MetabolizeOptions
from search.options import read_options
from search.runs import next_directory


def add(commands: Any) -> None:
    """Declare the command and its flags."""
    parser = commands.add_parser("metabolize", help="train a network that grows where it has to (MetaNet)")
    parser.usage = f"neurograph metabolize [--graph FILE | --hidden N ...] [--data NAME] [--run DIR] {OPTIONS_USAGE}"
    add_start(parser, hidden=(16, 16))
    add_data(parser)
    add_run(parser)
    add_options(parser, MetabolizeOptions)
    parser.set_defaults(command=_run)


def _run(given: argparse.Namespace) -> None:
    options = read_options(MetabolizeOptions, given.config, settings(given))
    data = data_of(given)
    graph = start_of(given, data, options.seed)
    given.run = given.run or next_directory("runs", f"metabolize-{data.name}")
    tell(search.metabolize(graph, data, options, run=given.run, force=given.force, progress=True))
