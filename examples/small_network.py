"""Grow, split, prune: a network of a few hundred synapses that reads handwritten digits.

A small network metabolizes until it is large enough to learn the task; the synapses that ask for it most become a layer
of neurons; and then, stage by stage, the synapses that say least go. The picture sets each stage's error against its
parameters, beside the same stages for a dense network that was large from the start, and beside dense networks as
small.

    python examples/small_network.py                  # handwritten digits, which ship with scikit-learn: half a minute
    python examples/small_network.py --data mnist     # MNIST: some minutes; see also docs/results/small-networks.md
"""

import argparse
from pathlib import Path
from typing import Any

import torch
from neurograph.search.datasets import Dataset, load
from neurograph.search.runs import next_directory

from neurograph import NeuronGraph, draw, search
from neurograph.builders import mlp, parameter_count

RECIPE: dict[str, Any] = {"learning_rate": 0.005, "schedule": "cosine", "batch_size": 64}
GROWTH: dict[str, Any] = {
    "first_cycle": 1, "cycle": 1, "cool_down": 0, "slope": 9.0, "growth": "static", "newborns": 16, "settle": 5,
    "growth_limit": 96, "initializer": "fresh", "noise": 0.0, "autophagy": "none",
}  # fmt: skip
SPLITS: dict[str, Any] = {
    "into": ("output",), "pause": 2, "window": 1, "change": 9.0, "expansions": 1, "most": 20, "most_each": 2,
    "threshold": 0.0, "rule": "by_sign", "connected": "all", "prune_after": 0, "settle": 5,
}  # fmt: skip
STAGES = (2000, 1000, 500, 250)  # synapses left
DENSE = (3, 6, 12, 24, 64)  # hidden neurons of the dense networks


def main(data: str = "digits", epochs: int = 20, seed: int = 0, out: Path | None = None) -> Path:
    """Make the networks, print what they come to, and draw; returns the picture's path."""
    torch.set_num_threads(1)  # matrices this small are slower on two
    examples = load(data).flat()
    recipe: dict[str, Any] = RECIPE | {"epochs": epochs, "seed": seed}
    inputs, outputs = examples.input_shape[0], examples.classes

    longer: dict[str, Any] = recipe | {"epochs": 2 * epochs}  # as many as growing and splitting take together
    growth: dict[str, Any] = recipe | GROWTH
    splits: dict[str, Any] = recipe | SPLITS

    grown = mlp([inputs, 16, outputs], seed=seed)
    first = search.metabolize(grown, examples, **growth)
    print(f"{first.test_error:6.2f}%  {parameter_count(grown):6,} parameters: grown from {inputs}-16-{outputs}")
    split = search.expand(grown, examples, **splits)
    print(f"{split.test_error:6.2f}%  {parameter_count(grown):6,} parameters: 20 synapses have become neurons")
    ours = pruned("grown, split, pruned", grown, examples, recipe, strong=True)

    large = mlp([inputs, 96, 20, outputs], seed=seed)
    search.train(large, examples, **longer)
    theirs = pruned("large from the start, pruned", large, examples, recipe)
    small = [(mlp([inputs, width, outputs], seed=seed), width) for width in DENSE]
    errors = [[search.train(graph, examples, **longer).test_error] for graph, _ in small]
    dense = draw.Curve("dense", [parameter_count(graph) for graph, _ in small], errors)

    out = out or next_directory("runs", f"small-network-{data}") / "tradeoff.png"
    out.parent.mkdir(parents=True, exist_ok=True)
    draw.tradeoff([ours, theirs, dense], {}, out, title=f"{data}: error against parameters")
    print(f"\n{out}: error against parameters")
    return out


def pruned(name: str, graph: NeuronGraph, data: Dataset, recipe: dict[str, Any], strong: bool = False) -> draw.Curve:
    """Prune a network stage by stage; each stage begins with what the one before has left."""
    stage: dict[str, Any] = recipe | {"settle": recipe["epochs"] // 3, "weight_decay": 5e-5}
    sizes, errors = [], []
    for left in STAGES:
        result = search.prune(graph, data, left=left, **stage)
        sizes.append(parameter_count(graph))
        errors.append([result.test_error])
        print(f"{result.test_error:6.2f}%  {sizes[-1]:6,} parameters: {name}")
    return draw.Curve(name, sizes, errors, strong)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="digits", help="digits, mnist, fashion-mnist; mnist:6000 for a part of it")
    parser.add_argument("--epochs", type=int, default=20, help="of each step: growing, splitting, every stage")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="where the picture goes (default: a new directory under runs/)")
    main(**vars(parser.parse_args()))
