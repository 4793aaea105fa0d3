"""`neurograph search`."""

import argparse
from pathlib import Path
from typing import Any

from neurograph import search

from ..nhn.pipeline import PRESETS, read_stage_options
from ..nhn.pipeline.options import described
from ..runs import next_directory
from .printing import progress_of, show_result
from .shared import add_data, add_run, data_name, path


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
    parser.add_argument(
        "--config",
        type=path,
        metavar="FILE",
        help="TOML of key = value lines, a [table] a stage; or a run's config.json",
    )
    parser.add_argument("--set", action="append", default=[], metavar="STAGE.KEY=VALUE", help="one option")
    parser.set_defaults(command=_run)


def _run(given: argparse.Namespace) -> None:
    options = read_stage_options(given.config, given.set, PRESETS[given.preset])
    data = data_name(given)
    given.run = given.run or next_directory("runs", f"search-{Path(data).name}")
    with progress_of(given):
        result = search.neuron_hierarchy(data, options, run=given.run, force=given.force, progress=True)
    show_result(given, result)
