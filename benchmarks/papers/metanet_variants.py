"""MetaNet's ways to be born and to be eaten, each with each, on small nets (its figures 3, 5 and 6, b and c)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.papers import metanet
from benchmarks.papers.metanet_rows import Contest, grown
from benchmarks.papers.store import collect, markdown, spread

SEEDS = 1
RECIPE = metanet.RECIPE | {"epochs": 10}
GROWTH = metanet.PACE | {
    "newborns": 40,
    "growth_limit": 256,
    "cool_down": 0,
    "settle": 4,
    "autophagy_floor": 16,
}
_PAPERS_WAY = {"outgoing": "paper", "noise": 0.0}
BIRTHS: dict[str, dict[str, Any]] = {
    "random, eq. 3": {"initializer": "random"} | _PAPERS_WAY,
    "representational, eq. 4": {"initializer": "representational"} | _PAPERS_WAY,
    "kernel ridge, eq. 5": {"initializer": "kernel_ridge"} | _PAPERS_WAY,
    "fresh weights, silent": {"initializer": "fresh", "outgoing": "zero", "noise": 0.0},
}
# levels at which each finds some to eat
DEATHS: dict[str, dict[str, Any]] = {
    "none": {"autophagy": "none"},
    "distribution, eq. 10": {"autophagy": "weight_distribution", "autophagy_options": {"alpha": 2.0, "share": 0.93}},
    "low power, eq. 14": {
        "autophagy": "low_representational_power",
        "autophagy_options": {"nu": 0.1, "measure": "share"},
    },
    "density, eq. 15": {"autophagy": "weight_density", "autophagy_options": {"count": 16, "excess": 0.0}},
    "low contribution": {"autophagy": "low_contribution", "autophagy_options": {"level": 0.1}},
    "chance": {"autophagy": "chance", "autophagy_options": {"count": 16}},
}


def table(data_name: str, seeds: int, directory: Path) -> str:
    """Run what is missing; the table as Markdown."""
    cells = {f"{birth} | {death}": BIRTHS[birth] | DEATHS[death] for birth in BIRTHS for death in DEATHS}
    runs = {name: lambda seed, rules=rules: grown(contest(data_name, rules), seed) for name, rules in cells.items()}
    found = collect(f"metanet-variants-{data_name}", runs, seeds, directory)
    lines = [[birth, *(_cell(found.get(f"{birth} | {death}", [])) for death in DEATHS)] for birth in BIRTHS]
    return (
        f"Test error in percent; in brackets how many neurons died.\n\n{markdown(['births, deaths:', *DEATHS], lines)}"
    )


def contest(data_name: str, rules: Mapping[str, Any]) -> Contest:
    """A small network on that data that grows by these rules."""
    plain = metanet.contest(data_name)
    return Contest(plain.name, plain.data, plain.start, (64, 64), plain.layers, RECIPE, {**GROWTH, **rules})


def _cell(runs: list[dict[str, Any]]) -> str:
    if not runs:
        return "unfinished"
    died = [sum(sum(event["died"].values()) for event in run["events"]) for run in runs]
    return f"{spread([run['error'] for run in runs])} ({round(sum(died) / len(died))})"
