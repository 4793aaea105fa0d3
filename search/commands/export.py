"""`neurograph export`."""

import argparse
from typing import Any

from neurograph import (
    NeuronGraph,
    compiler,  # noqa: F401  (adds its formats)
)
from neurograph.errors import OptionError, listed
from neurograph.files import EXPORTS, export, find_format

from .printing import add_json, show
from .shared import add_out, graph_file, path, refuse_way_out

_EPILOG = "formats:\n" + "\n".join(f"  {name:<9} {found.about}" for name, found in EXPORTS.items())


def add(commands: Any) -> None:
    """Declare the command and its flags."""
    parser = commands.add_parser(
        "export",
        help="write a network for another program",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("graph", type=path, help="a saved graph, or a run directory")
    parser.add_argument("--to", metavar="FORMAT", help="the format; unless given, the ending of --out")
    add_out(parser, "beside the graph")
    add_json(parser)
    parser.set_defaults(command=_run)


def _run(given: argparse.Namespace) -> None:
    if given.to is None and given.out is None:
        raise OptionError(f"name a format with --to: {listed(EXPORTS, len(EXPORTS))}")
    refuse_way_out(given)
    path = graph_file(given.graph)
    chosen = find_format(given.out or "", given.to)
    name = next(name for name, found in EXPORTS.items() if found is chosen)
    out = given.out or chosen.usual_path(path, name)
    left_out = export(NeuronGraph.load(path), out, name, force=given.force)
    lines = (f"left out: {what}" for what in left_out)
    show(given, {"wrote": out, "format": name, "left_out": left_out}, f"wrote {out}", *lines, out=out)
