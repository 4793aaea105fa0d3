"""`neurograph search`."""

import argparse
from typing import Any

from neurograph import search

from ..nhn.pipeline import PRESETS, read_stage_options
from ..nhn.pipeline.options import described
from ..runs import next_directory
from .shared import add_data, add_run, path, print_result


def add(commands: Any) -> None:
    """Declare the command and its flags."""
    parser = commands.add_parser(
        "search",
        help="find a layer hierarchy, prune it to neurons, evolve where new ones go (NHN)",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=described().replace("%", "%%"),
    )
    parser.add_argument("--preset", choices=tuple(PRESETS), default="quick", help="settings to begin from")
    add_data(parser)
    add_run(parser)
    parser.add_argument("--config", type=path, metavar="TOML", help="a file of key = value lines, a [table] a stage")
    parser.add_argument("--set", action="append", default=[], metavar="STAGE.KEY=VALUE", help="one option")
    parser.set_defaults(command=_run)


def _run(given: argparse.Namespace) -> None:
    options = read_stage_options(given.config, given.set, PRESETS[given.preset])
    given.run = given.run or next_directory("runs", f"search-{given.data}")
    print_result(search.neuron_hierarchy(given.data, options, run=given.run, force=given.force, progress=True))
