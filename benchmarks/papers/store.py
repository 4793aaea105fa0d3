"""What the tables share: results one by one on disk, so that an hour's table can be made in pieces; fixed networks."""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import compiler
from neurograph.disk.aside import written_aside
from neurograph.network import NeuronGraph
from search.datasets import Dataset, hold_out
from search.training import Trainer, TrainingOptions, evaluate, make_optimizer
from search.training.loop import Callback, MetricsRow

Run = Callable[[int], Mapping[str, Any]]  # from a seed to figures, plain JSON


def collect(table: str, rows: Mapping[str, Run], seeds: int, directory: Path) -> dict[str, list[dict[str, Any]]]:
    """Every row's figures for every seed; what lies in the directory is read, the rest is run and kept.

    An interrupt (Ctrl-C) ends the running: rows then have the seeds that are there, and those without any are left out.

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
    (directory / table).mkdir(parents=True, exist_ok=True)
    try:
        for seed in range(seeds):  # all rows of a seed first: a piece of the table is already a comparison
            for name, run in rows.items():
                keep(table, name, seed, run, directory)
    except KeyboardInterrupt:
        print(f"{table} | interrupted; what is there makes the table, and the command run again goes on")
    return stored(table, rows, seeds, directory)


def stored(table: str, rows: Iterable[str], seeds: int, directory: Path) -> dict[str, list[dict[str, Any]]]:
    """Every row's figures for the seeds that have been run; rows without any are left out."""
    paths = {name: [_path(table, name, seed, directory) for seed in range(seeds)] for name in rows}
    found = {name: [json.loads(path.read_text()) for path in those if path.exists()] for name, those in paths.items()}
    return {name: runs for name, runs in found.items() if runs}


def keep(table: str, name: str, seed: int, run: Run, directory: Path) -> None:
    """Run a row with a seed, unless that lies in the directory, and keep its figures there."""
    path = _path(table, name, seed, directory)
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    figures = dict(run(seed)) | {"seconds": time.perf_counter() - started}
    with written_aside(path) as aside:
        aside.write_text(json.dumps(figures))
    print(f"{table} | {name} | seed {seed} | {_summary(figures)}", flush=True)


def found(table: str, name: str, seed: int, directory: Path) -> dict[str, Any] | None:
    """A row's figures for a seed, or None where it has not been run."""
    return known(table, name, seed, directory) if _path(table, name, seed, directory).exists() else None


def known(table: str, name: str, seed: int, directory: Path) -> dict[str, Any]:
    """A row's figures for a seed that was run before; rows that depend on another's figures come after it."""
    return json.loads(_path(table, name, seed, directory).read_text())


def _path(table: str, name: str, seed: int, directory: Path) -> Path:
    plain = name.replace(" ", "-").replace("/", "-").replace(",", "").replace("|", "")
    return directory / table / f"{plain}-{seed}.json"


def _summary(figures: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value:.6g}" for name, value in figures.items() if isinstance(value, int | float))


def fixed(graph: NeuronGraph, data: Dataset, options: TrainingOptions) -> dict[str, float]:
    """A network that stays as it is, trained by a recipe: test and held-out error in percent."""
    rows, error = trained(graph, data, options)
    return {"error": error, "validation": rows[-1]["validation_error"]}


def trained(
    graph: NeuronGraph, data: Dataset, options: TrainingOptions, callbacks: Sequence[Callback] = ()
) -> tuple[list[MetricsRow], float]:
    """A network trained by a recipe: the rows of its epochs and the test error in percent after the last."""
    net = compiler.compile(graph, batch_size=options.batch_size)
    split = hold_out(data, options.validation, options.seed)
    rows = Trainer(net, split, options, make_optimizer(net.parameters(), options), callbacks).run()
    return rows, evaluate(net, data.test_x, data.test_y)[1]


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
