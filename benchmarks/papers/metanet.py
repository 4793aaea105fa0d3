"""MetaNet's two-layer networks (its tables 1 and 2): growth beside fixed networks, one recipe."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.papers.metanet_rows import Contest
from benchmarks.papers.metanet_rows import table as contest_table
from neurograph.builders import mlp
from neurograph.network import NeuronGraph
from search.datasets import load

SEEDS = 3
# Both chosen on held-out training examples: docs/results/metanet-why-growth-lost.md
DROPOUT = {"mnist": 0.1, "fashion-mnist": 0.2}
RECIPE: dict[str, Any] = {
    "epochs": 32,
    "batch_size": 256,
    "learning_rate": 3e-3,
    "schedule": "cosine",
    "label_smoothing": 0.1,
    "validation": 0.05,
    "measured": 0,
}
# Of Fashion-MNIST: images moved and mirrored in place of dropout, and as many epochs more as that can bear
CHANGED = RECIPE | {"epochs": 64, "precision": "bfloat16", "crop": 1, "flip": True}
PACE: dict[str, Any] = {  # events after epochs 2, 4, 6, 8 and 10, while the learning rate is high
    "first_cycle": 1,
    "cycle": 1,
    "cool_down": 1,
    "settle": 22,
    "slope": 1.0,
    "growth": "static",
    "newborns": 112,
    "growth_limit": 512,
}
GROWTH = PACE | {  # newborns start afresh; before each event those go that have remained unheard
    "initializer": "fresh",
    "outgoing": "zero",
    "noise": 0.0,
    "autophagy": "low_contribution",
    "autophagy_options": {"level": 0.1},
}
FROM_256 = {"newborns": 104, "growth_limit": 672}
PAPERS_GROWTH = PACE | {  # eq. 5 for births and eq. 14 for deaths
    "initializer": "kernel_ridge",
    "outgoing": "paper",
    "noise": 0.0,
    "autophagy": "low_representational_power",
    "autophagy_options": {"nu": 0.1},
}
PAPER = {
    "mnist": [
        ["paper: BasicNLP(64)", "2.42", "64, 64", "54", "54", "136"],
        ["paper: BasicNLP(1024)", "1.71", "1024, 1024", "1,828", "1,828", "185"],
        ["paper: MetaNetNLP(64-1024)", "1.39", "964, 964", "", "736", "180"],
        ["paper: MetaNetNLP(256-1024)", "1.51", "992, 992", "", "896", "185"],
    ],
    "fashion-mnist": [
        ["paper: BasicNLP(64)", "10.93", "64, 64", "54", "54", "172"],
        ["paper: BasicNLP(1024)", "9.06", "1024, 1024", "1,828", "1,828", "185"],
        ["paper: MetaNetNLP(64-1024)", "9.34", "", "", "736", "178"],
        ["paper: MetaNetNLP(256-1024)", "9.02", "", "", "896", "181"],
    ],
}


def contest(data_name: str, changed: bool = False) -> Contest:
    """The table's data, recipe and rules of growth; with images changed at random in place of dropout, or not."""
    data = load(data_name).flat()
    dropout = 0.0 if changed else DROPOUT[data_name]

    def start(widths: Sequence[int], seed: int) -> NeuronGraph:
        graph = mlp([data.input_shape[0], *widths, data.classes], norm="batch", seed=seed)
        for name in list(graph.populations)[1:-1]:
            for neuron in graph.population(name):
                graph.nodes[neuron]["dropout"] = dropout
        return graph

    plain = Contest(f"metanet-{data_name}", data, start, (64, 64), recipe=RECIPE, growth=GROWTH)
    longer = CHANGED["epochs"] - RECIPE["epochs"]
    growth = GROWTH | {"settle": GROWTH["settle"] + longer}  # events after the same epochs
    return replace(plain, name=f"{plain.name}-changed", recipe=CHANGED, growth=growth) if changed else plain


def table(data_name: str, seeds: int, directory: Path) -> str:
    """Run what is missing; the table as Markdown."""
    ours = contest(data_name)
    more = {
        "grown by the paper's rules": replace(ours, growth=PAPERS_GROWTH),
        "grown from 256": replace(ours, first=(256, 256), growth=GROWTH | FROM_256),
    }
    return contest_table(ours, PAPER[data_name], seeds, directory, more)


def changed_table(data_name: str, seeds: int, directory: Path) -> str:
    """The same with images changed at random: run what is missing."""
    ours = contest(data_name, changed=True)
    more = {"grown from 256": replace(ours, first=(256, 256), growth={**ours.growth, **FROM_256})}
    note = (
        "All rows but the paper's: images moved by up to a pixel and mirrored, no dropout, 64 epochs, bfloat16 steps."
    )
    return f"{note}\n\n{contest_table(ours, PAPER[data_name], seeds, directory, more)}"
