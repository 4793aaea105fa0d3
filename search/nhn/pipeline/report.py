"""The stages of a pipeline as a table people can read."""

from collections.abc import Mapping
from math import sqrt
from typing import Any

ROWS = {  # a network -> what it is
    "trained": "layer hierarchy, trained",
    "pruned": "its flat kernels pruned",
    "retrained": "trained again",
    "add-ons": "with add-on neurons, only they trained",
    "final": "trained with them",
    "removed": "the add-ons taken away again",
    "control": "without add-ons, trained as long",
}


def score(error: float, parameters: int) -> float:
    """sqrt((e / 2)² + (n / 25)²), e the test error in percent, n in millions (the paper's table 1); smaller is better.

    Examples
    --------
    >>> round(score(3.48, 7_000_000), 2)
    1.76
    """
    return sqrt((error / 2) ** 2 + (parameters / 25e6) ** 2)


def rows_of(results: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The networks that a pipeline has figures of, in the order of `ROWS`."""
    every = {**results, "removed": results.get("final", {}).get("removed", {})}
    return {name: every[name] for name in ROWS if every.get(name)}


def report(results: Mapping[str, Mapping[str, Any]]) -> str:
    """A Markdown table: each stage with its parameters, errors, score and seconds."""
    rows = rows_of(results)
    lines = [
        "| stage | parameters | held-out error, % | test error, % | score | seconds |",
        "|---|---|---|---|---|---|",
    ]
    for name, label in ROWS.items():
        row = rows.get(name)
        if row:
            size, test = row.get("parameters"), row.get("test_error")
            value = f"{score(test, size):.2f}" if size is not None and test is not None else ""
            lines.append(
                f"| {label} | {'' if size is None else f'{size:,}'} | {_format(row.get('held_out_error'))} | "
                f"{_format(test)} | {value} | {_format(row.get('seconds'), 0)} |"
            )
    layers, found = results.get("layers", {}), results.get("add-ons", {})
    lines += [
        "",
        f"layers: {layers.get('genes')}",
        f"add-ons: {found.get('places')}, directions {found.get('directions')}",
        "",
    ]
    return "\n".join(lines)


def _format(number: float | None, digits: int = 2) -> str:
    return "" if number is None else f"{number:.{digits}f}"
