"""What commands have in common: data, run directories, options as flags, results printed."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import MISSING, Field, fields
from math import prod
from pathlib import Path
from typing import Any

from neurograph import NeuronGraph
from neurograph.analysis.units import PERCENT, with_unit
from neurograph.disk.streams import STDOUT, descriptor

from ...compiler.runtime.inputs import MOST_BATCH
from ..datasets import DATASETS, Dataset, load
from ..nhn.pipeline import NeuronHierarchy
from ..options import MOST_WHOLE, describe
from ..runs import open_run, refuse_links_out

OPTIONS_USAGE = "[--config TOML] [--set KEY=VALUE] [--OPTION VALUE ...]"
MOST_NEURONS = 10_000_000  # of a hidden layer
_OPTION = "option:"  # marks the flags that came from an options dataclass


def whole(least: int, most: int = MOST_WHOLE) -> Callable[[str], int]:
    """A type for argparse: whole numbers between two bounds."""

    def number(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"must be a whole number from {least:,} to {most:,}, not {text[:50]!r}")
        return value

    return number


def add_batch_size(parser: argparse.ArgumentParser) -> None:
    """`--batch-size`, for commands that plan a network."""
    help = "what to tune for (default 256)"
    parser.add_argument("--batch-size", type=whole(1, MOST_BATCH), default=256, metavar="N", help=help)


def add_data(parser: argparse.ArgumentParser, default: str | None = "digits") -> None:
    """`--data`, where its files lie, and whether they may be fetched."""
    default_text = f" (default {default})" if default else ""
    parser.add_argument(
        "--data",
        type=_name,
        default=default,
        metavar="NAME[:COUNT]",
        help=f"what to learn: {', '.join(DATASETS)}; mnist:6000 is 6000 of its training examples; a file of yours: "
        f"arrays.npz, table.csv:TARGET or table.parquet:TARGET{default_text}",
    )
    parser.add_argument(
        "--data-directory", type=path, metavar="DIR", help="where its files lie (default $NEUROGRAPH_DATA)"
    )
    parser.add_argument("--no-download", action="store_true", help="never ask OpenML")


def data_of(given: argparse.Namespace, name: str | None = None) -> Dataset:
    """The data set asked for, as images; `name` where the command chose it."""
    return load(name or given.data, given.data_directory, download=not given.no_download)


def add_start(parser: argparse.ArgumentParser, hidden: Sequence[int] | None) -> None:
    """`--graph FILE` or else `--hidden N ...` and their `--activation`; where `hidden` is None, a graph is needed."""
    saved = "a saved graph to start from, or the run directory that holds it"
    if hidden is None:
        parser.add_argument("--graph", type=path, required=True, metavar="FILE", help=saved)
        return
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--graph", type=path, metavar="FILE", help=saved)
    start.add_argument(
        "--hidden",
        type=whole(1, MOST_NEURONS),
        nargs="*",
        default=list(hidden),
        metavar="N",
        help="else: neurons of each hidden layer",
    )
    parser.add_argument("--activation", default="relu", help="of those layers (default relu)")


def start_of(given: argparse.Namespace, data: Dataset, layers: Callable[[list[int]], NeuronGraph]) -> NeuronGraph:
    """The graph asked for: a file's, or layers between the data's features and classes, made from their sizes."""
    if given.graph:
        return NeuronGraph.load(graph_file(given.graph))
    return layers([prod(data.input_shape), *given.hidden, data.classes])


def graph_file(path: Path) -> Path:
    """The file of a saved graph: the path itself, or the newest graph of the run directory it names."""
    return open_run(path).graph if os.path.isdir(path) else path


def add_run(parser: argparse.ArgumentParser) -> None:
    """`--run DIR` and `--force`."""
    parser.add_argument("--run", type=path, metavar="DIR", help="run directory (default: a new one under runs/)")
    parser.add_argument("--force", action="store_true", help="throw away the run that lies there")


def add_out(parser: argparse.ArgumentParser, usual: str) -> None:
    """`--out PATH`, `-` for standard output, and `--force`."""
    parser.add_argument(
        "--out", type=_place, metavar="PATH", help=f"where to, - for standard output (default: {usual})"
    )
    parser.add_argument("--force", action="store_true", help="write over what lies there")


def refuse_way_out(given: argparse.Namespace) -> None:
    """Where the run directory is the place to write to, and not one that the user has named: no link may lead out."""
    if given.out is None and os.path.isdir(given.graph):
        refuse_links_out(given.graph)


def say(out: Path, *lines: str) -> None:
    """Print what became of a file; where standard output is the file, to standard error."""
    for line in lines:
        print(line, file=sys.stderr if descriptor(out) == 1 else sys.stdout)


def add_options(parser: argparse.ArgumentParser, cls: type) -> None:
    """`--config`, `--set`, and a flag for every field of an options dataclass."""
    group = parser.add_argument_group("options", "from a TOML file, from --set, or each by its flag, the later winning")
    group.add_argument("--config", type=path, metavar="TOML", help="a file of key = value lines")
    group.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="one option, as in the file")
    for f in fields(cls):
        help_text = f"{f.metadata['help']} ({describe(f)}; default {_default(f)})".replace("%", "%%")
        flag = "--" + f.name.replace("_", "-")
        group.add_argument(flag, dest=_OPTION + f.name, metavar="VALUE", help=help_text)


def settings(given: argparse.Namespace) -> list[str]:
    """What `--set` and the flags of `add_options` said, as `key=value`."""
    flags = {name.removeprefix(_OPTION): value for name, value in vars(given).items() if name.startswith(_OPTION)}
    return [*given.set, *(f"{name}={value}" for name, value in flags.items() if value is not None)]


def print_result(result: Any) -> None:
    """How a run ended: in one line, or its report where it has several stages."""
    if isinstance(result, NeuronHierarchy):
        print(f"\n{result.report()}\ngraph, pictures and every stage lie in {result.run}")
        return
    if not hasattr(result, "test_error"):
        print(f"all of it lies in {result.run}")
        return
    unit = getattr(result, "unit", PERCENT)
    tested = "no test part" if result.test_error is None else f"test error {with_unit(result.test_error, unit)}"
    print(f"{tested}; graph, journal, metrics and pictures lie in {result.run}")


def path(text: str) -> Path:
    """A type for argparse: a file or a folder; an empty text, such as a shell makes of a name it lacks, is neither."""
    if not text:
        raise argparse.ArgumentTypeError("must name a file or a folder, not ''")
    return Path(text)


def _place(text: str) -> Path:
    return STDOUT if text == "-" else path(text)


def _name(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError(f"must be NAME or NAME:COUNT of {', '.join(DATASETS)}, not ''")
    return text


def _default(f: Field) -> Any:
    return f.default if f.default is not MISSING else f.default_factory()  # type: ignore[misc]
