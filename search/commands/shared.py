"""What commands have in common: data, run directories, options as flags, results printed."""

import argparse
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import MISSING, Field, fields
from math import prod
from pathlib import Path
from typing import Any

from neurograph import NeuronGraph
from neurograph.disk.streams import STDOUT

from ...compiler.runtime.inputs import MOST_BATCH
from ..datasets import DATASETS, Dataset, load
from ..options import MOST_WHOLE, describe, read_config
from ..options.fields import choices_of
from ..runs import open_run, refuse_links_out
from .printing import add_progress

OPTIONS_USAGE = "[--config FILE] [--set KEY=VALUE] [--OPTION VALUE ...]"
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


def add_data(parser: argparse.ArgumentParser, default: str = "digits") -> None:
    """`--data`, where its files lie, and whether they may be fetched; `default` is for the help alone."""
    default_text = f" (default {default})" if default else ""
    parser = parser.add_argument_group("data")  # pyright: ignore[reportAssignmentType]
    parser.add_argument(
        "--data",
        type=_name,
        metavar="NAME[:COUNT]",
        help=f"what to learn: {', '.join(DATASETS)}; mnist:6000 is 6000 of its training examples; a file of yours: "
        f"arrays.npz, table.csv:TARGET or table.parquet:TARGET{default_text}",
    )
    parser.add_argument(
        "--data-directory", type=path, metavar="DIR", help="where its files lie (default $NEUROGRAPH_DATA)"
    )
    parser.add_argument("--no-download", action="store_true", help="never ask OpenML")


def data_name(given: argparse.Namespace, usual: str | None = "digits") -> str:
    """The name of the data: those asked for, those of the run whose config.json is --config, or the usual ones."""
    config = read_config(given.config) if getattr(given, "config", None) else None
    of_run = config.get("data") if config else None
    return given.data or (of_run if isinstance(of_run, str) else None) or usual or "digits"


def data_of(given: argparse.Namespace, name: str | None = None) -> Dataset:
    """The data set asked for, as images; `name` where the command chose it."""
    return load(name or data_name(given), given.data_directory, download=not given.no_download)


def add_start(parser: argparse.ArgumentParser, hidden: Sequence[int] | None) -> None:
    """`--graph FILE` or else `--hidden N ...` and their `--activation`; where `hidden` is None, a graph is needed."""
    saved = "a saved graph to start from, or the run directory that holds it"
    parser = parser.add_argument_group("network")  # pyright: ignore[reportAssignmentType]
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
    """`--run DIR`, `--force`, and what is shown meanwhile."""
    group = parser.add_argument_group("run")
    group.add_argument("--run", type=path, metavar="DIR", help="run directory (default: a new one under runs/)")
    group.add_argument("--force", action="store_true", help="throw away the run that lies there")
    add_progress(group)
    parser.set_defaults(goes_on=True)


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


def add_options(parser: argparse.ArgumentParser, cls: type) -> None:
    """`--config`, `--set`, and a flag for every field of an options dataclass."""
    group = parser.add_argument_group("options", "from a file, from --set, or each by its flag, the later winning")
    group.add_argument("--config", type=path, metavar="FILE", help="TOML of key = value lines, or a run's config.json")
    group.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="one option, as in the file")
    groups: dict[type, Any] = {}
    for f in fields(cls):
        owner = next(each for each in reversed(cls.__mro__) if f.name in getattr(each, "__dataclass_fields__", ()))
        if owner not in groups:
            groups[owner] = parser.add_argument_group(_title(owner))
        help_text = f"{f.metadata['help']} ({describe(f)}; default {_default(f)})".replace("%", "%%")
        flag = "--" + f.name.replace("_", "-")
        action = groups[owner].add_argument(flag, dest=_OPTION + f.name, metavar="VALUE", help=help_text)
        action.words = choices_of(f.metadata) or (("true", "false") if f.type is bool else ())  # for completion


def _title(cls: type) -> str:
    """The title of a class's options: "metabolism options" of `MetabolismOptions`."""
    return " ".join(word.lower() for word in re.findall("[A-Z][a-z]*", cls.__name__))


def settings(given: argparse.Namespace) -> list[str]:
    """What `--set` and the flags of `add_options` said, as `key=value`."""
    flags = {name.removeprefix(_OPTION): value for name, value in vars(given).items() if name.startswith(_OPTION)}
    return [*given.set, *(f"{name}={value}" for name, value in flags.items() if value is not None)]


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
