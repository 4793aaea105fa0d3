"""What a person sees while an evolution goes on: live on a terminal, a plain line now and then elsewhere."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress_bar import ProgressBar
from rich.table import Table

from ...progress import Shown, in_words
from ..options import EvolutionOptions

_RECENT = 10  # generations whose pace is that of those to come


class ShowEvolution(Shown):
    """A callback for `evolve` that shows the best fitness, how long it has gone on, and how long it may yet.

    Parameters
    ----------
    options
        Of the evolution.
    seconds
        Of each generation that there was before, in earlier processes too.
    every
        Where there is no terminal: a line every so many generations, and one where someone is better than ever.
    console
        Standard output when None.
    """

    def __init__(
        self,
        options: EvolutionOptions,
        seconds: Sequence[float] = (),
        every: int = 10,
        console: Console | None = None,
    ) -> None:
        super().__init__(console)
        self.options, self.seconds, self.every = options, list(seconds), every
        self._record = float("-inf")

    def __call__(self, search: Any, record: dict[str, Any]) -> None:
        """Show one generation's record."""
        self.seconds.append(record["seconds"])
        best = search.best.fitness.wvalues[0]
        better, self._record = best > self._record, max(best, self._record)
        last = record["generation"] in (0, self.options.generations)
        if self.is_live:
            self.live.update(self._picture(search, record), refresh=True)
        elif better or last or record["generation"] % self.every == 0:
            self.console.print(self._line(search, record), markup=False, highlight=False, soft_wrap=True)

    @property
    def time(self) -> str:
        """How long it has gone on, and how long it will at most."""
        left = self.options.generations + 1 - len(self.seconds)
        ahead = f", {in_words(left * float(np.median(self.seconds[-_RECENT:])))} to go at most" if left > 0 else ""
        return f"{in_words(sum(self.seconds))}{ahead}"

    def _picture(self, search: Any, record: dict[str, Any]) -> Table:
        table, generations = Table.grid(padding=(0, 2)), self.options.generations
        table.add_row("generation", f"{record['generation']} of {generations}")
        table.add_row("", ProgressBar(total=max(generations, 1), completed=record["generation"], width=40))
        table.add_row("best", _best(search))
        table.add_row("time", self.time)
        if record.get("failed"):
            table.add_row("failed", f"{record['failed']} of {len(search.population)}")
        return table

    def _line(self, search: Any, record: dict[str, Any]) -> str:
        failed = f" | {record['failed']} failed" if record.get("failed") else ""
        return f"generation {record['generation']:>4} | {_best(search)} | {self.time}{failed}"


def _best(search: Any) -> str:
    one = search.best
    values = ", ".join(f"{name} {value:.4g}" for name, value in zip(one.fitness.names, one.fitness.values, strict=True))
    return f"{values} ({one.neurons} neurons, {one.synapses} synapses)"
