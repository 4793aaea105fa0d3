"""`neurograph import`."""

import argparse
import os
from typing import Any

from neurograph import NeuronGraph
from neurograph.errors import FileError
from neurograph.files import IMPORTS

from .printing import add_json, show
from .shared import path

_EPILOG = "formats:\n" + "\n".join(f"  {name:<9} {found.about}" for name, found in IMPORTS.items())


def add(commands: Any) -> None:
    """Declare the command and its flags."""
    parser = commands.add_parser(
        "import",
        help="read a network of another program into a saved graph",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=path, help="the file of another program")
    parser.add_argument("--from", dest="format", metavar="FORMAT", help="the format; unless given, the file's ending")
    parser.add_argument("--out", type=path, metavar="PATH", help="where to (default: beside the file, .safetensors)")
    parser.add_argument("--force", action="store_true", help="write over what lies there")
    add_json(parser)
    parser.set_defaults(command=_run)


def _run(given: argparse.Namespace) -> None:
    out = given.out or given.file.with_suffix(".safetensors")
    if os.path.exists(out) and not given.force:  # False for names that no system takes, which their reader refuses
        raise FileError(f"{out} is there already; --force writes over it")
    graph = NeuronGraph.import_from(given.file, given.format)
    graph.save(out)
    neurons, synapses = len(graph), graph.number_of_edges()
    plain = {"wrote": out, "neurons": neurons, "synapses": synapses}
    show(given, plain, f"wrote {out}: {neurons:,} neurons, {synapses:,} synapses", out=out)
