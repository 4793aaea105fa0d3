"""MetaNet's two-layer networks (its tables 1 and 2): fixed networks, growth, one recipe."""

from collections.abc import Mapping
from pathlib import Path
from statistics import mean
from typing import Any

import search
from benchmarks.papers.store import collect, fixed, lines, markdown
from neurograph.builders import mlp, parameter_count
from neurograph.graph import NeuronGraph
from search.datasets import Dataset, load
from search.metabolism import MetabolizeOptions
from search.options import read_options

SEEDS = 3
K = 1024  # the paper's "k", with norm parameters and statistics counted
RECIPE: dict[str, Any] = {
    "epochs": 40,
    "batch_size": 128,
    "learning_rate": 1e-3,
    "schedule": "cosine",
    "validation": 0.1,
    "first_cycle": 2,
    "cycle": 1,
    "cool_down": 1,
    "settle": 15,
    "slope": 0.02,
    "newborns": 96,
    "growth_limit": 1024,
    "autophagy_level": 0.05,
}
PAPER = {
    "mnist": [
        ["paper: BasicNLP(64)", "2.42", "54", "54"],
        ["paper: BasicNLP(1024)", "1.71", "1,828", "1,828"],
        ["paper: MetaNetNLP(64-1024)", "1.39", "", "736"],
    ],
    "fashion-mnist": [
        ["paper: BasicNLP(64)", "10.93", "54", "54"],
        ["paper: BasicNLP(1024)", "9.06", "1,828", "1,828"],
        ["paper: MetaNetNLP(64-1024)", "9.34", "", "736"],
    ],
}


def table(data_name: str, seeds: int, directory: Path) -> str:
    """Run what is missing; the table as Markdown."""
    data = load(data_name).flat()
    rows = {
        "BasicNLP(64)": lambda seed: fixed_width(data, 64, seed),
        "BasicNLP(1024)": lambda seed: fixed_width(data, 1024, seed),
        "MetaNetNLP(64-1024)": lambda seed: grown(data, 64, seed),
    }
    found = collect(f"metanet-{data_name}", rows, seeds, directory)
    head = ["network", "test error, %", "final parameters, k", "mean parameters, k", "seconds"]
    return markdown(head, [[*row, ""] for row in PAPER[data_name]] + lines(found, "size", "mean_size", K))


def start(data: Dataset, width: int, seed: int) -> NeuronGraph:
    """Two hidden layers with batch norm on both."""
    return mlp([data.input_shape[0], width, width, data.classes], norm="batch", seed=seed)


def grown(data: Dataset, width: int, seed: int) -> Mapping[str, float]:
    """A network that metabolizes from that width."""
    result = search.metabolize(start(data, width, seed), data, seed=seed, **RECIPE)
    size = parameter_count(result.graph, statistics=True)
    trained = [row["parameters"] for row in result.rows]
    statistics = size / trained[-1]  # running statistics are a few in a thousand of all
    widths = {name: len(result.graph.population(name)) for name in ("hidden1", "hidden2")}
    return {"error": result.test_error, "size": size, "mean_size": mean(trained) * statistics, **widths}


def fixed_width(data: Dataset, width: int, seed: int) -> Mapping[str, float]:
    """A network of that width, trained by the same recipe."""
    graph = start(data, width, seed)
    size = parameter_count(graph, statistics=True)
    options = read_options(MetabolizeOptions, settings=RECIPE | {"seed": seed})
    return fixed(graph, data, options) | {"size": size, "mean_size": size}
