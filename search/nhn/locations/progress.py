"""What a person sees while a search runs: live on a terminal, a plain line now and then elsewhere."""

from typing import Any

from rich.console import Console, Group
from rich.progress_bar import ProgressBar
from rich.table import Table

from ...progress import Pace, Shown
from .genes import Genome, Seeds, Space


class ShowLocationSearch(Shown):
    """A callback for `search` that shows the best individual, and how fast it goes.

    Parameters
    ----------
    cycles
        How many there will be.
    space
        Of the genomes, whose choices have the names that are shown.
    every
        Where there is no terminal: a line every so many cycles, and one where someone is better than ever.
    console
        `usual_console()` when None.
    """

    def __init__(self, cycles: int, space: Space, every: int = 10, console: Console | None = None) -> None:
        super().__init__(console)
        self.cycles, self.space, self.every = cycles, space, every
        self._record, self._pace = float("inf"), Pace()

    def __call__(self, searching: Any, row: dict[str, Any]) -> None:
        """Show one cycle's row."""
        self._pace.count()
        better, self._record = row["error"] < self._record, min(row["error"], self._record)
        if self.is_live:
            self.live.update(self._picture(row), refresh=True)
        elif better or row["failed"] or row["cycle"] % self.every == 0 or row["cycle"] in (1, self.cycles):
            self.console.print(self._line(row), markup=False, highlight=False, soft_wrap=True)

    def _picture(self, row: dict[str, Any]) -> Group:
        table = Table.grid(padding=(0, 2))
        table.add_row("cycle", f"{row['cycle']} of {self.cycles}")
        table.add_row("", ProgressBar(total=self.cycles, completed=row["cycle"], width=40))
        table.add_row("error", _errors(row))
        table.add_row("time", self._time(row))
        table.add_row("speed", _speed(row))
        if row["failed"]:
            table.add_row("failed", f"{row['failed']} of {row['evaluated']}")
        return Group(table, _drawing(self.space, row["best"]))

    def _time(self, row: dict[str, Any]) -> str:
        return self._pace.words(self.cycles - row["cycle"])

    def _line(self, row: dict[str, Any]) -> str:
        failed = f" | {row['failed']} failed" if row["failed"] else ""
        words = in_words(self.space, row["best"])
        return f"cycle {row['cycle']:>4} | error {_errors(row)} | {_speed(row)} | {self._time(row)}{failed} | {words}"


def in_words(space: Space, genome: Genome | list[int]) -> str:
    """A genome for people: who feeds whom, or its genes where the space has no names for them.

    Examples
    --------
    >>> from neurograph.search.nhn.locations.genes import Table
    >>> in_words(Table((("stem",), ("stem", "layer0"))), (-1, 1))
    'layer0 -> gene 1'
    """
    if isinstance(space, Seeds):
        return f"directions from seed {genome[0]}"
    present = [(_gene_name(space, at), space.choices(at)[value]) for at, value in enumerate(genome) if value >= 0]
    return ", ".join(f"{read} -> {fed}" for fed, read in present) or "no add-ons"


def _drawing(space: Space, genome: list[int]) -> Table:
    """A line for each layer that is fed, sizes side by side."""
    if isinstance(space, Seeds):
        return Table(in_words(space, genome), box=None)
    table = Table("the best feeds", "with what", box=None, padding=(0, 2))
    for at, value in enumerate(genome):
        if value >= 0:
            table.add_row(_gene_name(space, at), str(space.choices(at)[value]))
    return table


def _gene_name(space: Space, gene: int) -> str:
    names = getattr(space, "genes", None)  # Locations: (layer, kernel size)
    return f"{names[gene][0]} by {names[gene][1]}x{names[gene][1]}" if names else f"gene {gene}"


def _errors(row: dict[str, Any]) -> str:
    median = row["median_error"]
    return f"{row['error']:.2f}% best" + ("" if median is None else f", {median:.2f}% median")


def _speed(row: dict[str, Any]) -> str:
    return f"{row['evaluated'] / max(row['seconds'], 1e-9):.3g} individuals/s"
