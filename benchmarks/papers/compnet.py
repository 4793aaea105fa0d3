"""CompNet's experiments: one more convolution in a trained network, beside its own parent trained equally longer.

Parents are trained here. Table 1's VGGs take a GPU; `compnet-vgg-eighth` and those after it have an eighth of all
filters, for a CPU, and say nothing of the full ones.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any

import compiler
import search
from benchmarks.papers.store import collect, markdown, spread
from neurograph import draw
from neurograph.builders import lenet4, parameter_count, vgg
from neurograph.edits import InsertLayer, Reinitialize
from neurograph.network import NeuronGraph
from search.datasets import Dataset, load
from search.training import evaluate


@dataclass(frozen=True)
class Experiment:
    """One experiment of the paper.

    Parameters
    ----------
    name, data
        Of the table; of the data set.
    make
        From a seed to the parent.
    between, edit
        Where the layer goes; what else `InsertLayer` is told, `width` among it.
    kept
        How many of them stay.
    recipe, parent, child
        What `search.train` is told: always, for the parent, for what becomes of it.
    recorded, positions
        Training images whose activations are regressed on, and places of their maps.
    paper
        Its rows: name, filters, best validation accuracy.
    left_out
        Variants that are not run.
    parent_of
        The table whose parent this one has too.
    """

    name: str
    data: str
    make: Callable[[int], NeuronGraph]
    between: tuple[str, str]
    edit: dict[str, Any]
    kept: int
    recipe: dict[str, Any]
    parent: dict[str, Any]
    child: dict[str, Any]
    recorded: int
    positions: int
    paper: list[list[str]]
    left_out: tuple[str, ...] = ()
    parent_of: str = ""

    def variants(self) -> dict[str, dict[str, Any] | None]:
        """What becomes of the parent, by name; None: it trains on."""
        all_of_them = {
            "parent, trained on": None,
            "algorithm 1": {"algorithm": 1, "target": self.kept},
            "algorithm 2": {"algorithm": 2, "target": self.kept},
            "algorithm 3": {"algorithm": 3, "target": self.kept},
            "random filters": {"algorithm": "random", "target": self.kept},
            "NetMorph-Oracle": {"algorithm": "redundant", "width": self.kept},
            "Net2Net identity": {"algorithm": "identity", "width": None},
            "from scratch": {"algorithm": "random", "target": self.kept, "scratch": True},
            "NetMorph-Redundant": {"algorithm": "redundant"},
            "joint fit": {"algorithm": "joint", "target": self.kept},
        }
        return {name: options for name, options in all_of_them.items() if name not in self.left_out}


def _paper(filters: Sequence[str], accuracies: Sequence[str]) -> list[list[str]]:
    names = "algorithm 1", "algorithm 2", "algorithm 3", "NetMorph-Oracle", "NetMorph-Redundant", "from scratch"
    return [
        [f"paper, full width: {name}", of, "", best] for name, of, best in zip(names, filters, accuracies, strict=True)
    ]


SEEDS = 1
LENET = Experiment(
    name="compnet-lenet",
    data="mnist",
    make=lenet4,
    between=("pool1", "conv2"),
    edit={"width": 100, "kernel": 5},
    kept=36,
    recipe={"batch_size": 128, "schedule": "cosine", "validation": 0.0, "watch_test": True},
    parent={"epochs": 5, "learning_rate": 2e-3},
    child={"epochs": 2, "learning_rate": 4e-4},
    recorded=5000,
    positions=16,
    paper=[
        ["paper: CompNet algorithm 1", "41", "", "99.15 (epoch 25)"],
        ["paper: CompNet algorithm 2", "46", "", "99.20 (epoch 19)"],
        ["paper: CompNet algorithm 3", "49", "", "99.18 (epoch 92)"],
        ["paper: NetMorph-Oracle", "46", "", "99.17 (epoch 88)"],
        ["paper: NetMorph-Redundant", "100", "", "99.18 (epoch 89)"],
        ["paper: from scratch", "100", "", "99.19 (epoch 84)"],
    ],
)
VGG_EIGHTH = Experiment(
    name="compnet-vgg-eighth",
    data="cifar10",
    make=lambda seed: vgg(15, seed=seed, width=1 / 8),
    between=("pool3", "conv4_1"),
    edit={"width": 64, "kernel": 3},
    kept=20,
    recipe={
        "batch_size": 128,
        "schedule": "cosine",
        "validation": 0.0,
        "watch_test": True,
        "channels_last": True,
        "crop": 4,
        "flip": True,
    },
    parent={"epochs": 20, "learning_rate": 2e-3},
    child={"epochs": 6, "learning_rate": 4e-4},
    recorded=10_000,
    positions=8,
    paper=_paper(["165", "200", "255", "200", "512", "512"], ["84.74", "84.50", "83.31", "83.44", "82.38", "83.14"]),
)


_FEWER = "random filters", "Net2Net identity", "from scratch"
_SAME_PARENT: dict[str, Any] = {"left_out": ("parent, trained on", *_FEWER), "parent_of": VGG_EIGHTH.name}
NARROW = [
    VGG_EIGHTH,
    replace(
        VGG_EIGHTH,
        name="compnet-vgg-eighth-sigmoid",
        edit=VGG_EIGHTH.edit | {"activation": "sigmoid"},
        paper=_paper(["196", "162", "105", "", "512", "512"], ["83.63", "83.71", "83.08", "83.25", "82.54", "69.97"]),
        **_SAME_PARENT,
    ),
    replace(
        VGG_EIGHTH,
        name="compnet-vgg-eighth-tanh",
        edit=VGG_EIGHTH.edit | {"activation": "tanh"},
        paper=_paper(["213", "178", "157", "", "512", "512"], ["83.68", "83.52", "83.86", "83.41", "83.00", "80.70"]),
        **_SAME_PARENT,
    ),
    replace(
        VGG_EIGHTH,
        name="compnet-vgg17-eighth",
        make=lambda seed: vgg(16, seed=seed, width=1 / 8),
        between=("conv3_3", "conv4_1"),
        edit={"width": 32, "kernel": 3, "place": "before"},
        kept=15,
        paper=_paper(["155", "121", "127", "", "256", "256"], ["85.45", "85.37", "85.78", "85.69", "85.51", "82.71"]),
        left_out=_FEWER,
    ),
    replace(
        VGG_EIGHTH,
        name="compnet-vgg19-eighth",
        make=lambda seed: vgg(18, seed=seed, width=1 / 8),
        kept=26,
        paper=_paper(["221", "211", "255", "", "512", "512"], ["89.00", "88.84", "88.90", "88.95", "88.87", "85.26"]),
        left_out=_FEWER,
    ),
]


def table(experiment: Experiment, seeds: int, directory: Path) -> str:
    """Run what is missing; the table as Markdown, and a picture of the curves beside the results."""
    data, folder = load(experiment.data), directory / (experiment.parent_of or experiment.name)
    rows = {"parent": partial(parent, experiment, data, folder)} | {
        name: partial(child, experiment, data, folder, options) for name, options in experiment.variants().items()
    }
    found = collect(experiment.name, rows, seeds, directory)
    level = 100 - mean(run["error"] for run in found["parent"])
    curves = {name: _curve(runs, level) for name, runs in found.items() if name != "parent"}
    draw.morphed(curves, directory / experiment.name / "curves.png", level=level)
    head = ["network", "filters", "test accuracy right after, %", "at the end, %", "missed of what is read, %"]
    head += ["parameters", "CPU seconds to insert"]
    lines = [[*row, "", "", ""] for row in experiment.paper] + [_line(name, runs) for name, runs in found.items()]
    return markdown(head, lines)


def _curve(runs: list[dict[str, Any]], level: float) -> list[float]:
    """Mean accuracy right after, and after every epoch."""
    epochs = sorted((name for name in runs[0] if name.startswith("epoch ")), key=lambda name: int(name[6:]))
    start = 100 - mean(run["right_after"] for run in runs) if "right_after" in runs[0] else level
    return [start, *(100 - mean(run[name] for run in runs) for name in epochs)]


def _line(name: str, runs: list[dict[str, Any]]) -> list[str]:
    filters = {f"{run['filters']:.0f}" for run in runs if run.get("filters")}
    missed = [100 * run["missed"] for run in runs if "missed" in run]
    seconds = [run["inserting"] for run in runs if "missed" in run]
    return [
        name,
        " to ".join(sorted(filters)),
        spread([100 - run["right_after"] for run in runs]) if "right_after" in runs[0] else "",
        spread([100 - run["error"] for run in runs]),
        spread(missed) if missed else "",
        f"{mean(run['parameters'] for run in runs):,.0f}",
        f"{mean(seconds):.0f}" if seconds else "",
    ]


def parent(experiment: Experiment, data: Dataset, folder: Path, seed: int) -> Mapping[str, float]:
    """The parent, trained and kept."""
    graph = grown_up(experiment, data, folder, seed)
    net = compiler.compile(graph, batch_size=experiment.recipe["batch_size"])
    return {"error": evaluate(net, data.test_x, data.test_y)[1], "parameters": parameter_count(graph)}


def grown_up(experiment: Experiment, data: Dataset, folder: Path, seed: int) -> NeuronGraph:
    """The parent after its own training; read where it is kept already, gone on with where it was stopped."""
    path, run = folder / f"parent-{seed}.safetensors", folder / f"parent-{seed}"
    if not path.exists():
        if (run / "checkpoint.safetensors").exists():
            graph = search.resume(run, data=data).graph
        else:
            settings = experiment.recipe | experiment.parent
            graph = search.train(experiment.make(seed), data, run=run, force=True, seed=seed, **settings).graph
        graph.save(path)
    return NeuronGraph.load(path)


def inserted(
    experiment: Experiment, graph: NeuronGraph, data: Dataset, options: dict[str, Any]
) -> tuple[Any, Mapping[str, Any], float]:
    """Insert the layer into a graph: the compiled network, not refreshed yet, the edit's details, CPU seconds."""
    started = time.thread_time()
    net = compiler.compile(graph, batch_size=experiment.recipe["batch_size"])
    images = data.train_x[: experiment.recorded].split(250)
    seen = compiler.record(net, images, positions=experiment.positions, seed=options["seed"])
    details = graph.apply(InsertLayer(experiment.between, observations=seen, **options)).details
    return net, details, time.thread_time() - started


def child(
    experiment: Experiment, data: Dataset, folder: Path, options: dict[str, Any] | None, seed: int
) -> Mapping[str, float]:
    """What becomes of the parent with a layer more, or without."""
    graph, found = grown_up(experiment, data, folder, seed), {}
    if options is not None:
        given: dict[str, Any] = {**experiment.edit, "seed": seed, **options}
        scratch = given.pop("scratch", False)
        net, details, found["inserting"] = inserted(experiment, graph, data, given)
        if scratch:
            graph.apply(Reinitialize(seed=seed))
        elif "reconstruction_error" in details:
            found["missed"] = details["reconstruction_error"]
        net.refresh()
        found["filters"] = details["neurons"]
        found["right_after"] = evaluate(net, data.test_x, data.test_y)[1]
    result = search.train(graph, data, seed=seed, **experiment.recipe | experiment.child)
    curve = {f"epoch {row['epoch']}": row["test_error"] for row in result.rows}
    return found | curve | {"error": result.test_error, "parameters": parameter_count(graph)}
