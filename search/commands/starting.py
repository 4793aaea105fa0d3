"""What the commands have in common that train one network, saved or made of layers: only names and options differ."""

import argparse
from collections.abc import Sequence
from functools import partial
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
from search.growing import GrowingOptions
from search.options import read_options
from search.runs import next_directory


def add_training(commands: Any, *, name: str, options: type[GrowingOptions], hidden: Sequence[int], help: str) -> None:
    """Declare a command that is called as a function of `search` is.

    Parameters
    ----------
    commands
        Where commands are declared.
    name
        Of the command, and of the function.
    options
        Its options dataclass, each field a flag.
    hidden
        Neurons of each hidden layer, where no graph is given.
    help
        One line.
    """
    parser = commands.add_parser(name, help=help)
    parser.usage = f"neurograph {name} [--graph FILE | --hidden N ...] [--data NAME] [--run DIR] {OPTIONS_USAGE}"
    add_start(parser, hidden)
    add_data(parser)
    add_run(parser)
    add_options(parser, options)
    parser.set_defaults(command=partial(_run, name, options))


def _run(name: str, cls: type[GrowingOptions], given: argparse.Namespace) -> None:
    options = read_options(cls, given.config, settings(given))
    data = data_of(given)
    graph = start_of(given, data, options.seed)
    given.run = given.run or next_directory("runs", f"{name}-{data.name}")
    tell(getattr(search, name)(graph, data, options, run=given.run, force=given.force, progress=True))
