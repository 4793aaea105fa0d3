"""What the tables share: results one by one on disk, so that an hour's table can be made in pieces; fixed networks."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import compiler
from neurograph.files.aside import written_aside
from neurograph.graph import NeuronGraph
from search.datasets import Dataset, hold_out
from search.training import Trainer, TrainingOptions, evaluate, make_optimizer

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


def fixed(graph: NeuronGraph, data: Dataset, options: TrainingOptions) -> dict[str, float]:
    """A network that stays as it is, trained by a recipe: test and held-out error in percent."""
    net = compiler.compile(graph, batch_size=options.batch_size)
    split = hold_out(data, options.validation, options.seed)
    rows = Trainer(net, split, options, make_optimizer(net.parameters(), options)).run()
    error = evaluate(net, data.test_x, data.test_y)[1]
    return {"error": error, "validation": rows[-1]["validation_error"]}


def lines(found: Mapping[str, list[dict[str, Any]]], size: str, mean_size: str, unit: int = 1) -> list[list[str]]:
    """Rows of a table: name, error, final and mean size in a unit, seconds."""
    return [
        [
            name,
            spread([r["error"] for r in runs]),
            f"{mean(r[size] for r in runs) / unit:,.0f}",
            f"{mean(r[mean_size] for r in runs) / unit:,.0f}",
            f"{mean(r['seconds'] for r in runs):.0f}",
        ]
        for name, runs in found.items()
    ]


def spread(values: list[float], digits: int = 2) -> str:
    """Mean and deviation."""
    deviation = f" ± {stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{mean(values):.{digits}f}{deviation}"


def markdown(head: list[str], lines: list[list[str]]) -> str:
    """A table in Markdown."""
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"
