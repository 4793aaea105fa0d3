"""An evolution's run directory in words."""

from typing import Any

import numpy as np

from ...progress import in_words
from ...runs import Run, restored_from
from ..ancestry import Birth, births, line
from ..kept import options_from
from ..options import EvolutionOptions

_SHOWN = 12  # individuals of a line of descent
_FIGURES = ("mean", "min", "max", "failed", "synapses")


def evolution_lines(run: Run) -> list[str]:
    """How far an evolution is, how good its best one is, and where that came from.

    Raises
    ------
    FileError
        A file of the run is damaged.
    """
    with restored_from(run.path / "config.json"):
        options = options_from(run.config()["options"])
    with restored_from(run.path / "metrics.jsonl"):
        lines = _progress(run.metrics(), options)
    with restored_from(run.path / "journal.jsonl"):
        return lines + _descent(births(run.path), options)


def _progress(rows: list[dict[str, Any]], options: EvolutionOptions) -> list[str]:
    """How far it is and how long it took; what the statistics of its last generation are."""
    seconds = [row.get("seconds") or 0.0 for row in rows]
    done = rows[-1]["generation"] if rows else 0
    left = (options.generations - done) * float(np.median(seconds)) if rows else 0.0
    time = in_words(sum(seconds)) + (f", {in_words(left)} to go at most" if left > 0 else "")
    lines = [f"evolve: {done} of {options.generations} generations of {options.population} individuals, {time}"]
    last = rows[-1] if rows else {}
    known = [f"{name} {_number(last[name])}" for name in _FIGURES if last.get(name) is not None]
    return lines + (["last generation: " + ", ".join(known)] if known else [])


def _descent(known: dict[int, Birth], options: EvolutionOptions) -> list[str]:
    """The best there was, and whom it came from."""
    name, weight = next(iter(options.objectives.items()))
    worth = {one: weight * one.fitness[0] for one in known.values() if one.fitness and one.fitness[0] is not None}
    if not worth:
        return []
    descent = [str(one) for one in line(known, max(worth, key=lambda one: worth[one]).individual)]
    more = len(descent) - _SHOWN
    lines = [f"best by {name}, and whom it came from:", *(f"  {one}" for one in descent[:_SHOWN])]
    return lines + ([f"  and {more} before them"] if more > 0 else [])


def _number(value: Any) -> str:
    if isinstance(value, list | tuple):
        each = [_number(one) for one in value]
        return each[0] if len(each) == 1 else f"({', '.join(each)})"
    return f"{value:.4g}" if isinstance(value, int | float) else str(value)
