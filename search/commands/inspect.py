"""`neurograph inspect`."""

import argparse
import json
import os
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from neurograph import NeuronGraph
from neurograph.analysis.units import unit_of, with_unit

from ...compiler.inspection import Inspection, ReportTable, inspect, plain, tables
from ...compiler.inspection.report import head
from ..evolution.kept import COMMAND as EVOLVED
from ..evolution.report import evolution_lines
from ..runs import Run, open_run
from .shared import add_batch_size, graph_file, path


def add(commands: Any) -> None:
    """Declare the command and its flags."""
    parser = commands.add_parser("inspect", help="what a network is made of, how it would run, how it grew")
    parser.add_argument("graph", type=path, help="a saved graph, or a run directory")
    add_batch_size(parser)
    parser.add_argument("--json", action="store_true", help="print it as one JSON object")
    parser.set_defaults(command=_run)


def _run(given: argparse.Namespace) -> None:
    found = inspect(NeuronGraph.load(graph_file(given.graph)), given.batch_size)
    if given.json:
        print(json.dumps(as_plain(found), indent=2))
        return
    about = run_lines(open_run(given.graph)) if os.path.isdir(given.graph) else []
    show(found, about, Console())


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


def run_lines(run: Run) -> list[str]:
    """A run in words: what it was, how far it is, how well it does."""
    config, rows = run.config(), run.metrics()
    if config.get("command") == EVOLVED:
        return evolution_lines(run)
    epochs = config.get("options", {}).get("epochs", "?")
    lines = [f"{config.get('command', 'a run')} on {config.get('data', '?')}: {len(rows)} of {epochs} epochs"]
    if rows:
        errors = [(name, rows[-1].get(f"{name}_error")) for name in ("train", "validation")]
        result = _table(config.get("result"))
        errors.append(("test", result.get("test_error")))
        unit = unit_of([*rows, result])
        known = [f"{name} {with_unit(error, unit)}" for name, error in errors if isinstance(error, int | float)]
        lines.append(f"error: {', '.join(known)}" if known else "no error is known")
        if "parameters" in rows[0]:
            lines.append(f"parameters: {rows[0]['parameters']:,} after the first epoch, {rows[-1]['parameters']:,} now")
    return lines


def _table(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}


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
