"""Results one by one on disk, so that a table that takes an hour can be made in pieces and is never made twice."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from neurograph.files.aside import written_aside

Run = Callable[[int], Mapping[str, float]]  # from a seed to figures


def collect(table: str, rows: Mapping[str, Run], seeds: int, directory: Path) -> dict[str, list[dict[str, Any]]]:
    """Every row's figures for every seed; what lies in the directory is read, the rest is run and kept.

    Parameters
    ----------
    table
        Its name, a folder of the directory.
    rows
        Name -> run.
    seeds
        How many.
    directory
        Where results are kept.
    """
    folder = directory / table
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in rows}
    for seed in range(seeds):  # all rows of a seed first: a piece of the table is already a comparison
        for name, run in rows.items():
            path = folder / f"{name.replace(' ', '-').replace('/', '-')}-{seed}.json"
            if not path.exists():
                started = time.perf_counter()
                figures = dict(run(seed)) | {"seconds": time.perf_counter() - started}
                with written_aside(path) as aside:
                    aside.write_text(json.dumps(figures))
                print(f"{table} | {name} | seed {seed} | " + ", ".join(f"{k} {v:.6g}" for k, v in figures.items()))
            found[name].append(json.loads(path.read_text()))
    return found


def spread(values: list[float], digits: int = 2) -> str:
    """Mean and deviation."""
    deviation = f" ± {stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{mean(values):.{digits}f}{deviation}"


def markdown(head: list[str], lines: list[list[str]]) -> str:
    """A table in Markdown."""
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"
