"""`neurograph calibrate`."""

import argparse
from typing import Any

import torch

from neurograph.errors import FileError

from ...compiler.lowering.rates import Calibration
from ...compiler.planning.calibration import kept_at, measure_and_keep
from ...compiler.planning.cost import default_calibration
from .printing import add_json, show


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "calibrate", help="measure what products cost on this machine and its CUDA device, for the choice among them"
    )
    add_json(parser)
    parser.set_defaults(command=_run)


def _run(given: argparse.Namespace) -> None:
    plain, lines = {}, []
    for device in ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",):
        figures = measure_and_keep(device)
        if figures is None:
            raise FileError(
                f"figures cannot be kept in {kept_at().parent}: make it a folder that can be written to, or name "
                "another by XDG_CACHE_HOME; until then networks are planned by the shipped figures"
            )
        plain[device] = {"name": figures.name, "kept_at": kept_at(device), "seconds": figures.rates}
        lines += [f"{figures.name}: {kept_at(device)}", *_lines(figures)]
    show(given, plain, *lines)


def _lines(figures: Calibration) -> list[str]:
    """The rates that were measured, beside the shipped ones."""
    given = default_calibration(figures.device).rates
    shipped = {name: given.get(name, found) for name, found in figures.rates.items()}
    return [
        f"  {name:<24}{found:>10.3g} s, shipped {shipped[name]:.3g} s"
        for name, found in figures.rates.items()
        if found != shipped[name]
    ]
