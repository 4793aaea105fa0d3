"""Synapses that move: sparse training on the native kernels beside dense networks, in errors, seconds and room.

One multilayer perceptron (784-1024-1024-10, of CIFAR-10 3072-1024-1024-10) and one small VGG; of each density the
network whose synapses stay where they were drawn, SET, RigL, the dense one pruned to that density while it trains,
dense ones of as many parameters, and dense ones that train for as long: the full one stopped early, and a narrow one.
"""

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import sqrt
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import torch._dynamo  # an optimizer imports it when it is first made, which is no part of anybody's training

import compiler
import search
from benchmarks.papers.store import collect, known, markdown, spread, stored
from neurograph import NeuronGraph
from neurograph.builders import mlp, vgg
from neurograph.edits import Sparsify
from search.datasets import Dataset, load

SEEDS = 3
TRAINING: dict[str, Any] = {
    "epochs": 10,
    "batch_size": 128,
    "schedule": "cosine",
    "learning_rate": 3e-3,
    "validation": 0.0,
    "measured": 0,
}
SPARSE: dict[str, Any] = {"learning_rate": 8e-3}
MOVES: dict[str, Any] = SPARSE | {"density": None, "settle": 3, "fraction": 0.3}
NARROW = {0.01: 64, 0.02: 128, 0.05: 256, 0.1: 416, 0.2: 640}  # hidden neurons that train for about as long
Figures = dict[str, float]


@dataclass(frozen=True)
class Net:
    """A network by its size: made dense at any width, and sparse at any density.

    Parameters
    ----------
    data
        Of `search.datasets.load`.
    flat
        Whether it takes images as rows of numbers.
    make
        From a width (None for the full one) and a seed to a dense network.
    sparse
        From a density and a seed to a sparse one.
    settings
        Options that differ from `TRAINING`.
    """

    data: str
    flat: bool
    make: Callable[[int | None, int], NeuronGraph]
    sparse: Callable[[float, int], NeuronGraph]
    settings: Mapping[str, Any]

    def load(self) -> Dataset:
        """The data as the network takes them."""
        found = load(self.data)
        return found.flat() if self.flat else found


def _perceptron(inputs: int, width: int | None, seed: int) -> NeuronGraph:
    return mlp([inputs, width or 1024, width or 1024, 10], seed=seed)


def _sparse_perceptron(inputs: int, density: float, seed: int) -> NeuronGraph:
    return mlp([inputs, 1024, 1024, 10], seed=seed, density=density)


def _vgg(width: int | None, seed: int) -> NeuronGraph:
    return vgg(11, batch_norm=True, width=(width or 16) / 64, seed=seed)


def _sparse_vgg(density: float, seed: int) -> NeuronGraph:
    graph = _vgg(None, seed)
    graph.apply(Sparsify(density, seed=seed))
    graph.restart_journal()
    return graph


def _perceptron_of(data: str, inputs: int, **settings: Any) -> Net:
    return Net(data, True, partial(_perceptron, inputs), partial(_sparse_perceptron, inputs), settings)


NETS = {
    "mnist-mlp": _perceptron_of("mnist", 784),
    "fashion-mnist-mlp": _perceptron_of("fashion-mnist", 784),
    "cifar10-mlp": _perceptron_of("cifar10", 3072, standardise=True),
    "cifar10-vgg": Net("cifar10", False, _vgg, _sparse_vgg, {"standardise": True, "crop": 4, "flip": True}),
}
ORDER: tuple[tuple[str, tuple[float, ...]], ...] = (  # what decides comes first
    ("mnist-mlp", (0.05,)),
    ("mnist-mlp", (0.02, 0.1)),
    ("fashion-mnist-mlp", (0.05,)),
    ("cifar10-mlp", (0.05,)),
    ("fashion-mnist-mlp", (0.02, 0.1)),
    ("cifar10-vgg", (0.1,)),
    ("mnist-mlp", (0.01, 0.2)),
    ("cifar10-mlp", (0.02, 0.1)),
)
NOTES = """\
Error: of the last epoch's network on the test images, which nothing was chosen by. Seconds: processor time of one
thread from compiling the network to the end of its training, edits included, on a machine that others used too (time
on the clock would tell of them). Room: what training holds of the network, in MiB: its parameters, their gradients and
Adam's two moments, and the wiring of sparse layers. Parameters: synapses and biases. Of dense: mean and deviation of
seconds over those of the dense network of the same seed.

- All train for {epochs} epochs of batches of {batch_size} with Adam, whose learning rate falls by half a cosine: from
  {learning_rate:g} of dense networks, the best of .001 and .003 (2.60 and 2.50% on held-out images), and from
  {sparse:g} of sparse ones, the best of .002, .004 and .008 for RigL (3.50, 3.15, 2.85%): chosen on 18,000 training
  images of MNIST, density .05, and 2,000 others.
- *static*: synapses drawn at random (ERK) stay where they are. *SET*: after each epoch but the last {settle} the
  smallest weights, {fraction:.0%} of each layer falling by half a cosine, go, and as many synapses are born at random,
  at weight zero. *RigL*: they are born where the gradient on 1,024 training images is largest.
- *pruned*: the dense network loses its smallest weights over the first {until} epochs.
- *dense, stopped*: the dense network with the whole schedule in as many epochs as fit into RigL's time.
- *half*: the whole schedule in as many epochs as fit into half of the dense network's time.
- *narrow, equal size* and *equal time*: dense networks of two equal hidden layers with as many parameters, or about as
  many seconds, as RigL.
"""


def table(seeds: int, directory: Path) -> str:
    """Run what is missing, what decides first; the tables as Markdown."""
    torch.set_num_threads(1)
    running, texts = True, []
    for name, densities in ORDER:
        rows, place = rows_of(name, densities, directory), _place(name)
        found = collect(place, rows, seeds, directory) if running else stored(place, rows, seeds, directory)
        running = running and all(len(found.get(row, ())) == seeds for row in rows)
        if found:
            title = f"## {name}, density {' and '.join(map(str, densities))}"
            texts.append(f"{title}\n\n{_lines(found)}")
    about = MOVES | TRAINING | {"sparse": SPARSE["learning_rate"], "until": TRAINING["epochs"] - MOVES["settle"]}
    return "\n".join([*texts, NOTES.format(**about)])


def _place(name: str) -> str:
    return f"rewiring-{name}"


def rows_of(name: str, densities: Sequence[float], directory: Path) -> dict[str, Callable[[int], Figures]]:
    """The rows of one network, the full one first; some depend on the figures of others in the directory."""
    net, of = NETS[name], partial(known, _place(name), directory=directory)
    rows: dict[str, Callable[[int], Figures]] = {"dense": partial(dense, net, None)}
    for density in densities:
        at = f", {density:g}"
        rows[f"RigL{at}"] = partial(sparse, net, density, search.rewire, MOVES)
        rows[f"static{at}"] = partial(sparse, net, density, search.train, SPARSE)
        rows[f"dense, stopped{at}"] = partial(stopped, net, of, f"RigL{at}")
        rows[f"SET{at}"] = partial(sparse, net, density, search.rewire, MOVES | {"growth": "random"})
        for name, way, how in (("RigL", search.rewire, MOVES), ("static", search.train, SPARSE)):
            rows[f"{name}, half{at}"] = partial(in_half, net, density, way, how, of, f"{name}{at}")
        rows[f"dense, half{at}"] = partial(dense, net, None, epochs=TRAINING["epochs"] // 2)
        rows[f"narrow, equal size{at}"] = partial(equal_size, net, density)
        if net.flat:
            rows[f"narrow, equal time{at}"] = partial(dense, net, NARROW[density])
        rows[f"pruned{at}"] = partial(pruned, net, density)
    return rows


def dense(net: Net, width: int | None, seed: int, **settings: Any) -> Figures:
    """A dense network that stays as it is."""
    return measured(net, search.train, net.make(width, seed), seed, settings)


def sparse(net: Net, density: float, way: Callable[..., Any], settings: Mapping[str, Any], seed: int) -> Figures:
    """A network that is sparse from the start."""
    return measured(net, way, net.sparse(density, seed), seed, settings)


def pruned(net: Net, density: float, seed: int) -> Figures:
    """The dense network, pruned by magnitude to the density while it trains."""
    how = {"left": density, "settle": MOVES["settle"], "metric": "weight_absolute", "take_over": False}
    return measured(net, search.prune, net.make(None, seed), seed, how)


def stopped(net: Net, of: Callable[..., Mapping[str, Any]], row: str, seed: int) -> Figures:
    """The dense network for as many epochs as fit into another row's time; `of` finds a row's figures."""
    ours, full = (of(name, seed)["cpu"] for name in (row, "dense"))
    epochs = max(1, round(TRAINING["epochs"] * ours / full))
    return dense(net, None, seed, epochs=epochs) | {"epochs": epochs}


def in_half(
    net: Net,
    density: float,
    way: Callable[..., Any],
    settings: Mapping[str, Any],
    of: Callable[..., Mapping[str, Any]],
    row: str,
    seed: int,
) -> Figures:
    """A sparse network for as many epochs as fit into half of the dense one's time, by what the usual ones took."""
    ours, full = (of(name, seed)["cpu"] for name in (row, "dense"))
    how = dict(settings) | {"epochs": max(1, int(TRAINING["epochs"] * full / ours / 2))}
    if "settle" in how:
        how["settle"] = round(how["epochs"] * how["settle"] / TRAINING["epochs"])
    return sparse(net, density, way, how, seed) | {"epochs": how["epochs"]}


def equal_size(net: Net, density: float, seed: int) -> Figures:
    """A dense network of as many synapses, two equal hidden layers; of a VGG, the same shape in narrow."""
    full = net.make(None, seed)
    if not net.flat:
        return dense(net, max(1, round(16 * sqrt(density))), seed)
    inputs = len(full.population("input"))
    total = density * full.number_of_edges()
    return dense(net, round((sqrt((inputs + 10) ** 2 + 4 * total) - inputs - 10) / 2), seed)


def measured(net: Net, way: Callable[..., Any], graph: NeuronGraph, seed: int, settings: Mapping[str, Any]) -> Figures:
    """Train a network; its test error, processor time, and what it held."""
    data = net.load()
    gc.collect()
    started = time.process_time()
    grown = way(graph, data, seed=seed, **TRAINING | dict(net.settings) | dict(settings))
    cpu = time.process_time() - started
    synapses = graph.number_of_edges()
    return {
        "error": grown.test_error,
        "train_error": grown.rows[-1]["train_error"],
        "cpu": cpu,
        "room": room(grown.net),
        "synapses": synapses,
        "parameters": grown.rows[-1]["parameters"],
    }


def room(net: compiler.CompiledNetwork) -> float:
    """MiB of what Adam's training holds of a network at its end: four numbers a parameter, and buffers."""
    trained = sum(p.numel() * p.element_size() for p in net.parameters())
    return (4 * trained + sum(b.numel() * b.element_size() for b in net.buffers())) / 2**20


def _lines(found: Mapping[str, list[dict[str, Any]]]) -> str:
    head = ["network", "test error, %", "training error, %", "seconds", "of dense", "room, MiB", "parameters", "runs"]
    full = [run["cpu"] for run in found.get("dense", ())]
    lines = []
    for name, runs in found.items():
        shares = [run["cpu"] / other for run, other in zip(runs, full, strict=False)]
        lines.append(
            [
                name,
                spread([run["error"] for run in runs]),
                spread([run["train_error"] for run in runs]),
                f"{mean(run['cpu'] for run in runs):.0f}",
                f"{mean(shares):.2f}" + (f" ± {stdev(shares):.2f}" if len(shares) > 1 else ""),
                f"{mean(run['room'] for run in runs):.1f}",
                f"{mean(run['parameters'] for run in runs):,.0f}",
                str(len(runs)),
            ]
        )
    return markdown(head, lines)
