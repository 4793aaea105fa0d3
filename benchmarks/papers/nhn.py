"""Neuron hierarchical networks, table 1 and the discussion: the whole pipeline on two processor cores.

CIFAR-10 with 10,000 training images (and the whole test part), six layers of 16 channels in three segments, the preset
`quick`: what pruning costs, what add-on neurons win back, and what they are held against.
"""

from collections.abc import Mapping
from pathlib import Path
from statistics import mean
from typing import Any

import search
from benchmarks.papers.store import collect, markdown, spread
from search.neuron_hierarchy.report import ROWS, rows_of, score

SEEDS = 3
DATA = "cifar10:10000"
PAPER = ["the paper: 12 layers of 36 channels, 50,000 images, GTX 1080 Ti", "7,000,000", "3.48", "1.76", "165,600"]


def table(seeds: int, directory: Path) -> str:
    """Run what is missing, and tell it."""

    def run(seed: int) -> Mapping[str, Any]:
        where = directory / "nhn-quick" / f"run-{seed}"
        if (where / "config.json").exists():
            made = search.resume(where, progress=True)
        else:
            made = search.neuron_hierarchy(DATA, run=where, preset="quick", progress=True, seed=seed)
        return {"results": made.results}

    found = collect("nhn-quick", {"pipeline": run}, seeds, directory).get("pipeline", [])
    runs = [rows_of(each["results"]) for each in found]
    lines = [_line(said, [rows[name] for rows in runs if name in rows]) for name, said in ROWS.items()]
    head = ["network", "parameters", "test error, %", "score", "seconds"]
    return markdown(head, [PAPER, *(line for line in lines if line)]) + "\n" + _differences(runs)


def _line(said: str, runs: list[Mapping[str, Any]]) -> list[str]:
    if not runs or runs[0].get("test_error") is None:
        return []
    sizes, errors = [r.get("parameters") for r in runs], [r["test_error"] for r in runs]
    known = [size for size in sizes if size is not None]
    scores = [score(error, size) for error, size in zip(errors, sizes, strict=True) if size is not None]
    seconds = [r["seconds"] for r in runs if r.get("seconds") is not None]
    return [
        said,
        f"{mean(known):,.0f}" if known else "",
        spread(errors),
        spread(scores) if scores else "",
        f"{mean(seconds):.0f}" if seconds else "",
    ]


def _differences(runs: list[Mapping[str, Mapping[str, Any]]]) -> str:
    """Pairs within a seed, in points of test error."""
    asked = (
        ("pruning costs", "retrained", "trained"),
        ("add-ons win back, against training on without them", "control", "final"),
        ("taking them away costs", "removed", "final"),
    )
    told = []
    for said, one, other in asked:
        both = [r for r in runs if one in r and other in r]
        if both:
            told.append(f"- {said}: {spread([r[one]['test_error'] - r[other]['test_error'] for r in both])} points")
    return "\n".join(told) + "\n"
