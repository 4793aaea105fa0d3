"""The smallest networks that read MNIST: grown, split and pruned; beside pruned and plain dense ones, and the field's.

A 784-32-10 network grows as MetaNet's do, synapses between its hidden neurons and its outputs are split into a layer of
their own, and the whole is pruned stage by stage: each stage brings the learning rate back up, prunes by a cubic
schedule, and settles. The same stages prune 784-300-100-10, trained for as many epochs before them as the other had to
grow, and networks that grow, or are pruned, at random.

Settings were chosen on a tenth of the training examples; what is reported is trained on all of them.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any

import compiler
import search
from benchmarks.papers.store import collect, fixed, markdown, spread
from neurograph import NeuronGraph, draw
from neurograph.builders import mlp, parameter_count
from search.datasets import Dataset, load
from search.options import read_options
from search.training import TrainingOptions, evaluate

SEEDS = 3
TABLE = "small-networks"
TRAINING: dict[str, Any] = {"batch_size": 256, "schedule": "cosine", "validation": 0.0}
DENSE = TRAINING | {"epochs": 20, "learning_rate": 2e-3}
START = TRAINING | {"learning_rate": 2e-3, "measured": 0}
GROW = START | {
    "epochs": 12,
    "first_cycle": 1,
    "cycle": 1,
    "cool_down": 0,
    "settle": 3,
    "slope": 1.0,  # the loss never falls by as much, so that the network grows every epoch
    "growth": "static",
    "newborns": 32,
    "growth_limit": 256,
    "initializer": "fresh",  # better than weights of others: see docs/results/metanet-why-growth-lost.md
    "outgoing": "zero",
    "noise": 0.0,
    "autophagy": "none",
}
SPLIT = START | {
    "epochs": 10,
    "into": ("output",),
    "window": 1,
    "change": 10.0,
    "pause": 2,
    "expansions": 1,
    "most": 80,
    "most_each": 8,
    "threshold": 0.0,
    "rule": "by_sign",
    "connected": "all",
    "prune_after": 0,
}
PRUNE = TRAINING | {"learning_rate": 4e-3, "weight_decay": 5e-5, "measured": 0}
STAGES = {60_000: 6, 25_000: 8, 13_300: 20, 7_000: 14, 3_800: 30, 2_000: 16, 1_000: 16}  # synapses left: epochs
WIDTHS = ((1,), (2,), (5,), (17,), (64,), (300, 100), (1000, 200))
THEIRS = (  # LeNet-300-100 of 266,200 weights, as the authors of each report it: weights left, error in percent
    ("Han et al.", (266_200 / 12, 1.59)),
    ("learning-compression", (13_300.0, 2.18)),
    ("soft weight sharing", (266_200 / 23, 1.94)),
    ("dynamic network surgery", (266_200 / 56, 1.99)),
    ("sparse variational dropout", (266_200 / 68, 1.92)),
)
OURS = "grown, split, pruned"
RANDOM_SPLITS, RANDOM_PRUNING = "grown, split at random, pruned", "784-300-100-10 pruned at random"
CONTROLS = (RANDOM_SPLITS, RANDOM_PRUNING)  # one seed each
LABELS = {"dense": "dense networks"}
NOTES = """\
Error is that of the last epoch on the 10,000 test images, which nothing was chosen by; no image is distorted in
training. Parameters are synapses and biases. Each number of synapses is pruned from the network of the row above it, so
a row's seconds come on top of those above.

- *grown, split, pruned*: 784-32-10 grows by 32 fresh neurons an epoch to 256 (MetaNet's births), then the 80 synapses
  from hidden neurons to outputs with the largest gradients become neurons that read all hidden ones and speak to all
  outputs, then come stages of pruning.
- *split at random*: the same, the 80 synapses drawn by chance. *784-300-100-10 pruned*: trained for as many epochs,
  then the same stages. *Pruned at random*: the same stages, those that go drawn by chance. Both controls are one run.
- Others: as their authors report them, with the weights that their factors of compression leave of 266,200. NeST is
  known here by its 3,800 parameters only.

The picture is [small-networks.png](../pictures/small-networks.png).
"""
Figures = Mapping[str, float]


def table(seeds: int, directory: Path) -> str:
    """Run what is missing; draw the picture; the table as Markdown."""
    data = load("mnist").flat()
    found = {
        name: collect(TABLE, rows, 1 if name in CONTROLS else seeds, directory)
        for name, rows in making(data, directory / TABLE / "graphs").items()
    }
    picture(found, Path("docs/pictures/small-networks.png"))
    head = ["network", "test error, %", "parameters", "of them synapses", "hidden neurons", "runs", "seconds"]
    theirs = [[f"{name}: 784-300-100-10", f"{error:.2f}", "", f"{n:,.0f}", "", "", ""] for name, (n, error) in THEIRS]
    ours = [_line(name, runs) for rows in found.values() for name, runs in rows.items()]
    return f"{markdown(head, theirs + ours)}\n{NOTES}"


def making(data: Dataset, graphs: Path) -> dict[str, dict[str, Callable[[int], Figures]]]:
    """Name of a way to make networks -> the rows it has in the table, from the first to the last that is made."""
    graphs.mkdir(parents=True, exist_ok=True)
    made = {name: stages(data, graphs, name, start, settings) for name, (start, settings) in MAKERS.items()}
    return made | {"dense": {f"dense 784-{'-'.join(map(str, w))}-10": partial(dense, data, w) for w in WIDTHS}}


def _line(name: str, runs: list[dict[str, Any]]) -> list[str]:
    sizes = [f"{mean(r[what] for r in runs):,.0f}" for what in ("parameters", "synapses", "hidden")]
    return [name, spread([r["error"] for r in runs]), *sizes, str(len(runs)), f"{mean(r['seconds'] for r in runs):.0f}"]


def picture(found: Mapping[str, Mapping[str, list[dict[str, Any]]]], path: Path) -> None:
    """Error against parameters: every way a curve, the field's networks as points."""
    curves = []
    for name, rows in found.items():
        sizes = [mean(r["parameters"] for r in runs) for runs in rows.values()]
        errors = [[r["error"] for r in runs] for runs in rows.values()]
        curves.append(draw.Curve(LABELS.get(name, name), sizes, errors, strong=name == OURS))
    draw.tradeoff(
        curves,
        dict(THEIRS),
        path,
        title="MNIST without convolutions: error against parameters",
        note="Means and ranges over seeds; synapses and biases are counted, of others' networks weights alone.",
        marks={"NeST: 3,800": 3_800},
        others="784-300-100-10 as others pruned it:",
    )


def grown(data: Dataset, seed: int, *, chance: bool = False) -> NeuronGraph:
    """784-32-10 grown and split."""
    graph = mlp([784, 32, 10], seed=seed)
    split: dict[str, Any] = SPLIT | ({"metric": "random"} if chance else {})
    search.metabolize(graph, data, seed=seed, **GROW)
    search.expand(graph, data, seed=seed, **split)
    return graph


def wide(data: Dataset, seed: int) -> NeuronGraph:
    """784-300-100-10, trained for as long."""
    graph = mlp([784, 300, 100, 10], seed=seed)
    search.train(graph, data, seed=seed, **START | {"epochs": GROW["epochs"] + SPLIT["epochs"]})
    return graph


MAKERS: dict[str, tuple[Callable[..., NeuronGraph], dict[str, Any]]] = {
    OURS: (grown, {}),
    "784-300-100-10 pruned": (wide, {}),
    RANDOM_SPLITS: (partial(grown, chance=True), {}),
    RANDOM_PRUNING: (wide, {"metric": "random"}),
}


def stages(
    data: Dataset, graphs: Path, name: str, start: Callable[..., NeuronGraph], settings: dict[str, Any]
) -> dict[str, Callable[[int], Figures]]:
    """A row for the start and one for each stage; each leaves its network for the next."""

    def place(size: int, seed: int) -> Path:
        return graphs / f"{name.replace(' ', '-').replace(',', '')}-{size}-{seed}.safetensors"

    def begin(seed: int) -> Figures:
        graph = start(data, seed)
        graph.save(place(0, seed))
        return figures(graph, data)

    def stage(seed: int, before: int, left: int, epochs: int) -> Figures:
        graph = NeuronGraph.load(place(before, seed))
        graph.restart_journal()
        how: dict[str, Any] = PRUNE | {"epochs": epochs, "settle": epochs // 3} | settings
        search.prune(graph, data, seed=seed, left=left, **how)
        graph.save(place(left, seed))
        return figures(graph, data)

    sizes = list(STAGES)
    rows: dict[str, Callable[[int], Figures]] = {f"{name}, start": begin}
    for before, (left, epochs) in zip([0, *sizes], STAGES.items(), strict=False):
        rows[f"{name}, {left}"] = partial(stage, before=before, left=left, epochs=epochs)
    return rows


def dense(data: Dataset, widths: tuple[int, ...], seed: int) -> Figures:
    """A network that stays as it is."""
    graph = mlp([784, *widths, 10], seed=seed)
    options = read_options(TrainingOptions, settings=DENSE | {"seed": seed})
    return fixed(graph, data, options) | size(graph)


def figures(graph: NeuronGraph, data: Dataset) -> Figures:
    """Test error and size of a network."""
    error = evaluate(compiler.compile(graph, batch_size=1024), data.test_x, data.test_y)[1]
    return {"error": error} | size(graph)


def size(graph: NeuronGraph) -> dict[str, float]:
    """Parameters, of them synapses; and neurons between inputs and outputs."""
    hidden = sum(len(members) for members in graph.populations.values()) - 794
    return {"parameters": parameter_count(graph), "synapses": graph.number_of_edges(), "hidden": hidden}
