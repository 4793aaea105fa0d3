"""Measuring on a shared machine: variants interleaved, medians, ratios within one round."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table


def clock_for(threads: int) -> Callable[[], float]:
    """CPU time of this thread where it works alone, which other jobs on the machine disturb little; else wall time."""
    return time.thread_time if threads == 1 else time.perf_counter


def interleaved(
    variants: Mapping[str, Callable[[], object]], rounds: int, prepare=None, clock=time.perf_counter
) -> dict[str, list[float]]:
    """Seconds of each variant in each round; every round runs all of them, in turn.

    Parameters
    ----------
    variants
        name -> what to time.
    rounds
        How many rounds.
    prepare
        name -> called before each timed run, outside the clock.
    clock
        Where seconds come from; see `clock_for`.
    """
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    gc.collect()
    gc.disable()  # a collection in one variant's turn would be the other's garbage
    try:
        for _ in range(rounds):
            for name, run in variants.items():
                if prepare:
                    prepare[name]()
                start = clock()
                run()
                seconds[name].append(clock() - start)
    finally:
        gc.enable()
    return seconds


def timed(run: Callable[[], Any], clock=time.perf_counter) -> tuple[float, Any]:
    """Seconds of one call, and what it returned."""
    start = clock()
    made = run()
    return clock() - start, made


def median_ratio(seconds: Mapping[str, list[float]], name: str, reference: str) -> float:
    """The median of the rounds' ratios."""
    return statistics.median(a / b for a, b in zip(seconds[name], seconds[reference], strict=True))


def format_seconds(seconds: float) -> str:
    """Seconds in the unit that reads best."""
    for limit, scale, unit in ((1e-3, 1e6, "us"), (1.0, 1e3, "ms")):
        if seconds < limit:
            return f"{seconds * scale:.3g} {unit}"
    return f"{seconds:.3g} s"


def show(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """Print a table; plain lines where the output is no terminal."""
    table = Table(title=title, title_justify="left")
    for at, column in enumerate(columns):
        table.add_column(column, justify="left" if at == 0 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    Console(width=110).print(table)
