"""The commands that train one network, saved or made of layers: one for each way in which it may change."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurograph.errors import OptionError
from neurograph.network import NeuronGraph

from ..growth.method import Method
from ..methods import METHODS
from ..options import read_options
from ..runs import next_directory
from .printing import progress_of, show_result
from .shared import (
    OPTIONS_USAGE,
    add_data,
    add_options,
    add_run,
    add_start,
    data_name,
    data_of,
    settings,
    start_of,
)


def add(commands: Any) -> None:
    """Declare a command for each of the `METHODS`, those of installed packages too."""
    for method in METHODS.values():
        _add(commands, method)


def _add(commands: Any, method: Method) -> None:
    name, presets = method.command, method.presets
    parser = commands.add_parser(name, help=method.help)
    starts = "--preset NAME | " * bool(presets) + "--graph FILE" + " | --hidden N ..." * (method.hidden is not None)
    starts = starts if method.hidden is None else f"[{starts}]"
    parser.usage = f"neurograph {name} {starts} [--data NAME] [--run DIR] {OPTIONS_USAGE}"
    if presets:
        parser.add_argument("--preset", choices=tuple(presets), help="data, network and options to start from")
    add_start(parser, () if presets else method.hidden)
    add_data(parser, "that of the preset, else digits" if presets else "digits")
    add_run(parser)
    add_options(parser, method.options)
    parser.set_defaults(command=_Command(method), preset=None)


@dataclass(frozen=True)
class _Command:
    method: Method

    def __call__(self, given: argparse.Namespace) -> None:
        method = self.method
        preset = method.presets[given.preset] if given.preset else None
        made = preset.graph if preset else None
        if made and (given.graph or given.hidden):
            raise OptionError("--preset brings a network of its own: leave out --graph and --hidden, or the preset")
        if preset and not made and (not given.graph or given.hidden):
            raise OptionError(f"--preset {given.preset} goes on with a trained network: name its run with --graph RUN")
        if method.presets:
            given.hidden = given.hidden or method.hidden
        options = read_options(method.options, given.config, settings(given), preset.settings if preset else None)
        data = data_of(given, data_name(given, preset.data if preset else None))
        graph = made(options.seed) if made else start_of(given, data, self._layers(given, options))
        given.run = given.run or next_directory("runs", f"{method.command}-{Path(data.name).name}")
        with progress_of(given):
            result = method(graph, data, options, run=given.run, force=given.force, progress=True)
        show_result(given, result, *([method.report(result.graph)] if method.report else []))

    def _layers(self, given: argparse.Namespace, options: Any) -> Callable[[list[int]], NeuronGraph]:
        return lambda sizes: self.method.build(sizes, given.activation, options)
