"""Self-expanding networks: MNIST and Fashion-MNIST from 784 -> 10 by splitting, beside fixed networks of one recipe."""

from collections.abc import Mapping
from pathlib import Path
from statistics import mean

import compiler
import search
from benchmarks.papers.store import collect, markdown, spread
from neurograph.builders import mlp
from search.datasets import Dataset, hold_out, load
from search.expansion.presets import PRESETS
from search.training import Trainer, evaluate, make_optimizer, parameter_count

SEEDS = 5
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
            "parameters": parameter_count(result.net),
            "mean_parameters": mean(sizes),
        }

    rows = {
        "grown": grown,
        # threshold 0.5: of uniform numbers half go, as many as the preset's metric prunes
        "grown at random": lambda seed: grown(seed, metric="random", prune_threshold=0.5),
        "fixed 784-96-10": lambda seed: fixed(data, 96, preset.options(seed=seed)),
        "fixed 784-42-10": lambda seed: fixed(data, 42, preset.options(seed=seed)),
    }
    found = collect(f"self-expanding-{data_name}", rows, seeds, directory)
    lines = [
        [
            name,
            spread([r["error"] for r in runs]),
            f"{mean(r['parameters'] for r in runs):,.0f}",
            f"{mean(r['mean_parameters'] for r in runs):,.0f}",
            f"{mean(r['seconds'] for r in runs):.0f}",
        ]
        for name, runs in found.items()
    ]
    head = ["network", "test error, %", "final parameters", "mean parameters", "seconds"]
    return markdown(head, [[*row, "", ""] for row in (PAPER if data_name == "mnist" else [])] + lines)


def fixed(data: Dataset, width: int, options) -> Mapping[str, float]:
    """A network of one hidden layer without biases, trained by the same recipe."""
    graph = mlp([data.input_shape[0], width, data.classes], seed=options.seed, bias=False)
    net = compiler.compile(graph, batch_size=options.batch_size)
    split = hold_out(data, options.validation, options.seed)
    trainer = Trainer(net, split, options, make_optimizer(net.parameters(), options))
    rows = trainer.run()
    size = net.parameter_count()
    error = evaluate(net, data.test_x, data.test_y)[1]
    return {"error": error, "validation": rows[-1]["validation_error"], "parameters": size, "mean_parameters": size}
