"""Self-expanding networks: MNIST and Fashion-MNIST from 784 -> 10 by splitting, beside fixed networks of one recipe."""

from collections.abc import Mapping
from pathlib import Path
from statistics import mean
from typing import Any

import search
from benchmarks.papers.store import collect, fixed, lines, markdown
from neurograph import draw
from neurograph.builders import mlp, parameter_count
from search.datasets import Dataset, load
from search.growth.expansion.presets import PRESETS
from search.training import TrainingOptions

SEEDS = 5
FIXED_RATE = 0.008  # on MNIST the best tried for 784-96-10 (self-expanding-settings); the grown network's is smaller
# The authors plot accuracies of these three and print no figure.
PAPER = [["authors: 784-96-10", "", "76,224"], ["authors: 784-10", "", "7,840"], ["authors: grown", "", "58,224"]]


def table(data_name: str, seeds: int, directory: Path) -> str:
    """Run what is missing; the table as Markdown."""
    preset = PRESETS[f"linear-{data_name}"]
    data = load(data_name).flat()

    def grown(seed: int, **more) -> Mapping[str, float]:
        options = preset.options(seed=seed, **more)
        result = search.expand(preset.graph(seed), data, options)
        sizes = [row["parameters"] for row in result.rows]
        return {
            "error": result.test_error,
            "validation": result.rows[-1]["validation_error"],
            "parameters": parameter_count(result.graph),
            "mean_parameters": mean(sizes),
        }

    def faster(seed: int) -> TrainingOptions:
        return preset.options(seed=seed, learning_rate=FIXED_RATE)

    rows = {
        "grown": grown,
        # threshold 0.5: of uniform numbers half go, as many as the preset's metric prunes
        "grown at random": lambda seed: grown(seed, metric="random", prune_threshold=0.5),
        "fixed 784-96-10": lambda seed: fixed_width(data, 96, preset.options(seed=seed)),
        f"fixed 784-96-10, learning rate {FIXED_RATE}": lambda seed: fixed_width(data, 96, faster(seed)),
        "fixed 784-42-10": lambda seed: fixed_width(data, 42, preset.options(seed=seed)),
    }
    found = collect(f"self-expanding-{data_name}", rows, seeds, directory)
    picture(found, Path(f"docs/pictures/self-expanding-{data_name}.png"), f"{data_name}, from 784-10 by splitting")
    head = ["network", "test error, %", "final parameters", "mean parameters", "seconds"]
    return markdown(
        head,
        [[*row, "", ""] for row in (PAPER if data_name == "mnist" else [])]
        + lines(found, "parameters", "mean_parameters"),
    )


def picture(found: Mapping[str, list[dict[str, Any]]], path: Path, title: str) -> None:
    """Every run of every row."""
    variants = [
        draw.Variant(name, [r["error"] for r in runs], f"{mean(r['parameters'] for r in runs):,.0f} parameters", kind)
        for name, runs in found.items()
        for kind in [name.split()[0] if "random" not in name else "random"]
    ]
    draw.comparison(variants, path, title=title, reference=mean(r["error"] for r in found["fixed 784-96-10"]))


def fixed_width(data: Dataset, width: int, options: TrainingOptions) -> Mapping[str, float]:
    """A network of one hidden layer without biases, trained by the same recipe."""
    graph = mlp([data.input_shape[0], width, data.classes], seed=options.seed, bias=False)
    size = parameter_count(graph)
    return fixed(graph, data, options) | {"parameters": size, "mean_parameters": size}
