"""The command line: every command is a thin wrapper over one public function."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

import compiler
import search
from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.errors import NeuroGraphError
from search.datasets import NAMES, load
from search.expansion import PRESETS, ExpandOptions
from search.metabolism import MetabolizeOptions
from search.options import describe, read_options
from search.runs import next_directory

_USAGE = "[--config TOML] [--set KEY=VALUE] [--OPTION VALUE ...]"
_OPTION = "option:"  # marks the flags that came from an options dataclass


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0, 2 for an error in what was asked, 130 when interrupted.

    Parameters
    ----------
    arguments
        Words of the command line, `sys.argv[1:]` when None.
    """
    given = _parser().parse_args(arguments)
    try:
        given.command(given)
        return 0
    except NeuroGraphError as error:
        print(f"neurograph: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        way = f"; go on with: neurograph resume {given.run}" if getattr(given, "run", None) else ""
        print(f"\nneurograph: stopped{way}", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="neurograph", description="Neural networks as graphs of neurons.")
    commands = parser.add_subparsers(required=True, metavar="command")
    _add_metabolize(commands)
    _add_expand(commands)
    _add_resume(commands)
    _add_compile(commands)
    return parser


def _add_metabolize(commands: Any) -> None:
    parser = commands.add_parser("metabolize", help="train a network that grows where it has to (MetaNet)")
    parser.usage = f"neurograph metabolize [--graph FILE | --hidden N ...] [--data NAME] [--run DIR] {_USAGE}"
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--graph", type=Path, metavar="FILE", help="a saved graph to start from")
    start.add_argument(
        "--hidden", type=int, nargs="+", default=[16, 16], metavar="N", help="else: neurons of each hidden layer"
    )
    parser.add_argument("--activation", default="relu", help="of those layers (default relu)")
    _add_data(parser)
    _add_run(parser)
    _add_options(parser, MetabolizeOptions)
    parser.set_defaults(command=_metabolize)


def _metabolize(given: argparse.Namespace) -> None:
    options = read_options(MetabolizeOptions, given.config, _settings(given))
    data = load(given.data, given.data_directory, download=not given.no_download).flat()
    graph = _start(given, (data.input_shape[0], *given.hidden, data.classes), options.seed)
    given.run = given.run or next_directory("runs", f"metabolize-{given.data}")
    _tell(search.metabolize(graph, data, options, run=given.run, force=given.force, progress=True))


def _add_expand(commands: Any) -> None:
    parser = commands.add_parser("expand", help="train a network whose synapses become neurons where they have to")
    parser.usage = (
        f"neurograph expand [--preset NAME | --graph FILE | --hidden N ...] [--data NAME] [--run DIR] {_USAGE}"
    )
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--preset", choices=tuple(PRESETS), help="data, network and options to start from")
    start.add_argument("--graph", type=Path, metavar="FILE", help="a saved graph to start from")
    start.add_argument(
        "--hidden", type=int, nargs="*", default=[], metavar="N", help="else: neurons of each hidden layer, if any"
    )
    parser.add_argument("--activation", default="relu", help="of those layers (default relu)")
    _add_data(parser)
    parser.set_defaults(data=None)
    _add_run(parser)
    _add_options(parser, ExpandOptions)
    parser.set_defaults(command=_expand)


def _expand(given: argparse.Namespace) -> None:
    preset = PRESETS[given.preset] if given.preset else None
    options = read_options(ExpandOptions, given.config, _settings(given), preset.settings if preset else None)
    name = given.data or (preset.data if preset else "digits")
    data = load(name, given.data_directory, download=not given.no_download).flat()
    sizes = (data.input_shape[0], *given.hidden, data.classes)
    graph = preset.graph(options.seed) if preset else _start(given, sizes, options.seed)
    given.run = given.run or next_directory("runs", f"expand-{name}")
    _tell(search.expand(graph, data, options, run=given.run, force=given.force, progress=True))


def _start(given: argparse.Namespace, sizes: Sequence[int], seed: int) -> Any:
    return NeuronGraph.load(given.graph) if given.graph else mlp(list(sizes), activation=given.activation, seed=seed)


def _add_resume(commands: Any) -> None:
    parser = commands.add_parser("resume", help="go on with a run that was stopped, with the same numbers")
    parser.add_argument("run", type=Path, help="the run directory")
    parser.set_defaults(command=_resume)


def _resume(given: argparse.Namespace) -> None:
    _tell(search.resume(given.run, progress=True))


def _tell(result: search.Grown) -> None:
    print(f"test error {result.test_error:.2f}%; graph, journal, metrics and pictures lie in {result.run}")


def _add_compile(commands: Any) -> None:
    parser = commands.add_parser("compile", help="compile a saved graph and say how it would run")
    parser.add_argument("graph", type=Path, help="a saved graph")
    parser.add_argument("--batch-size", type=int, default=256, metavar="N", help="what to tune for (default 256)")
    parser.set_defaults(command=_compile)


def _compile(given: argparse.Namespace) -> None:
    print(compiler.compile(NeuronGraph.load(given.graph), batch_size=given.batch_size).report())


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", default="digits", choices=NAMES, help="what to learn (default digits)")
    parser.add_argument(
        "--data-directory", type=Path, metavar="DIR", help="where its files lie (default $NEUROGRAPH_DATA)"
    )
    parser.add_argument("--no-download", action="store_true", help="never ask OpenML")


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--run", type=Path, metavar="DIR", help="run directory (default: a new one under runs/)")
    parser.add_argument("--force", action="store_true", help="throw away the run that lies there")


def _add_options(parser: argparse.ArgumentParser, cls: type) -> None:
    """`--config`, `--set`, and a flag for every field of an options dataclass."""
    group = parser.add_argument_group("options", "from a TOML file, from --set, or each by its flag, the later winning")
    group.add_argument("--config", type=Path, metavar="TOML", help="a file of key = value lines")
    group.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="one option, as in the file")
    for f in fields(cls):
        told = f"{f.metadata['help']} ({describe(f)}; default {_default(f)})".replace("%", "%%")
        flag = "--" + f.name.replace("_", "-")
        group.add_argument(flag, dest=_OPTION + f.name, metavar="VALUE", help=told)


def _default(f: Field) -> Any:
    return f.default if f.default is not MISSING else f.default_factory()  # type: ignore[misc]


def _settings(given: argparse.Namespace) -> list[str]:
    flags = {name.removeprefix(_OPTION): value for name, value in vars(given).items() if name.startswith(_OPTION)}
    return [*given.set, *(f"{name}={value}" for name, value in flags.items() if value is not None)]
