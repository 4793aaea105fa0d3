"""`neurograph expand`."""

import argparse
from typing import Any

import search
from neurograph.errors import OptionError
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
from search.expansion import PRESETS, ExpandOptions
from search.options import read_options
from search.runs import next_directory


def add(commands: Any) -> None:
    """Declare the command and its flags."""
    parser = commands.add_parser("expand", help="train a network whose synapses become neurons where they have to")
    parser.usage = (
        f"neurograph expand [--preset NAME | --graph FILE | --hidden N ...] [--data NAME] [--run DIR] {OPTIONS_USAGE}"
    )
    parser.add_argument("--preset", choices=tuple(PRESETS), help="data, network and options to start from")
    add_start(parser, hidden=())
    add_data(parser, default=None)
    add_run(parser)
    add_options(parser, ExpandOptions)
    parser.set_defaults(command=_run)


def _run(given: argparse.Namespace) -> None:
    preset = PRESETS[given.preset] if given.preset else None
    if preset and (given.graph or given.hidden):
        raise OptionError("--preset brings a network of its own: leave out --graph and --hidden, or the preset")
    options = read_options(ExpandOptions, given.config, settings(given), preset.settings if preset else None)
    name = given.data or (preset.data if preset else "digits")
    data = data_of(given, name)
    graph = preset.graph(options.seed) if preset else start_of(given, data, options.seed)
    given.run = given.run or next_directory("runs", f"expand-{data.name}")
    tell(search.expand(graph, data, options, run=given.run, force=given.force, progress=True))
