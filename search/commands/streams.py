"""`neurograph metabolize-stream`."""

import argparse
from math import prod
from typing import Any

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.errors import OptionError

from ..growth.metabolism.streaming.options import StreamOptions
from ..growth.metabolism.streaming.run import COMMAND, metabolize_stream
from ..options import read_options, split_setting
from ..runs import next_directory
from ..streams import STREAMS, WITHOUT_DATA, make_stream
from .printing import progress_of, show_result
from .shared import (
    OPTIONS_USAGE,
    add_data,
    add_options,
    add_run,
    add_start,
    data_of,
    graph_file,
    settings,
)


def add(commands: Any) -> None:
    """Declare the command and its flags."""
    help = "train a network on data that keep coming: neurons die, and others are born in their places"
    parser = commands.add_parser(COMMAND, help=help)
    parser.usage = (
        f"neurograph {COMMAND} [--graph FILE | --hidden N ...] [--stream NAME] [--data NAME] [--about KEY=NUMBER] "
        f"[--run DIR] {OPTIONS_USAGE}"
    )
    parser.add_argument("--stream", choices=tuple(STREAMS), default="random_labels", help="what keeps coming")
    parser.add_argument(
        "--about",
        action="append",
        default=[],
        metavar="KEY=NUMBER",
        help="what the stream is made with: tasks, images, passes, batch_size, seed, ...; again for more",
    )
    add_start(parser, (64, 64))
    add_data(parser)
    add_run(parser)
    add_options(parser, StreamOptions)
    parser.set_defaults(command=_run)


def _run(given: argparse.Namespace) -> None:
    options = read_options(StreamOptions, given.config, settings(given))
    about = dict(map(_number, given.about))
    made_up = given.stream in WITHOUT_DATA
    data = None if made_up else data_of(given)
    stream = make_stream(given.stream, data, **about)
    sizes = [prod(stream.input_shape), *given.hidden, stream.outputs]
    graph = (
        NeuronGraph.load(graph_file(given.graph))
        if given.graph
        else mlp(sizes, activation=given.activation, seed=options.seed)
    )
    stem = f"{COMMAND}-{given.stream}".replace("_", "-")
    given.run = given.run or next_directory("runs", stem)
    how: dict[str, Any] = {"about": about, "run": given.run, "force": given.force, "progress": True}
    with progress_of(given):
        lived = metabolize_stream(graph, given.stream, data or "digits", options, **how)
    died = sum(sum(row["died"].values()) for row in lived.rows)
    line = f"{died:,} neurons died in {lived.rows[-1]['step']:,} steps" if lived.rows else "the stream had no steps"
    show_result(given, lived, line)


def _number(setting: str) -> tuple[str, float]:
    """A name and its number."""
    name, text = split_setting(setting)
    try:
        return name, int(text)
    except ValueError:
        pass
    try:
        return name, float(text)
    except ValueError:
        raise OptionError(f"--about {setting}: {text!r} is no number") from None
