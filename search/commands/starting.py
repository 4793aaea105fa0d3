"""What the commands have in common that train one network, saved or made of layers: only names and options differ."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
from search.growth.method import GrowingOptions
from search.options import read_options
from search.runs import next_directory


def add_training(
    commands: Any,
    *,
    name: str,
    options: type[GrowingOptions],
    hidden: Sequence[int],
    help: str,
    presets: Mapping[str, Any] | None = None,
    report: Callable[[search.Grown], str] | None = None,
) -> None:
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
        Neurons of each hidden layer, where neither they nor a graph nor a preset are given.
    help
        One line.
    presets
        Starts that bring `data`, `graph(seed)` and `settings` of their own, by name.
    report
        What is said of the result before where it lies.
    """
    presets = presets or {}
    parser = commands.add_parser(name, help=help)
    starts = "--preset NAME | " * bool(presets) + "--graph FILE | --hidden N ..."
    parser.usage = f"neurograph {name} [{starts}] [--data NAME] [--run DIR] {OPTIONS_USAGE}"
    if presets:
        parser.add_argument("--preset", choices=tuple(presets), help="data, network and options to start from")
    add_start(parser, () if presets else hidden)
    add_data(parser, None if presets else "digits")
    add_run(parser)
    add_options(parser, options)
    run = _Command(name, options, tuple(hidden), presets, report)
    parser.set_defaults(command=run, preset=None)


@dataclass(frozen=True)
class _Command:
    name: str
    options: type[GrowingOptions]
    hidden: tuple[int, ...]
    presets: Mapping[str, Any]
    report: Callable[[search.Grown], str] | None

    def __call__(self, given: argparse.Namespace) -> None:
        preset = self.presets[given.preset] if given.preset else None
        if preset and (given.graph or given.hidden):
            raise OptionError("--preset brings a network of its own: leave out --graph and --hidden, or the preset")
        if self.presets:
            given.hidden = given.hidden or self.hidden
        options = read_options(self.options, given.config, settings(given), preset.settings if preset else None)
        data = data_of(given, given.data or (preset.data if preset else "digits"))
        graph = preset.graph(options.seed) if preset else start_of(given, data, options.seed)
        given.run = given.run or next_directory("runs", f"{self.name}-{data.name}")
        grow = getattr(search, self.name)
        result = grow(graph, data, options, run=given.run, force=given.force, progress=True)
        if self.report:
            print(self.report(result))
        tell(result)
