"""What a person sees while a network trains: live on a terminal, a plain line now and then elsewhere."""

from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from neurograph.analysis.units import unit_of, with_unit

_NAMED = 8  # populations that fit a line each with its own count


class Shown:
    """Something on a terminal that is drawn anew as it changes.

    Used as a context manager, so that the terminal is put right whatever happens.

    Parameters
    ----------
    console
        Standard output when None.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console()
        self.live = Live(console=self.console, auto_refresh=False, transient=False)

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self.live.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.console.is_terminal:
            self.live.stop()


class ShowProgress(Shown):
    """A callback for `Trainer` that shows error, neurons per population and the last edit.

    Parameters
    ----------
    epochs
        How many there will be.
    every
        Where there is no terminal: a line every so many epochs, and one for each edit.
    console
        Standard output when None.
    """

    def __init__(self, epochs: int, every: int = 10, console: Console | None = None) -> None:
        super().__init__(console)
        self.epochs, self.every = epochs, every
        self.last_edit = "none yet"

    def __call__(self, trainer: Any, row: dict[str, Any]) -> None:
        """Show one epoch's row."""
        if row["edit"]:
            self.last_edit = f"{row['edit']} after epoch {row['epoch']}{_moved(row)}"
        if self.console.is_terminal:
            self.live.update(self._picture(row), refresh=True)
        elif row["edit"] or row["epoch"] % self.every == 0 or row["epoch"] in (1, self.epochs):
            self.console.print(_line(row), markup=False, highlight=False, soft_wrap=True)

    def _picture(self, row: dict[str, Any]) -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_row("epoch", f"{row['epoch']} of {self.epochs}")
        table.add_row("", ProgressBar(total=max(self.epochs, 1), completed=row["epoch"], width=40))
        table.add_row("error", _errors(row))
        table.add_row("neurons", _neurons(row))
        table.add_row("last edit", self.last_edit)
        return table


def _errors(row: dict[str, Any]) -> str:
    train = f"{with_unit(row['train_error'], unit_of([row]))} training"
    held = row["validation_error"]
    return train if held is None else f"{train}, {with_unit(held, unit_of([row]))} validation"


def _neurons(row: dict[str, Any]) -> str:
    counts = row["neurons"]
    sizes = ", ".join(f"{name} {count}" for name, count in counts.items())
    if len(counts) > _NAMED:
        sizes = f"{sum(counts.values()):,} in {len(counts)} populations"
    parameters = f"{row['parameters']:,} parameters"
    return f"{sizes} ({parameters})" if sizes else parameters


def _moved(row: dict[str, Any]) -> str:
    """How loss and function moved with an edit, where that was measured."""
    event = row.get("event") or {}
    if "loss_before" not in event:
        return ""
    loss = f"loss {event['loss_before']:.4g} -> {event['loss_after']:.4g}"
    return f" ({loss}, outputs moved by {100 * event['function_change']:.2g}%)"


def _line(row: dict[str, Any]) -> str:
    edit = f" | {row['edit']}{_moved(row)}" if row["edit"] else ""
    return f"epoch {row['epoch']:>4} | error {_errors(row)} | {_neurons(row)}{edit}"
