"""MetaNet's convolutional networks on CIFAR-10 (its table 3): the paper's own, and a small one with pooling."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.papers import metanet
from benchmarks.papers.metanet_rows import Contest
from benchmarks.papers.metanet_rows import table as contest_table
from neurograph.builders import metanet_cnn
from neurograph.builders.layers import convolution, linear, pool, weights_of
from neurograph.network import NeuronGraph
from search.datasets import load

SEEDS = 1
# chosen on held-out training examples: docs/results/metanet-cifar10-notes.md
DROPOUT = {
    "metanet-cifar10": ("conv2", 0.85),
    "metanet-cifar10-decay": ("conv2", 0.8),
    "metanet-cifar10-pooled": ("pool2", 0.5),
}
RECIPE: dict[str, Any] = {
    "epochs": 15,
    "batch_size": 32,  # maps of 32 examples stay in the cache: half the time of 128
    "learning_rate": 1e-3,
    "precision": "bfloat16",  # half the time of float32
    "schedule": "cosine",
    "label_smoothing": 0.1,
    "validation": 0.05,
    "measured": 0,
}
GROWTH = metanet.GROWTH | {"newborns": 5, "growth_limit": 80, "cool_down": 0, "settle": 10, "slope": 10.0}
DECAY = {"weight_decay": 1e-3}  # with the images whitened
FROM_44 = {"newborns": 10, "settle": 12}  # from 44 to about 60 channels, less than 500k parameters on average
PAPER = [
    ["paper: BasicCNN(60)", "26.90", "60, 60", "493", "493", "3757"],
    ["paper: BasicCNN(80)", "25.76", "80, 80", "672", "672", "4851"],
    ["paper: MetaNetCNN(60-80)", "25.86", "", "", "500", "3616"],
]


def pooled_cnn(channels: Sequence[int], seed: int = 0) -> NeuronGraph:
    """`metanet_cnn` with a pooling by two behind each convolution: the read-out keeps a twentieth of its weights."""
    weights, graph = weights_of("he_uniform", seed), NeuronGraph()
    below = graph.add_population("input", 3, role="input", shape=(32, 32))
    for number, count in enumerate(channels, 1):
        made = convolution(graph, f"conv{number}", below, count, 3, weights, activation="relu", norm="batch", bias=0.0)
        below = pool(graph, f"pool{number}", made)
    linear(graph, "output", below, 10, weights, norm="batch", is_output=True)
    graph.restart_journal()
    return graph


def contest(name: str, **recipe: Any) -> Contest:
    """What the table of that name (see `DROPOUT`) is about; the recipe's items can be given otherwise."""
    pooled = name.endswith("pooled")
    build: Callable[..., NeuronGraph] = pooled_cnn if pooled else metanet_cnn
    layer, rate = DROPOUT[name]

    def start(widths: Sequence[int], seed: int) -> NeuronGraph:
        graph = build(tuple(widths), seed)
        for neuron in graph.population(layer):
            graph.nodes[neuron]["dropout"] = rate
        return graph

    settled = RECIPE | {"channels_last": pooled}  # each as it is faster
    data, first, growth = load("cifar10"), (60, 60), GROWTH
    if name.endswith("decay"):
        settled, data, first, growth = settled | DECAY, data.whitened(), (44, 44), GROWTH | FROM_44
    return Contest(name, data, start, first, ("conv1", "conv2"), settled | recipe, growth)


def table(name: str, seeds: int, directory: Path) -> str:
    """Run what is missing; the table as Markdown."""
    return contest_table(contest(name), PAPER, seeds, directory)
