"""`neurograph inspect`."""

import argparse
import os
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from neurograph import NeuronGraph

from ...compiler.inspection import Inspection, ReportTable, inspect, plain, tables
from ...compiler.inspection.report import head
from ..methods import METHODS
from ..runs import open_run
from .describing import summary_of
from .printing import add_json
from .printing import show as print_as
from .shared import add_batch_size, graph_file, path


def add(commands: Any) -> None:
    """Declare the command and its flags."""
    parser = commands.add_parser("inspect", help="what a network is made of, how it would run, how it grew")
    parser.add_argument("graph", type=path, help="a saved graph, or a run directory")
    add_batch_size(parser)
    add_json(parser)
    parser.set_defaults(command=_run)


def _run(given: argparse.Namespace) -> None:
    run = open_run(given.graph) if os.path.isdir(given.graph) else None
    summary = summary_of(run) if run else None
    without = run is not None and not run.graph.exists() and run.config().get("command") not in METHODS
    found = None if without else inspect(NeuronGraph.load(graph_file(given.graph)), given.batch_size)
    if given.json:
        about = {"run": asdict(summary)} if summary else {}
        print_as(given, (as_plain(found) if found else {}) | about)
    elif found is None:  # a search that has found no network yet
        print("\n".join(summary.lines() if summary else []))
    else:
        show(found, summary.lines() if summary else [], Console())


def as_plain(found: Inspection) -> dict[str, Any]:
    """An inspection as plain data: all that its tables show, but the program as its own report in words."""
    wiring = [{name: value for name, value in vars(one).items() if name != "products"} for one in found.wiring]
    plain_data = {
        name: value
        for name, value in vars(found).items()
        if name not in ("populations", "wiring", "growth", "program", "refusal")
    }
    return plain_data | {
        "populations": [vars(one) for one in found.populations],
        "wiring": wiring,
        "growth": vars(found.growth),
        "program": None if found.program is None else str(found.program),
        "refusal": found.refusal or None,
    }


def show(found: Inspection, about: list[str], console: Console) -> None:
    """Print an inspection: in tables on a terminal, as plain text elsewhere."""
    if not console.is_terminal:
        print("\n".join([*about, *([""] if about else []), plain(found)]))
        return
    for line in (*about, head(found)):
        console.print(Text(line, style="bold"))
    for report_table in tables(found):
        console.print()
        console.print(table(report_table))
        for note in report_table.notes:
            console.print(Text(note, style="dim"))


def table(report_table: ReportTable) -> Table:
    """One table in colour; names from files stay text."""
    made = Table(
        title=report_table.title, title_justify="left", title_style="bold cyan", box=None, padding=(0, 2, 0, 0)
    )
    for column in report_table.columns:
        justify: Any = "right" if column.startswith(">") else "left"
        made.add_column(column.lstrip(">"), justify=justify, header_style="dim", overflow="fold")
    for row in report_table.rows:
        made.add_row(*(Text(cell) for cell in row))
    return made
