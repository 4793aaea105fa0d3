"""MetaNet on one page: a small network grows while it trains, and eats the neurons it does not need.

Whenever the loss stands still, each hidden layer gets newborns, whose weights a kernel ridge regression fits to those
that are there (eq. 5), and neurons whose activation hardly varies are eaten (eq. 14). Beside it, the same recipe trains
the network it began as and one that had the final size from the start.

    python examples/metanet.py                  # handwritten digits, which ship with scikit-learn: half a minute
    python examples/metanet.py --data mnist     # MNIST: some minutes
"""

import argparse
from pathlib import Path
from statistics import mean
from typing import Any

import torch
from neurograph.search.datasets import load
from neurograph.search.runs import next_directory

from neurograph import search
from neurograph.builders import mlp

RECIPE: dict[str, Any] = {"learning_rate": 0.004, "schedule": "cosine", "batch_size": 64, "label_smoothing": 0.1}
GROWTH: dict[str, Any] = {  # see `neurograph metabolize --help` for what can be chosen
    "first_cycle": 2,
    "cycle": 1,
    "cool_down": 0,
    "slope": 1.0,
    "newborns": 8,
    "growth_limit": 96,
    "initializer": "kernel_ridge",
    "autophagy": "low_representational_power",
}

PICTURES = {
    "growth.png": "errors and neurons, epoch by epoch",
    "weights.png": "newborns' weights beside those they were made from",
    "topology.png": "the network before and after",
}


def main(data: str = "digits", epochs: int = 40, seed: int = 0, run: Path | None = None) -> Path:
    """Grow, train two fixed networks beside it, and draw; returns the directory of pictures."""
    torch.set_num_threads(1)  # matrices this small are slower on two
    run = run or next_directory("runs", f"metanet-{data}")
    examples = load(data).flat()
    recipe: dict[str, Any] = RECIPE | {"epochs": epochs, "seed": seed}
    growth: dict[str, Any] = recipe | GROWTH | {"settle": epochs // 3}  # at the end, what is there learns on
    sizes = [examples.input_shape[0], 16, 16, examples.classes]

    print(f"A {'-'.join(map(str, sizes))} network metabolizes on {data}:\n")
    grown = search.metabolize(mlp(sizes, seed=seed), examples, run=run / "grown", progress=True, **growth)
    final = [len(neurons) for neurons in grown.graph.populations.values()]
    small = search.train(mlp(sizes, seed=seed), examples, run=run / "small", **recipe)
    large = search.train(mlp(final, seed=seed), examples, run=run / "large", **recipe)

    print("\ntest error   mean parameters   network")
    for result, what in ((small, "as it began"), (grown, "grown"), (large, "of the final size from the start")):
        parameters = mean(row["parameters"] for row in result.rows)
        print(f"{result.test_error:9.2f}%   {parameters:15,.0f}   {what}")
    beside = {"as it began": run / "small", "of the final size": run / "large"}
    pictures = search.redraw(run / "grown", beside)
    print()
    for name, what in PICTURES.items():
        if (pictures / name).exists():
            print(f"{pictures / name}: {what}")
    return pictures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="digits", help="digits, mnist, fashion-mnist; mnist:6000 for a part of it")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--run", type=Path, help="where everything goes (default: a new directory under runs/)")
    main(**vars(parser.parse_args()))
