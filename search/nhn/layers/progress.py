"""What a person sees of a search for a layer hierarchy: how the networks do, and the best so far."""

from typing import Any

from rich.console import Console
from rich.progress_bar import ProgressBar
from rich.table import Table

from ...progress import ShowProgress
from .space import MacroSpace, sketch


class ShowHierarchySearch(ShowProgress):
    """A callback for `Trainer`: live on a terminal, with the best network drawn as text; a line an epoch elsewhere.

    Parameters
    ----------
    epochs
        How many there will be.
    space
        What is searched.
    console
        `usual_console()` when None.
    """

    def __init__(self, epochs: int, space: MacroSpace, console: Console | None = None) -> None:
        super().__init__(epochs, console=console)
        self.space = space

    def __call__(self, trainer: Any, row: dict[str, Any]) -> None:
        """Show one epoch's row."""
        self.pace.count()
        if self.is_live:
            self.live.update(self._picture(row), refresh=True)
        else:
            found = row["search"]
            line = f"epoch {row['epoch']:>4} | {_errors(row)} | best so far {found['best_error']:.2f}%: "
            genes = self.space.genes(found["best_genes"])
            line += ", ".join(sketch(genes, self.space, boundaries=False).splitlines())
            line += f" | {self.pace.words(self.left(row))}"
            self.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _picture(self, row: dict[str, Any]) -> Table:
        table, found = Table.grid(padding=(0, 2)), row["search"]
        table.add_row("epoch", f"{row['epoch']} of {self.epochs}")
        table.add_row("", ProgressBar(total=max(self.epochs, 1), completed=row["epoch"], width=40))
        table.add_row("time", self.pace.words(self.left(row)))
        table.add_row("error", _errors(row))
        table.add_row("best so far", f"{found['best_error']:.2f}% held out")
        table.add_row("", sketch(self.space.genes(found["best_genes"]), self.space))
        return table


def _errors(row: dict[str, Any]) -> str:
    text, reward = f"{row['train_error']:.2f}% training", row["search"]["reward"]
    return text if reward is None else f"{text}, {100 - 100 * reward:.2f}% held out, mean of the networks rated"
