"""What a person sees while a network trains: live on a terminal and in a notebook, else a plain line now and then."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.util import find_spec
from time import perf_counter
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from neurograph.analysis.units import unit_of, with_unit

from .notebook import NotebookOutput

_RECENT = 10  # parts whose pace counts
_NAMED = 8  # populations that fit a line each with its own count


_CONSOLE: ContextVar[Console | None] = ContextVar("console", default=None)


@contextmanager
def showing_on(console: Console) -> Iterator[None]:
    """Within the block, progress is shown there where no console is named."""
    token = _CONSOLE.set(console)
    try:
        yield
    finally:
        _CONSOLE.reset(token)


def usual_console() -> Console:
    """Where progress is shown: standard output, unless `showing_on` says otherwise."""
    return _CONSOLE.get() or Console()


class Shown:
    """Something on a terminal or in a notebook that is drawn anew as it changes.

    Used as a context manager, so that the terminal is put right whatever happens. In a notebook it is a widget where
    ipywidgets is installed, and otherwise an output of the cell.

    Parameters
    ----------
    console
        `usual_console()` when None.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or usual_console()
        notebook = self.console.is_jupyter
        self.is_live = self.console.is_terminal or (notebook and not self.console.quiet)
        bare = notebook and find_spec("ipywidgets") is None
        self.live = NotebookOutput() if bare else _live(self.console, redirect=not notebook)

    def __enter__(self) -> Self:
        if self.is_live:
            self.live.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.is_live:
            self.live.stop()


def _live(console: Console, redirect: bool) -> Live:
    return Live(
        console=console, auto_refresh=False, transient=False, redirect_stdout=redirect, redirect_stderr=redirect
    )


class ShowProgress(Shown):
    """A callback for `Trainer` that shows error, neurons per population and the last edit.

    Parameters
    ----------
    epochs
        How many there will be.
    every
        Where there is no terminal: a line every so many epochs, and one for each edit.
    console
        `usual_console()` when None.
    clock
        Seconds, for how long it has taken and will take.
    """

    def __init__(
        self,
        epochs: int,
        every: int = 10,
        console: Console | None = None,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        super().__init__(console)
        self.epochs, self.every = epochs, every
        self.last_edit, self.pace = "none yet", Pace(clock)

    def __call__(self, trainer: Any, row: dict[str, Any]) -> None:
        """Show one epoch's row."""
        self.pace.count()
        if row["edit"]:
            self.last_edit = f"{row['edit']} after epoch {row['epoch']}{_moved(row)}"
        if self.is_live:
            self.live.update(self._picture(row), refresh=True)
        elif row["edit"] or row["epoch"] % self.every == 0 or row["epoch"] in (1, self.epochs):
            self.console.print(
                _line(row, self.pace.words(self.left(row))), markup=False, highlight=False, soft_wrap=True
            )

    def _picture(self, row: dict[str, Any]) -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_row("epoch", f"{row['epoch']} of {self.epochs}")
        table.add_row("", ProgressBar(total=max(self.epochs, 1), completed=row["epoch"], width=40))
        table.add_row("time", self.pace.words(self.left(row)))
        table.add_row("error", _errors(row))
        table.add_row("neurons", _neurons(row))
        table.add_row("last edit", self.last_edit)
        return table

    def left(self, row: dict[str, Any]) -> int | None:
        """How many epochs are to come, where that is known."""
        return max(self.epochs - row["epoch"], 0) if self.epochs else None


class Pace:
    """How long something takes that comes in equal parts.

    Parameters
    ----------
    clock
        Seconds.
    """

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self.clock, self.begun, self.ends = clock, clock(), deque[float](maxlen=_RECENT + 1)
        self.ends.append(self.begun)

    def count(self) -> None:
        """A part is done."""
        self.ends.append(self.clock())

    def words(self, left: int | None) -> str:
        """How long it has taken, and about how long the parts that are left will take, at the pace of the last ones."""
        spent = in_words(self.ends[-1] - self.begun)
        if not left or len(self.ends) < 2:
            return spent
        each = (self.ends[-1] - self.ends[0]) / (len(self.ends) - 1)
        return f"{spent}, about {in_words(each * left)} to go"


def in_words(seconds: float) -> str:
    """A time as people say it.

    Examples
    --------
    >>> in_words(0.4), in_words(75), in_words(7500)
    ('0 s', '1 min 15 s', '2 h 05 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes = whole // 60
    return f"{minutes} min {whole % 60:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


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


def _line(row: dict[str, Any], time: str) -> str:
    edit = f" | {row['edit']}{_moved(row)}" if row["edit"] else ""
    return f"epoch {row['epoch']:>4} | error {_errors(row)} | {_neurons(row)} | {time}{edit}"
